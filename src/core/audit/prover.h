/* The prover: commits to what we hold, and reveals it.
 *
 *   AUDIT -> place taken, leaves made, committed -> PROVE -> revealed
 *
 * We commit to each verifier once a round, and keep the leaves until the round is over, so whatever
 * happens to our store meanwhile we never contradict ourselves. A copy of a request gets the same
 * answer again, another challenge or other points are refused. After a restart these are forgotten,
 * so a node answers only in rounds that began after it did (rounds.h).
 *
 * Challenges cost us a walk over some hundred records. So only living contacts of ours near the
 * anchor may have one, twenty in a round; of more, those nearest to it. */
#ifndef SKAD_AUDIT_PROVER_H
#define SKAD_AUDIT_PROVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/audit.h"
#include "proto/message.h"
#include "skad/node.h"

#define SKAD_PROVER_PLACES 20

typedef struct skad_prover_place {
    skad_audit_case of;
    skad_audit_commitment commitment;
    uint8_t points_count; /* 0: not revealed yet */
    uint8_t points[SKAD_AUDIT_POINTS_MAX * SKAD_AUDIT_POINT_BYTES];
    skad_audit_leaves leaves;
} skad_prover_place;

typedef struct skad_prover {
    skad_prover_place *places; /* owned; SKAD_PROVER_PLACES; NULL while none is needed */
    size_t count;
    unsigned lacking; /* verifiers that asked for what we lack */
} skad_prover;

/* What a PROVE is answered with. */
typedef struct skad_prover_reveal {
    uint8_t commitment[SKAD_AUDIT_COMMITMENT_BYTES];
    uint8_t openings[SKAD_AUDIT_POINTS_MAX * SKAD_AUDIT_OPENING_BYTES];
    uint8_t signature[SKAD_SIGNATURE_BYTES];
    size_t count;
} skad_prover_reveal;

SKAD_MUST_CHECK skad_status skad_prover_begin(skad_prover *prover);
void skad_prover_free(skad_prover *prover);

/* Commits to a verifier. Errors: UNSUPPORTED (it is no neighbour of the anchor that we know),
 * INVALID (another challenge than before), BUSY. */
skad_error_code skad_prover_commit(skad_node *node, const skad_id *verifier,
                                   const uint8_t challenge[static SKAD_AUDIT_CHALLENGE_BYTES],
                                   uint8_t out[static SKAD_AUDIT_COMMITMENT_BYTES]);

/* Reveals points. Errors: INVALID (nothing was committed, or other points were revealed). */
skad_error_code skad_prover_prove(skad_node *node, const skad_id *verifier, skad_span points,
                                  skad_prover_reveal *out);

#endif
