#include "tests/support/vector_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

FILE *test_open_source(const char *source_dir, const char *name)
{
    char path[4096];

    assert_true(snprintf(path, sizeof path, "%s/%s", source_dir, name) < (int)sizeof path);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    return file;
}

char *test_read_whole(FILE *file, size_t *len)
{
    size_t cap = (size_t)1 << 20;
    char *text = malloc(cap);

    assert_non_null(text);
    *len = fread(text, 1, cap, file);
    assert_true(*len < cap);
    fclose(file);
    text[*len] = '\0';
    return text;
}

void test_vectors_open(test_vectors *self, const char *source_dir, const char *name)
{
    char path[256];
    size_t len;

    snprintf(path, sizeof path, "tests/vectors/%s", name);
    self->text = test_read_whole(test_open_source(source_dir, path), &len);
    self->at = self->text;
    self->invalid = false;
}

/* Splits a line `"key": value,` in place; false if it is no such line. */
static bool split_field(char *line, const char **key, const char **value)
{
    char *start = line + strspn(line, " ");
    char *end = start[0] == '"' ? strstr(start + 1, "\": ") : NULL;

    if (end == NULL) {
        return false;
    }
    *end = '\0';
    *key = start + 1;
    char *content = end + 3;
    size_t len = strlen(content);
    len -= len > 0 && content[len - 1] == ',';
    bool quoted = len >= 2 && content[0] == '"';
    content[quoted ? len - 1 : len] = '\0';
    *value = content + quoted;
    return true;
}

bool test_vectors_next(test_vectors *self, test_vector *out)
{
    out->count = 0;
    for (char *line = self->at; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        *(end == NULL ? line + strlen(line) : end) = '\0';
        self->at = end == NULL ? NULL : end + 1;
        if (strcmp(line, "  \"invalid\": [") == 0) {
            self->invalid = true;
        } else if (strncmp(line, "    }", 5) == 0) {
            out->invalid = self->invalid;
            return true;
        } else if (strncmp(line, "      ", 6) == 0) {
            assert_true(out->count < TEST_VECTOR_FIELDS_MAX);
            out->count +=
                split_field(line, &out->fields[out->count].key, &out->fields[out->count].value);
        }
        line = self->at;
    }
    free(self->text);
    self->text = NULL;
    self->at = NULL;
    return false;
}

static const char *find(const test_vector *self, const char *key)
{
    for (size_t i = 0; i < self->count; i++) {
        if (strcmp(self->fields[i].key, key) == 0) {
            return self->fields[i].value;
        }
    }
    return NULL;
}

bool test_vector_has(const test_vector *self, const char *key)
{
    return find(self, key) != NULL;
}

const char *test_vector_text(const test_vector *self, const char *key)
{
    const char *value = find(self, key);
    return value == NULL ? "" : value;
}

uint64_t test_vector_uint(const test_vector *self, const char *key)
{
    return strtoull(test_vector_text(self, key), NULL, 10);
}

bool test_vector_bool(const test_vector *self, const char *key)
{
    return strcmp(test_vector_text(self, key), "true") == 0;
}

size_t test_vector_hex(const test_vector *self, const char *key, uint8_t *out, size_t cap)
{
    const char *text = test_vector_text(self, key);
    size_t len = strlen(text) / 2;

    assert_true(len <= cap);
    for (size_t i = 0; i < len; i++) {
        const char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return len;
}
