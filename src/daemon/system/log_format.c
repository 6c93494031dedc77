/* Writing one line, in each form. */
#include "src/daemon/system/log_format.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIME_BYTES 24

static atomic_int process_format = SKAD_LOG_TEXT;

static const skad_log_format all[] = {SKAD_LOG_TEXT, SKAD_LOG_LOGFMT, SKAD_LOG_JSON,
                                      SKAD_LOG_JOURNAL};

const char *skad_log_format_name(skad_log_format format)
{
    switch (format) {
    case SKAD_LOG_TEXT:
        return "text";
    case SKAD_LOG_LOGFMT:
        return "logfmt";
    case SKAD_LOG_JSON:
        return "json";
    case SKAD_LOG_JOURNAL:
        return "journal";
    }
    return "?";
}

/* systemd names device and inode of the stream, since a child's stderr may be another one. */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t device;
    uintmax_t inode;
    struct stat about;
    char *end = NULL;
    if (stream == NULL || stream[0] < '0' || stream[0] > '9') {
        return false;
    }
    device = strtoumax(stream, &end, 10);
    if (*end != ':' || end[1] < '0' || end[1] > '9') {
        return false;
    }
    inode = strtoumax(end + 1, &end, 10);
    return *end == 0 && fstat(STDERR_FILENO, &about) == 0 && about.st_dev == device &&
           about.st_ino == inode;
}

bool skad_log_format_parse(const char *name, skad_log_format *out)
{
    if (strcmp(name, "auto") == 0) {
        *out = is_journal() ? SKAD_LOG_JOURNAL : SKAD_LOG_TEXT;
        return true;
    }
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(name, skad_log_format_name(all[i])) == 0) {
            *out = all[i];
            return true;
        }
    }
    return false;
}

void skad_log_set_format(skad_log_format format)
{
    atomic_store(&process_format, (int)format);
}

skad_log_format skad_log_get_format(void)
{
    return (skad_log_format)atomic_load(&process_format);
}

/* ---- Lines ---- */

/* The priorities of syslog. */
static unsigned priority_of(skad_log_level level)
{
    switch (level) {
    case SKAD_LOG_ERROR:
        return 3;
    case SKAD_LOG_WARNING:
        return 4;
    case SKAD_LOG_INFO:
    case SKAD_LOG_NOTHING:
        break;
    }
    return 6;
}

static size_t write_head(skad_log_format format, skad_log_level level, time_t at, char *out,
                         size_t cap)
{
    char time[TIME_BYTES];
    struct tm calendar;
    int len = 0;
    gmtime_r(&at, &calendar);
    (void)strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &calendar);
    switch (format) {
    case SKAD_LOG_TEXT:
        len = snprintf(out, cap, "%s %s: ", time, skad_log_level_name(level));
        break;
    case SKAD_LOG_LOGFMT:
        len = snprintf(out, cap, "time=%s level=%s msg=\"", time, skad_log_level_name(level));
        break;
    case SKAD_LOG_JSON:
        len = snprintf(out, cap, "{\"time\":\"%s\",\"level\":\"%s\",\"msg\":\"", time,
                       skad_log_level_name(level));
        break;
    case SKAD_LOG_JOURNAL:
        len = snprintf(out, cap, "<%u>", priority_of(level));
        break;
    }
    return (size_t)len;
}

static const char *tail_of(skad_log_format format)
{
    return format == SKAD_LOG_JSON ? "\"}\n" : format == SKAD_LOG_LOGFMT ? "\"\n" : "\n";
}

/* The length of the character of UTF-8 at the beginning; 0: there is none. */
static size_t character_of(const unsigned char *text)
{
    const unsigned char first = text[0];
    const size_t len = first < 0x80                    ? 1
                       : first >= 0xc2 && first < 0xe0 ? 2
                       : (first & 0xf0) == 0xe0        ? 3
                       : first >= 0xf0 && first < 0xf5 ? 4
                                                       : 0;
    for (size_t i = 1; i < len; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    const bool overlong = (first == 0xe0 && text[1] < 0xa0) || (first == 0xf0 && text[1] < 0x90);
    const bool beyond = (first == 0xed && text[1] >= 0xa0) || (first == 0xf4 && text[1] >= 0x90);
    return overlong || beyond ? 0 : len;
}

/* Copies the character at `text`, in the form that the format has for it. Returns how many bytes of
 * the text that is. */
static size_t copy_character(skad_log_format format, const char *text, char piece[static 8],
                             size_t *piece_len)
{
    const bool quoted = format == SKAD_LOG_JSON || format == SKAD_LOG_LOGFMT;
    const size_t len = quoted ? character_of((const unsigned char *)text) : 1;
    *piece_len = 0;
    if (len == 0 || (unsigned char)text[0] < ' ' || (quoted && text[0] == 0x7f)) {
        piece[(*piece_len)++] = '?';
        return 1;
    }
    if (quoted && (text[0] == '"' || text[0] == '\\')) {
        piece[(*piece_len)++] = '\\';
    }
    memcpy(piece + *piece_len, text, len);
    *piece_len += len;
    return len;
}

size_t skad_log_format_line(skad_log_format format, skad_log_level level, time_t at,
                            const char *text, char *out, size_t cap)
{
    const char *tail = tail_of(format);
    const size_t tail_len = strlen(tail);
    size_t len = write_head(format, level, at, out, cap);
    while (*text != 0) {
        char piece[8];
        size_t piece_len;
        const size_t used = copy_character(format, text, piece, &piece_len);
        if (len + piece_len + tail_len > cap - 1) {
            break;
        }
        memcpy(out + len, piece, piece_len);
        len += piece_len;
        text += used;
    }
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): a length goes with it. */
    memcpy(out + len, tail, tail_len);
    return len + tail_len;
}
