/* What curious nodes find out about who asks (docs/anonymity.md). They guess that it is the sender
 * of the first request that any of them sees. How sure they can be is estimated as they would do
 * it: from errands whose askers are known they learn how often a request like this one comes from
 * its asker, by its budget, its time, and the bits that its sender and its receiver share with the
 * target. So each half of a world's errands teaches what the other half is measured with.
 *
 * What is left of the asker's identity is a cross entropy, in bits. An unseen errand leaves all of
 * it, log2 of the number of honest nodes. Of a seen one, whose sender asks for itself with a chance
 * p as they estimate it, there remain -log2(p) where it does, and else -log2((1 - p) / others). A
 * worse estimate leaves more: the true value is this or less. */
#ifndef SKAD_SIM_EXPERIMENT_ANONYMITY_H
#define SKAD_SIM_EXPERIMENT_ANONYMITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/sim/world/chains.h"

/* What one errand taught: the features of its sighting, and whether the sender was the asker. */
typedef struct skad_sim_seen_errand {
    bool seen;
    bool asker;
    uint8_t budget;
    uint8_t life; /* in steps of SKAD_SIM_LIFE_STEP_MS */
    uint8_t order_sender;
    uint8_t gain; /* of the receiver beyond the sender, from SKAD_SIM_GAIN_MIN on */
} skad_sim_seen_errand;

#define SKAD_SIM_LIFE_STEP_MS 250
#define SKAD_SIM_GAIN_MIN     (-4)

typedef struct skad_sim_anonymity {
    uint64_t judged;          /* errands that ended while some nodes were curious */
    uint64_t seen;            /* by one of them at least */
    uint64_t identified;      /* the sender of the first request that was seen is the asker */
    uint64_t millibits;       /* that are left of the asker's identity, in sum */
    uint64_t millibits_whole; /* that there were */
} skad_sim_anonymity;

/* All errands of an experiment so far. */
typedef struct skad_sim_witness {
    skad_sim_seen_errand *all; /* owned */
    size_t count;
    size_t cap;
} skad_sim_witness;

void skad_sim_witness_free(skad_sim_witness *witness);

/* Adds an errand of a node that has ended. */
void skad_sim_witness_add(skad_sim_witness *witness, uint32_t asker, const skad_sighting *sighting);

/* Estimates, and judges all that were added. */
void skad_sim_witness_judge(const skad_sim_witness *witness, uint32_t honest,
                            skad_sim_anonymity *out);

#endif
