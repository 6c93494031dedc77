/* What leagues may answer (adversary.h): contacts to name, and what to make of a request. */
#include <string.h>

#include "src/core/node/readers.h"
#include "src/sim/world/chains.h"
#include "src/sim/world/leagues.h"

/* ---- Drawing, and targets ---- */

uint64_t skad_league_draw(skad_league *league, uint64_t bound)
{
    return skad_prng_below(league->prng, bound);
}

const skad_id *skad_league_key(const skad_league *league)
{
    return skad_leagues_key(league->world);
}

size_t skad_league_values(const skad_league *league)
{
    return league->world->leagues->keys_count;
}

const skad_id *skad_league_value_key(const skad_league *league, size_t n)
{
    return n < skad_league_values(league) ? &league->world->leagues->keys[n] : NULL;
}

void skad_league_note(skad_league *league, const skad_asked *asked)
{
    skad_chains_seen(league->world, asked);
}

bool skad_asked_record(const skad_asked *asked, skad_record *out)
{
    const skad_message *question = &asked->question;
    if (question->kind != SKAD_KIND_STORE && question->kind != SKAD_KIND_ANNOUNCE) {
        return false;
    }
    const skad_span record =
        question->kind == SKAD_KIND_STORE ? question->u.store.record : question->u.announce.record;
    return skad_record_decode(record.data, record.len, out);
}

bool skad_asked_about(const skad_asked *asked, const skad_id *key)
{
    const skad_message *question = &asked->question;
    skad_record found;
    if (question->kind == SKAD_KIND_FIND_NODE) {
        return skad_id_equal(&question->u.find_node.target, key);
    }
    if (question->kind == SKAD_KIND_FIND_VALUE) {
        return skad_id_equal(&question->u.find_value.key, key);
    }
    if (question->kind == SKAD_KIND_FORWARD) {
        return skad_id_equal(&question->u.forward.target, key);
    }
    return skad_asked_record(asked, &found) && skad_id_equal(&found.key, key);
}

/* A link is a number of its pair of nodes, spread evenly. */
bool skad_league_has_link(const skad_league *league, uint32_t from, uint32_t to)
{
    const skad_world *world = league->world;
    const uint64_t low = from < to ? from : to;
    const uint64_t high = from < to ? to : from;
    skad_prng prng;
    if (high >= world->honest) {
        return false;
    }
    skad_prng_init(&prng, world->scenario.seed, low << 32 | high);
    return skad_prng_unit(&prng) < world->scenario.link_share;
}

/* ---- Contacts ---- */

void skad_league_name(const skad_league *league, uint32_t node, skad_contact *out)
{
    const skad_world *world = league->world;
    const skad_address address = skad_sim_address_of(&world->addresses, node);
    *out = skad_sim_contact(&world->ids[node], &address);
}

void skad_league_name_dead(const skad_league *league, const skad_id *id, uint32_t n,
                           skad_contact *out)
{
    const skad_address address = skad_sim_address_unroutable(&league->world->addresses, n);
    *out = skad_sim_contact(id, &address);
}

static bool is_other(const void *user, uint32_t node)
{
    return node != *(const uint32_t *)user;
}

size_t skad_league_name_colluders(const skad_league *league, const skad_asked *asked,
                                  const skad_id *target, skad_contact out[static SKAD_CONTACTS_MAX])
{
    uint32_t nodes[SKAD_CONTACTS_MAX];
    const skad_id_index_query query = {.target = skad_id_prefix(target),
                                       .filter = is_other,
                                       .user = &asked->node,
                                       .max = SKAD_CONTACTS_MAX};
    size_t count = skad_id_index_closest(&league->world->leagues->colluders, &query, nodes);
    for (size_t i = 0; i < count; i++) {
        skad_league_name(league, nodes[i], &out[i]);
    }
    return count;
}

static bool is_honest_and_up(const void *user, uint32_t node)
{
    const skad_world *world = user;
    return node < world->honest && skad_world_up(world, node);
}

size_t skad_league_nearest_honest(const skad_league *league, const skad_id *target, size_t max,
                                  uint32_t *out)
{
    const skad_id_index_query query = {.target = skad_id_prefix(target),
                                       .filter = is_honest_and_up,
                                       .user = league->world,
                                       .max = max};
    return skad_id_index_closest(&league->world->id_index, &query, out);
}

size_t skad_league_name_honest(const skad_league *league, const skad_id *target, size_t max,
                               skad_contact *out)
{
    uint32_t nodes[SKAD_CONTACTS_MAX];
    size_t count = skad_league_nearest_honest(league, target, max, nodes);
    for (size_t i = 0; i < count; i++) {
        skad_league_name(league, nodes[i], &out[i]);
    }
    return count;
}

size_t skad_league_name_closest(const skad_league *league, const skad_asked *asked,
                                const skad_id *target, skad_contact out[static SKAD_CONTACTS_MAX])
{
    const skad_world *world = league->world;
    const size_t k = world->profile.k;
    return skad_node_closest(world->nodes[asked->node].node, target, world->families,
                             &asked->requester, k < SKAD_CONTACTS_MAX ? k : SKAD_CONTACTS_MAX, out);
}

void skad_contacts_sort(const skad_id *target, skad_contact *contacts, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        skad_contact one = contacts[i];
        size_t at = i;
        while (at > 0 && skad_distance_compare(target, &contacts[at - 1].id, &one.id) > 0) {
            contacts[at] = contacts[at - 1];
            at--;
        }
        contacts[at] = one;
    }
}

/* ---- The usual answer ---- */

static size_t name(skad_league *league, const skad_asked *asked, const skad_id *target,
                   skad_contact out[static SKAD_CONTACTS_MAX])
{
    return league->kind->name != NULL ? league->kind->name(league, asked, target, out)
                                      : skad_league_name_closest(league, asked, target, out);
}

skad_conduct skad_league_answer(skad_league *league, const skad_asked *asked, skad_message *reply)
{
    static const uint8_t none[SKAD_COMPARED_BYTES_MAX];
    const skad_message *question = &asked->question;
    const skad_kind kind = question->kind;
    if (kind == SKAD_KIND_FIND_VALUE) {
        reply->kind = SKAD_KIND_VALUE;
        reply->u.reply.u.value.contacts_count =
            name(league, asked, &question->u.find_value.key, reply->u.reply.u.value.contacts);
    } else if (kind == SKAD_KIND_FIND_NODE) {
        reply->kind = SKAD_KIND_NODES;
        reply->u.reply.u.nodes.contacts_count =
            name(league, asked, &question->u.find_node.target, reply->u.reply.u.nodes.contacts);
    } else if (kind == SKAD_KIND_STORE || kind == SKAD_KIND_ANNOUNCE) {
        reply->kind = kind == SKAD_KIND_STORE ? SKAD_KIND_STORED : SKAD_KIND_ANNOUNCED;
        reply->u.reply.u.stored.life_s = league->world->profile.record_life_s;
    } else if (kind == SKAD_KIND_COMPARE) { /* claims to hold all, so that it is not brought */
        size_t count = question->u.compare.held.len / SKAD_COMPARE_ITEM_BYTES;
        reply->kind = SKAD_KIND_COMPARED;
        reply->u.reply.u.compared.lacking = (skad_span){none, (count + 7) / 8};
    } else if (kind == SKAD_KIND_FORWARD) {
        return SKAD_CONDUCT_SILENT; /* a false answer would be noticed, and do no more harm */
    } else {
        return SKAD_CONDUCT_HONEST;
    }
    return SKAD_CONDUCT_REPLY;
}
