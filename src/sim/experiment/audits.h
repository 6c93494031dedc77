/* Rounds of storage audits in a world: node 0 publishes values, nodes come and go, and after each
 * round the ballots that honest nodes hold are tallied, as any reader would (proto/ballot.h).
 *
 * A node is drawn in a round if a confirmed ballot names it. It is denied the round if it does not
 * agree by those ballots, and blamed if evidence against it was found. A liar is caught if it is
 * either. What is counted of honest nodes are mistakes. */
#ifndef SKAD_SIM_EXPERIMENT_AUDITS_H
#define SKAD_SIM_EXPERIMENT_AUDITS_H

#include "skad/status.h"
#include "src/sim/scenario/scenario.h"

#define SKAD_SIM_AUDIT_FIRST 10 /* of a liar's drawings, within which it is to be caught */

typedef struct skad_sim_audit_side {
    uint64_t drawn;  /* drawings of its nodes, all rounds together */
    uint64_t denied; /* of these, those in which the node did not agree, */
    uint64_t blamed; /* and those in which evidence against it was found */
    uint64_t won;    /* rounds */
    /* Nodes that were drawn ten times, and those of them that were denied, and blamed, within the
     * first ten. */
    uint64_t seen;
    uint64_t denied_soon;
    uint64_t blamed_soon;
} skad_sim_audit_side;

typedef struct skad_sim_audit_outcome {
    bool failed;
    char reason[SKAD_SIM_REASON_BYTES];
    uint64_t rounds;  /* tallied */
    uint64_t decided; /* of these, those with a winner */
    uint64_t voters;  /* confirmed, all rounds together */
    skad_sim_audit_side honest;
    skad_sim_audit_side liars;
    uint64_t up;   /* nodes, summed over rounds */
    uint64_t sent; /* bytes, by all nodes in all rounds */
} skad_sim_audit_outcome;

/* Runs a scenario for so many rounds after its warm-up. */
void skad_sim_audits(const skad_sim_scenario *scenario, uint64_t rounds,
                     skad_sim_audit_outcome *out);

#endif
