/* Withdrawing a file: all records of its tree, the root first. */
#ifndef SKAD_CLI_FILE_FILE_WITHDRAW_H
#define SKAD_CLI_FILE_FILE_WITHDRAW_H

#include "src/cli/client/client.h"

/* Has the node re-announce none of the file's records any more; *withdrawn counts those that it
 * did. A node of the tree that nobody has any more ends it, since what is below is not known. */
SKAD_MUST_CHECK skad_exit skad_file_withdraw(skad_client *client, const skad_id *root,
                                             uint64_t *withdrawn, skad_failure *failure);

#endif
