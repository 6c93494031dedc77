#include "src/host/system/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "skad/types.h"

#define LIMIT_PAUSE_US (60 * SKAD_US_PER_S)

void skad_log(skad_log_to log, skad_log_level level, const char *format, ...)
{
    if (level < log.least || log.write == NULL) {
        return;
    }
    char text[SKAD_LOG_LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log.write(log.user, level, text);
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
