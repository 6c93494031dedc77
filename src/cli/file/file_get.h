/* Fetching a file that was stored as a tree of records. Every record is checked against its key,
 * and the shape of the tree against the size in its root, so neither the network nor the daemon has
 * to be trusted. */
#ifndef SKAD_CLI_FILE_FILE_GET_H
#define SKAD_CLI_FILE_FILE_GET_H

#include "src/cli/client/client.h"

/* Gets in flight: as many as the daemon takes of one client. Each is a lookup, so latency rules. */
#define SKAD_FILE_GET_WINDOW 64
#define SKAD_FILE_GET_AHEAD                                                                        \
    2048 /* pieces: one that is slow to come holds none of the others up                           \
          */

typedef struct skad_file_get_request {
    skad_id root;
    int fd;
    uint64_t bytes_max;
    bool forward;   /* other nodes look for its records, */
    uint8_t chains; /* with results of so many first hops; 0: the usual number */
} skad_file_get_request;

/* Writes the file to its fd, which must be seekable; pieces arrive in any order. A file of more
 * than bytes_max is refused before anything is written: ten records may claim to be terabytes, by
 * listing one piece again and again. Pieces that are in
 * their place already, from an earlier run, are not fetched again, because their key proves them as
 * it proves new ones. If it fails, fd holds some of the pieces, and any bytes in place of the
 * others. */
SKAD_MUST_CHECK skad_exit skad_file_get(skad_client *client, const skad_file_get_request *request,
                                        skad_failure *failure);

#endif
