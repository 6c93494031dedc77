/* stale: keeps the first edition of a record that it was given, acknowledges all later ones and
 * forgets them, and gives the old one to any that asks. It is honest otherwise. */
#include <string.h>

#include "src/sim/world/adversary.h"

/* Whether its own node holds a record of this name. */
static bool holds(const skad_league *league, uint32_t node, const skad_record *record)
{
    const skad_sim_node *one = &league->world->nodes[node];
    skad_store_record found;
    skad_store_name name = {.key = record->key, .type = (uint8_t)record->type};
    if (record->publisher != NULL) {
        memcpy(name.publisher, record->publisher, sizeof name.publisher);
    }
    return one->store.ops->find(one->store.self, SKAD_STORE_REPLICAS, &name,
                                skad_world_time(league->world, node).unix_s, &found);
}

static skad_conduct asked(skad_league *league, const skad_asked *asked, skad_message *reply)
{
    skad_record record;
    bool again = skad_asked_record(asked, &record) && holds(league, asked->node, &record);
    return again ? skad_league_answer(league, asked, reply) : SKAD_CONDUCT_HONEST;
}

SKAD_ADVERSARY(stale) = {
    .is = SKAD_ADVERSARY_IS("stale", "keeps the first edition of a record, and gives that",
                            SKAD_SIM_LIES),
    .asked = asked,
};
