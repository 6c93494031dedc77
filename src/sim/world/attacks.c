#include "src/sim/world/attacks.h"

#include <stdlib.h>
#include <string.h>

#include "proto/seal.h"
#include "src/core/node/driver.h"
#include "src/sim/base/memory.h"
#include "src/sim/world/attack_state.h"

#define DRAWS_MAX 16 /* until a victim is found that is up */

void skad_attacks_init(skad_world *world)
{
    uint32_t count = world->count - world->honest;
    if (!skad_sim_scenario_attacks(&world->scenario) || count == 0) {
        return;
    }
    skad_attacks *attacks = skad_sim_alloc(1, sizeof *attacks);
    world->attacks = attacks;
    skad_prng_init(&attacks->prng, world->scenario.seed, SKAD_PRNG_ATTACK);
    attacks->identities = skad_sim_alloc(count, sizeof *attacks->identities);
    attacks->tokens = skad_sim_alloc((size_t)count * world->honest, sizeof *attacks->tokens);
    attacks->overheard = skad_sim_alloc(SKAD_SIM_OVERHEARD_MAX, sizeof *attacks->overheard);
    for (uint32_t i = 0; i < count; i++) {
        skad_world_identity(world, world->honest + i, &attacks->identities[i]);
        if (skad_attacks_silent(world, world->honest + i)) {
            skad_world_stop(world, world->honest + i, true);
        }
    }
}

void skad_attacks_free(skad_world *world)
{
    skad_attacks *attacks = world->attacks;
    if (attacks != NULL) {
        free(attacks->identities);
        free(attacks->tokens);
        free(attacks->overheard);
        free(attacks);
        world->attacks = NULL;
    }
}

bool skad_attacks_silent(const skad_world *world, uint32_t node)
{
    return world->scenario.adversary == SKAD_SIM_CROWD && node >= world->honest;
}

/* ---- Turns ---- */

static void plan_turn(skad_world *world)
{
    double pause_us = (double)SKAD_US_PER_S / world->scenario.attack_rate;
    skad_world_plan(world, SKAD_SIM_ATTACK, 0,
                    world->now_us + (pause_us < 1 ? 1 : (uint64_t)pause_us));
}

void skad_attacks_begin(skad_world *world, const skad_id *keys, size_t count)
{
    if (world->attacks != NULL) {
        world->attacks->keys = keys;
        world->attacks->keys_count = count;
        plan_turn(world);
    }
}

void skad_attacks_end(skad_world *world)
{
    if (world->attacks != NULL) {
        world->attacks->over = true;
    }
}

void skad_attacks_turn(skad_world *world)
{
    if (world->attacks->over) {
        return;
    }
    switch ((skad_sim_behaviour)world->scenario.adversary) {
    case SKAD_SIM_FLOOD:
        skad_attack_flood(world);
        break;
    case SKAD_SIM_REPLAY:
        skad_attack_replay(world);
        break;
    case SKAD_SIM_FRAME:
        skad_attack_frame(world);
        break;
    case SKAD_SIM_SQUAT:
        skad_attack_squat(world);
        break;
    case SKAD_SIM_CROWD:
        skad_attack_crowd(world);
        break;
    case SKAD_SIM_HONEST:
    case SKAD_SIM_DROP:
    case SKAD_SIM_COLLUDE:
    case SKAD_SIM_MISROUTE:
    case SKAD_SIM_POISON:
    case SKAD_SIM_WITHHOLD:
    case SKAD_SIM_INVENT:
    case SKAD_SIM_GRAVEYARD:
    case SKAD_SIM_DISPLACE:
    case SKAD_SIM_DISPLACE_TWICE:
    case SKAD_SIM_HALF_TRUE:
    case SKAD_SIM_LADDER:
        break;
    }
    plan_turn(world);
}

