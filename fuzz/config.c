/* Configuration files: whatever the bytes are, reading ends, keys and values lie within the text
 * and are clean, and each flaw has a sentence. What is read, written as lines again, reads the
 * same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "src/cli/base/config_text.h"
#include "src/cli/base/option_table.h"

#define ENTRIES_MAX 2048

typedef struct read_text {
    char *text;
    const char *keys[ENTRIES_MAX];
    const char *values[ENTRIES_MAX];
    size_t count;
    size_t flaws;
} read_text;

static bool is_clean(const char *text)
{
    const size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' && text[i] != '\t' && text[i] != '\r') {
            return false;
        }
    }
    return len == 0 || (strchr(" \t\r", text[0]) == NULL && strchr(" \t\r", text[len - 1]) == NULL);
}

static void read_all(const char *given, size_t len, read_text *out)
{
    skad_config_text self;
    out->text = malloc(len + 1);
    FUZZ_REQUIRE(out->text != NULL);
    memcpy(out->text, given, len);
    out->text[len] = 0;
    out->count = 0;
    out->flaws = 0;
    skad_config_text_begin(&self, out->text);
    for (unsigned line = 0;;) {
        const char *key = NULL;
        const char *value = NULL;
        skad_failure flaw = {{0}};
        const skad_config_step step = skad_config_text_next(&self, &key, &value, &flaw);
        if (step == SKAD_CONFIG_END) {
            return;
        }
        FUZZ_REQUIRE(self.line > line && self.line <= len + 1);
        line = self.line;
        if (step == SKAD_CONFIG_FLAW) {
            const size_t said = strnlen(flaw.text, sizeof flaw.text);
            FUZZ_REQUIRE(said > 0 && said < sizeof flaw.text);
            out->flaws++;
            continue;
        }
        FUZZ_REQUIRE(key > out->text - 1 && value <= out->text + len);
        FUZZ_REQUIRE(is_clean(key) && is_clean(value) && key[0] != 0);
        (void)skad_option_row_find(SKAD_OPTIONS_KEYS, key, strlen(key));
        (void)skad_option_nearest(SKAD_OPTIONS_KEYS, key, strlen(key));
        if (out->count < ENTRIES_MAX) {
            out->keys[out->count] = key;
            out->values[out->count++] = value;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static read_text first;
    static read_text second;
    static char again[SKAD_CONFIG_BYTES_MAX * 2];
    size_t again_len = 0;
    if (len > SKAD_CONFIG_BYTES_MAX) {
        return 0;
    }
    read_all((const char *)data, len, &first);
    for (size_t i = 0; i < first.count; i++) {
        again_len += (size_t)snprintf(again + again_len, sizeof again - again_len, "%s=%s\n",
                                      first.keys[i], first.values[i]);
    }
    FUZZ_REQUIRE(again_len < sizeof again);
    read_all(again, again_len, &second);
    FUZZ_REQUIRE(second.flaws == 0 && second.count == first.count);
    for (size_t i = 0; i < first.count; i++) {
        FUZZ_REQUIRE(strcmp(first.keys[i], second.keys[i]) == 0);
        FUZZ_REQUIRE(strcmp(first.values[i], second.values[i]) == 0);
    }
    free(first.text);
    free(second.text);
    return 0;
}
