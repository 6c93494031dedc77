/* Copies the publications of a database into a new one, also while a node uses it: LMDB shows them
 * as they were at one moment. Records held for others are left out: others have them, too. */
#ifndef SKAD_DB_BACKUP_H
#define SKAD_DB_BACKUP_H

#include "src/db/tend.h"

typedef struct skad_db_backed_up {
    uint64_t copied;
    uint64_t damaged; /* rows that could not be read, and were left out */
    skad_db_verdict verdict;
} skad_db_backed_up;

/* `from` is read only; `to` is the database to be made, where no file is. It forks for a moment,
 * since the file may be torn. UNFIT: the verdict says why. */
SKAD_MUST_CHECK skad_db_tended skad_db_back_up(const char *from, const skad_store_lmdb_config *to,
                                               skad_db_backed_up *out);

#endif
