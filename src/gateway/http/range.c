#include "src/gateway/http/range.h"

#include <stddef.h>
#include <strings.h>

/* Digits at *text, which is moved behind them; false without any. Numbers too large for 64 bits are
 * the largest, which no file has. */
static bool read_number(const char **text, uint64_t *out)
{
    const char *begin = *text;
    *out = 0;
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        const uint64_t digit = (uint64_t)(**text - '0');
        *out = *out > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *out * 10 + digit;
    }
    return *text != begin;
}

static skad_range_kind take_last(uint64_t count, uint64_t size, skad_range *out)
{
    if (count == 0 || size == 0) {
        return SKAD_RANGE_BEHIND;
    }
    out->length = count < size ? count : size;
    out->first = size - out->length;
    return SKAD_RANGE_PART;
}

skad_range_kind skad_range_read(const char *header, uint64_t size, skad_range *out)
{
    static const char unit[] = "bytes=";
    uint64_t first;
    uint64_t last = UINT64_MAX;

    *out = (skad_range){0, size};
    if (header == NULL || strncasecmp(header, unit, sizeof unit - 1) != 0) {
        return SKAD_RANGE_WHOLE;
    }
    const char *text = header + sizeof unit - 1;
    const bool from = read_number(&text, &first);
    if (*text != '-') {
        return SKAD_RANGE_WHOLE;
    }
    text++;
    const bool to = read_number(&text, &last);
    if (!to) {
        last = UINT64_MAX;
    }
    if (*text != 0 || (!from && !to) || (from && last < first)) {
        return SKAD_RANGE_WHOLE;
    }
    if (!from) {
        return take_last(last, size, out);
    }
    if (first >= size) {
        return SKAD_RANGE_BEHIND;
    }
    out->first = first;
    out->length = (last < size ? last - first + 1 : size - first);
    return SKAD_RANGE_PART;
}
