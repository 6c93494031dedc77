/* The form of a line of the log. */
#ifndef SKAD_DAEMON_SYSTEM_LOG_FORMAT_H
#define SKAD_DAEMON_SYSTEM_LOG_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "src/daemon/system/log.h"

typedef enum skad_log_format {
    SKAD_LOG_TEXT,    /* 2026-01-31T12:34:56Z warning: a sentence */
    SKAD_LOG_LOGFMT,  /* time=2026-01-31T12:34:56Z level=warning msg="a sentence" */
    SKAD_LOG_JSON,    /* {"time":"2026-01-31T12:34:56Z","level":"warning","msg":"a sentence"} */
    SKAD_LOG_JOURNAL, /* <4>a sentence: the journal adds the time and reads the priority */
} skad_log_format;

/* "text", "logfmt", "json" or "journal"; stable. */
const char *skad_log_format_name(skad_log_format format);

/* By name; "auto" is JOURNAL if stderr leads to systemd's journal (JOURNAL_STREAM), else TEXT. */
bool skad_log_format_parse(const char *name, skad_log_format *out);

/* The format of the whole process, which may change at any time; TEXT at first. */
void skad_log_set_format(skad_log_format format);
skad_log_format skad_log_get_format(void);

/* Writes a line with its newline; a text that is too long is cut. Control characters become '?', so
 * that a name from outside forges no line; in JSON, bytes that are not UTF-8 do so, too. Returns
 * the length, at most cap - 1. */
size_t skad_log_format_line(skad_log_format format, skad_log_level level, time_t at,
                            const char *text, char *out, size_t cap);

#endif
