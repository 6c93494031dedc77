/* A file that is gathered under the name FILE.part and gets its own name once it is complete. If
 * gathering fails or is interrupted the part is kept, so that the next run can go on. A lock
 * (flock) keeps two runs at once apart. */
#ifndef SKAD_CLI_FILE_PART_H
#define SKAD_CLI_FILE_PART_H

#include <limits.h>

#include "skad/status.h"
#include "src/host/system/failure.h"

typedef struct skad_part {
    int fd;
    const char *path;    /* borrowed: where the file is to be */
    char part[PATH_MAX]; /* where it is now */
} skad_part;

/* Opens or makes PATH.part, for its owner only. */
SKAD_MUST_CHECK bool skad_part_open(const char *path, skad_part *out, skad_failure *failure);

/* Gives the file its name and the permissions of any new file, replacing what was there; closes it
 * in any case. */
SKAD_MUST_CHECK bool skad_part_commit(skad_part *part, skad_failure *failure);

/* Leaves the part for the next run; an empty one is removed. */
void skad_part_leave(skad_part *part);

#endif
