/* replay: searches of honest nodes for their own neighbourhood, and records that they bring, as
 * overheard on their way from or to a victim: the same bytes again, from the same address. */
#include "src/sim/world/adversary.h"

#define OVERHEARD_MAX 64 /* a newer datagram replaces the oldest */

typedef struct overheard {
    skad_address source;
    skad_datagram datagram;
} overheard;

typedef struct replay {
    overheard all[OVERHEARD_MAX];
    uint32_t count; /* ever */
} replay;

/* Whether a replay may have an effect: a node that looks for its own neighbourhood, or brings a
 * record. */
static bool is_worth_it(const skad_datagram *datagram)
{
    skad_envelope envelope;
    skad_message message;
    if (!skad_datagram_request(datagram, &envelope, &message)) {
        return false;
    }
    return message.kind == SKAD_KIND_STORE || message.kind == SKAD_KIND_ANNOUNCE ||
           (message.kind == SKAD_KIND_FIND_NODE &&
            skad_id_equal(&message.u.find_node.target, envelope.id));
}

static void overhear(skad_league *league, uint32_t from, const skad_address *source,
                     const skad_datagram *datagram)
{
    replay *self = league->state;
    uint32_t to = skad_sim_node_at(&league->world->addresses, &datagram->to);
    if (from < league->world->honest &&
        (skad_league_aims_at(league, from) || skad_league_aims_at(league, to)) &&
        is_worth_it(datagram)) {
        self->all[self->count++ % OVERHEARD_MAX] = (overheard){*source, *datagram};
    }
}

static void turn(skad_league *league)
{
    const replay *self = league->state;
    uint32_t count = self->count < OVERHEARD_MAX ? self->count : OVERHEARD_MAX;
    if (count > 0) {
        const overheard *one = &self->all[skad_league_draw(league, count)];
        skad_league_replay(league, skad_league_draw_node(league), &one->source, &one->datagram);
    }
}

SKAD_ADVERSARY(replay) = {
    .is = SKAD_ADVERSARY_IS("replay", "sends requests of honest nodes again, from their addresses",
                            SKAD_SIM_SENDS),
    .state_bytes = sizeof(replay),
    .turn = turn,
    .overhear = overhear,
};
