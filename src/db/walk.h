/* A walk over the rows of the table "records" in the order of their keys, from a name on. */
#ifndef SKAD_DB_WALK_H
#define SKAD_DB_WALK_H

#include <lmdb.h>

#include "skad/store.h"
#include "src/db/row.h"

/* The part of a row's key that the records of one key and type share: section, key, type. */
#define SKAD_DB_PLACES_PREFIX_BYTES (1 + SKAD_ID_BYTES + 1)

typedef struct skad_db_walk {
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val row;
    int result; /* LMDB's, of the last step */
    uint8_t from[SKAD_DB_ROW_KEY_BYTES];
} skad_db_walk;

/* Goes to the first row that is not before a name. */
void skad_db_walk_to(MDB_cursor *cursor, skad_store_section section, const skad_store_name *name,
                     skad_db_walk *out);
void skad_db_walk_on(skad_db_walk *walk);

/* Whether the walk is at a row whose key begins as the one that it began with, so many bytes. */
bool skad_db_walk_stands(const skad_db_walk *walk, size_t prefix_bytes);

/* Reads the row without looking at its data or checksum; false if it has another shape. */
bool skad_db_walk_glance(const skad_db_walk *walk, skad_store_record *out);

#endif
