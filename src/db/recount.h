/* Counters of an older version. Version 1 counted by key, by publisher and by the narrowest address
 * group; version 2 counts by wider groups, too, and not by key. Rows are the same in both, so the
 * counters are made anew from them. */
#ifndef SKAD_DB_RECOUNT_H
#define SKAD_DB_RECOUNT_H

#include <stdint.h>

#include "src/db/database.h"

/* Makes all counters anew and states our version, in one transaction: a process that is killed
 * meanwhile leaves the file as it was. The tables are open. Returns LMDB's result. */
int skad_db_recount(const skad_db *db, const uint8_t network[static 32]);

#endif
