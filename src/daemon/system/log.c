/* Lines on stderr, each written with one call so that lines of several processes do not mix. */
#include "src/daemon/system/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "skad/types.h"
#include "src/daemon/system/log_format.h"
#include "src/daemon/system/log_thread.h"

#define LIMIT_PAUSE_US (60 * SKAD_US_PER_S)

static atomic_int process_least = SKAD_LOG_INFO;

const char *skad_log_level_name(skad_log_level level)
{
    switch (level) {
    case SKAD_LOG_INFO:
        return "info";
    case SKAD_LOG_WARNING:
        return "warning";
    case SKAD_LOG_ERROR:
        return "error";
    case SKAD_LOG_NOTHING:
        break;
    }
    return "?";
}

bool skad_log_level_parse(const char *name, skad_log_level *out)
{
    static const skad_log_level all[] = {SKAD_LOG_INFO, SKAD_LOG_WARNING, SKAD_LOG_ERROR};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(name, skad_log_level_name(all[i])) == 0) {
            *out = all[i];
            return true;
        }
    }
    return false;
}

void skad_log_set_level(skad_log_level least)
{
    atomic_store(&process_least, (int)least);
}

skad_log_level skad_log_get_level(void)
{
    return (skad_log_level)atomic_load(&process_least);
}

void skad_log(skad_log_level least, skad_log_level level, const char *format, ...)
{
    if (level < least || (int)level < atomic_load(&process_least)) {
        return;
    }
    char text[SKAD_LOG_LINE_BYTES];
    char line[SKAD_LOG_LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const size_t len =
        skad_log_format_line(skad_log_get_format(), level, time(NULL), text, line, sizeof line);
    if (!skad_log_thread_take(line, len)) {
        /* If stderr itself is gone, there is no other place to report it. */
        ssize_t written = write(STDERR_FILENO, line, len);
        (void)written;
    }
}

bool skad_log_limit_pass(skad_log_limit *limit, uint64_t mono_us, uint64_t *held)
{
    if (mono_us < limit->open_us) {
        limit->suppressed++;
        return false;
    }
    *held = limit->suppressed;
    limit->suppressed = 0;
    limit->open_us = mono_us + LIMIT_PAUSE_US;
    return true;
}
