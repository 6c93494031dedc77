/* What leagues may send (adversary.h), and what they need for it: victims, tokens, forged
 * datagrams. */
#include <string.h>

#include "crypto/assert.h"
#include "proto/seal.h"
#include "src/core/node/driver.h"
#include "src/sim/world/leagues.h"

#define DRAWS_MAX 16 /* until a victim is found that is up */

uint32_t skad_league_draw_node(skad_league *league)
{
    return league->nodes[skad_league_draw(league, league->count)];
}

uint32_t skad_league_draw_victim(skad_league *league)
{
    const skad_world *world = league->world;
    uint64_t aimed_at = world->scenario.attack_victims;
    uint64_t among = aimed_at == 0 || aimed_at > world->honest ? world->honest : aimed_at;
    for (int i = 0; i < DRAWS_MAX; i++) {
        uint32_t node = (uint32_t)skad_league_draw(league, among);
        if (skad_world_up(world, node)) {
            return node;
        }
    }
    return SKAD_SIM_NOBODY;
}

bool skad_league_aims_at(const skad_league *league, uint32_t node)
{
    uint64_t victims = league->world->scenario.attack_victims;
    return node < league->world->honest && (victims == 0 || node < victims);
}

/* ---- Tokens ---- */

static skad_sim_token *token_of(const skad_league *league, uint32_t node, uint32_t victim)
{
    const skad_world *world = league->world;
    SKAD_ASSERT(world->leagues->tokens != NULL && victim < world->honest);
    return &world->leagues->tokens[(size_t)(node - world->honest) * world->honest + victim];
}

bool skad_league_has_token(const skad_league *league, uint32_t node, uint32_t victim)
{
    return token_of(league, node, victim)->known;
}

void skad_league_ask_for_token(skad_league *league, uint32_t node, uint32_t victim)
{
    const skad_message message = {.kind = SKAD_KIND_PING};
    skad_league_send(league, &(skad_forgery){.node = node, .victim = victim, .message = &message});
}

/* ---- Identities and time ---- */

const skad_identity *skad_league_identity(const skad_league *league, uint32_t node)
{
    return &league->world->leagues->identities[node - league->world->honest];
}

skad_publisher skad_league_publisher(const skad_league *league, const skad_identity *identity)
{
    return (skad_publisher){identity,
                            *skad_node_network(league->world->nodes[SKAD_SIM_PUBLISHER].node)};
}

uint64_t skad_league_unix_s(const skad_league *league)
{
    return SKAD_SIM_UNIX_S + league->world->now_us / SKAD_US_PER_S;
}

/* ---- Datagrams ---- */

/* Whether a node has yet to come, or has left, by the plan. */
static bool is_away(const skad_league *league, uint32_t node)
{
    const skad_sim_scenario *scenario = &league->world->scenario;
    return (scenario->arrival_per_s > 0 || scenario->leave_at_s > 0) &&
           !skad_world_up(league->world, node) && (league->kind->is.traits & SKAD_SIM_ABSENT) == 0;
}

void skad_league_send(skad_league *league, const skad_forgery *forgery)
{
    skad_world *world = league->world;
    if (is_away(league, forgery->node)) {
        return;
    }
    const skad_sealer honest = skad_node_sealer(world->nodes[SKAD_SIM_PUBLISHER].node);
    const skad_sim_token *token = token_of(league, forgery->node, forgery->victim);
    skad_identity identity = *skad_league_identity(league, forgery->node);
    const skad_puzzle_nonce nonce = {
        .epoch = skad_profile_epoch(&world->profile, skad_world_time(world, forgery->node).unix_s)};
    uint8_t rpc_id[SKAD_RPC_ID_BYTES];
    skad_draft draft;
    skad_draft *drafts[] = {&draft};
    if (forgery->claimed_key != NULL) {
        memcpy(identity.public_key, forgery->claimed_key, sizeof identity.public_key);
    }
    if (forgery->wrong) {
        identity.secret_key[sizeof identity.secret_key - 1] ^= 1; /* the copy of the public key */
    }
    skad_prng_bytes(league->prng, rpc_id, sizeof rpc_id);
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
        skad_world_send_from(world, forgery->node, forgery->source, &datagram);
    } else {
        skad_world_send(world, forgery->node, &datagram);
    }
}

skad_message skad_league_random_search(skad_league *league)
{
    skad_message message = {.kind = SKAD_KIND_FIND_NODE};
    message.u.find_node.target = skad_prng_id(league->prng);
    message.u.find_node.want = league->world->families;
    return message;
}

void skad_league_bring(skad_league *league, uint32_t node, uint32_t victim, skad_span record)
{
    skad_message message = {.kind = SKAD_KIND_ANNOUNCE};
    skad_record found;
    if (!skad_league_has_token(league, node, victim)) {
        skad_league_ask_for_token(league, node, victim);
        return;
    }
    if (skad_record_decode(record.data, record.len, &found) &&
        found.type != SKAD_RECORD_ANNOUNCEMENT) {
        message.kind = SKAD_KIND_STORE;
        message.u.store.record = record;
        message.u.store.life_s = league->world->profile.record_life_s;
    } else {
        message.u.announce.record = record;
    }
    skad_league_send(
        league,
        &(skad_forgery){.node = node, .victim = victim, .message = &message, .token = true});
}

void skad_league_replay(skad_league *league, uint32_t node, const skad_address *source,
                        const skad_datagram *datagram)
{
    skad_world_send_from(league->world, node, source, datagram);
}

bool skad_datagram_request(const skad_datagram *datagram, skad_envelope *envelope,
                           skad_message *message)
{
    return datagram->len > SKAD_TAG_BYTES &&
           skad_envelope_decode(datagram->bytes + SKAD_TAG_BYTES, datagram->len - SKAD_TAG_BYTES,
                                envelope) == SKAD_VERDICT_ACCEPT &&
           skad_kind_is_request(envelope->kind) &&
           skad_message_decode(envelope->kind, envelope->body.data, envelope->body.len, message);
}

/* ---- Coming and going ---- */

void skad_league_leave(skad_league *league, uint32_t node)
{
    if (skad_world_up(league->world, node)) {
        skad_world_stop(league->world, node, true);
    }
}

void skad_league_return(skad_league *league, uint32_t node)
{
    if (!skad_world_up(league->world, node)) {
        skad_world_start(league->world, node);
        skad_world_join(league->world, node, SKAD_SIM_PUBLISHER);
    }
}
