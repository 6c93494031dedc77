/* Checks the pages of an LMDB file for damage that reading does not show: LMDB trusts what a page
 * says about its room, its number or its use when it writes. Every page is met once: as a leaf, as
 * part of a run of pages that holds one long value, or in the list of free pages; the remaining
 * pages are branches. The format of pages is that of LMDB 0.9, which all of its versions share. */
#ifndef SKAD_DB_PAGES_H
#define SKAD_DB_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdb.h>

#include "skad/types.h"

/* LMDB's own tables: of free pages, and of tables. */
#define SKAD_DB_FREE_LIST ((MDB_dbi)0)
#define SKAD_DB_ROOT      ((MDB_dbi)1)

/* Flags of tables that say how keys are compared and whether each has one value: our tables have
 * none of them. */
#define SKAD_DB_ORDERS                                                                             \
    (MDB_REVERSEKEY | MDB_DUPSORT | MDB_INTEGERKEY | MDB_DUPFIXED | MDB_INTEGERDUP | MDB_REVERSEDUP)

typedef struct skad_db_pages {
    size_t count;        /* in the file, with the two at the front */
    size_t bytes;        /* of each */
    uint8_t *met;        /* a bit for each */
    size_t txnid;        /* of the last transaction */
    const uint8_t *map;  /* page 0; NULL until a leaf was met */
    const uint8_t *leaf; /* met last */
} skad_db_pages;

/* False if there is no memory for it, or the file says nothing sensible about its pages. Free *out
 * in any case. */
bool skad_db_pages_init(MDB_env *env, skad_db_pages *out);
void skad_db_pages_free(skad_db_pages *pages);

/* Each of the following returns false if the page was met before, or is not what it must be. */

/* Meets the leaf of an entry of a table, and the pages of its value if that is not on the leaf,
 * too. Entries of a leaf come together. */
bool skad_db_pages_meet_entry(skad_db_pages *pages, MDB_dbi table, skad_span key, skad_span value);
bool skad_db_pages_meet_free(skad_db_pages *pages, size_t page);
/* Whether an entry of the root is a table that orders its keys as ours do. */
bool skad_db_pages_is_table(skad_span entry);
/* Checks that the pages not met yet are so many branches, and that the front is that of the last
 * transaction. */
bool skad_db_pages_meet_rest(skad_db_pages *pages, uint64_t branches);

#endif
