/* Pieces that results are made of: a key, and a value of one type. */
#ifndef SKAD_DAEMON_CONTROL_RESULTS_H
#define SKAD_DAEMON_CONTROL_RESULTS_H

#include "proto/control.h"

/* Begins the result of a request: a map of so many keys, and of `api` before them. */
void skad_result_map(skad_writer *writer, size_t count);

void skad_result_key(skad_writer *writer, const char *key);
void skad_result_uint(skad_writer *writer, const char *key, uint64_t value);
void skad_result_bool(skad_writer *writer, const char *key, bool value);
void skad_result_str(skad_writer *writer, const char *key, const char *value);
void skad_result_str_or_nil(skad_writer *writer, const char *key, const char *value); /* NULL */
void skad_result_bytes(skad_writer *writer, const char *key, skad_span value);
void skad_result_public_key(skad_writer *writer, const char *key,
                            const uint8_t value[static SKAD_PUBLIC_KEY_BYTES]);
void skad_result_id(skad_writer *writer, const char *key, const skad_id *id);
void skad_result_address(skad_writer *writer, const char *key, const skad_address *address);
void skad_result_address_or_nil(skad_writer *writer, const char *key, const skad_address *address);
/* A verdict, a skad_reach, as clients read it: `unknown`, `yes` or `no`. */
const char *skad_result_reach_name(uint8_t reach);
/* Writes a list of addresses, without those that are absent. */
void skad_result_address_list(skad_writer *writer, const skad_address *addresses, size_t count);

#endif
