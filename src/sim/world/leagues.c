#include "src/sim/world/leagues.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/seal.h"
#include "src/core/node/driver.h"
#include "src/sim/base/memory.h"
#include "src/sim/world/phases.h"

/* ---- Making them ---- */

void skad_leagues_value(const skad_world *world, uint8_t *out, size_t len)
{
    skad_prng prng;
    skad_prng_init(&prng, world->scenario.seed, SKAD_PRNG_KEY);
    skad_prng_bytes(&prng, out, len);
}

void skad_leagues_prepare(skad_world *world)
{
    if (world->count == world->honest) {
        return;
    }
    skad_leagues *leagues = skad_sim_alloc(1, sizeof *leagues);
    skad_prng_init(&leagues->prng, world->scenario.seed, SKAD_PRNG_ADVERSARY);
    skad_prng_init(&leagues->attack_prng, world->scenario.seed, SKAD_PRNG_ATTACK);
    skad_grinding_init(&leagues->grinding, world, &leagues->prng);
    world->leagues = leagues;
}

void skad_leagues_grind(const skad_world *world, uint32_t node, uint8_t seed[static 32])
{
    if (world->leagues != NULL) {
        skad_grinding_seed(&world->leagues->grinding, world, node, seed);
    }
}

static bool sends(const skad_league *league)
{
    return (league->kind->is.traits & SKAD_SIM_SENDS) != 0;
}

/* The league that has the fewest nodes for its share: parts of a mixture take turns, so that each
 * has its share of every stretch of numbers. */
static size_t next_league(const skad_leagues *leagues, uint32_t dealt)
{
    size_t best = 0;
    double most = -INFINITY;
    for (size_t i = 0; i < leagues->count; i++) {
        double lacks = leagues->all[i].share * (dealt + 1) - leagues->all[i].count;
        if (lacks > most + 1e-9) {
            most = lacks;
            best = i;
        }
    }
    return best;
}

static void deal(skad_world *world)
{
    skad_leagues *leagues = world->leagues;
    const uint32_t count = world->count - world->honest;
    skad_sim_part parts[SKAD_SIM_PARTS_MAX];
    leagues->count = skad_sim_behaviour_parts(world->scenario.adversary, parts);
    leagues->league_of = skad_sim_alloc(count, sizeof *leagues->league_of);
    for (size_t i = 0; i < leagues->count; i++) {
        skad_league *league = &leagues->all[i];
        *league = (skad_league){.world = world,
                                .kind = (const skad_adversary *)(const void *)parts[i].of,
                                .nodes = skad_sim_alloc(count, sizeof *league->nodes),
                                .number = (uint32_t)i,
                                .share = parts[i].share,
                                .from_s = parts[i].from_s,
                                .until_s = parts[i].until_s};
        league->prng = sends(league) ? &leagues->attack_prng : &leagues->prng;
        leagues->overhears = leagues->overhears || league->kind->overhear != NULL;
        leagues->passes = leagues->passes || league->kind->passes != NULL;
        leagues->departs = leagues->departs || league->kind->departs != NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        size_t number = next_league(leagues, i);
        skad_league *league = &leagues->all[number];
        leagues->league_of[i] = (uint8_t)number;
        league->nodes[league->count++] = world->honest + i;
    }
}

static void arm(skad_world *world)
{
    skad_leagues *leagues = world->leagues;
    const uint32_t count = world->count - world->honest;
    leagues->identities = skad_sim_alloc(count, sizeof *leagues->identities);
    leagues->tokens = skad_sim_alloc((size_t)count * world->honest, sizeof *leagues->tokens);
    for (uint32_t i = 0; i < count; i++) {
        skad_world_identity(world, world->honest + i, &leagues->identities[i]);
        if (skad_leagues_absent(world, world->honest + i)) {
            skad_world_stop(world, world->honest + i, true);
        }
    }
}

void skad_leagues_init(skad_world *world)
{
    skad_leagues *leagues = world->leagues;
    if (leagues == NULL) {
        return;
    }
    skad_id_index_init(&leagues->colluders, world->count - world->honest);
    for (uint32_t node = world->honest; node < world->count; node++) {
        skad_id_index_add(&leagues->colluders, &world->ids[node], node);
    }
    skad_id_index_sort(&leagues->colluders);
    deal(world);
    if (skad_sim_scenario_attacks(&world->scenario)) {
        arm(world);
    }
    for (size_t i = 0; i < leagues->count; i++) {
        skad_league *league = &leagues->all[i];
        league->state = skad_sim_alloc(1, league->kind->state_bytes + 1);
        if (league->kind->begin != NULL) {
            league->kind->begin(league);
        }
    }
}

