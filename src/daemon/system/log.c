/* Lines on stderr, each written with one call so that lines of several processes do not mix. */
#include "src/daemon/system/log.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/daemon/system/log_format.h"
#include "src/daemon/system/log_thread.h"

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

static void write_line(void *user, skad_log_level level, const char *text)
{
    char line[SKAD_LOG_LINE_BYTES];
    (void)user;
    if ((int)level < atomic_load(&process_least)) {
        return;
    }
    const size_t len =
        skad_log_format_line(skad_log_get_format(), level, time(NULL), text, line, sizeof line);
    if (!skad_log_thread_take(line, len)) {
        /* If stderr itself is gone, there is no other place to report it. */
        ssize_t written = write(STDERR_FILENO, line, len);
        (void)written;
    }
}

skad_log_to skad_log_stderr(skad_log_level least)
{
    return (skad_log_to){.least = least, .write = write_line};
}
