/* The round trips of one peer and the timeouts that follow from them (RFC 6298, section 2): a
 * smoothed mean and a smoothed deviation, and the timeout at mean + 4 deviations. A peer without a
 * sample gets the timeout of the network (round_trips.h).
 *
 * RFC 6298 clamps at one second since TCP answers a timeout with a retransmission. Here a soft
 * timeout only lets a lookup overtake the slow node, whose answer still counts, so the floor may
 * lie lower. Only the hard timeout says that a node did not answer. */
#ifndef SKAD_ROUTING_RTT_H
#define SKAD_ROUTING_RTT_H

#include <stdint.h>

#include "skad/types.h"

#define SKAD_RTO_INITIAL_US     (1000 * SKAD_US_PER_MS) /* RFC 6298, (2.1) */
#define SKAD_RTO_MIN_US         (25 * SKAD_US_PER_MS)   /* RFC 9002, section 6.2.1 */
#define SKAD_RTT_SPREAD_US      (10 * SKAD_US_PER_MS)   /* four deviations, at least */
#define SKAD_RTO_MAX_US         (2000 * SKAD_US_PER_MS)
#define SKAD_RTO_OVERDUE_FACTOR 3
#define SKAD_RTO_HARD_MIN_US    (1000 * SKAD_US_PER_MS)

/* When a request is sent again. The pause before the first copy needs no floor of a second, since a
 * copy too many costs one datagram. */
#define SKAD_RESEND_INITIAL_US (500 * SKAD_US_PER_MS) /* while no round trip is known at all */

/* The sample of an answer to a request that was sent again: it may belong to any copy (Karn's
 * algorithm, RFC 6298, section 3). */
#define SKAD_RTT_UNSURE UINT64_MAX

typedef struct skad_rtt {
    uint32_t smoothed_us; /* 0: no sample yet */
    uint32_t deviation_us;
} skad_rtt;

/* Takes one sample; a sample longer than a minute counts as a minute. SKAD_RTT_UNSURE says nothing
 * about the round trip. It widens the deviation by a quarter, so that a peer that has become slower
 * is soon waited for long enough to give a sample; a sample narrows it faster than that. */
void skad_rtt_sample(skad_rtt *rtt, uint64_t sample_us);

/* Returns the soft timeout. */
uint64_t skad_rtt_timeout_us(const skad_rtt *rtt);

/* Returns the hard timeout for a soft one: three times as long, and a second at least. */
uint64_t skad_rtt_hard_us(uint64_t soft_us);

/* Returns how long to wait before a request is sent again; never longer than the soft timeout. */
uint64_t skad_rtt_resend_us(const skad_rtt *rtt);

#endif
