/* Finding a row of the table of options. */
#include <string.h>

#include "src/cli/base/option_table.h"
#include "src/cli/base/suggestion.h"

const skad_option_row *skad_option_row_of(skad_option_set option)
{
    for (size_t i = 0; i < SKAD_OPTION_ROWS_COUNT; i++) {
        if (SKAD_OPTION_ROWS[i].option == option) {
            return &SKAD_OPTION_ROWS[i];
        }
    }
    return NULL;
}

const skad_option_row *skad_option_row_find(skad_option_set among, const char *name, size_t len)
{
    for (size_t i = 0; i < SKAD_OPTION_ROWS_COUNT; i++) {
        const skad_option_row *row = &SKAD_OPTION_ROWS[i];
        if ((among & row->option) != 0 && strncmp(row->name, name, len) == 0 &&
            row->name[len] == 0) {
            return row;
        }
    }
    return NULL;
}

const char *skad_option_nearest(skad_option_set among, const char *name, size_t len)
{
    skad_suggestion nearest;
    skad_suggestion_begin(&nearest, name, len);
    for (size_t i = 0; i < SKAD_OPTION_ROWS_COUNT; i++) {
        if ((among & SKAD_OPTION_ROWS[i].option) != 0) {
            skad_suggestion_try(&nearest, SKAD_OPTION_ROWS[i].name);
        }
    }
    return nearest.best;
}
