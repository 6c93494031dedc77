/* Counters of an older version. Version 1 counted by key, by publisher and by the narrowest address
 * group; version 2 counts by wider groups, too, and not by key. Rows are the same in both, so the
 * counters are made anew from them. */
#ifndef SKAD_DB_RECOUNT_H
#define SKAD_DB_RECOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "src/db/change.h"
#include "src/db/database.h"

/* Makes all counters anew and states our version, in one transaction: a process that is killed
 * meanwhile leaves the file as it was. The tables are open. Returns LMDB's result; *totals are
 * those of the rows if it is 0. */
int skad_db_recount(const skad_db *db, const uint8_t network[static 32], skad_db_totals *totals);

/* A recount that had no room. Until it is done the file is of the older version: records can be
 * read and removed, but none may be added. All zero: nothing is overdue. */
typedef struct skad_db_overdue {
    bool is;
    uint8_t network[SKAD_DB_NETWORK_BYTES];
    uint64_t tried_unix_s;
    uint64_t wait_s; /* doubles each time */
} skad_db_overdue;

/* To be called when a recount at `now` had no room. */
void skad_db_recount_later(skad_db_overdue *self, const uint8_t network[static 32],
                           uint64_t now_unix_s);

/* Makes up for an overdue recount where that is due: not before a minute has passed and the disk
 * has room, but once an hour in any case, because it reads all rows. Returns 0 if nothing is
 * overdue any more, else ENOSPC. Sets *totals if it counted. */
int skad_db_recount_late(const skad_db *db, skad_db_overdue *self, uint64_t now_unix_s,
                         skad_db_totals *totals);

#endif
