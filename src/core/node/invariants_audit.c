/* Invariants of audits: see invariants.h. tests/node/test_invariants_audit.c breaks each of them.
 */
#include <string.h>

#include "src/core/node/invariants.h"

/* Whether the evidence against a player is a contradiction of its own signed words. */
static bool is_proven(const skad_audits *audits, const skad_player *player)
{
    skad_audit_evidence evidence;
    return skad_audit_evidence_decode(player->evidence, player->evidence_len,
                                      &audits->round.network, &evidence) &&
           memcmp(evidence.of.prover, player->of.prover, sizeof evidence.of.prover) == 0 &&
           evidence.of.round.number == audits->round.number && skad_audit_evidence_holds(&evidence);
}

static const char *player_broken(const skad_audits *audits, const skad_player *player)
{
    if (player->state == SKAD_PLAYER_JUDGED && player->verdict == SKAD_AUDIT_CONTRADICTS &&
        !is_proven(audits, player)) {
        return "no player is blamed without a signed contradiction";
    }
    return player->state == SKAD_PLAYER_COMMITTED && player->picks_count == 0
               ? "a player is asked to reveal something"
               : NULL;
}

const char *skad_audits_broken(const skad_audits *audits)
{
    const char *broken = NULL;
    if (audits->verifier.count > SKAD_AUDIT_PLAYERS_MAX ||
        audits->prover.count > SKAD_PROVER_PLACES) {
        return "an audit keeps to its places";
    }
    if (!audits->plays && (audits->verifier.count > 0 || audits->prover.count > 0)) {
        return "only players of a round are asked and answered";
    }
    for (size_t i = 0; i < audits->verifier.count && broken == NULL; i++) {
        broken = player_broken(audits, &audits->verifier.players[i]);
    }
    for (size_t i = 0; i < audits->prover.count && broken == NULL; i++) {
        const skad_prover_place *place = &audits->prover.places[i];
        if (place->commitment.count != place->leaves.count ||
            place->leaves.count > SKAD_AUDIT_LEAVES_MAX) {
            broken = "a commitment is to the leaves that are kept";
        }
    }
    return broken;
}
