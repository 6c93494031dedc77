/* Options of `skad run` that take one of a few words. */
#ifndef SKAD_CLI_BASE_OPTION_WORDS_H
#define SKAD_CLI_BASE_OPTION_WORDS_H

#include "src/cli/base/option_table.h"

/* auto, server or client. */
bool skad_option_take_role(const skad_option_row *row, const char *value, skad_options *out,
                           skad_failure *failure);
/* yes or no. */
bool skad_option_take_local_discovery(const skad_option_row *row, const char *value,
                                      skad_options *out, skad_failure *failure);

#endif
