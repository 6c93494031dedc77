/* Gathers a file before it is visible. A regular file is gathered beside its place and stays there
 * if it is not completed (part.h). Output for stdout, a pipe or a device is gathered in a file that
 * has no name, so that nothing is left of it. To a terminal only text goes as it is (terminal.h).
 */
#ifndef SKAD_CLI_FILE_SPOOL_H
#define SKAD_CLI_FILE_SPOOL_H

#include "skad/status.h"
#include "src/cli/file/part.h"
#include "src/daemon/system/failure.h"

typedef struct skad_spool {
    int fd;           /* of the file that is being gathered */
    const char *path; /* NULL: stdout */
    bool regular;     /* `part` is in use */
    skad_part part;
} skad_spool;

/* path NULL: for stdout. */
SKAD_MUST_CHECK bool skad_spool_open(const char *path, skad_spool *out, skad_failure *failure);

/* Puts the whole file in its place; closes the spool in any case. */
SKAD_MUST_CHECK bool skad_spool_commit(skad_spool *spool, skad_failure *failure);

/* Gives up a file that is not complete. */
void skad_spool_discard(skad_spool *spool);

#endif
