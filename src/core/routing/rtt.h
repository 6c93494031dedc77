/* Round-trip times and the timeouts that follow from them (RFC 6298, section 2): a smoothed mean
 * and a smoothed deviation, and the timeout at mean + 4 deviations.
 *
 * RFC 6298 clamps at one second since TCP answers a timeout with a retransmission. Here a soft
 * timeout only lets a lookup overtake the slow node, whose answer still counts, so the floor may
 * lie lower. Only the hard timeout, three times as long, says that a node did not answer. */
#ifndef SKAD_ROUTING_RTT_H
#define SKAD_ROUTING_RTT_H

#include <stdint.h>

#include "skad/types.h"

#define SKAD_RTO_INITIAL_US  (1000 * SKAD_US_PER_MS) /* RFC 6298, (2.1) */
#define SKAD_RTO_MIN_US      (200 * SKAD_US_PER_MS)
#define SKAD_RTO_MAX_US      (2000 * SKAD_US_PER_MS)
#define SKAD_RTO_HARD_FACTOR 3

typedef struct skad_rtt {
    uint32_t smoothed_us; /* 0: no sample yet */
    uint32_t deviation_us;
} skad_rtt;

/* Takes one sample; a sample longer than a minute counts as a minute. */
void skad_rtt_sample(skad_rtt *rtt, uint64_t sample_us);

/* Returns the soft timeout. */
uint64_t skad_rtt_timeout_us(const skad_rtt *rtt);

#endif
