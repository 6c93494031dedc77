/* Where the lines of a log go. A part of a driver has one `log`, and reports by it what its
 * operator should know. A line that any sender can trigger passes a limit that lets one line
 * through a minute. */
#ifndef SKAD_HOST_SYSTEM_REPORT_H
#define SKAD_HOST_SYSTEM_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/log.h"

#define SKAD_LOG_LINE_BYTES 1024

/* Takes lines of `least` and above. All zero: takes none. */
typedef struct skad_log_to {
    skad_log_level least;
    void (*write)(void *user, skad_log_level level, const char *text); /* NULL: none are taken */
    void *user;
} skad_log_to;

/* Writes the line when its level is at least the least one. What comes from outside may be in it:
 * the writer takes care of control characters. Cut if it is too long. */
__attribute__((format(printf, 3, 4))) void skad_log(skad_log_to log, skad_log_level level,
                                                    const char *format, ...);

typedef struct skad_log_limit {
    uint64_t open_us;    /* monotonic time from which on the next line may pass */
    uint64_t suppressed; /* lines held back since the last one */
} skad_log_limit;

/* Whether a line may pass now. Then *held says how many were held back before it. */
bool skad_log_limit_pass(skad_log_limit *limit, uint64_t mono_us, uint64_t *held);

#endif
