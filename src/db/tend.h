/* What an operator does to a database by hand while no node uses it: checking it, taking over what
 * can be read of another file, and putting another file in its place. Call these before there are
 * threads: they fork for a moment. */
#ifndef SKAD_DB_TEND_H
#define SKAD_DB_TEND_H

#include <limits.h>

#include "src/db/check.h"
#include "src/db/store_lmdb.h"

typedef enum skad_db_tended {
    SKAD_DB_TENDED = 0,
    SKAD_DB_TEND_MISSING, /* there is no such file */
    SKAD_DB_TEND_BUSY,    /* another process uses it */
    SKAD_DB_TEND_UNFIT,   /* it is of no use here: the verdict says why */
    SKAD_DB_TEND_FAILED,  /* the system refused: errno */
} skad_db_tended;

typedef struct skad_db_examined {
    skad_db_verdict verdict;
    uint64_t held; /* records, of a good one */
    uint64_t published;
    uint64_t bytes; /* of the file */
} skad_db_examined;

/* Reads all of the file at `path` as a start after a crash would, and changes nothing. TENDED:
 * *out says how it is. */
SKAD_MUST_CHECK skad_db_tended skad_db_examine(const char *path, const uint8_t network[static 32],
                                               skad_db_examined *out);

typedef struct skad_db_taken {
    uint64_t kept;                 /* records taken over */
    int error;                     /* errno: why not all were; 0: all were */
    skad_store_lmdb_report report; /* what opening the database said */
} skad_db_taken;

/* Takes over the intact records of the file `from`, damaged or not, that is not changed, into the
 * database of a configuration, which is made if it is missing. Newer editions stay. If that
 * database itself is damaged it is set aside and salvaged, as at a start; with from NULL nothing
 * else is done. FAILED: the report says why. */
SKAD_MUST_CHECK skad_db_tended skad_db_take_over(const char *from,
                                                 const skad_store_lmdb_config *config,
                                                 skad_db_taken *out);

/* Puts a copy of the intact file `from` at the path of a configuration. What was there is kept
 * under the name that goes to `aside`; empty: nothing was. A process that is killed meanwhile
 * leaves the one or the other. UNFIT: *verdict says what is wrong with `from`. */
SKAD_MUST_CHECK skad_db_tended skad_db_replace(const char *from,
                                               const skad_store_lmdb_config *config,
                                               char aside[static PATH_MAX],
                                               skad_db_verdict *verdict);

/* Copies a file under a temporary name beside `to`, syncs it, and gives it that name, whatever was
 * there. False with errno set. */
SKAD_MUST_CHECK bool skad_db_copy_file(const char *from, const char *to);

#endif
