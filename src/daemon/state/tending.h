/* What an operator does to the database of a node that does not run (src/db/tend.h), with sentences
 * that say what to do. */
#ifndef SKAD_DAEMON_STATE_TENDING_H
#define SKAD_DAEMON_STATE_TENDING_H

#include "skad/profile.h"
#include "src/db/tend.h"
#include "src/host/state/data_directory.h"

/* A sentence on a file that a verdict keeps from being used; false. */
bool skad_tending_fail_unfit(const char *path, const skad_profile *profile, skad_db_verdict verdict,
                             skad_failure *failure);

/* Reads all of a database and changes nothing. False unless it is intact. */
SKAD_MUST_CHECK bool skad_tending_examine(const char *path, const skad_profile *profile,
                                          skad_db_examined *out, skad_failure *failure);

/* Takes over what can be read of the file `from` into the database of a folder. NULL: salvages that
 * database itself if it is damaged. */
SKAD_MUST_CHECK bool skad_tending_salvage(const skad_data_directory *directory, const char *from,
                                          const skad_profile *profile, const skad_store_caps *caps,
                                          skad_db_taken *out, skad_failure *failure);

/* Puts a copy of the file `from` in the place of the database of a folder, which is kept under the
 * name that goes to `aside`; empty: there was none. */
SKAD_MUST_CHECK bool skad_tending_replace(const skad_data_directory *directory, const char *from,
                                          const skad_profile *profile, char aside[static PATH_MAX],
                                          skad_failure *failure);

#endif
