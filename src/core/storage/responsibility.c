#include "src/core/storage/responsibility.h"

#include "src/core/routing/density.h"
#include "src/core/routing/distance.h"

#define COUNTED_MAX 64

/* Whether the s nodes closest to a key, perhaps including us, stand suspiciously close. */
static bool is_dense(const skad_table *table, const skad_id *key, const skad_peer_slot *closest,
                     size_t count, size_t s)
{
    if (count < s) {
        return false;
    }
    const skad_peer *last = &table->peers.peers[closest[s - 1]];
    uint64_t distance = skad_id_prefix(&last->id) ^ skad_id_prefix(key);
    return skad_density_suspicious(skad_density_usual(table, s), distance);
}

unsigned skad_responsibility_bits(const skad_table *table, const skad_profile *profile)
{
    return skad_density_region_bits(skad_density_median(table, profile->siblings));
}

skad_responsibility skad_responsibility_of(const skad_table *table, const skad_profile *profile,
                                           const skad_id *key, bool neighbourhoods)
{
    skad_peer_slot closest[COUNTED_MAX];
    size_t count =
        skad_peers_closest(&table->peers, key, SKAD_FAMILIES_ALL, NULL, COUNTED_MAX, closest);
    size_t rank = 0;
    while (rank < count &&
           skad_distance_compare(key, &table->peers.peers[closest[rank]].id, &table->self) < 0) {
        rank++;
    }
    size_t s = profile->siblings;
    if (neighbourhoods) {
        const unsigned bits = skad_responsibility_bits(table, profile);
        return (skad_responsibility){
            .rank = rank, .holders = s, .region = skad_common_prefix(&table->self, key) >= bits};
    }
    bool dense = is_dense(table, key, closest, count, s);
    return (skad_responsibility){.rank = rank, .holders = dense ? SKAD_REGION_WANTED : s};
}

bool skad_is_responsible(const skad_responsibility *responsibility)
{
    return responsibility->region || responsibility->rank < responsibility->holders;
}

uint32_t skad_responsibility_life_s(const skad_responsibility *responsibility,
                                    const skad_profile *profile)
{
    uint32_t life_s = profile->record_life_s;
    if (skad_is_responsible(responsibility)) {
        return life_s;
    }
    size_t halvings = 1 + (responsibility->rank - responsibility->holders) / SKAD_CACHE_RANKS;
    uint32_t cut_s = halvings < 32 ? life_s >> halvings : 0;
    uint32_t min_s = life_s < SKAD_CACHE_LIFE_S_MIN ? life_s : SKAD_CACHE_LIFE_S_MIN;
    return cut_s < min_s ? min_s : cut_s;
}
