#include "tests/support/vectors_spell.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "crypto/keys.h"
#include "proto/limits.h"
#include "proto/writer.h"
#include "tests/support/wire.h"

static void spell_counting(skad_writer *writer, size_t len)
{
    uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX];

    SKAD_ASSERT(len <= sizeof bytes);
    skad_wire_fill(bytes, len, 0);
    skad_write_bin(writer, bytes, len);
}

static void spell_hex(skad_writer *writer, const char *hex)
{
    for (size_t i = 0; hex[i] != '\0' && hex[i] != ' '; i += 2) {
        const char pair[3] = {hex[i], hex[i + 1], '\0'};
        const uint8_t byte = (uint8_t)strtoul(pair, NULL, 16);
        skad_write_raw(writer, &byte, 1);
    }
}

static void spell_word(skad_writer *writer, const char *word, const uint8_t *public_key)
{
    if (word[0] == '[') {
        skad_write_array(writer, strtoul(word + 1, NULL, 10));
    } else if (word[0] == '#') {
        spell_counting(writer, strtoul(word + 1, NULL, 10));
    } else if (word[0] == 'x') {
        spell_hex(writer, word + 1);
    } else if (word[0] == 'p') {
        skad_write_bin(writer, public_key, SKAD_PUBLIC_KEY_BYTES);
    } else if (word[0] == '-') {
        skad_write_nil(writer);
    } else {
        skad_write_uint(writer, strtoull(word, NULL, 10));
    }
}

size_t skad_spell(const char *text, const uint8_t *public_key, uint8_t *out, size_t cap)
{
    skad_writer writer;

    skad_writer_init(&writer, out, cap);
    for (const char *word = text; word != NULL;) {
        spell_word(&writer, word, public_key);
        const char *space = strchr(word, ' ');
        word = space == NULL ? NULL : space + 1;
    }
    SKAD_ASSERT(!writer.overflow);
    return writer.len;
}
