/* Whether an existing file can be used. A child process finds out: a page that was torn when the
 * power failed may make LMDB read outside of the file, which then ends the child and not the node.
 *
 * Each check looks at the file's origin. If there is no proof that this very file was closed
 * (src/db/proof.h), if it is shorter than it says, or of an older version, everything is read: all
 * rows and their checksums, whether searching finds them, the order by expiry, the counters, that
 * used and free pages add up to all pages, and what each page says about itself (src/db/pages.h).
 */
#ifndef SKAD_DB_CHECK_H
#define SKAD_DB_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum skad_db_verdict {
    SKAD_DB_GOOD = 0,
    SKAD_DB_DAMAGED,
    SKAD_DB_OTHER_PROGRAM,
    SKAD_DB_OTHER_VERSION,
    SKAD_DB_OTHER_NETWORK,
    SKAD_DB_UNCHECKED, /* the system refused; errno says why */
} skad_db_verdict;

typedef struct skad_db_check_config {
    const char *path; /* of a regular file that is not empty and that no process has open */
    size_t map_bytes;
    const uint8_t *network; /* 32 bytes */
    bool all;               /* read everything, whatever is proven */
} skad_db_check_config;

/* *whole: everything was read. */
skad_db_verdict skad_db_check(const skad_db_check_config *config, bool *whole);

#endif
