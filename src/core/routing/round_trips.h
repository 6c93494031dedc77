/* The round trips of the network, for nodes that we have no sample of: how long the answers to the
 * last few hundred requests took, by address family. Each family has a histogram with four steps an
 * octave from 1 ms to 1 s; when it is full, all counts are halved, so old samples fade. It begins
 * as if there had been eight samples of half a second.
 *
 * The timeout is twice as long as 75 of 100 answers took. Nodes that answer at once, so that honest
 * ones look slow, move it only where they are three quarters of all that answer; nodes that answer
 * late, so that the dead are waited for, where they are a quarter, and then to a second at most.
 * The time runs from the first sending: an answer to a copy counts as slow, so a timeout that is
 * too short grows. */
#ifndef SKAD_ROUTING_ROUND_TRIPS_H
#define SKAD_ROUTING_ROUND_TRIPS_H

#include <stdint.h>

#include "skad/types.h"

#define SKAD_ROUND_TRIPS_STEPS 41  /* the last one: a second or more */
#define SKAD_ROUND_TRIPS_FULL  240 /* samples, after which the counts are halved */
#define SKAD_ROUND_TRIPS_MANY  60  /* samples, after which nothing else is assumed */

typedef struct skad_round_trips {
    uint8_t counts[2][SKAD_ROUND_TRIPS_STEPS]; /* IPv4, IPv6 */
    uint8_t total[2];
} skad_round_trips;

/* An answer came from an address of a family, so long after the request was sent first. */
void skad_round_trips_note(skad_round_trips *trips, skad_family family, uint64_t us);

/* Returns the soft timeout for a node of a family: SKAD_RTO_MIN_US to SKAD_RTO_INITIAL_US. */
uint64_t skad_round_trips_timeout_us(const skad_round_trips *trips, skad_family family);

/* Returns how long a node of a family may take that is slower than most: twice as long as 98 of 100
 * answers took, within the same bounds. */
uint64_t skad_round_trips_late_us(const skad_round_trips *trips, skad_family family);

#endif
