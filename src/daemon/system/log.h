/* What a daemon tells its operator: one line each on stderr, with the time (UTC) and a level.
 * A line that any sender can trigger passes a limit that lets one line through a minute. */
#ifndef SKAD_DAEMON_SYSTEM_LOG_H
#define SKAD_DAEMON_SYSTEM_LOG_H

#include <stdbool.h>
#include <stdint.h>

typedef enum skad_log_level {
    SKAD_LOG_INFO,
    SKAD_LOG_WARNING,
    SKAD_LOG_ERROR,
    SKAD_LOG_NOTHING, /* as the least level: stay silent */
} skad_log_level;

/* "info", "warning" or "error"; stable. */
const char *skad_log_level_name(skad_log_level level);
/* INFO, WARNING or ERROR by name. */
bool skad_log_level_parse(const char *name, skad_log_level *out);

/* The least level of the whole process, which may change at any time; INFO at first. A line needs
 * this one and that of its writer. */
void skad_log_set_level(skad_log_level least);
skad_log_level skad_log_get_level(void);

/* Writes the line when `level` is at least `least`. Control characters become '?', so that a name
 * from outside cannot forge a line. */
__attribute__((format(printf, 3, 4))) void skad_log(skad_log_level least, skad_log_level level,
                                                    const char *format, ...);

typedef struct skad_log_limit {
    uint64_t open_us;    /* monotonic time from which on the next line may pass */
    uint64_t suppressed; /* lines held back since the last one */
} skad_log_limit;

/* Whether a line may pass now. Then *held says how many were held back before it. */
bool skad_log_limit_pass(skad_log_limit *limit, uint64_t mono_us, uint64_t *held);

#endif
