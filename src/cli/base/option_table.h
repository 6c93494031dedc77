/* The table of all options: the command line, the help, the keys of skad.conf and `skad config
 * show` all come from it. A row that `skad run` takes is also a key of the same name. */
#ifndef SKAD_CLI_BASE_OPTION_TABLE_H
#define SKAD_CLI_BASE_OPTION_TABLE_H

#include "src/cli/base/options.h"

typedef struct skad_option_row skad_option_row;

struct skad_option_row {
    skad_option_set option;
    char letter; /* 0: none */
    const char *name;
    const char *value; /* what it is called in the help; NULL: takes none */
    const char *text;
    /* Takes the value of an option that was given; a flag has none. The failure does not name the
     * option. */
    bool (*take)(const skad_option_row *row, const char *value, skad_options *out,
                 skad_failure *failure);
    size_t place; /* in skad_options, of what is a flag, a number or a text */
    uint64_t min; /* of a number */
    uint64_t max;
    const char *words; /* what it may be, blank-separated, "FILE" for any file; NULL: cannot be
                          listed. For completion */
};

extern const skad_option_row SKAD_OPTION_ROWS[];
extern const size_t SKAD_OPTION_ROWS_COUNT;

/* Those that may be given more than once: their values add up. */
#define SKAD_OPTIONS_LISTS                                                                         \
    (SKAD_OPTION_LISTEN | SKAD_OPTION_JOIN | SKAD_OPTION_ALLOW_ORIGIN | SKAD_OPTION_HOST_NAME)

/* Those that take effect while a node runs; the others ask for a new start. */
#define SKAD_OPTIONS_LIVE                                                                          \
    (SKAD_OPTION_JOIN | SKAD_OPTION_LOG_LEVEL | SKAD_OPTION_LOG_FORMAT | SKAD_OPTION_STORE)

/* Sets everything to what it is without any option. */
void skad_options_set_defaults(skad_options *out);

/* The row of an option. */
const skad_option_row *skad_option_row_of(skad_option_set option);

/* The row of that name among a set; NULL if there is none. */
const skad_option_row *skad_option_row_find(skad_option_set among, const char *name, size_t len);

/* The name among a set that an operator may have meant; NULL if none is near. */
const char *skad_option_nearest(skad_option_set among, const char *name, size_t len);

#endif
