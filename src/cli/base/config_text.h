/* The text of a configuration file: lines `key = value`, comments from a '#' at the beginning of a
 * line or after a blank, empty lines. It knows no keys. Lines and files are bounded. */
#ifndef SKAD_CLI_BASE_CONFIG_TEXT_H
#define SKAD_CLI_BASE_CONFIG_TEXT_H

#include <stddef.h>

#include "src/host/system/failure.h"

#define SKAD_CONFIG_BYTES_MAX      65536
#define SKAD_CONFIG_LINE_BYTES_MAX 4352 /* a path of 4095 bytes, a key, and some blanks */

typedef struct skad_config_text {
    char *rest;    /* NULL: all was read */
    unsigned line; /* of the last entry, from 1 on */
} skad_config_text;

typedef enum skad_config_step {
    SKAD_CONFIG_ENTRY,
    SKAD_CONFIG_FLAW, /* the failure says what is wrong with this line; the next one may be fine */
    SKAD_CONFIG_END,
} skad_config_step;

/* `text` ends with a zero byte and is changed while it is read: keys and values are parts of it. */
void skad_config_text_begin(skad_config_text *self, char *text);

/* Takes the next entry. An empty value is "". */
skad_config_step skad_config_text_next(skad_config_text *self, const char **key, const char **value,
                                       skad_failure *failure);

#endif
