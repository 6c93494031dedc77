/* Comparing each sample with what was told. */
#include "src/daemon/app/changes.h"

#include <inttypes.h>

#define START_US (60 * SKAD_US_PER_S) /* joining may take as long, which is no change */
#define HOUR_US  (3600 * SKAD_US_PER_S)

static void tell_health(skad_log_to log, const skad_health_report *report)
{
    skad_health_check worst;
    if (!skad_health_worst(report, &worst)) {
        skad_log(log, SKAD_LOG_INFO, "health: ok");
        return;
    }
    skad_log(log, report->verdict == SKAD_HEALTH_FAILING ? SKAD_LOG_ERROR : SKAD_LOG_WARNING,
             "health: %s: %s: %s", skad_health_verdict_name(report->verdict),
             skad_health_check_name(worst), report->checks[worst].text);
}

static void look_at_health(skad_changes *self, skad_log_to log, const skad_changes_sample *now)
{
    uint64_t held;
    const skad_health_verdict verdict = now->health->verdict;
    const bool lasts = verdict == self->health_before;
    self->health_before = verdict;
    self->started =
        self->started || verdict == SKAD_HEALTH_OK || now->mono_us - self->begun_us >= START_US;
    if (self->started && lasts && verdict != self->health_told &&
        skad_log_limit_pass(&self->health_limit, now->mono_us, &held)) {
        self->health_told = verdict;
        tell_health(log, now->health);
    }
}

static void look_at_load(skad_changes *self, skad_log_to log, const skad_changes_sample *now)
{
    uint64_t held;
    const bool lasts = now->loaded == self->loaded_before;
    self->loaded_before = now->loaded;
    if (!lasts || now->loaded == self->loaded_told ||
        !skad_log_limit_pass(&self->loaded_limit, now->mono_us, &held)) {
        return;
    }
    self->loaded_told = now->loaded;
    if (now->loaded) {
        skad_log(log, SKAD_LOG_WARNING,
                 "overloaded: requests without a token get a challenge instead of a signature "
                 "check");
    } else {
        skad_log(log, SKAD_LOG_INFO, "no longer overloaded");
    }
}

/* Bans that end are no news. */
static void look_at_bans(skad_changes *self, skad_log_to log, const skad_changes_sample *now)
{
    uint64_t held;
    if (now->bans < self->bans_told) {
        self->bans_told = now->bans;
    }
    if (now->bans > self->bans_told &&
        skad_log_limit_pass(&self->bans_limit, now->mono_us, &held)) {
        skad_log(log, SKAD_LOG_WARNING,
                 "banned: %" PRIu64 " more by the node itself, %" PRIu64 " in all: 'skad bans' "
                 "shows which, and why",
                 now->bans - self->bans_told, now->bans);
        self->bans_told = now->bans;
    }
}

bool skad_changes_look(skad_changes *self, skad_log_to log, const skad_changes_sample *now)
{
    if (self->begun_us == 0) {
        self->begun_us = now->mono_us;
        self->hour_us = now->mono_us + HOUR_US;
    }
    look_at_health(self, log, now);
    look_at_load(self, log, now);
    look_at_bans(self, log, now);
    if (now->mono_us < self->hour_us) {
        return false;
    }
    self->hour_us = now->mono_us + HOUR_US;
    return true;
}
