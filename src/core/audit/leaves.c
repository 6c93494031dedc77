#include "src/core/audit/leaves.h"

#include <string.h>

#include "src/core/node/state.h"
#include "src/core/routing/distance.h"

#define ENDS_SOON_S 60

/* A walk over a region's records, from a place on and round its end. */
typedef struct walk {
    skad_id anchor;
    unsigned bits;
    skad_id start;
    skad_store_name from;
    bool wrapped; /* it is before the start again */
    unsigned read;
} walk;

/* The lowest key of the region. */
static void region_begin(const skad_id *anchor, unsigned bits, skad_id *out)
{
    memset(out, 0, sizeof *out);
    memcpy(out->bytes, anchor->bytes, bits / 8);
    if (bits % 8 != 0) {
        out->bytes[bits / 8] = (uint8_t)(anchor->bytes[bits / 8] & (0xff00U >> (bits % 8)));
    }
}

static int compare(const skad_id *a, const skad_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

static void begin(walk *self, const skad_id *anchor, unsigned bits, const skad_id *start)
{
    skad_id first;
    *self = (walk){.anchor = *anchor, .bits = bits, .start = *start};
    region_begin(anchor, bits, &first);
    self->from.key = compare(start, &first) > 0 ? *start : first;
    self->wrapped = compare(start, &first) <= 0; /* the first pass is the whole region */
    if (self->wrapped) {
        memset(self->start.bytes, 0xff, sizeof self->start.bytes);
    }
}

/* Goes to the next record of the region; false when all were met, or enough were read. */
static bool step(skad_node *node, walk *self, skad_store_record *out)
{
    const skad_store *store = &node->store;
    while (self->read++ < SKAD_LEAVES_READ_MAX) {
        const bool found = store->ops->next(store->self, SKAD_STORE_REPLICAS, &self->from, out) &&
                           skad_common_prefix(&out->name.key, &self->anchor) >= self->bits;
        if (found && (!self->wrapped || compare(&out->name.key, &self->start) < 0)) {
            return true;
        }
        if (self->wrapped) {
            return false;
        }
        self->wrapped = true;
        memset(&self->from, 0, sizeof self->from);
        region_begin(&self->anchor, self->bits, &self->from.key);
    }
    return false;
}

/* Whether we hold it for a life, and it is what its key says: a disk may have changed it. */
static bool is_sound(const skad_node *node, const skad_store_record *held, skad_record *record)
{
    return !held->cached && held->expires_unix_s > node->env.now.unix_s &&
           skad_record_decode(held->data, held->len, record) &&
           skad_id_equal(&record->key, &held->name.key);
}

void skad_leaves_collect(skad_node *node, const skad_audit_case *of, unsigned bits,
                         skad_audit_leaves *out)
{
    const skad_id *anchor = &node->audits.anchor;
    skad_store_record held;
    skad_record record;
    skad_id start;
    walk over;
    skad_audit_start(of, anchor, bits, &start);
    begin(&over, anchor, bits, &start);
    out->count = 0;
    while (out->count < SKAD_AUDIT_LEAVES_MAX && step(node, &over, &held)) {
        if (is_sound(node, &held, &record)) {
            skad_audit_leaf(of, &record, out->bytes[out->count++]);
        }
    }
}

size_t skad_leaves_pick_some(skad_node *node, const skad_audit_case *of,
                             const skad_audit_commitment *commitment, uint64_t before_unix_s,
                             skad_leaves_pick out[static SKAD_AUDIT_POINTS_MAX])
{
    const skad_audits *audits = &node->audits;
    const unsigned theirs = commitment->bits;
    const unsigned bits = theirs > audits->bits ? theirs : audits->bits;
    skad_store_record held;
    skad_record record;
    skad_id start;
    walk over;
    size_t met = 0;
    size_t fit = 0;
    if (theirs < audits->bits && commitment->count == SKAD_AUDIT_LEAVES_MAX) {
        return 0;
    }
    skad_audit_start(of, &audits->anchor, theirs, &start);
    begin(&over, &audits->anchor, bits, &start);
    while (met < SKAD_LEAVES_PICKED && step(node, &over, &held)) {
        if (!is_sound(node, &held, &record)) {
            continue;
        }
        met++;
        if (held.stored_unix_s > before_unix_s ||
            held.expires_unix_s <= node->env.now.unix_s + ENDS_SOON_S) {
            continue;
        }
        /* Each that fits is as likely to be picked as any other. */
        const uint64_t at =
            fit < SKAD_AUDIT_POINTS_MAX ? fit : skad_random_below(&node->env.random, fit + 1);
        fit++;
        if (at < SKAD_AUDIT_POINTS_MAX) {
            skad_audit_leaf(of, &record, out[at].leaf);
            out[at].immutable = record.type == SKAD_RECORD_IMMUTABLE;
            out[at].key = record.key;
        }
    }
    return fit < SKAD_AUDIT_POINTS_MAX ? fit : SKAD_AUDIT_POINTS_MAX;
}
