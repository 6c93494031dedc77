#include "src/db/walk.h"

#include <string.h>

#include "src/db/database.h"

void skad_db_walk_to(MDB_cursor *cursor, skad_store_section section, const skad_store_name *name,
                     skad_db_walk *out)
{
    out->cursor = cursor;
    skad_db_row_key(section, name, out->from);
    out->key = skad_db_value(out->from, sizeof out->from);
    out->result = mdb_cursor_get(cursor, &out->key, &out->row, MDB_SET_RANGE);
}

void skad_db_walk_on(skad_db_walk *walk)
{
    walk->result = mdb_cursor_get(walk->cursor, &walk->key, &walk->row, MDB_NEXT);
}

bool skad_db_walk_stands(const skad_db_walk *walk, size_t prefix_bytes)
{
    return walk->result == 0 && walk->key.mv_size >= prefix_bytes &&
           memcmp(walk->key.mv_data, walk->from, prefix_bytes) == 0;
}

bool skad_db_walk_glance(const skad_db_walk *walk, skad_store_record *out)
{
    return skad_db_row_read(skad_db_span(&walk->key), skad_db_span(&walk->row), out);
}
