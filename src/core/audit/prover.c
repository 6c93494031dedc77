#include "src/core/audit/prover.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/audit/leaves.h"
#include "src/core/node/state.h"
#include "src/core/routing/distance.h"

#define BITS_APART 1 /* a verifier may take its region for so much larger than ours */

skad_status skad_prover_begin(skad_prover *prover)
{
    if (prover->places == NULL) {
        prover->places = calloc(SKAD_PROVER_PLACES, sizeof *prover->places);
    }
    prover->count = 0;
    prover->lacking = 0;
    return prover->places == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

void skad_prover_free(skad_prover *prover)
{
    free(prover->places);
    *prover = (skad_prover){0};
}

static skad_prover_place *find(const skad_prover *prover, const skad_id *verifier)
{
    for (size_t i = 0; i < prover->count; i++) {
        if (skad_id_equal(&prover->places[i].of.verifier, verifier)) {
            return &prover->places[i];
        }
    }
    return NULL;
}

/* Takes a place: a free one, or that of the verifier farthest from the anchor, if it is farther
 * away than this one. */
static skad_prover_place *take(skad_prover *prover, const skad_id *anchor, const skad_id *verifier)
{
    if (prover->count < SKAD_PROVER_PLACES) {
        return &prover->places[prover->count++];
    }
    skad_prover_place *farthest = NULL;
    const skad_id *bound = verifier;
    for (size_t i = 0; i < prover->count; i++) {
        if (skad_distance_compare(anchor, &prover->places[i].of.verifier, bound) > 0) {
            farthest = &prover->places[i];
            bound = &farthest->of.verifier;
        }
    }
    return farthest;
}

static bool is_neighbour(const skad_node *node, const skad_id *verifier)
{
    const skad_audits *audits = &node->audits;
    const skad_peers *peers = &node->table.peers;
    return skad_common_prefix(verifier, &audits->anchor) + BITS_APART >= audits->bits &&
           skad_peers_alive(peers, skad_peers_find(peers, verifier));
}

skad_error_code skad_prover_commit(skad_node *node, const skad_id *verifier,
                                   const uint8_t challenge[static SKAD_AUDIT_CHALLENGE_BYTES],
                                   uint8_t out[static SKAD_AUDIT_COMMITMENT_BYTES])
{
    skad_audits *audits = &node->audits;
    skad_prover_place *place = find(&audits->prover, verifier);
    if (place != NULL && memcmp(place->of.challenge, challenge, SKAD_AUDIT_CHALLENGE_BYTES) != 0) {
        return SKAD_ERROR_INVALID;
    }
    if (place == NULL) {
        if (!is_neighbour(node, verifier)) {
            return SKAD_ERROR_UNSUPPORTED;
        }
        place = take(&audits->prover, &audits->anchor, verifier);
        if (place == NULL) {
            return SKAD_ERROR_BUSY;
        }
        place->of.round = audits->round;
        memcpy(place->of.prover, node->env.identity.public_key, sizeof place->of.prover);
        place->of.verifier = *verifier;
        memcpy(place->of.challenge, challenge, sizeof place->of.challenge);
        place->points_count = 0;
        skad_leaves_collect(node, &place->of, audits->bits, &place->leaves);
        place->commitment.bits = (uint8_t)audits->bits;
        place->commitment.count = place->leaves.count;
        skad_audit_root(&place->leaves, place->commitment.root);
        skad_audit_commit(&place->of, &place->commitment, node->env.identity.secret_key);
        audits->stats.committed++;
    }
    skad_audit_commitment_write(&place->commitment, out);
    return SKAD_ERROR_NONE;
}

/* Counts the points of which we have no leaf. */
static size_t open_all(const skad_prover_place *place, skad_prover_reveal *out)
{
    size_t lacking = 0;
    out->count = place->points_count;
    for (size_t i = 0; i < out->count; i++) {
        const uint8_t *point = place->points + i * SKAD_AUDIT_POINT_BYTES;
        uint8_t *opening = out->openings + i * SKAD_AUDIT_OPENING_BYTES;
        skad_audit_open(&place->leaves, point, opening);
        lacking += skad_audit_opening_check(opening, point, place->commitment.root) ==
                   SKAD_AUDIT_OPENED_NOTHING;
    }
    return lacking;
}

skad_error_code skad_prover_prove(skad_node *node, const skad_id *verifier, skad_span points,
                                  skad_prover_reveal *out)
{
    skad_audits *audits = &node->audits;
    skad_prover_place *place = find(&audits->prover, verifier);
    const size_t count = points.len / SKAD_AUDIT_POINT_BYTES;
    if (place == NULL ||
        (place->points_count != 0 &&
         (place->points_count != count || memcmp(place->points, points.data, points.len) != 0))) {
        return SKAD_ERROR_INVALID;
    }
    const bool first = place->points_count == 0;
    skad_audit_reveal reveal;
    memcpy(place->points, points.data, points.len);
    place->points_count = (uint8_t)count;
    const size_t lacking = open_all(place, out);
    skad_audit_commitment_write(&place->commitment, out->commitment);
    skad_audit_reveal_of(place->points, count, out->openings, &reveal);
    skad_audit_reveal_sign(&place->of, &place->commitment, &reveal, node->env.identity.secret_key,
                           out->signature);
    if (first) {
        audits->stats.revealed++;
        audits->stats.lacking += lacking > 0;
        audits->prover.lacking += lacking > 0;
    }
    return SKAD_ERROR_NONE;
}
