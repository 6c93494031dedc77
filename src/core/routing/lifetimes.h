/* How long the peers of a network stay, as far as we saw it ourselves. Each answer shows that a
 * peer lived since its last one, and each peer that becomes unresponsive is one that left. The time
 * observed divided by the number that left is the mean life, at whatever ages they were met
 * (Lawless, "Statistical Models and Methods for Lifetime Data", section 4.1: the exponential law,
 * censored).
 *
 * Old observations are forgotten by halves, so that a change of the network shows: 32 hours of
 * peers are twenty minutes of a table of a hundred. No peer's claim counts, so an attacker that
 * wants peers to seem long-lived has to answer for as long. */
#ifndef SKAD_ROUTING_LIFETIMES_H
#define SKAD_ROUTING_LIFETIMES_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/types.h"

/* When either sum exceeds its bound, both are halved. */
#define SKAD_LIFETIMES_SEEN_MS_MAX UINT32_C(115200000) /* 32 hours */
#define SKAD_LIFETIMES_ENDS_MAX    256U

#define SKAD_LIFETIMES_STEP_MS_MAX UINT32_C(1800000) /* the most that one answer counts for */

/* What a node assumes before it has observed anything, as if it had seen so many leave. */
#define SKAD_LIFETIMES_FIRST_US   (960 * SKAD_US_PER_S)
#define SKAD_LIFETIMES_FIRST_ENDS 1U

typedef struct skad_lifetimes {
    uint32_t seen_ms; /* time for which peers were seen alive, added up */
    uint32_t ends;    /* peers that became unresponsive meanwhile, in 256ths */
} skad_lifetimes;

/* Starts with the mean mean_us; more than 32 hours count as 32. */
void skad_lifetimes_init(skad_lifetimes *lifetimes, uint64_t mean_us);

/* A peer answered, so long after its last answer. */
void skad_lifetimes_lived(skad_lifetimes *lifetimes, uint32_t for_ms);

/* A peer became unresponsive. */
void skad_lifetimes_ended(skad_lifetimes *lifetimes);

/* Whether both sums are within their bounds. */
bool skad_lifetimes_sound(const skad_lifetimes *lifetimes);

/* Returns the mean life; UINT64_MAX where no peer left for long. */
uint64_t skad_lifetimes_mean_us(const skad_lifetimes *lifetimes);

#endif
