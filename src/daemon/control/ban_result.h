/* Bans over the control socket: how a subject is written, and what the methods ban, unban, allow
 * and bans answer. */
#ifndef SKAD_DAEMON_CONTROL_BAN_RESULT_H
#define SKAD_DAEMON_CONTROL_BAN_RESULT_H

#include "src/daemon/control/methods.h"

#define SKAD_BAN_TEXT_BYTES 124 /* an ID's digits, an address and port, and a zero */
#define SKAD_BAN_S_DEFAULT  86400

/* Parses a node ID (64 hex digits), an address, ADDR/BITS, or ID@ADDR:PORT. False if it is not a
 * subject. */
SKAD_MUST_CHECK bool skad_ban_parse(skad_span text, skad_ban *out);
void skad_ban_format(const skad_ban *ban, char out[static SKAD_BAN_TEXT_BYTES]);

/* The name of a skad_ban_reason; "unknown" for any other. */
const char *skad_ban_reason_name(uint8_t reason);

/* Writes the response to one of the four, the result or an error. */
void skad_ban_answer(const skad_method_context *context, const skad_control_request *request,
                     skad_time now, skad_writer *writer);

#endif
