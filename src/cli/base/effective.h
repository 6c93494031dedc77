/* What a key amounts to, whether it was set or not: for showing it, and for comparing two readings
 * of a configuration. */
#ifndef SKAD_CLI_BASE_EFFECTIVE_H
#define SKAD_CLI_BASE_EFFECTIVE_H

#include "src/cli/base/settings.h"

#define SKAD_EFFECTIVE_MAX 64 /* values of one key; parsing lets fewer in */

typedef struct skad_effective {
    const skad_option_row *row;
    bool list;
    size_t count; /* 0: it is not set, and has no default */
    struct {
        const char *value;           /* points into the options, or here */
        const skad_setting *setting; /* NULL: the default */
    } values[SKAD_EFFECTIVE_MAX];
    char text[PATH_MAX + 32];
} skad_effective;

/* Of one of SKAD_OPTIONS_KEYS; the options have been configured. */
void skad_effective_look(const skad_options *options, const skad_option_row *row,
                         skad_effective *out);

/* Whether both have the same values in the same order. */
bool skad_effective_same(const skad_effective *a, const skad_effective *b);

#endif
