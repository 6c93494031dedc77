/* Changes of state that an operator should read of in the log, each once: health, overload, bans;
 * and a summary each hour. A state has to last for two samples; no kind has more than one line a
 * minute. */
#ifndef SKAD_DAEMON_APP_CHANGES_H
#define SKAD_DAEMON_APP_CHANGES_H

#include "src/daemon/health/health.h"
#include "src/daemon/system/log.h"

/* How it is now. */
typedef struct skad_changes_sample {
    uint64_t mono_us;
    const skad_health_report *health;
    bool loaded;   /* requests without a token get a challenge */
    uint64_t bans; /* that the node itself made and that have not ended */
} skad_changes_sample;

/* All zero is one that has told nothing. */
typedef struct skad_changes {
    uint64_t begun_us; /* of the first sample */
    uint64_t hour_us;  /* when the next summary is due */
    bool started;      /* it was well once, or had its time to start */
    skad_health_verdict health_told;
    skad_health_verdict health_before; /* at the sample before */
    skad_log_limit health_limit;
    bool loaded_told;
    bool loaded_before;
    skad_log_limit loaded_limit;
    uint64_t bans_told;
    skad_log_limit bans_limit;
} skad_changes;

/* Logs what has changed. True if the summary of an hour is due. */
bool skad_changes_look(skad_changes *self, skad_log_to log, const skad_changes_sample *now);

#endif
