/* Cutting lines into keys and values, in place. */
#include "src/cli/base/config_text.h"

#include <stdbool.h>
#include <string.h>

#define KEY_BYTES_MAX 40

static bool is_blank(char one)
{
    return one == ' ' || one == '\t' || one == '\r';
}

/* Without blanks at both ends. */
static char *trim(char *text)
{
    while (is_blank(*text)) {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && is_blank(text[len - 1])) {
        text[--len] = 0;
    }
    return text;
}

static void cut_comment(char *line)
{
    for (size_t i = 0; line[i] != 0; i++) {
        if (line[i] == '#' && (i == 0 || is_blank(line[i - 1]))) {
            line[i] = 0;
            return;
        }
    }
}

static bool is_key(const char *text)
{
    const size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");
    return len > 0 && len <= KEY_BYTES_MAX && text[len] == 0;
}

static bool is_text(const char *line)
{
    for (size_t i = 0; line[i] != 0; i++) {
        if (((unsigned char)line[i] < ' ' && !is_blank(line[i])) || line[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static skad_config_step fail(skad_failure *failure, const char *what)
{
    (void)skad_fail(failure, "%s", what);
    return SKAD_CONFIG_FLAW;
}

/* END: there is nothing in this line. */
static skad_config_step read_line(char *line, const char **key, const char **value,
                                  skad_failure *failure)
{
    if (strlen(line) > SKAD_CONFIG_LINE_BYTES_MAX) {
        return fail(failure, "the line is too long");
    }
    if (!is_text(line)) {
        return fail(failure, "the line has control characters");
    }
    cut_comment(line);
    char *left = trim(line);
    if (left[0] == 0) {
        return SKAD_CONFIG_END;
    }
    char *equals = strchr(left, '=');
    if (equals == NULL) {
        return fail(failure, "write KEY = VALUE");
    }
    *equals = 0;
    left = trim(left);
    if (!is_key(left)) {
        return fail(failure, "write KEY = VALUE; a key has small letters and '-'");
    }
    *key = left;
    *value = trim(equals + 1);
    return SKAD_CONFIG_ENTRY;
}

void skad_config_text_begin(skad_config_text *self, char *text)
{
    *self = (skad_config_text){.rest = text};
}

skad_config_step skad_config_text_next(skad_config_text *self, const char **key, const char **value,
                                       skad_failure *failure)
{
    while (self->rest != NULL) {
        char *line = self->rest;
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = 0;
        }
        self->rest = end == NULL ? NULL : end + 1;
        self->line++;
        const skad_config_step step = read_line(line, key, value, failure);
        if (step != SKAD_CONFIG_END) {
            return step;
        }
    }
    return SKAD_CONFIG_END;
}
