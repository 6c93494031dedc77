/* What liars in audits say (proto/audit.h): commitments to what they do not hold, reveals that look
 * like reveals. The words are signed with their own keys, as all that they send. */
#ifndef SKAD_SIM_WORLD_LEAGUE_AUDITS_H
#define SKAD_SIM_WORLD_LEAGUE_AUDITS_H

#include "proto/audit.h"
#include "src/sim/world/adversary.h"

#define SKAD_LIAR_CASES 512 /* the last ones, of a league */

/* What one of its nodes said to one verifier. */
typedef struct skad_liar_case {
    uint32_t node;
    skad_audit_case of;
    skad_audit_leaves leaves;
    skad_audit_commitment commitment;
    uint8_t committed[SKAD_AUDIT_COMMITMENT_BYTES];
    uint8_t openings[SKAD_AUDIT_POINTS_MAX * SKAD_AUDIT_OPENING_BYTES];
    uint8_t signature[SKAD_SIGNATURE_BYTES];
} skad_liar_case;

/* The state of a league of such liars. */
typedef struct skad_liars {
    skad_liar_case *cases; /* owned */
    uint32_t next;
} skad_liars;

void skad_liars_begin(skad_league *league);
void skad_liars_end(skad_league *league);

/* An AUDIT came: the case of it, without leaves. A PROVE came: the case that it is about; NULL:
 * none. */
skad_liar_case *skad_liars_audited(skad_league *league, const skad_asked *asked);
skad_liar_case *skad_liars_proved(skad_league *league, const skad_asked *asked);

/* Fills in the leaves of what a node of the core would commit to, by the store of any node and
 * under any key; only records of which one in `one_in` is kept. */
void skad_liars_leaves(skad_league *league, skad_liar_case *said, uint32_t holder,
                       const uint8_t *key, unsigned one_in);

/* Signs the commitment to the leaves, or to any root, and answers with it. */
skad_conduct skad_liars_commit(skad_league *league, skad_liar_case *said, skad_message *reply);
/* Signs the openings of the points that were asked for, and answers with them; `invent`: with a
 * leaf and a path out of the air. */
skad_conduct skad_liars_reveal(skad_league *league, const skad_asked *asked, skad_liar_case *said,
                               bool invent, skad_message *reply);

/* The up node that is honest and nearest to the round's anchor, whose leaves others copy. */
uint32_t skad_liars_neighbour(const skad_league *league, const skad_liar_case *said);

#endif
