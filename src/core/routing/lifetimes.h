/* How long the peers of a network stay, as far as we saw it ourselves: each answer shows that a
 * peer lived since its last one, and each peer that falls silent is one that left. The time seen
 * over those who left is the mean life, at whatever ages they were met (Lawless, "Statistical
 * Models and Methods for Lifetime Data", section 4.1: the exponential law, censored).
 *
 * Old sights are forgotten by halves, so that a change of the network shows: 32 hours of peers
 * are twenty minutes of a table of a hundred. Nobody's word counts, and who wants to make peers
 * seem to last has to answer for as long. */
#ifndef SKAD_ROUTING_LIFETIMES_H
#define SKAD_ROUTING_LIFETIMES_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/types.h"

/* Beyond either of them both sums are halved. */
#define SKAD_LIFETIMES_SEEN_MS_MAX UINT32_C(115200000) /* 32 hours */
#define SKAD_LIFETIMES_ENDS_MAX    256U

#define SKAD_LIFETIMES_STEP_MS_MAX UINT32_C(1800000) /* that one answer counts for */

/* What a node believes that has seen nothing yet, as if it had seen so many leave. */
#define SKAD_LIFETIMES_FIRST_US   (960 * SKAD_US_PER_S)
#define SKAD_LIFETIMES_FIRST_ENDS 1U

typedef struct skad_lifetimes {
    uint32_t seen_ms; /* for which peers were seen to live, added up */
    uint32_t ends;    /* peers that fell silent meanwhile, in 256ths */
} skad_lifetimes;

/* mean_us: what it begins with; more than 32 hours count as 32. */
void skad_lifetimes_init(skad_lifetimes *lifetimes, uint64_t mean_us);

/* A peer answered, so long after its last answer. */
void skad_lifetimes_lived(skad_lifetimes *lifetimes, uint32_t for_ms);

/* A peer fell silent. */
void skad_lifetimes_ended(skad_lifetimes *lifetimes);

/* Whether both sums are within their bounds. */
bool skad_lifetimes_sound(const skad_lifetimes *lifetimes);

/* The mean life; UINT64_MAX where nobody left for long. */
uint64_t skad_lifetimes_mean_us(const skad_lifetimes *lifetimes);

#endif