void skad_leagues_free(skad_world *world)
{
    skad_leagues *leagues = world->leagues;
    if (leagues == NULL) {
        return;
    }
    for (size_t i = 0; i < leagues->count; i++) {
        skad_league *league = &leagues->all[i];
        if (league->kind->end != NULL) {
            league->kind->end(league);
        }
        free(league->state);
        free(league->nodes);
    }
    skad_id_index_free(&leagues->colluders);
    skad_grinding_free(&leagues->grinding);
    free(leagues->league_of);
    free(leagues->identities);
    free(leagues->tokens);
    free(leagues);
    world->leagues = NULL;
}

static skad_league *league_of(const skad_world *world, uint32_t node)
{
    skad_leagues *leagues = world->leagues;
    return &leagues->all[leagues->league_of[node - world->honest]];
}

bool skad_leagues_absent(const skad_world *world, uint32_t node)
{
    return node >= world->honest &&
           (league_of(world, node)->kind->is.traits & SKAD_SIM_ABSENT) != 0;
}

/* ---- What they cost ---- */

const skad_id *skad_leagues_key(const skad_world *world)
{
    return world->leagues != NULL ? skad_grinding_key(&world->leagues->grinding) : NULL;
}

double skad_leagues_draws(const skad_world *world)
{
    const skad_leagues *leagues = world->leagues;
    double draws = leagues == NULL ? 0 : leagues->grinding.draws;
    for (size_t i = 0; leagues != NULL && i < leagues->count; i++) {
        const skad_league *league = &leagues->all[i];
        draws += league->kind->draws != NULL ? league->kind->draws(league) : 0;
    }
    return draws;
}

double skad_leagues_price(const skad_world *world)
{
    double identities = (double)(world->count - world->honest);
    return skad_leagues_draws(world) * exp2((double)world->scenario.static_bits) +
           identities * exp2((double)world->scenario.dynamic_bits);
}

/* ---- Turns ---- */

static void plan_turn(const skad_league *league)
{
    skad_world *world = league->world;
    double pause_us = (double)SKAD_US_PER_S / (world->scenario.attack_rate * league->share);
    skad_world_plan(world, SKAD_SIM_ATTACK, league->number,
                    world->now_us + (pause_us < 1 ? 1 : (uint64_t)pause_us));
}

void skad_leagues_begin(skad_world *world, const skad_id *keys, size_t count)
{
    skad_leagues *leagues = world->leagues;
    if (leagues == NULL) {
        return;
    }
    leagues->keys = keys;
    leagues->keys_count = count;
    for (size_t i = 0; i < leagues->count; i++) {
        if (leagues->all[i].kind->turn != NULL && leagues->all[i].count > 0) {
            plan_turn(&leagues->all[i]);
        }
    }
}

void skad_leagues_end(skad_world *world)
{
    if (world->leagues != NULL) {
        world->leagues->over = true;
    }
}

/* Whether it does what honest nodes do for now. */
static bool is_honest(const skad_league *league)
{
    const skad_world *world = league->world;
    const double since_s = world->began_us == UINT64_MAX
                               ? -1
                               : (double)(world->now_us - world->began_us) / (double)SKAD_US_PER_S;
    return skad_phases_honest(world) || (league->from_s > 0 && since_s < league->from_s) ||
           (league->until_s > 0 && since_s >= league->until_s);
}

void skad_leagues_turn(skad_world *world, uint32_t number)
{
    skad_league *league = &world->leagues->all[number];
    if (world->leagues->over) {
        return;
    }
    if (!is_honest(league)) {
        league->kind->turn(league);
    }
    plan_turn(league);
}

bool skad_leagues_bait(skad_world *world, skad_store_name *out)
{
    skad_leagues *leagues = world->leagues;
    for (size_t i = 0; leagues != NULL && i < leagues->count; i++) {
        skad_league *league = &leagues->all[i];
        if (league->kind->bait != NULL && league->kind->bait(league, out)) {
            return true;
        }
    }
    return false;
}

/* ---- What passes ---- */

void skad_leagues_overhear(skad_world *world, uint32_t from, const skad_address *source,
                           const skad_datagram *datagram)
{
    skad_leagues *leagues = world->leagues;
    for (size_t i = 0; leagues->overhears && i < leagues->count; i++) {
        skad_league *league = &leagues->all[i];
        if (league->kind->overhear != NULL) {
            league->kind->overhear(league, from, source, datagram);
        }
    }
}

