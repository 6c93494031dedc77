#include "src/sim/world/league_audits.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/node/driver.h"
#include "src/sim/base/memory.h"

void skad_liars_begin(skad_league *league)
{
    skad_liars *liars = league->state;
    liars->cases = skad_sim_alloc(SKAD_LIAR_CASES, sizeof *liars->cases);
}

void skad_liars_end(skad_league *league)
{
    skad_liars *liars = league->state;
    free(liars->cases);
}

/* The identity of one of its nodes, which its core signs with, too. */
static const skad_identity *identity_of(const skad_league *league, uint32_t node)
{
    return skad_node_sealer(league->world->nodes[node].node).identity;
}

static skad_audit_round round_of(const skad_league *league, uint64_t number)
{
    const skad_world *world = league->world;
    skad_audit_round round = {.period_s = (uint64_t)world->scenario.audit_period_s,
                              .number = number};
    skad_profile_network_id(&world->profile, &round.network);
    return round;
}

skad_liar_case *skad_liars_audited(skad_league *league, const skad_asked *asked)
{
    skad_liars *liars = league->state;
    skad_liar_case *said = &liars->cases[liars->next++ % SKAD_LIAR_CASES];
    memset(said, 0, sizeof *said);
    said->node = asked->node;
    said->of.round = round_of(league, asked->question.u.audit.round);
    said->of.verifier = asked->requester;
    memcpy(said->of.challenge, asked->question.u.audit.challenge.data, sizeof said->of.challenge);
    memcpy(said->of.prover, identity_of(league, asked->node)->public_key, sizeof said->of.prover);
    return said;
}

skad_liar_case *skad_liars_proved(skad_league *league, const skad_asked *asked)
{
    skad_liars *liars = league->state;
    for (uint32_t i = 1; i <= SKAD_LIAR_CASES; i++) { /* the latest first */
        skad_liar_case *said = &liars->cases[(liars->next - i) % SKAD_LIAR_CASES];
        if (said->node == asked->node && said->of.round.number == asked->question.u.prove.round &&
            memcmp(&said->of.verifier, &asked->requester, sizeof asked->requester) == 0) {
            return said;
        }
    }
    return NULL;
}

uint32_t skad_liars_neighbour(const skad_league *league, const skad_liar_case *said)
{
    skad_id anchor;
    uint32_t nearest[1];
    skad_audit_anchor(&said->of.round, &anchor);
    return skad_league_nearest_honest(league, &anchor, 1, nearest) == 1 ? nearest[0] : said->node;
}

/* A liar commits to a region of the usual size, in the order of the store: a verifier asks for
 * points, and does not see the order. */
void skad_liars_leaves(skad_league *league, skad_liar_case *said, uint32_t holder,
                       const uint8_t *key, unsigned one_in)
{
    const skad_store *store = &league->world->nodes[holder].store;
    skad_audit_case of = said->of;
    skad_store_name from = {.type = 0};
    skad_store_record held;
    skad_id anchor;
    skad_audit_anchor(&of.round, &anchor);
    memcpy(of.prover, key, sizeof of.prover);
    said->leaves.count = 0;
    while (said->leaves.count < SKAD_AUDIT_LEAVES_MAX &&
           store->ops->next(store->self, SKAD_STORE_REPLICAS, &from, &held)) {
        skad_record record;
        if (skad_common_prefix(&held.name.key, &anchor) >= said->commitment.bits &&
            held.name.key.bytes[SKAD_ID_BYTES - 1] % one_in == 0 &&
            skad_record_decode(held.data, held.len, &record)) {
            skad_audit_leaf(&of, &record, said->leaves.bytes[said->leaves.count++]);
        }
    }
    said->commitment.count = said->leaves.count;
    skad_audit_root(&said->leaves, said->commitment.root);
}

skad_conduct skad_liars_commit(skad_league *league, skad_liar_case *said, skad_message *reply)
{
    skad_audit_commit(&said->of, &said->commitment, identity_of(league, said->node)->secret_key);
    skad_audit_commitment_write(&said->commitment, said->committed);
    reply->kind = SKAD_KIND_AUDITED;
    reply->u.reply.u.audited.commitment = (skad_span){said->committed, sizeof said->committed};
    return SKAD_CONDUCT_REPLY;
}

skad_conduct skad_liars_reveal(skad_league *league, const skad_asked *asked, skad_liar_case *said,
                               bool invent, skad_message *reply)
{
    const skad_span points = asked->question.u.prove.points;
    const size_t count = points.len / SKAD_AUDIT_POINT_BYTES;
    skad_audit_reveal reveal;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *point = points.data + i * SKAD_AUDIT_POINT_BYTES;
        uint8_t *opening = said->openings + i * SKAD_AUDIT_OPENING_BYTES;
        skad_audit_open(&said->leaves, point, opening);
        if (invent) {
            memset(opening, (int)i, SKAD_AUDIT_OPENING_BYTES);
            memset(opening, 0, 2);
            memcpy(opening + 2, point, SKAD_AUDIT_POINT_BYTES);
        }
    }
    skad_audit_reveal_of(points.data, count, said->openings, &reveal);
    skad_audit_reveal_sign(&said->of, &said->commitment, &reveal,
                           identity_of(league, said->node)->secret_key, said->signature);
    reply->kind = SKAD_KIND_PROVEN;
    reply->u.reply.u.proven.commitment = (skad_span){said->committed, sizeof said->committed};
    reply->u.reply.u.proven.openings =
        (skad_span){said->openings, count * SKAD_AUDIT_OPENING_BYTES};
    reply->u.reply.u.proven.signature = (skad_span){said->signature, sizeof said->signature};
    return SKAD_CONDUCT_REPLY;
}