uint32_t skad_attacks_draw_attacker(skad_world *world)
{
    return (uint32_t)skad_prng_below(&world->attacks->prng, world->count - world->honest);
}

uint32_t skad_attacks_draw_victim(skad_world *world)
{
    uint64_t aimed_at = world->scenario.attack_victims;
    uint64_t among = aimed_at == 0 || aimed_at > world->honest ? world->honest : aimed_at;
    for (int i = 0; i < DRAWS_MAX; i++) {
        uint32_t node = (uint32_t)skad_prng_below(&world->attacks->prng, among);
        if (skad_world_up(world, node)) {
            return node;
        }
    }
    return SKAD_SIM_NOBODY;
}

/* ---- Tokens ---- */

static skad_sim_token *token_of(const skad_world *world, uint32_t attacker, uint32_t honest)
{
    return &world->attacks->tokens[(size_t)attacker * world->honest + honest];
}

void skad_attacks_hear(skad_world *world, uint32_t node, const skad_sim_flight *flight)
{
    skad_envelope envelope;
    uint32_t from = skad_sim_node_at(&world->addresses, &flight->from);
    if (world->attacks == NULL || from >= world->honest || flight->len <= SKAD_TAG_BYTES ||
        skad_envelope_decode(flight->bytes + SKAD_TAG_BYTES, flight->len - SKAD_TAG_BYTES,
                             &envelope) != SKAD_VERDICT_ACCEPT ||
        !skad_kind_is_reply(envelope.kind) || envelope.token == NULL) {
        return;
    }
    skad_sim_token *token = token_of(world, node - world->honest, from);
    token->known = true;
    memcpy(token->bytes, envelope.token, sizeof token->bytes);
}

bool skad_attacks_has_token(const skad_world *world, uint32_t attacker, uint32_t victim)
{
    return token_of(world, attacker, victim)->known;
}

/* ---- Forging ---- */

void skad_sim_forge(skad_world *world, const skad_sim_forgery *forgery)
{
    const skad_sealer honest = skad_node_sealer(world->nodes[SKAD_SIM_PUBLISHER].node);
    const skad_sim_token *token = token_of(world, forgery->attacker, forgery->victim);
    skad_identity identity = world->attacks->identities[forgery->attacker];
    const uint32_t node = world->honest + forgery->attacker;
    const skad_puzzle_nonce nonce = {
        .epoch = skad_profile_epoch(&world->profile, skad_world_time(world, node).unix_s)};
    uint8_t rpc_id[SKAD_RPC_ID_BYTES];
    skad_draft draft;
    skad_draft *drafts[] = {&draft};
    if (forgery->claimed_key != NULL) {
        memcpy(identity.public_key, forgery->claimed_key, sizeof identity.public_key);
    }
    if (forgery->wrong) {
        identity.secret_key[sizeof identity.secret_key - 1] ^= 1; /* the copy of the public key */
    }
    skad_prng_bytes(&world->attacks->prng, rpc_id, sizeof rpc_id);
    const skad_sealer sealer = {&identity, &nonce, honest.network_key};
    const skad_draft_fields fields = {.message = forgery->message,
                                      .rpc_id = rpc_id,
                                      .recipient = &world->ids[forgery->victim],
                                      .token = forgery->token ? token->bytes : NULL,
                                      .bytes_min = forgery->token ? 0 : SKAD_FIRST_CONTACT_BYTES};
    if ((forgery->token && !token->known) ||
        skad_draft_write(&sealer, &fields, &draft) != SKAD_OK) {
        return;
    }
    skad_seal(&sealer, drafts, 1);
    skad_datagram datagram = {.to = skad_sim_address_of(&world->addresses, forgery->victim),
                              .len = draft.len};
    memcpy(datagram.bytes, draft.bytes, draft.len);
    if (forgery->source != NULL) {
        skad_world_send_from(world, node, forgery->source, &datagram);
    } else {
        skad_world_send(world, node, &datagram);
    }
}
