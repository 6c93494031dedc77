/* Attacks with records, and with what proves an address: framing honest holders and neighbours,
 * squatting on keys. */
#include <string.h>

#include "crypto/assert.h"
#include "proto/message.h"
#include "skad/records.h"
#include "src/core/routing/distance.h"
#include "src/sim/base/cryptography.h"
#include "src/sim/world/attack_state.h"

#define SOON_S      2  /* until records that frame their holders end */
#define HOLDERS_MAX 16 /* of a key, among which squatters choose */

static skad_publisher publisher_of(const skad_world *world, const skad_identity *identity)
{
    return (skad_publisher){identity, *skad_node_network(world->nodes[SKAD_SIM_PUBLISHER].node)};
}

/* The true time, whatever the nodes' own clocks say. */
static uint64_t true_unix_s(const skad_world *world)
{
    return SKAD_SIM_UNIX_S + world->now_us / SKAD_US_PER_S;
}

/* Sends a request without token, well signed: its answer brings one. */
static void ask_for_token(skad_world *world, uint32_t attacker, uint32_t victim)
{
    const skad_message message = {.kind = SKAD_KIND_PING};
    skad_sim_forge(
        world, &(skad_sim_forgery){.attacker = attacker, .victim = victim, .message = &message});
}

/* ---- Framing ---- */

/* Two mutable records of each attacker differ in their salt. */
typedef enum bait { BAIT_EXPIRES, BAIT_TWISTED, BAITS } bait;

static skad_span salt_of(const uint8_t *kind)
{
    return (skad_span){kind, 1};
}

static void publish_bait(skad_world *world, uint32_t attacker, bait which)
{
    const skad_identity *identity = &world->attacks->identities[attacker];
    const uint32_t node = world->honest + attacker;
    const uint8_t kind = (uint8_t)which;
    const uint64_t life_s = which == BAIT_EXPIRES ? SOON_S : world->profile.record_life_s;
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    size_t len = skad_record_encode_mutable(publisher_of(world, identity), salt_of(&kind),
                                            ++world->attacks->sequence, true_unix_s(world) + life_s,
                                            (skad_span){&kind, 1}, bytes, sizeof bytes);
    if (len > 0 && which == BAIT_TWISTED) {
        skad_sim_twist(bytes + len - SKAD_SIGNATURE_BYTES);
    }
    const skad_store_request request = {.record = bytes, .len = len};
    skad_op op;
    skad_id key;
    if (len > 0 && skad_world_up(world, node)) {
        skad_world_enter(world, node);
        skad_status status = skad_node_store(world->nodes[node].node, &request,
                                             skad_world_time(world, node), &op, &key);
        (void)status; /* one that has too much to do already publishes the next one */
        skad_world_settle(world, node);
    }
}

static void sign_wrongly(skad_world *world, uint32_t attacker)
{
    uint32_t victim = skad_attacks_draw_victim(world);
    const skad_message message = {.kind = SKAD_KIND_PING};
    if (victim == SKAD_SIM_NOBODY) {
        return;
    }
    if (!skad_attacks_has_token(world, attacker, victim)) {
        ask_for_token(world, attacker, victim);
        return;
    }
    skad_sim_forge(world, &(skad_sim_forgery){.attacker = attacker,
                                              .victim = victim,
                                              .message = &message,
                                              .wrong = true,
                                              .token = true});
}

void skad_attack_frame(skad_world *world)
{
    uint32_t attacker = skad_attacks_draw_attacker(world);
    uint64_t draw = skad_prng_below(&world->attacks->prng, (uint64_t)2 * BAITS);
    if (draw < BAITS) {
        publish_bait(world, attacker, (bait)draw);
    } else {
        sign_wrongly(world, attacker);
    }
}

bool skad_attacks_bait(skad_world *world, skad_store_name *out)
{
    skad_attacks *attacks = world->attacks;
    if (attacks == NULL || attacks->sequence == 0 || skad_prng_below(&attacks->prng, 2) == 0) {
        return false;
    }
    const skad_identity *identity = &attacks->identities[skad_attacks_draw_attacker(world)];
    const uint8_t kind = (uint8_t)skad_prng_below(&attacks->prng, BAITS);
    out->type = SKAD_RECORD_MUTABLE;
    memcpy(out->publisher, identity->public_key, sizeof out->publisher);
    skad_mutable_key(identity->public_key, salt_of(&kind), &out->key);
    return true;
}

/* ---- Squatting ---- */

static bool is_honest_and_up(const void *user, uint32_t node)
{
    const skad_world *world = user;
    return node < world->honest && skad_world_up(world, node);
}

/* One of the nodes that are to hold what is stored under a key. */
static uint32_t draw_holder(skad_world *world, const skad_id *key)
{
    uint32_t holders[HOLDERS_MAX];
    const skad_id_index_query query = {.target = skad_id_prefix(key),
                                       .filter = is_honest_and_up,
                                       .user = world,
                                       .max = world->profile.siblings};
    size_t count = skad_id_index_closest(&world->id_index, &query, holders);
    return count == 0 ? SKAD_SIM_NOBODY : holders[skad_prng_below(&world->attacks->prng, count)];
}

static void bring(skad_world *world, uint32_t attacker)
{
    const skad_attacks *attacks = world->attacks;
    skad_message message = {.kind = SKAD_KIND_ANNOUNCE};
    message.u.announce.record = (skad_span){attacks->record, attacks->record_len};
    if (!skad_attacks_has_token(world, attacker, attacks->record_holder)) {
        ask_for_token(world, attacker, attacks->record_holder);
        return;
    }
    skad_sim_forge(world, &(skad_sim_forgery){.attacker = attacker,
                                              .victim = attacks->record_holder,
                                              .message = &message,
                                              .token = true});
}

void skad_attack_squat(skad_world *world)
{
    skad_attacks *attacks = world->attacks;
    uint32_t attacker = skad_attacks_draw_attacker(world);
    if (attacks->keys_count == 0) {
        return;
    }
    if (skad_prng_below(&attacks->prng, 4) == 0 && attacks->record_len > 0 &&
        skad_world_up(world, attacks->record_holder)) {
        bring(world, attacker); /* the same bytes, from another address */
        return;
    }
    const skad_id *key = &attacks->keys[skad_prng_below(&attacks->prng, attacks->keys_count)];
    uint32_t holder = draw_holder(world, key);
    uint8_t seed[32];
    skad_identity publisher;
    skad_prng_bytes(&attacks->prng, seed, sizeof seed);
    skad_status status = skad_identity_from_seed(seed, 0, &publisher);
    SKAD_ASSERT(status == SKAD_OK);
    const skad_address endpoint =
        skad_sim_address_unroutable(&world->addresses, attacks->publishers++);
    attacks->record_len = skad_record_encode_announcement(
        publisher_of(world, &publisher), key, 1, true_unix_s(world) + world->profile.record_life_s,
        &endpoint, (skad_span){NULL, 0}, attacks->record, sizeof attacks->record);
    attacks->record_holder = holder;
    if (holder == SKAD_SIM_NOBODY || attacks->record_len == 0) {
        attacks->record_len = 0;
        return;
    }
    bring(world, attacker);
}
