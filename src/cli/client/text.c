/* Text for people. */
#include "src/cli/client/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "skad/types.h"

#define SHORT_ID_DIGITS 12

void skad_text_of(skad_answer map, const char *key, char out[static SKAD_ANSWER_TEXT_BYTES])
{
    skad_answer_text(skad_answer_get(map, key), out);
}

void skad_text_short_id(skad_answer map, const char *key, char out[static SKAD_TEXT_BYTES])
{
    char text[SKAD_ANSWER_TEXT_BYTES];
    skad_text_of(map, key, text);
    text[SHORT_ID_DIGITS] = 0;
    memcpy(out, text, SHORT_ID_DIGITS + 1);
}

void skad_text_duration(uint64_t us, char out[static SKAD_TEXT_BYTES])
{
    const uint64_t s = us / SKAD_US_PER_S;
    if (us == 0) {
        (void)snprintf(out, SKAD_TEXT_BYTES, "-");
    } else if (us < SKAD_US_PER_MS) {
        (void)snprintf(out, SKAD_TEXT_BYTES, "%" PRIu64 " us", us);
    } else if (us < SKAD_US_PER_S) {
        (void)snprintf(out, SKAD_TEXT_BYTES, "%.1f ms", (double)us / 1e3);
    } else if (s < 120) {
        (void)snprintf(out, SKAD_TEXT_BYTES, "%.1f s", (double)us / 1e6);
    } else if (s < 7200) {
        (void)snprintf(out, SKAD_TEXT_BYTES, "%" PRIu64 " min", s / 60);
    } else if (s < 172800) {
        (void)snprintf(out, SKAD_TEXT_BYTES, "%" PRIu64 " h", s / 3600);
    } else {
        (void)snprintf(out, SKAD_TEXT_BYTES, "%" PRIu64 " d", s / 86400);
    }
}

void skad_text_list(skad_answer list, char out[static SKAD_ANSWER_TEXT_BYTES])
{
    size_t len = 0;
    out[0] = 0;
    for (size_t i = 0; i < skad_answer_count(list); i++) {
        char one[SKAD_ANSWER_TEXT_BYTES];
        skad_answer_text(skad_answer_at(list, i), one);
        size_t one_len = strlen(one);
        if (len + 1 + one_len >= SKAD_ANSWER_TEXT_BYTES) {
            return;
        }
        if (len > 0) {
            out[len++] = ' ';
        }
        memcpy(out + len, one, one_len + 1);
        len += one_len;
    }
    if (len == 0) {
        memcpy(out, "-", 2);
    }
}

void skad_text_escape(skad_span bytes, char *out, size_t cap)
{
    const size_t reserved = sizeof "\\xNN" - 1 + sizeof "..."; /* the last zero included */
    size_t len = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned byte = bytes.data[i];
        if (len + reserved > cap) {
            len += (size_t)snprintf(out + len, cap - len, "...");
            break;
        }
        if (byte == '\\') {
            len += (size_t)snprintf(out + len, cap - len, "\\\\");
        } else if (byte < ' ' || byte >= 0x7f) {
            len += (size_t)snprintf(out + len, cap - len, "\\x%02x", byte);
        } else {
            out[len++] = (char)byte;
        }
    }
    out[len] = 0;
}

void skad_text_bytes(uint64_t bytes, char out[static SKAD_TEXT_BYTES])
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    double number = (double)bytes / 1e3;
    size_t unit = 0;
    if (bytes < 1000) {
        (void)snprintf(out, SKAD_TEXT_BYTES, "%" PRIu64 " B", bytes);
        return;
    }
    while (number >= 999.95 && unit + 1 < sizeof units / sizeof units[0]) {
        number /= 1e3;
        unit++;
    }
    (void)snprintf(out, SKAD_TEXT_BYTES, "%.1f %s", number, units[unit]);
}
