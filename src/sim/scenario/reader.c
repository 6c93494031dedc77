#include "src/sim/scenario/reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/sim/scenario/keys.h"

#define FILE_BYTES_MAX (1 << 20)

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL) {
        text[--len] = 0;
    }
    return text;
}

static bool parse_line(skad_sim_scenario *scenario, char *line,
                       bool given[static SKAD_SIM_ROWS_MAX],
                       char reason[static SKAD_SIM_REASON_BYTES])
{
    line[strcspn(line, "#")] = 0;
    line = trim(line);
    if (line[0] == 0) {
        return true;
    }
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        return skad_sim_reason(reason, "write KEY = VALUE");
    }
    *equals = 0;
    char *key = trim(line);
    size_t row = skad_sim_scenario_find(key);
    if (row < SKAD_SIM_ROWS_MAX && given[row]) {
        return skad_sim_reason(reason, "%s is there twice", key);
    }
    if (!skad_sim_scenario_set(scenario, key, trim(equals + 1), reason)) {
        return false;
    }
    given[row] = true;
    return true;
}

bool skad_sim_scenario_parse(skad_sim_scenario *scenario, char *text, size_t len,
                             char reason[static SKAD_SIM_REASON_BYTES])
{
    bool given[SKAD_SIM_ROWS_MAX] = {false};
    char why[SKAD_SIM_REASON_BYTES];
    if (strlen(text) != len) {
        return skad_sim_reason(reason, "this is not text");
    }
    for (unsigned line = 1; text != NULL; line++) {
        char *end = strchr(text, '\n');
        if (end != NULL) {
            *end = 0;
        }
        if (!parse_line(scenario, text, given, why)) {
            return skad_sim_reason(reason, "line %u: %.200s", line, why);
        }
        text = end == NULL ? NULL : end + 1;
    }
    return true;
}

bool skad_sim_scenario_read(skad_sim_scenario *scenario, const char *path,
                            char reason[static SKAD_SIM_REASON_BYTES])
{
    char why[SKAD_SIM_REASON_BYTES];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return skad_sim_reason(reason, "cannot read %.150s: %s", path, strerror(errno));
    }
    char *text = malloc(FILE_BYTES_MAX + 1);
    size_t len = text == NULL ? 0 : fread(text, 1, FILE_BYTES_MAX + 1, file);
    bool whole = text != NULL && ferror(file) == 0 && len <= FILE_BYTES_MAX;
    (void)fclose(file);
    if (!whole) {
        free(text);
        return skad_sim_reason(reason, "cannot read %.150s: it is not a text file of up to 1 MiB",
                               path);
    }
    text[len] = 0;
    bool good = skad_sim_scenario_parse(scenario, text, len, why);
    free(text);
    return good || skad_sim_reason(reason, "%.120s: %.120s", path, why);
}
