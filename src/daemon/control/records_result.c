/* Writes the outcome of puts and gets. docs/control.md lists the keys; they are stable. */
#include "src/daemon/control/records_result.h"

#include <stdio.h>

#include "src/daemon/control/refusals.h"
#include "src/daemon/control/results.h"

/* ---- Puts ---- */

void skad_result_refusals(skad_writer *writer, const uint64_t refusals[static SKAD_REFUSALS])
{
    size_t count = 0;
    for (size_t code = 0; code < SKAD_REFUSALS; code++) {
        count += refusals[code] > 0;
    }
    skad_result_key(writer, "refusals");
    skad_write_map(writer, count);
    for (size_t code = 0; code < SKAD_REFUSALS; code++) {
        if (refusals[code] > 0) {
            skad_result_uint(writer, skad_refusals_name(code), refusals[code]);
        }
    }
}

static void write_refusals(const skad_put_report *report, skad_writer *writer)
{
    uint64_t refusals[SKAD_REFUSALS];
    for (size_t code = 0; code < SKAD_REFUSALS; code++) {
        refusals[code] = report->refusals[code];
    }
    skad_result_refusals(writer, refusals);
}

void skad_put_result(const skad_put_report *report, const skad_pending_call *call,
                     skad_writer *writer)
{
    bool signed_here = call->method == SKAD_CONTROL_PUBLISH;

    skad_result_map(writer, signed_here ? 15 : 14);
    skad_result_id(writer, "key", &report->key);
    skad_result_uint(writer, "holders", report->holders);
    skad_result_uint(writer, "wanted", report->wanted);
    skad_result_uint(writer, "stored", report->stored);
    skad_result_uint(writer, "refused", report->refused);
    skad_result_uint(writer, "silent", report->unresponsive);
    write_refusals(report, writer);
    skad_result_uint(writer, "sequence_seen", report->sequence_seen);
    skad_result_uint(writer, "life_s", report->life_s);
    skad_result_bool(writer, "alone", report->alone);
    skad_result_bool(writer, "kept", report->kept);
    skad_result_bool(writer, "dense", report->dense);
    skad_result_uint(writer, "strata", report->strata);
    skad_result_uint(writer, "groups", report->groups);
    if (signed_here) {
        skad_result_uint(writer, "sequence", call->sequence);
    }
}

void skad_put_error(const skad_event *event, uint32_t msgid, skad_writer *writer)
{
    const skad_put_report *report = &event->u.put;
    bool silence = report->refused == 0 && report->holders > 0 && !report->clustered;
    skad_failure why;
    skad_refusals_explain(report, &why);
    skad_control_write_error(writer, msgid,
                             silence ? SKAD_CONTROL_ERROR_TIMED_OUT : SKAD_CONTROL_ERROR_REFUSED,
                             why.text);
}

/* ---- Gets ---- */

static void write_tally(const skad_tally *tally, skad_writer *writer)
{
    skad_result_key(writer, "tally");
    skad_write_map(writer, 5);
    skad_result_uint(writer, "agreed", tally->agreed);
    skad_result_uint(writer, "empty", tally->empty);
    skad_result_uint(writer, "stale", tally->stale);
    skad_result_uint(writer, "invalid", tally->invalid);
    skad_result_uint(writer, "silent", tally->unresponsive);
}

/* Writes the keys that all gets have: COMMON_COUNT of them. */
static void write_common(const skad_get_report *report, skad_writer *writer)
{
    skad_result_id(writer, "key", &report->key);
    skad_result_uint(writer, "rpcs", report->rpcs);
    skad_result_bool(writer, "dense", report->dense);
    write_tally(&report->tally, writer);
}
#define COMMON_COUNT 4

static void write_value(const skad_get_report *report, skad_writer *writer)
{
    skad_result_id(writer, "holder", &report->holder);
    skad_result_bytes(writer, "value", (skad_span){report->value, report->len});
}
#define VALUE_COUNT 2

static void write_provider(const skad_provider *provider, skad_writer *writer)
{
    skad_write_map(writer, 5);
    skad_result_public_key(writer, "publisher", provider->publisher);
    skad_result_address(writer, "endpoint", &provider->endpoint);
    skad_result_bytes(writer, "metadata", (skad_span){provider->metadata, provider->metadata_len});
    skad_result_uint(writer, "sequence", provider->sequence);
    skad_result_uint(writer, "expiry_unix_s", provider->expiry_unix_s);
}

void skad_get_result(const skad_get_report *report, skad_writer *writer)
{
    switch (report->type) {
    case SKAD_RECORD_IMMUTABLE:
        skad_result_map(writer, COMMON_COUNT + VALUE_COUNT + 1);
        write_common(report, writer);
        write_value(report, writer);
        skad_result_uint(writer, "invalid", report->tally.invalid);
        break;
    case SKAD_RECORD_MUTABLE:
        skad_result_map(writer, COMMON_COUNT + VALUE_COUNT + 4);
        write_common(report, writer);
        write_value(report, writer);
        skad_result_public_key(writer, "publisher", report->publisher);
        skad_result_uint(writer, "sequence", report->sequence);
        skad_result_uint(writer, "expiry_unix_s", report->expiry_unix_s);
        skad_result_bool(writer, "conflict", report->conflict);
        break;
    case SKAD_RECORD_ANNOUNCEMENT:
        skad_result_map(writer, COMMON_COUNT + 2);
        write_common(report, writer);
        skad_result_uint(writer, "total", report->providers_total);
        skad_result_key(writer, "providers");
        skad_write_array(writer, report->providers_count);
        for (size_t i = 0; i < report->providers_count; i++) {
            write_provider(&report->providers[i], writer);
        }
        break;
    }
}

static const char *what_is_missing(skad_record_type type)
{
    switch (type) {
    case SKAD_RECORD_IMMUTABLE:
        return "no node has the value";
    case SKAD_RECORD_MUTABLE:
        return "no node has such a record";
    case SKAD_RECORD_ANNOUNCEMENT:
        return "no provider is announced under this key";
    }
    return "there is no such thing";
}

/* Not all that may have it answered. */
static void explain_silence(const skad_tally *tally, skad_failure *why)
{
    const unsigned asked = (unsigned)tally->unresponsive + tally->empty + tally->invalid;
    if (tally->empty == 0) {
        (void)skad_fail(why, "no node answered in time");
    } else {
        (void)skad_fail(why,
                        "not found, but %u of %u nodes that may have it did not answer: try again",
                        (unsigned)tally->unresponsive, asked);
    }
}

skad_control_error skad_get_failure(const skad_event *event, skad_failure *why)
{
    const skad_get_report *report = &event->u.get;
    char invalid[80] = "";
    if (event->outcome == SKAD_OUTCOME_TIMED_OUT) {
        explain_silence(&report->tally, why);
        return SKAD_CONTROL_ERROR_TIMED_OUT;
    }
    if (report->tally.invalid > 0) {
        (void)snprintf(invalid, sizeof invalid,
                       " (%u gave something that was no such record, or had expired)",
                       report->tally.invalid);
    }
    (void)skad_fail(why, "%s%s%s", what_is_missing(report->type), invalid,
                    report->dense
                        ? "; but the nodes closest to this key are denser than chance allows and "
                          "may hide it: try through another node"
                        : "");
    return SKAD_CONTROL_ERROR_NOT_FOUND;
}

void skad_get_error(const skad_event *event, uint32_t msgid, skad_writer *writer)
{
    skad_failure why;
    const skad_control_error error = skad_get_failure(event, &why);
    skad_control_write_error(writer, msgid, error, why.text);
}
