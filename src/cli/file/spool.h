/* Gathers a file before it is visible. A regular file is gathered beside its place and stays there
 * if it is not completed (part.h). Output for a descriptor (stdout, "-", /dev/stdout, /dev/fd/3), a
 * pipe or a device is gathered in a file that has no name, so that nothing is left of it; so is a
 * file that cannot be replaced, because nothing can be made beside it or it is mounted there. To a
 * terminal only text goes as it is (terminal.h). Links are followed: what they lead to is written.
 */
#ifndef SKAD_CLI_FILE_SPOOL_H
#define SKAD_CLI_FILE_SPOOL_H

#include <limits.h>
#include <stdbool.h>

#include "skad/status.h"
#include "src/cli/file/part.h"
#include "src/host/system/failure.h"

typedef struct skad_spool {
    int fd;                /* of the file that is being gathered */
    const char *path;      /* as given; NULL: stdout */
    int to;                /* a descriptor to write to; -1: `target` is opened */
    bool regular;          /* `part` is in use */
    bool in_place;         /* what the file held before is cut off */
    char target[PATH_MAX]; /* behind all links */
    skad_part part;
} skad_spool;

/* path NULL: for stdout. */
SKAD_MUST_CHECK bool skad_spool_open(const char *path, skad_spool *out, skad_failure *failure);

/* Puts the whole file in its place; closes the spool in any case. */
SKAD_MUST_CHECK bool skad_spool_commit(skad_spool *spool, skad_failure *failure);

/* Gives up a file that is not complete. */
void skad_spool_discard(skad_spool *spool);

#endif
