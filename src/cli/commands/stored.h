/* Prints how a record was stored; `publish` and `announce` share it. */
#ifndef SKAD_CLI_COMMANDS_STORED_H
#define SKAD_CLI_COMMANDS_STORED_H

#include "src/cli/base/options.h"
#include "src/client/answer.h"

/* Prints "stored     at 14 of 16 nodes that should have it, for 23 h", and on a further line why
 * the others did not. Warns where the closest nodes stand suspiciously dense. */
void skad_stored_print(skad_answer result);

/* Complains if only this node has the record, or if it was to be kept and the node could not;
 * returns the exit code. kept: the node announces it again. */
skad_exit skad_stored_exit(skad_answer result, bool keep);
skad_exit skad_stored_not_kept(void);
skad_exit skad_stored_alone(bool kept);

#endif
