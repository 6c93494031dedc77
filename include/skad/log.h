/* How urgent a line of a log is, for drivers that report what their operator should know. */
#ifndef SKAD_LOG_H
#define SKAD_LOG_H

typedef enum skad_log_level {
    SKAD_LOG_INFO,
    SKAD_LOG_WARNING,
    SKAD_LOG_ERROR,
    SKAD_LOG_NOTHING, /* as the least level: stay silent */
} skad_log_level;

#endif
