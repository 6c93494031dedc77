/* Rounds of audits: which one it is, whether we play in it, and when what is due.
 *
 *    0         1/10        2/10                 5/10    6/10         8/10          1
 *    +-----------+-----------+--------------------+-------+------------+-----------+
 *    begins      others are challenged            ballots         forgotten   next round:
 *                <------------ we answer -------->             pull, if it draws us
 *
 * A round is the wall clock divided by a period that all nodes of the network agree on. Nodes whose
 * clocks are apart by a tenth of it play with each other. We play if our region has the round's
 * anchor, and we are of the 19 nodes nearest to it that we know; not as a client, not while we have
 * just joined, and never in a round that began before we did: of that one we may have forgotten
 * what we said.
 *
 * Who has been drawn, or will be, is public. So before a round that draws us we compare what we
 * hold with our region (matching.h), and again when two verifiers asked for what we lack. */
#ifndef SKAD_AUDIT_ROUNDS_H
#define SKAD_AUDIT_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/audit.h"
#include "proto/message.h"
#include "skad/audit.h"
#include "skad/node.h"
#include "src/core/audit/prover.h"
#include "src/core/audit/verifier.h"

#define SKAD_ROUNDS_TENTHS  10
#define SKAD_ROUNDS_ASK     1 /* tenths of a period */
#define SKAD_ROUNDS_VOTE    5
#define SKAD_ROUNDS_FORGET  8
#define SKAD_ROUNDS_GRACE   5 /* so much of a period before a round were settled what it asks for */
#define SKAD_ROUNDS_LACKING 2 /* verifiers that ask for what we lack, until we look for it */

typedef struct skad_audits {
    skad_audit_round round; /* the latest that began; period_s 0: audits are off */
    skad_id anchor;
    unsigned bits; /* of our region when it began */
    bool plays;
    bool voted;
    bool pulled; /* for the coming round, or for this one */
    uint64_t vote_us;
    uint64_t forget_us;
    uint64_t due_us;
    skad_prover prover;
    skad_verifier verifier;
    skad_node_audit stats; /* counters; skad_rounds_inspect fills in the rest */
} skad_audits;

/* period_s 0: the node takes no part in audits. */
SKAD_MUST_CHECK skad_status skad_rounds_init(skad_node *node, uint64_t period_s);
void skad_rounds_free(skad_node *node);

void skad_rounds_tick(skad_node *node);
uint64_t skad_rounds_deadline(const skad_node *node);

/* Serves an AUDIT or a PROVE of a proven sender with a valid token. The reply borrows from `room`.
 * Errors: EXPIRED (a past round), TOO_FAR (a coming one), UNSUPPORTED (we do not play), and those
 * of prover.h. */
typedef union skad_rounds_room {
    uint8_t commitment[SKAD_AUDIT_COMMITMENT_BYTES];
    skad_prover_reveal reveal;
} skad_rounds_room;
skad_error_code skad_rounds_serve(skad_node *node, const skad_id *sender,
                                  const skad_message *request, skad_rounds_room *room,
                                  skad_message *reply);

void skad_rounds_inspect(const skad_node *node, skad_node_audit *out);

#endif
