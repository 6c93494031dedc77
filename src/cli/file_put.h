/* Storing a file as a tree of records (proto/tree.h), in bounded memory and of unknown size. */
#ifndef SKAD_CLI_FILE_PUT_H
#define SKAD_CLI_FILE_PUT_H

#include "src/cli/client.h"

#define SKAD_FILE_WINDOW 16 /* operations in flight; a record takes a lookup, so latency rules */

/* Reads fd to its end and stores it; *root is the key to get it back by. `name` is for messages. */
SKAD_MUST_CHECK skad_exit skad_file_put(skad_client *client, int fd, const char *name,
                                        skad_id *root, skad_failure *failure);

#endif
