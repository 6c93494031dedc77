#include "src/daemon/control/refusals.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/message.h"

static const char *const WORDS[SKAD_REFUSALS] = {
    [SKAD_ERROR_NONE] = "for a reason that this version does not know",
    [SKAD_ERROR_TOKEN] = "they require proof of our address first",
    [SKAD_ERROR_UNSUPPORTED] = "they do not keep such records",
    [SKAD_ERROR_FULL] = "no room left",
    [SKAD_ERROR_INVALID] = "its signature or key is wrong",
    [SKAD_ERROR_EXPIRED] = "it has expired",
    [SKAD_ERROR_TOO_FAR] = "it expires too far ahead",
    [SKAD_ERROR_OLDER] = "they hold a newer one",
    [SKAD_ERROR_CONFLICT] = "they hold another value of the same sequence",
    [SKAD_ERROR_CAS] = "they hold another sequence than expected",
    [SKAD_ERROR_QUOTA] = "its publisher or its key has used up its share",
    [SKAD_ERROR_BUSY] = "overloaded: try again later",
    [SKAD_ERROR_UNREACHED] = "they reached no node that had a result",
    [SKAD_ERROR_LOOP] = "they are farther from it than this node",
    [SKAD_ERROR_LATE] = "their time was over",
};
_Static_assert(SKAD_ERROR_LATE + 1 == SKAD_REFUSALS, "words for each code");

const char *skad_refusals_name(size_t code)
{
    return code == SKAD_ERROR_NONE ? "unknown" : skad_error_name((skad_error_code)code);
}

/* Adds to the sentence as much of the text as still fits. */
static void add(skad_failure *out, const char *text)
{
    size_t len = strlen(out->text);
    (void)snprintf(out->text + len, sizeof out->text - len, "%s", text);
}

static void add_reason(skad_failure *out, size_t code, uint64_t count, uint64_t sequence_seen)
{
    char reason[160];
    bool held = code == SKAD_ERROR_OLDER || code == SKAD_ERROR_CAS;
    int len = snprintf(reason, sizeof reason, "%s%" PRIu64 " %s ", out->text[0] == 0 ? "" : ", ",
                       count, skad_refusals_name(code));
    if (held && sequence_seen > 0) {
        (void)snprintf(reason + len, sizeof reason - (size_t)len,
                       "(they hold sequence %" PRIu64 ")", sequence_seen);
    } else {
        (void)snprintf(reason + len, sizeof reason - (size_t)len, "(%s)", WORDS[code]);
    }
    add(out, reason);
}

void skad_refusals_list(const uint64_t refusals[static SKAD_REFUSALS], uint64_t sequence_seen,
                        skad_failure *out)
{
    out->text[0] = 0;
    for (size_t code = 0; code < SKAD_REFUSALS; code++) {
        if (refusals[code] > 0) {
            add_reason(out, code, refusals[code], sequence_seen);
        }
    }
}

void skad_refusals_explain(const skad_put_report *report, skad_failure *out)
{
    skad_failure reasons;
    uint64_t refusals[SKAD_REFUSALS];
    char unresponsive[48] = "";

    if (report->holders == 0) {
        (void)skad_fail(out, "there is no node that could hold it");
        return;
    }
    if (report->clustered) {
        (void)skad_fail(
            out,
            "the %u nodes that took it look as if they were made for this key: they are "
            "in %u of 16 parts of its region; try again later, or through another node",
            report->stored, report->strata);
        return;
    }
    if (report->refused == 0) {
        (void)skad_fail(out, "none of the %u holders answered in time", report->holders);
        return;
    }
    if (report->unresponsive > 0) {
        (void)snprintf(unresponsive, sizeof unresponsive, "; %u did not answer",
                       report->unresponsive);
    }
    for (size_t code = 0; code < SKAD_REFUSALS; code++) {
        refusals[code] = report->refusals[code];
    }
    skad_refusals_list(refusals, report->sequence_seen, &reasons);
    if (report->holders == 1) {
        (void)skad_fail(out, "the only holder refused: %s", reasons.text);
    } else if (report->stored > 0) {
        (void)skad_fail(out, "%u of %u holders refused: %s", report->refused, report->holders,
                        reasons.text);
    } else {
        (void)skad_fail(out, "%s%u holders refused: %s", report->unresponsive > 0 ? "" : "all ",
                        report->refused, reasons.text);
    }
    add(out, unresponsive);
}
