/* Verified peers on disk: which peers of the routing table are worth keeping, and the file
 * DIR/peers. The content of that file is only a hint: a peer that it names must answer before it
 * enters the table again. */
#ifndef SKAD_HOST_STATE_PEER_STORE_H
#define SKAD_HOST_STATE_PEER_STORE_H

#include <stdbool.h>

#include "proto/peer_file.h"
#include "skad/node.h"
#include "src/host/system/report.h"

/* Takes the peers that answered their last request, siblings first, then those known for longest,
 * at most SKAD_PEER_FILE_CONTACTS_MAX. Sorts the rows. */
void skad_peer_store_choose(skad_table_row *rows, size_t count, skad_peer_file *out);

/* Reads the file at `path`. One of another network or version stays; any other that cannot be used
 * is set aside. Each has a line in the log; then *out has no contacts, as without a file. False if
 * the file stays where it is: then nothing may be written to `path`. */
SKAD_MUST_CHECK bool skad_peer_store_load(const char *path, const skad_profile *profile,
                                          uint64_t unix_s, skad_log_to log, skad_peer_file *out);

/* Looks at the file without changing anything: SKAD_ERR_INPUT if it is of another network,
 * SKAD_ERR_VERSION if it is of another version. All else is for loading to tell. */
skad_status skad_peer_store_look(const char *path, const skad_profile *profile);

/* Replaces the file. Error: SKAD_ERR_IO with errno set; then the old file is as it was. */
SKAD_MUST_CHECK skad_status skad_peer_store_save(const char *path, const skad_profile *profile,
                                                 const skad_peer_file *file);

#endif
