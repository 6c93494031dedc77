/* The file of a database in its folder: claiming it for one process, and moving another file out of
 * the way. */
#ifndef SKAD_DB_CLAIM_H
#define SKAD_DB_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/status.h"

/* Opens the file at `path`, which is made (0600) if there is none, and locks it against other
 * processes for as long as *fd is open; LMDB's own lock lets any number of them in. *is_empty:
 * the file has no content yet. Errors: SKAD_ERR_EXISTS (another process has it), SKAD_ERR_FORMAT
 * (not a regular file, or a symbolic link), SKAD_ERR_IO (errno). */
SKAD_MUST_CHECK skad_status skad_db_claim(const char *path, int *fd, bool *is_empty);

/* Renames what is at `path` to "PATH.aside-UNIXTIME", which goes to `aside`, and removes its lock
 * file and its proof. Nothing is ever overwritten: a second one of the same second gets "-1" after
 * its name, and so on. Error: SKAD_ERR_IO (errno); then all is as it was. */
SKAD_MUST_CHECK skad_status skad_db_set_aside(const char *path, uint64_t unix_s, char *aside,
                                              size_t aside_cap);

/* The same, but the file keeps its own name as well, so that another can replace it in one step. */
SKAD_MUST_CHECK skad_status skad_db_keep_aside(const char *path, uint64_t unix_s, char *aside,
                                               size_t aside_cap);

#endif
