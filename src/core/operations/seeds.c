#include "src/core/operations/seeds.h"

#include "proto/address.h"
#include "src/core/lookup/mirror.h"
#include "src/core/lookup/outside.h"
#include "src/core/node/state.h"
#include "src/core/routing/distance.h"

#define A_SIDE_MAX 4 /* contacts that are looked at on one side of a key */

/* A peer of the table as a lookup takes it. */
typedef struct seed {
    skad_contact contact;
    const skad_address *address;
    const uint8_t *token; /* NULL: none */
} seed;

/* Finds what a lookup needs of a peer. Returns false if it may not be asked. */
static bool find_seed(skad_node *node, skad_peer_slot slot, seed *out)
{
    const skad_peers *peers = &node->table.peers;
    const uint64_t now_us = node->env.now.mono_us;
    skad_table_contact(&node->table, slot, &out->contact);
    out->address =
        skad_contact_endpoint(&out->contact, node->families, node->env.profile.allow_private);
    if (out->address == NULL ||
        skad_bans_find(&node->bans, &out->contact.id, out->address, now_us) != NULL) {
        return false;
    }
    out->token = skad_endpoint_token(peers, slot, skad_endpoint_index(out->address), now_us);
    return true;
}

/* Draws a point among the IDs that share exactly `shared` bits with a target. */
static skad_id point_beside(skad_node *node, const skad_id *target, unsigned shared)
{
    skad_id point;
    skad_random_bytes(&node->env.random, point.bytes, sizeof point.bytes);
    for (unsigned bit = 0; bit <= shared; bit++) {
        const uint8_t mask = (uint8_t)(0x80U >> (bit % 8));
        const uint8_t wanted = (uint8_t)(target->bytes[bit / 8] ^ (bit == shared ? mask : 0));
        point.bytes[bit / 8] = (uint8_t)((point.bytes[bit / 8] & ~mask) | (wanted & mask));
    }
    return point;
}

/* Finds contacts that share exactly so many bits with a target, the closest to a point that is
 * drawn there. Returns how many. */
static size_t find_beside(skad_node *node, const skad_id *target, unsigned shared, size_t max,
                          skad_peer_slot *slots)
{
    const skad_id point = point_beside(node, target, shared);
    size_t count = skad_peers_closest(&node->table.peers, &point, node->families, NULL, max, slots);
    while (count > 0 &&
           skad_common_prefix(target, &node->table.peers.peers[slots[count - 1]].id) != shared) {
        count--;
    }
    return count;
}

/* Gives one of our own contacts to the lookup. */
static void deal(skad_node *node, skad_lookup *lookup, size_t turn, skad_peer_slot slot)
{
    seed found;
    if (find_seed(node, slot, &found)) {
        skad_lookup_seed(lookup, turn, &found.contact, found.address, found.token);
    }
}

/* Finds contacts beside the region of the target, the closer ones first: as the mirrored path, they
 * share two bits less with it, or fewer. */
static size_t find_outside(skad_node *node, const skad_lookup *lookup, size_t max,
                           skad_peer_slot *slots)
{
    size_t count = 0;
    for (unsigned shared = (unsigned)__builtin_clzll(lookup->mirror) + 1;
         shared-- > 0 && count < max;) {
        count += find_beside(node, &lookup->target, shared, max - count, &slots[count]);
    }
    return count;
}

/* Contacts are dealt to the paths in turn; the mirrored path has its own. */
void skad_seeds_closest(skad_node *node, skad_lookup *lookup)
{
    skad_peer_slot closest[SKAD_SEEDS_MAX];
    skad_peer_slot outside[SKAD_K_MAX];
    const uint8_t last = (uint8_t)(lookup->paths - 1);
    const size_t count = skad_peers_closest(&node->table.peers, &lookup->target, node->families,
                                            NULL, SKAD_SEEDS_MAX, closest);
    skad_mirror_begin(lookup);
    const size_t outside_count =
        skad_mirror_is(lookup, last)
            ? find_outside(node, lookup, lookup->k / lookup->paths, outside)
            : 0;
    size_t dealt = 0;
    for (size_t turn = 0, next = 0; next < count; turn++) {
        const bool is_last = turn < lookup->k && turn % lookup->paths == last;
        if (is_last && dealt < outside_count) {
            deal(node, lookup, turn, outside[dealt++]);
        } else {
            deal(node, lookup, turn, closest[next++]);
        }
    }
}

/* Adds the contact that is closest to a point drawn among the IDs that share `shared` bits with the
 * target, of those that were not asked yet. */
static void add_outside(skad_node *node, skad_lookup *lookup, unsigned shared)
{
    skad_peer_slot slots[A_SIDE_MAX];
    const size_t count = find_beside(node, &lookup->target, shared, A_SIDE_MAX, slots);
    bool added = false;
    for (size_t i = 0; i < count && !added; i++) {
        seed found;
        added = find_seed(node, slots[i], &found) &&
                skad_outside_add(lookup, &found.contact, found.address, found.token);
    }
}

void skad_seeds_outside(skad_node *node, skad_lookup *lookup)
{
    if (!skad_outside_due(lookup)) {
        return;
    }
    uint8_t depths[SKAD_OUTSIDE_MAX];
    const size_t count = skad_outside_depths(lookup, depths);
    for (size_t i = 0; i < count; i++) {
        add_outside(node, lookup, depths[i]);
    }
    skad_outside_drawn(lookup);
}
