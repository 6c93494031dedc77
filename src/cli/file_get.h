/* Fetching a file that was stored as a tree of records. Every record is checked against its key,
 * and the shape of the tree against the size in its root: neither the network nor the daemon is
 * believed. */
#ifndef SKAD_CLI_FILE_GET_H
#define SKAD_CLI_FILE_GET_H

#include "src/cli/client.h"

/* Writes the file to fd, which must be seekable and empty; pieces land in any order. When it
 * fails, what is in fd is worthless. */
SKAD_MUST_CHECK skad_exit skad_file_get(skad_client *client, const skad_id *root, int fd,
                                        skad_failure *failure);

#endif
