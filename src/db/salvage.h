/* Salvages what can still be read of a damaged database after it was set aside. A torn page hides
 * at most a stretch of the records, not all records behind it. */
#ifndef SKAD_DB_SALVAGE_H
#define SKAD_DB_SALVAGE_H

#include "skad/store.h"
#include "src/db/store_lmdb.h"

typedef struct skad_db_salvaged {
    uint64_t kept; /* rows that the store took */
    int error;     /* errno: why not all could be read or written for now; 0: all were */
} skad_db_salvaged;

/* Puts the intact rows at `aside` that belong to our network into a store, expired or not, as far
 * as its caps let them in. The file is not changed. */
skad_db_salvaged skad_db_salvage(const char *aside, const skad_store_lmdb_config *config,
                                 size_t map_bytes, const skad_store *into);

#endif
