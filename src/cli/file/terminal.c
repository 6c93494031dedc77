#include "src/cli/file/terminal.h"

#include <stdio.h>
#include <string.h>

#define CHARACTER_BYTES_MAX 4 /* RFC 3629 */

typedef struct character {
    size_t len; /* 1 where the bytes are no UTF-8 */
    bool cut_off;
    bool printable;
} character;

/* Unicode, annex 9: embeddings, overrides, isolates, and the marks LRM, RLM and ALM. */
static bool turns_text(uint32_t code)
{
    return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0x200e || code == 0x200f || code == 0x061c;
}

/* Line and paragraph separator, which begin a line only for some terminals; and what has no width:
 * the soft hyphen, zero-width space, word joiner, byte order mark, and tags. */
static bool deceives(uint32_t code)
{
    return code == 0x2028 || code == 0x2029 || code == 0xad || code == 0x200b || code == 0x2060 ||
           code == 0xfeff || (code >= 0xe0000 && code <= 0xe007f);
}

static bool printable(uint32_t code)
{
    bool control = code < ' ' || (code >= 0x7f && code < 0xa0);
    return code == '\n' || code == '\t' || (!control && !turns_text(code) && !deceives(code));
}

/* Whether `code` may be written with so many bytes: the shortest form, no surrogate, within
 * Unicode. */
static bool well_formed(uint32_t code, size_t len)
{
    static const uint32_t least[CHARACTER_BYTES_MAX + 1] = {0, 0, 0x80, 0x800, 0x10000};
    return code >= least[len] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static character read_character(const uint8_t *bytes, size_t len)
{
    uint8_t first = bytes[0];
    if (first < 0x80) {
        return (character){.len = 1, .printable = printable(first)};
    }
    size_t wanted = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    uint32_t code = first & (0x7fU >> wanted);
    if (first < 0xc2 || first > 0xf4) {
        return (character){.len = 1};
    }
    for (size_t i = 1; i < wanted; i++) {
        if (i == len) {
            return (character){.len = 1, .cut_off = true};
        }
        if ((bytes[i] & 0xc0) != 0x80) {
            return (character){.len = 1};
        }
        code = code << 6 | (bytes[i] & 0x3fU);
    }
    bool good = well_formed(code, wanted);
    return (character){.len = good ? wanted : 1, .printable = good && printable(code)};
}

size_t skad_terminal_text(const uint8_t *bytes, size_t len, bool last, char *out, size_t *taken)
{
    size_t at = 0;
    size_t written = 0;
    while (at < len) {
        const character next = read_character(bytes + at, len - at);
        if (next.cut_off && !last) {
            break;
        }
        if (next.printable) {
            memcpy(out + written, bytes + at, next.len);
            written += next.len;
        } else {
            for (size_t i = 0; i < next.len; i++) {
                char hex[8];
                (void)snprintf(hex, sizeof hex, "\\x%02x", bytes[at + i]);
                memcpy(out + written, hex, 4);
                written += 4;
            }
        }
        at += next.len;
    }
    *taken = at;
    return written;
}
