/* A walk over the records as they are: the rows of the database in the order of their keys, with
 * the pending writes (src/db/pending.h) over them. A name that has one is what that says, or
 * absent. */
#ifndef SKAD_DB_VIEW_H
#define SKAD_DB_VIEW_H

#include "src/db/pending.h"
#include "src/db/walk.h"

typedef struct skad_db_view {
    skad_db_walk base;
    const skad_db_pending *pending;
    size_t at; /* the next pending name */
    const skad_db_write
        *written; /* the view is at this pending write; NULL: at a row of the base */
} skad_db_view;

/* Goes to the first record that is not before a name. */
void skad_db_view_to(MDB_cursor *cursor, const skad_db_pending *pending, skad_store_section section,
                     const skad_store_name *name, skad_db_view *out);
void skad_db_view_on(skad_db_view *view);

/* Whether the view is at a record whose key begins as the one that it began with, so many bytes. */
bool skad_db_view_stands(const skad_db_view *view, size_t prefix_bytes);

/* Reads the record without looking at its data or checksum; false if the row has another shape. */
bool skad_db_view_glance(const skad_db_view *view, skad_store_record *out);

#endif
