/* Prints how a record was stored; `publish` and `announce` share it. */
#ifndef SKAD_CLI_COMMANDS_STORED_H
#define SKAD_CLI_COMMANDS_STORED_H

#include "src/cli/base/options.h"
#include "src/cli/client/answer.h"

/* Prints "stored     14 of 16 holders, for 23 h", and on a further line why the others did not. */
void skad_stored_print(skad_answer result);

/* Complains if the record was to be kept and the node could not; returns the exit code. */
skad_exit skad_stored_exit(skad_answer result, bool keep);
skad_exit skad_stored_not_kept(void);

#endif
