#include "src/db/view.h"

#include <string.h>

/* The order of a pending key and the base's; before the base if that is at its end. */
static int order(const skad_db_view *view, const skad_db_write *write)
{
    if (view->base.result != 0) {
        return -1;
    }
    const MDB_val *key = &view->base.key;
    const size_t len = key->mv_size < sizeof write->key ? key->mv_size : sizeof write->key;
    const int differ = memcmp(write->key, key->mv_data, len);
    return differ != 0 ? differ
                       : (sizeof write->key > key->mv_size) - (sizeof write->key < key->mv_size);
}

/* Comes to the next record from where both sides are. */
static void come(skad_db_view *view)
{
    view->written = NULL;
    for (; view->at < view->pending->count; view->at++) {
        const skad_db_write *write = view->pending->all[view->at].latest;
        const int ordered = order(view, write);
        if (ordered > 0) {
            return;
        }
        if (ordered == 0) {
            skad_db_walk_on(&view->base);
        }
        if (write->put) {
            view->written = write;
            return;
        }
    }
}

void skad_db_view_to(MDB_cursor *cursor, const skad_db_pending *pending, skad_store_section section,
                     const skad_store_name *name, skad_db_view *out)
{
    skad_db_walk_to(cursor, section, name, &out->base);
    out->pending = pending;
    out->at = skad_db_pending_at(pending, (skad_span){out->base.from, sizeof out->base.from});
    come(out);
}

void skad_db_view_on(skad_db_view *view)
{
    if (view->written != NULL) {
        view->at++;
    } else {
        skad_db_walk_on(&view->base);
    }
    come(view);
}

bool skad_db_view_stands(const skad_db_view *view, size_t prefix_bytes)
{
    return view->written != NULL ? memcmp(view->written->key, view->base.from, prefix_bytes) == 0
                                 : skad_db_walk_stands(&view->base, prefix_bytes);
}

bool skad_db_view_glance(const skad_db_view *view, skad_store_record *out)
{
    if (view->written != NULL) {
        *out = view->written->record;
        return true;
    }
    return skad_db_walk_glance(&view->base, out);
}
