#include "src/daemon/control/ban_result.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/address.h"
#include "src/daemon/control/results.h"

#define LISTED_MAX 256

/* ---- Subjects as text ---- */

/* The bits behind a slash, at most `max`. */
static bool parse_bits(const char *text, unsigned max, uint8_t *out)
{
    char *end;
    if (text == NULL) {
        *out = (uint8_t)max;
        return true;
    }
    unsigned long bits = strtoul(text, &end, 10);
    *out = (uint8_t)bits;
    return *text >= '0' && *text <= '9' && *end == 0 && bits <= max;
}

static bool parse_prefix(char *text, skad_ban *out)
{
    char *bits = strchr(text, '/');
    if (bits != NULL) {
        *bits++ = 0;
    }
    if (inet_pton(AF_INET, text, out->address.ip) == 1) {
        out->address.family = SKAD_FAMILY_IPV4;
        return parse_bits(bits, 32, &out->prefix_bits);
    }
    if (inet_pton(AF_INET6, text, out->address.ip) == 1) {
        out->address.family = SKAD_FAMILY_IPV6;
        return parse_bits(bits, 128, &out->prefix_bits);
    }
    return false;
}

bool skad_ban_parse(skad_span text, skad_ban *out)
{
    char copy[SKAD_BAN_TEXT_BYTES];
    *out = (skad_ban){0};
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.data, 0, text.len) != NULL) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = 0;
    char *at = strchr(copy, '@');
    if (at != NULL) {
        *at++ = 0;
        out->scope = SKAD_BAN_PEER;
        return skad_id_parse(copy, &out->id) && skad_address_parse(at, &out->address);
    }
    if (skad_id_parse(copy, &out->id)) {
        out->scope = SKAD_BAN_ID;
        return true;
    }
    return parse_prefix(copy, out);
}

void skad_ban_format(const skad_ban *ban, char out[static SKAD_BAN_TEXT_BYTES])
{
    _Static_assert(SKAD_ID_TEXT_BYTES + SKAD_ADDRESS_TEXT_BYTES <= SKAD_BAN_TEXT_BYTES,
                   "an ID and an address fit");
    char address[SKAD_ADDRESS_TEXT_BYTES] = "?";
    if (ban->scope == SKAD_BAN_ID || ban->scope == SKAD_BAN_PEER) {
        skad_id_format(&ban->id, out);
    }
    if (ban->scope == SKAD_BAN_PEER) {
        size_t len = strlen(out);
        skad_address_format(&ban->address, address);
        (void)snprintf(out + len, SKAD_BAN_TEXT_BYTES - len, "@%s", address);
    }
    if (ban->scope != SKAD_BAN_PREFIX) {
        return;
    }
    bool ipv4 = ban->address.family == SKAD_FAMILY_IPV4;
    (void)inet_ntop(ipv4 ? AF_INET : AF_INET6, ban->address.ip, address, sizeof address);
    (void)snprintf(out, SKAD_BAN_TEXT_BYTES, "%s/%u", address, ban->prefix_bits);
}

/* ---- Answers ---- */

const char *skad_ban_reason_name(uint8_t reason)
{
    switch ((skad_ban_reason)reason) {
    case SKAD_BAN_OPERATOR:
        return "operator";
    case SKAD_BAN_SIGNATURES:
        return "signatures";
    case SKAD_BAN_RECORDS:
        return "records";
    case SKAD_BAN_ANSWERS:
        return "answers";
    }
    return "unknown";
}

static void list(const skad_method_context *context, skad_time now, skad_writer *writer)
{
    skad_ban bans[LISTED_MAX];
    size_t count = skad_node_bans(context->node, now, bans, LISTED_MAX);
    count = count < LISTED_MAX ? count : LISTED_MAX;
    skad_result_map(writer, 1);
    skad_result_key(writer, "bans");
    skad_write_array(writer, count);
    for (size_t i = 0; i < count; i++) {
        char text[SKAD_BAN_TEXT_BYTES];
        skad_ban_format(&bans[i], text);
        skad_write_map(writer, 3);
        skad_result_str(writer, "subject", text);
        skad_result_str(writer, "reason", skad_ban_reason_name(bans[i].reason));
        skad_result_uint(writer, "left_s", (bans[i].until_us - now.mono_us) / SKAD_US_PER_S);
    }
}

static void write_subject(const skad_ban *subject, uint32_t msgid, skad_writer *writer)
{
    char text[SKAD_BAN_TEXT_BYTES];
    skad_ban_format(subject, text);
    skad_control_write_result(writer, msgid);
    skad_result_map(writer, 1);
    skad_result_str(writer, "subject", text);
}

/* Carries out the request; false if there is no such ban. */
static skad_status apply(const skad_method_context *context, const skad_control_request *request,
                         const skad_ban *subject, skad_time now)
{
    uint32_t seconds = request->life_s == 0 ? SKAD_BAN_S_DEFAULT : request->life_s;
    if (request->method == SKAD_CONTROL_BAN) {
        return skad_node_ban(context->node, subject, seconds, now);
    }
    if (request->method == SKAD_CONTROL_ALLOW) {
        return skad_node_allow(context->node, subject);
    }
    return skad_node_unban(context->node, subject) ? SKAD_OK : SKAD_ERR_MISSING;
}

void skad_ban_answer(const skad_method_context *context, const skad_control_request *request,
                     skad_time now, skad_writer *writer)
{
    const skad_control_blame blame = skad_control_blame_of(request->method, "subject");
    skad_ban subject;
    if (request->method == SKAD_CONTROL_BANS) {
        skad_control_write_result(writer, request->msgid);
        list(context, now, writer);
        return;
    }
    if (!skad_ban_parse(request->value, &subject)) {
        skad_control_write_blame(writer, request->msgid, SKAD_CONTROL_ERROR_INPUT,
                                 "neither a node ID nor an address nor ADDR/BITS nor ID@ADDR:PORT",
                                 &blame);
        return;
    }
    skad_status status = apply(context, request, &subject, now);
    if (status == SKAD_OK) {
        write_subject(&subject, request->msgid, writer);
    } else if (status == SKAD_ERR_MISSING) {
        skad_control_write_error(writer, request->msgid, SKAD_CONTROL_ERROR_NOT_FOUND,
                                 "there is no ban of this very subject: see 'skad bans'");
    } else if (status == SKAD_ERR_FULL) {
        skad_control_write_error(writer, request->msgid, SKAD_CONTROL_ERROR_BUSY,
                                 "256 prefixes are allowed already");
    } else { /* an ID that is to be allowed */
        skad_control_write_blame(writer, request->msgid, SKAD_CONTROL_ERROR_INPUT,
                                 "only addresses can be allowed: the node bans nothing else",
                                 &blame);
    }
}
