/* The command's output for a daemon's answer, from any sender: JSON is balanced, made of printable
 * ASCII and a single line; lines for people hold no control characters. */
#include <stdio.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "src/cli/client/text.h"
#include "src/client/json.h"

#define ITEMS_MAX  512
#define JSON_BYTES (1U << 20)

/* Brackets outside of strings pair up; nothing unprintable is anywhere. */
static void check_json(const char *text, size_t len)
{
    bool quoted = false;
    long depth = 0;
    for (size_t i = 0; i < len; i++) {
        FUZZ_REQUIRE(text[i] >= ' ' && text[i] < 0x7f);
        if (quoted && text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted) {
            depth += text[i] == '[' || text[i] == '{';
            depth -= text[i] == ']' || text[i] == '}';
            FUZZ_REQUIRE(depth >= 0);
        }
    }
    FUZZ_REQUIRE(!quoted && depth == 0 && len > 0);
}

static void check_line(const char *line, size_t cap)
{
    size_t len = strnlen(line, cap);
    FUZZ_REQUIRE(len < cap);
    for (size_t i = 0; i < len; i++) {
        FUZZ_REQUIRE((unsigned char)line[i] >= ' ' && line[i] != 0x7f);
    }
}

static void check_texts(skad_answer value)
{
    char line[40];
    char text[SKAD_ANSWER_TEXT_BYTES];
    skad_answer_line(value, line, sizeof line);
    check_line(line, sizeof line);
    skad_answer_text(value, text);
    FUZZ_REQUIRE(memchr(text, 0, sizeof text) != NULL);
    (void)skad_answer_uint(value, "peers");
    (void)skad_answer_number(value, "peers");
    (void)skad_answer_bool(value, "joined");
    (void)skad_answer_bytes(value, "key");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static char json[JSON_BYTES];
    static skad_item items[ITEMS_MAX];
    size_t count;
    size_t consumed;
    if (skad_cut(data, len, SKAD_CUT_LENIENT, items, ITEMS_MAX, &count, &consumed) != SKAD_CUT_OK) {
        return 0;
    }
    skad_answer answer = {items, items + count};
    FILE *out = fmemopen(json, sizeof json, "w");
    FUZZ_REQUIRE(out != NULL);
    skad_json_write(out, answer);
    long written = ftell(out);
    (void)fclose(out);
    FUZZ_REQUIRE(written > 0);
    check_json(json, (size_t)written);
    check_texts(answer);
    size_t parts = skad_answer_count(answer);
    for (size_t i = 0; i < parts && i < ITEMS_MAX; i++) {
        check_texts(skad_answer_at(answer, i));
    }
    return 0;
}
