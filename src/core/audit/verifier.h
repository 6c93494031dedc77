/* The verifier: challenges the other players of a round, and judges what they show.
 *
 *   WAITS -> AUDIT sent: ASKED -> AUDITED: COMMITTED, PROVE sent -> PROVEN: JUDGED
 *               |                     |           `-> silent, refused: JUDGED (withheld)
 *               |                     `-> nothing of ours to compare: JUDGED (unjudged)
 *               `-> silent, refused: ABSENT
 *
 * Both requests are sent once more with the token that a refusal brought.
 *
 * A prover agrees if it lacks fewer than half of the records that we asked for. It contradicts
 * itself only by evidence that holds (proto/audit.h), which is kept: what it merely lacks, or does
 * not show, is no contradiction. An absent player is not named in our ballot. */
#ifndef SKAD_AUDIT_VERIFIER_H
#define SKAD_AUDIT_VERIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/ballot.h"
#include "proto/message.h"
#include "skad/node.h"
#include "src/core/audit/leaves.h"
#include "src/core/rpc/pending.h"

#define SKAD_VERIFIER_BITS_APART 2 /* a prover whose region is smaller by more lacks it */
#define SKAD_VERIFIER_TRIES      2

typedef enum skad_player_state {
    SKAD_PLAYER_WAITS,
    SKAD_PLAYER_ASKED,
    SKAD_PLAYER_COMMITTED,
    SKAD_PLAYER_JUDGED,
    SKAD_PLAYER_ABSENT,
} skad_player_state;

typedef struct skad_player {
    skad_id id;
    uint8_t state;   /* a skad_player_state */
    uint8_t verdict; /* a skad_audit_verdict, once it is judged */
    uint8_t tries;   /* of the request under way */
    uint8_t picks_count;
    uint64_t ask_us; /* WAITS: when */
    skad_audit_case of;
    uint8_t commitment[SKAD_AUDIT_COMMITMENT_BYTES];
    skad_leaves_pick picks[SKAD_AUDIT_POINTS_MAX];
    uint8_t points[SKAD_AUDIT_POINTS_MAX * SKAD_AUDIT_POINT_BYTES]; /* of the picks */
    uint16_t evidence_len;                                          /* CONTRADICTS */
    uint8_t evidence[SKAD_VALUE_BYTES_MAX];
} skad_player;

typedef struct skad_verifier {
    skad_player *players; /* owned; SKAD_AUDIT_PLAYERS_MAX; NULL while none is needed */
    size_t count;
} skad_verifier;

SKAD_MUST_CHECK skad_status skad_verifier_begin(skad_verifier *verifier);
void skad_verifier_free(skad_verifier *verifier);

/* Adds a player, who is asked at this instant. */
void skad_verifier_add(skad_node *node, const skad_id *id, uint64_t ask_us);

/* Asks those that are due. Returns when the next one is; UINT64_MAX: none. */
uint64_t skad_verifier_tick(skad_node *node);

/* What came of a request (SKAD_PURPOSE_AUDIT): an answer, of a key; none. It is to be sent again.
 */
void skad_verifier_answered(skad_node *node, const skad_pending_rpc *rpc,
                            const skad_message *answer,
                            const uint8_t key[static SKAD_PUBLIC_KEY_BYTES]);
void skad_verifier_failed(skad_node *node, const skad_pending_rpc *rpc);
bool skad_verifier_again(skad_node *node, const skad_pending_rpc *rpc);

/* Our ballot: all players that took part. The evidence against one that contradicts itself, drawn
 * if there are several; empty: none does. */
void skad_verifier_ballot(skad_node *node, skad_audit_ballot *ballot, skad_span *evidence);

#endif
