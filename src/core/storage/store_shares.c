#include "src/core/storage/store_shares.h"

#include "src/core/node/state.h"

uint64_t skad_share_of(uint64_t max, uint64_t divisor, unsigned times, uint64_t min)
{
    uint64_t part = max / divisor * times;
    return part < min ? min : part;
}

/* A share of which a claim takes a part. */
typedef struct share {
    skad_store_owner kind;
    const uint8_t *owner;
    uint64_t divisor;
    unsigned times;
    bool same_owner;      /* the replaced record, if any, is of the same owner */
    bool of_what_is_left; /* by the others, else of the whole section */
} share;

static uint64_t without(uint64_t whole, uint64_t part)
{
    return part < whole ? whole - part : 0;
}

/* What the other owners leave of the section. Cached copies leave it all: they give way. */
static skad_store_usage left_by_others(const skad_store_totals *fill, const skad_store_usage *own,
                                       const skad_share_claim *claim, bool takes_over)
{
    uint64_t records = without(fill->records - fill->cached, own->records + takes_over);
    uint64_t bytes =
        without(fill->bytes - fill->cached_bytes, own->bytes + (takes_over ? claim->old_bytes : 0));
    return (skad_store_usage){.records = without(fill->records_max, records),
                              .bytes = without(fill->bytes_max, bytes)};
}

static bool share_has_room(const skad_store *store, const share *of, const skad_share_claim *claim)
{
    const uint64_t bytes_min = (uint64_t)SKAD_SHARE_RECORDS * SKAD_RECORD_BYTES_MAX;
    skad_store_usage usage;
    skad_store_totals fill;
    store->ops->usage(store->self, of->kind, of->owner, &usage);
    store->ops->totals(store->self, &fill);
    bool gives_back = claim->replaces && of->same_owner;
    bool takes_over = claim->replaces && !of->same_owner;
    uint64_t records = usage.records + !gives_back;
    uint64_t bytes = usage.bytes + claim->bytes;
    bytes -= gives_back && claim->old_bytes < bytes ? claim->old_bytes : 0;
    skad_store_usage room = {.records = fill.records_max, .bytes = fill.bytes_max};
    if (of->of_what_is_left) {
        room = left_by_others(&fill, &usage, claim, takes_over);
    }
    return records <= skad_share_of(room.records, of->divisor, of->times, SKAD_SHARE_RECORDS) &&
           bytes <= skad_share_of(room.bytes, of->divisor, of->times, bytes_min);
}

static bool groups_have_room(const skad_store *store, const skad_share_claim *claim)
{
    for (unsigned level = 0; level < SKAD_GROUP_LEVELS; level++) {
        uint8_t owner[32];
        uint64_t group = skad_group_around(claim->group, level);
        const share of = {
            .kind = SKAD_OWNER_GROUP,
            .owner = owner,
            .divisor = SKAD_SHARE_GROUP,
            .times = skad_group_factor(claim->group, level),
            .same_owner = skad_group_around(claim->old_group, level) == group,
            .of_what_is_left = true,
        };
        skad_store_group_owner(group, owner);
        if (group != 0 && !share_has_room(store, &of, claim)) {
            return false;
        }
    }
    return true;
}

static bool all_have_room(const skad_node *node, const skad_share_claim *claim)
{
    const share of_publisher = {.kind = SKAD_OWNER_PUBLISHER,
                                .owner = claim->publisher,
                                .divisor = SKAD_SHARE_PUBLISHER,
                                .times = 1,
                                .same_owner = true};
    if (claim->publisher != NULL && !share_has_room(&node->store, &of_publisher, claim)) {
        return false;
    }
    return claim->group == 0 || node->env.profile.group_table_max == 0 ||
           groups_have_room(&node->store, claim);
}

bool skad_shares_have_room(skad_node *node, const skad_share_claim *claim)
{
    const skad_store *store = &node->store;
    return all_have_room(node, claim) ||
           (store->ops->sweep(store->self, node->env.now.unix_s, SKAD_SHARE_SWEEP_MAX) > 0 &&
            all_have_room(node, claim));
}