bool skad_leagues_departs(skad_world *world, uint32_t node, const skad_datagram *datagram,
                          uint64_t *delay_us)
{
    if (!world->leagues->departs || node < world->honest) {
        return true;
    }
    skad_league *league = league_of(world, node);
    return league->kind->departs == NULL || is_honest(league) ||
           league->kind->departs(league, node, datagram, delay_us);
}

bool skad_leagues_passes(skad_world *world, uint32_t from, uint32_t to,
                         const skad_datagram *datagram, uint64_t *delay_us)
{
    skad_leagues *leagues = world->leagues;
    for (size_t i = 0; leagues->passes && !leagues->over && i < leagues->count; i++) {
        skad_league *league = &leagues->all[i];
        if (league->kind->passes != NULL && !is_honest(league) &&
            !league->kind->passes(league, from, to, datagram, delay_us)) {
            return false;
        }
    }
    return true;
}

/* ---- Answers ---- */

/* Signs and sends an answer as the adversary itself. */
static void reply(skad_world *world, const skad_asked *asked, skad_message *message)
{
    const skad_node *node = world->nodes[asked->node].node;
    uint8_t digest[SKAD_HASH_BYTES];
    const skad_sealer sealer = skad_node_sealer(node);
    skad_envelope_digest(sealer.network_key, skad_node_self(node), NULL,
                         asked->envelope->signed_part, digest);
    const skad_draft_fields fields = {.message = message,
                                      .rpc_id = asked->envelope->rpc_id,
                                      .recipient = &asked->requester,
                                      .request_digest = digest};
    skad_draft draft;
    skad_draft *drafts[] = {&draft};
    if (skad_draft_write(&sealer, &fields, &draft) != SKAD_OK) {
        return;
    }
    skad_seal(&sealer, drafts, 1);
    skad_datagram datagram = {.to = *asked->seen, .len = draft.len};
    memcpy(datagram.bytes, draft.bytes, draft.len);
    skad_world_send(world, asked->node, &datagram);
}

/* Remembers the token of an answer. */
static void hear(skad_world *world, uint32_t node, const skad_sim_flight *flight)
{
    skad_envelope envelope;
    uint32_t from = skad_sim_node_at(&world->addresses, &flight->from);
    if (from >= world->honest || flight->len <= SKAD_TAG_BYTES ||
        skad_envelope_decode(flight->bytes + SKAD_TAG_BYTES, flight->len - SKAD_TAG_BYTES,
                             &envelope) != SKAD_VERDICT_ACCEPT ||
        !skad_kind_is_reply(envelope.kind) || envelope.token == NULL) {
        return;
    }
    skad_sim_token *token =
        &world->leagues->tokens[(size_t)(node - world->honest) * world->honest + from];
    token->known = true;
    memcpy(token->bytes, envelope.token, sizeof token->bytes);
}

static bool answer(skad_league *league, skad_asked *asked)
{
    skad_message message = {0};
    message.u.reply.observed = *asked->seen;
    skad_conduct conduct = league->kind->asked != NULL
                               ? league->kind->asked(league, asked, &message)
                               : skad_league_answer(league, asked, &message);
    if (conduct == SKAD_CONDUCT_REPLY) {
        reply(league->world, asked, &message);
    }
    return conduct != SKAD_CONDUCT_HONEST;
}

bool skad_leagues_takes(skad_world *world, uint32_t node, const skad_sim_flight *flight)
{
    skad_league *league = league_of(world, node);
    skad_envelope envelope;
    skad_asked asked = {.node = node, .envelope = &envelope, .seen = &flight->from};
    if (sends(league)) {
        hear(world, node, flight);
    }
    if ((league->kind->asked == NULL && league->kind->name == NULL) || is_honest(league) ||
        flight->len <= SKAD_TAG_BYTES ||
        skad_envelope_decode(flight->bytes + SKAD_TAG_BYTES, flight->len - SKAD_TAG_BYTES,
                             &envelope) != SKAD_VERDICT_ACCEPT ||
        envelope.kind == SKAD_KIND_PING || skad_kind_is_reply(envelope.kind) ||
        !skad_message_decode(envelope.kind, envelope.body.data, envelope.body.len,
                             &asked.question)) {
        return false;
    }
    asked.requester = *envelope.id;
    asked.from = skad_sim_node_at(&world->addresses, &flight->from);
    return answer(league, &asked);
}
