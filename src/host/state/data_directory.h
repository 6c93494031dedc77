/* A node's data directory: `identity`, `peers`, `records.db`, and by default `control.sock`. Makes
 * the folder (0700) and the identity when they are missing, and keeps the identity's puzzle nonces
 * up to date. */
#ifndef SKAD_HOST_STATE_DATA_DIRECTORY_H
#define SKAD_HOST_STATE_DATA_DIRECTORY_H

#include <limits.h>

#include "skad/identity.h"
#include "src/host/system/failure.h"

typedef struct skad_data_directory {
    char dir[PATH_MAX];
    char identity[PATH_MAX];
    char peers[PATH_MAX];
    char records[PATH_MAX];
    char control[PATH_MAX];
    char restoring[PATH_MAX]; /* there while a backup is being put into the folder */
    uint64_t unix_s;          /* the time whose puzzle is solved; 0: that of the system's clock */
} skad_data_directory;

/* Fills in the paths; touches nothing. */
SKAD_MUST_CHECK bool skad_data_directory_init(const char *dir, skad_data_directory *out,
                                              skad_failure *failure);

/* The same for one of many nodes in a folder: DIR/node-<i>.identity, .peers, .db and .sock. */
SKAD_MUST_CHECK bool skad_data_directory_init_member(const char *dir, size_t i,
                                                     skad_data_directory *out,
                                                     skad_failure *failure);

/* Makes the folder unless it is there; its parent must exist. */
SKAD_MUST_CHECK bool skad_data_directory_make(const skad_data_directory *directory,
                                              skad_failure *failure);

/* Makes a new identity and its file; fails where there is one already. */
SKAD_MUST_CHECK bool skad_data_directory_keygen(const skad_data_directory *directory,
                                                const skad_profile *profile,
                                                const skad_solve_options *options,
                                                skad_identity *out, skad_failure *failure);

/* Loads the identity, or makes it when there is none (*made then says so). Refuses one that does
 * not fit the profile, and solves the current epoch's puzzle when it is not solved yet. */
SKAD_MUST_CHECK bool skad_data_directory_identity(const skad_data_directory *directory,
                                                  const skad_profile *profile,
                                                  const skad_solve_options *options,
                                                  skad_identity *out, bool *made,
                                                  skad_failure *failure);

/* Loads the identity, which must be there and fit the profile; makes and changes nothing. */
SKAD_MUST_CHECK bool skad_data_directory_load(const skad_data_directory *directory,
                                              const skad_profile *profile, skad_identity *out,
                                              skad_failure *failure);

/* Fails unless the folder is there and this process runs as its owner, who then owns what it makes
 * there. */
SKAD_MUST_CHECK bool skad_data_directory_check_owner(const skad_data_directory *directory,
                                                     skad_failure *failure);

#endif
