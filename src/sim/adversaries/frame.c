/* frame: mutable records that end two seconds after they are published, and records whose
 * signatures only some libraries take (base/cryptography.h), for honest nodes to get; and requests
 * with wrong signatures and good tokens. Each adversary shares the address of an honest node, and
 * has another port. */
#include <string.h>

#include "skad/records.h"
#include "src/sim/base/cryptography.h"
#include "src/sim/world/adversary.h"

#define SOON_S 2 /* until records that frame their holders end */

/* Two mutable records of each attacker differ in their salt. */
typedef enum bait_kind { BAIT_EXPIRES, BAIT_TWISTED, BAITS } bait_kind;

typedef struct frame {
    uint64_t sequence; /* of the last record */
} frame;

static skad_span salt_of(const uint8_t *kind)
{
    return (skad_span){kind, 1};
}

static void publish_bait(skad_league *league, uint32_t node, bait_kind which)
{
    frame *self = league->state;
    skad_world *world = league->world;
    const uint8_t kind = (uint8_t)which;
    const uint64_t life_s = which == BAIT_EXPIRES ? SOON_S : world->profile.record_life_s;
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    size_t len = skad_record_encode_mutable(
        skad_league_publisher(league, skad_league_identity(league, node)), salt_of(&kind),
        ++self->sequence, skad_league_unix_s(league) + life_s, (skad_span){&kind, 1}, bytes,
        sizeof bytes);
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

static void sign_wrongly(skad_league *league, uint32_t node)
{
    uint32_t victim = skad_league_draw_victim(league);
    const skad_message message = {.kind = SKAD_KIND_PING};
    if (victim == SKAD_SIM_NOBODY) {
        return;
    }
    if (!skad_league_has_token(league, node, victim)) {
        skad_league_ask_for_token(league, node, victim);
        return;
    }
    skad_league_send(
        league,
        &(skad_forgery){
            .node = node, .victim = victim, .message = &message, .wrong = true, .token = true});
}

static void turn(skad_league *league)
{
    uint32_t node = skad_league_draw_node(league);
    uint64_t draw = skad_league_draw(league, (uint64_t)2 * BAITS);
    if (draw < BAITS) {
        publish_bait(league, node, (bait_kind)draw);
    } else {
        sign_wrongly(league, node);
    }
}

static bool bait(skad_league *league, skad_store_name *out)
{
    const frame *self = league->state;
    if (self->sequence == 0 || skad_league_draw(league, 2) == 0) {
        return false;
    }
    const skad_identity *identity = skad_league_identity(league, skad_league_draw_node(league));
    const uint8_t kind = (uint8_t)skad_league_draw(league, BAITS);
    out->type = SKAD_RECORD_MUTABLE;
    memcpy(out->publisher, identity->public_key, sizeof out->publisher);
    skad_mutable_key(identity->public_key, salt_of(&kind), &out->key);
    return true;
}

SKAD_ADVERSARY(frame) = {
    .is = SKAD_ADVERSARY_IS("frame", "publishes what some nodes take and others refuse",
                            SKAD_SIM_SENDS | SKAD_SIM_NEIGHBOURS | SKAD_SIM_LIBRARIES),
    .state_bytes = sizeof(frame),
    .turn = turn,
    .bait = bait,
};
