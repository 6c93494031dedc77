/* Withdrawing a file: all records of its tree, the root first. */
#ifndef SKAD_CLI_FILE_FILE_WITHDRAW_H
#define SKAD_CLI_FILE_FILE_WITHDRAW_H

#include "src/cli/client/client.h"

/* Lets the node stop re-announcing all of the file's records; *withdrawn counts those that it
 * re-announced. It ends at a node of the tree that cannot be found any more, because the keys below
 * that node are not known. */
SKAD_MUST_CHECK skad_exit skad_file_withdraw(skad_client *client, const skad_id *root,
                                             uint64_t *withdrawn, skad_failure *failure);

#endif
