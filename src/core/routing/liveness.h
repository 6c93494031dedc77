/* When the peers of a table are checked. Each check follows our own schedule and is never triggered
 * by a peer that asks us (a ping from outside must not drive ours). A peer that is due is asked in
 * the next round (liveness_rounds.h).
 *
 * A peer is asked again when the chance that it still lives is down to nine in ten. Where lifetimes
 * are exponential with the mean m, that is after about an eighth of m, however old the peer is.
 * Where a peer that has been up for long is likely to stay (Kademlia, section 2.1), a peer known
 * for the time a is still there after a silence of t with a probability of about a / (a + t) (Li et
 * al., "Bandwidth-efficient management of DHT routing tables", NSDI 2005): again an eighth. So the
 * interval is an eighth of the longer of the two: how long we know the peer, and how long peers of
 * this network stay (lifetimes.h). It is no less than two minutes, and at most a quarter of an
 * hour, after which BEP 5 calls a peer questionable. Any verified answer counts. With a quarter
 * instead of an eighth, a network with k = 3 lost one get in fifty more (docs/benchmarks.md).
 *
 * When two peers know each other, one asks and the other has heard it. A verified request from the
 * endpoint where a peer is known to answer shows that the peer is alive as well as an answer does
 * (BEP 5 counts both), and postpones its next check. A request proves less about the way to the
 * peer, and could be an old one that was sent again. So it counts only for a peer that still
 * answered two minutes after its first answer, no longer than until twice the interval has passed
 * since its last answer, and not for a check that has a reason of its own.
 *
 * A check is planned with what we know at that time of how long peers stay. When it is due we may
 * know better: a node that has just joined is to check all its peers after two minutes, and the
 * first answers show whether the others can wait. So a check that is due is planned again. If that
 * postpones it by at least a minute, it waits, unless it has a reason of its own: to repeat a
 * request that was not answered, or to compare a peer with one that did not answer.
 *
 * A peer that only waits as a replacement is asked every quarter of an hour, and within two minutes
 * when it moves up: half of a full table's peers wait. */
#ifndef SKAD_ROUTING_LIVENESS_H
#define SKAD_ROUTING_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/token.h"
#include "src/core/routing/peers.h"

#define SKAD_CHECK_INTERVAL_US     (120 * SKAD_US_PER_S) /* at least */
#define SKAD_CHECK_INTERVAL_MAX_US (900 * SKAD_US_PER_S)
/* Between two answers of a living peer lies at most twice the longest interval, and a round's rest.
 * Until then the token of the first answer is good for the next check. */
#define SKAD_CHECK_APART_MAX_US (2 * SKAD_CHECK_INTERVAL_MAX_US + SKAD_CHECK_INTERVAL_US)
_Static_assert(SKAD_CHECK_APART_MAX_US < SKAD_TOKEN_SLOT_US, "a check carries a token");
#define SKAD_CHECK_LIFE_DIVISOR   8
#define SKAD_CHECK_RETRY_US       (1 * SKAD_US_PER_S)  /* after the first unanswered request */
#define SKAD_CHECK_TOGETHER_US    (15 * SKAD_US_PER_S) /* or so long, if another check is due then */
#define SKAD_CHECK_BACKOFF_US     (15 * SKAD_US_PER_S) /* doubled with each further failure */
#define SKAD_CHECK_BACKOFF_MAX_US (480 * SKAD_US_PER_S)
#define SKAD_CHECK_ANEW_US        (60 * SKAD_US_PER_S) /* a check postponed by less is made at once */
/* An answer that came no longer than this before a request shows that our network is up. */
#define SKAD_LIVENESS_WITNESS_US (10 * SKAD_US_PER_S)

/* Returns how long after an answer a peer is asked again. `known_for_us` is how long we know it,
 * `mean_life_us` how long peers stay. */
uint64_t skad_liveness_interval_us(uint64_t known_for_us, uint64_t mean_life_us);

/* Returns how long to wait before a peer is asked again that did not answer so often in a row, at
 * least once, and that has no replacement. */
uint64_t skad_liveness_backoff_us(unsigned failures);

/* A verified answer came, or a ping is on its way: plans the peer's next check one interval later.
 * Its age and its roles determine the interval. */
void skad_liveness_next(skad_peers *peers, skad_peer_slot slot, uint64_t now_us);

/* A verified request came from an endpoint of the peer: postpones its next check if that is
 * allowed. */
void skad_liveness_put_off(skad_peers *peers, skad_peer_slot slot, uint64_t now_us);

/* Plans the peer's next check for `us` or sooner. */
void skad_liveness_by(skad_peers *peers, skad_peer_slot slot, uint64_t us);

/* Finds when the next check is due and sets peers->due_us; UINT64_MAX without peers. */
void skad_liveness_plan(skad_peers *peers, uint64_t now_us);

/* A request was not answered: plans another check of the peer at the time of the next check of a
 * responsive peer, so that the two can be compared. It is after SKAD_CHECK_RETRY_US if that would
 * be later than SKAD_CHECK_TOGETHER_US. */
void skad_liveness_again(skad_peers *peers, skad_peer_slot slot, uint64_t now_us);

/* Returns the peer whose check is most overdue, SKAD_PEER_NONE if none is due; peers->due_us is
 * correct afterwards. Postpones the checks on the way that may wait, and the returned peer's check
 * by one interval. `any`: returns the one that is due first, even if it is not due yet. */
skad_peer_slot skad_liveness_due(skad_peers *peers, uint64_t now_us, bool any);

/* A request was not answered, but no peer was heard since we sent it, so our own network may be
 * down. Blames no peer: the peer and the one heard last are checked together at `again_us`, so that
 * next time the two can be compared. */
void skad_liveness_unheard(skad_peers *peers, const skad_id *id, uint64_t again_us);

#endif
