/* docs/control.md lists the kinds and their keys; they are stable. */
#include "src/daemon/control/notice_result.h"

#include "src/daemon/control/ban_result.h"
#include "src/daemon/control/health_result.h"
#include "src/daemon/control/results.h"

/* How many keys it has beside `kind` and `unix_s`. */
static size_t count_keys(const skad_notice *notice)
{
    switch (notice->kind) {
    case SKAD_CONTROL_KIND_BAN:
    case SKAD_CONTROL_KIND_HEALTH:
        return 3;
    case SKAD_CONTROL_KIND_STORE_FAILURE:
        return 2;
    case SKAD_CONTROL_KIND_ISOLATED:
        return 0;
    case SKAD_CONTROL_KIND_JOINED:
    case SKAD_CONTROL_KIND_UNBAN:
    case SKAD_CONTROL_KIND_STORE_RECOVERED:
    case SKAD_CONTROL_KIND_RELOAD:
    case SKAD_CONTROL_KIND_TWIN:
    case SKAD_CONTROL_KIND_LOST:
        break;
    }
    return 1;
}

static void write_ban(const skad_notice *notice, skad_time now, skad_writer *writer)
{
    char text[SKAD_BAN_TEXT_BYTES];
    skad_ban_format(notice->ban, text);
    skad_result_str(writer, "subject", text);
    if (notice->kind == SKAD_CONTROL_KIND_BAN) {
        const uint64_t until_us = notice->ban->until_us;
        skad_result_str(writer, "reason", skad_ban_reason_name(notice->ban->reason));
        skad_result_uint(writer, "left_s",
                         until_us > now.mono_us ? (until_us - now.mono_us) / SKAD_US_PER_S : 0);
    }
}

static void write_health(const skad_notice *notice, skad_writer *writer)
{
    skad_result_str(writer, "verdict", skad_health_verdict_name(notice->health->verdict));
    skad_result_str(writer, "before", skad_health_verdict_name(notice->before));
    skad_health_reasons(notice->health, writer);
}

static void write_keys(const skad_notice *notice, skad_time now, skad_writer *writer)
{
    switch (notice->kind) {
    case SKAD_CONTROL_KIND_JOINED:
        skad_result_uint(writer, "peers", notice->peers);
        break;
    case SKAD_CONTROL_KIND_ISOLATED:
        break;
    case SKAD_CONTROL_KIND_BAN:
    case SKAD_CONTROL_KIND_UNBAN:
        write_ban(notice, now, writer);
        break;
    case SKAD_CONTROL_KIND_STORE_FAILURE:
        skad_result_str(writer, "error", notice->error);
        skad_result_uint(writer, "failures", notice->failures);
        break;
    case SKAD_CONTROL_KIND_STORE_RECOVERED:
        skad_result_uint(writer, "failures", notice->failures);
        break;
    case SKAD_CONTROL_KIND_RELOAD:
        if (notice->refused != NULL) {
            skad_result_str(writer, "refused", notice->refused);
        } else {
            skad_result_str(writer, "changed", notice->changed);
        }
        break;
    case SKAD_CONTROL_KIND_TWIN:
        skad_result_address(writer, "address", &notice->twin);
        break;
    case SKAD_CONTROL_KIND_HEALTH:
        write_health(notice, writer);
        break;
    case SKAD_CONTROL_KIND_LOST:
        skad_result_uint(writer, "count", notice->count);
        break;
    }
}

void skad_notice_result(const skad_notice *notice, skad_time now, skad_writer *writer)
{
    skad_write_map(writer, 2 + count_keys(notice));
    skad_result_str(writer, "kind", skad_control_kind_name(notice->kind));
    skad_result_uint(writer, "unix_s", now.unix_s);
    write_keys(notice, now, writer);
}
