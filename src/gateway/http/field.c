#include "src/gateway/http/field.h"

#include <string.h>

bool skad_field_uint(skad_span text, uint64_t max, uint64_t *out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        const uint64_t digit = (uint64_t)text.data[i] - '0';
        if (digit > 9 || number > (max - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
        if (number > max) {
            return false;
        }
    }
    *out = number;
    return text.len > 0;
}

bool skad_field_bool(skad_span text, bool *out)
{
    *out = text.len == 4 && memcmp(text.data, "true", 4) == 0;
    return *out || (text.len == 5 && memcmp(text.data, "false", 5) == 0);
}

static int digit_of(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool skad_field_hex(skad_span text, uint8_t *out, size_t cap, size_t *len)
{
    if (text.len % 2 != 0 || text.len / 2 > cap) {
        return false;
    }
    for (size_t i = 0; i < text.len; i += 2) {
        const int high = digit_of(text.data[i]);
        const int low = digit_of(text.data[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i / 2] = (uint8_t)(high * 16 + low);
    }
    *len = text.len / 2;
    return true;
}
