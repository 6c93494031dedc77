/* Where a file is gathered before anybody sees it: in a file that has no name, so that however this
 * process ends, nothing is left of it. It gets its name once all of it is there. */
#ifndef SKAD_CLI_SPOOL_H
#define SKAD_CLI_SPOOL_H

#include "skad/status.h"
#include "src/daemon/failure.h"

typedef struct skad_spool {
    int fd;
    bool replaces;    /* the file at `path` is replaced; else what is there is written into */
    const char *path; /* NULL: stdout */
} skad_spool;

/* path NULL: for stdout. */
SKAD_MUST_CHECK bool skad_spool_open(const char *path, skad_spool *out, skad_failure *failure);

/* Puts the whole file in its place; closes the spool in any case. */
SKAD_MUST_CHECK bool skad_spool_commit(skad_spool *spool, skad_failure *failure);

/* Leaves no trace. */
void skad_spool_discard(skad_spool *spool);

#endif
