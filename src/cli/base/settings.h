/* What an operator has set, and where: files of configuration, and the command line.
 *
 * From the weakest to the strongest: defaults, skad.conf, the files of conf.d in the order of their
 * names, the command line. Of a key with one value the last one counts. The values of a list add up
 * over all files, an empty one drops those before it, and the command line's replace them all. */
#ifndef SKAD_CLI_BASE_SETTINGS_H
#define SKAD_CLI_BASE_SETTINGS_H

#include <limits.h>

#include "src/cli/base/option_table.h"

#define SKAD_CONFIG_DEFAULT   "/etc/skad/skad.conf"
#define SKAD_CONFIG_NONE      "none"
#define SKAD_CONFIG_FOLDER    "conf.d"
#define SKAD_CONFIG_FILES_MAX 65 /* skad.conf, and 64 of conf.d */
#define SKAD_SETTINGS_MAX     256

typedef struct skad_setting {
    const skad_option_row *row;
    const char *value; /* NULL: a flag of the command line */
    unsigned file;     /* index; SKAD_CONFIG_FILES_MAX: the command line */
    unsigned line;     /* of the file */
    bool dropped;      /* another one counts instead */
} skad_setting;

typedef struct skad_settings {
    struct {
        char *path;
        char *text; /* values point into it */
    } files[SKAD_CONFIG_FILES_MAX];
    unsigned files_count;
    skad_setting all[SKAD_SETTINGS_MAX];
    size_t count;
} skad_settings;

/* Called for each problem of a file, a sentence that begins with file and line. */
typedef void skad_settings_problem(void *user, const char *sentence);

/* The file that is read: the given one, else $SKAD_CONFIG, else the default. */
const char *skad_settings_path(const char *given);

/* Notes an option of the command line. False: there are too many. */
SKAD_MUST_CHECK bool skad_settings_command(skad_settings *self, const skad_option_row *row,
                                           const char *value);

/* Reads the file and those of conf.d beside it, whose keys are among `keys`. path NULL:
 * $SKAD_CONFIG, else the default, which may be missing; "none": no file. With problem NULL the
 * first problem ends it. Values are not looked at. */
SKAD_MUST_CHECK bool skad_settings_read(skad_settings *self, const char *path, skad_option_set keys,
                                        skad_settings_problem *problem, void *user,
                                        skad_failure *failure);

/* "FILE:LINE", or "command line". */
void skad_settings_place(const skad_settings *self, const skad_setting *setting,
                         char out[static PATH_MAX]);

/* Frees it with all it points to; NULL is allowed. */
void skad_settings_free(skad_settings *self);

#endif
