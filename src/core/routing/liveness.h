/* When the peers of a table are checked: each on our own schedule, never because somebody asks us
 * (a ping from outside must not drive ours). Who is due is asked in the next round
 * (liveness_rounds.h).
 *
 * A peer is asked again when the chance that it still lives is down to nine in ten. Where lives are
 * exponential with the mean m, that is after about an eighth of m, however old it is. Where who has
 * been up for long is likely to stay (Kademlia, section 2.1), somebody known for the time a is
 * still there after a silence of t with a probability of about a / (a + t) (Li et al.,
 * "Bandwidth-efficient management of DHT routing tables", NSDI 2005): again an eighth. So it is an
 * eighth of the longer of the two, of how long we know it and of how long peers of this network
 * stay (lifetimes.h); but no less than two minutes, and at most a quarter of an hour, after which
 * BEP 5 calls a peer questionable. Any verified answer counts. With a quarter instead of an eighth
 * a network with k = 3 lost one get in fifty more (docs/benchmarks.md).
 *
 * Of two that know each other one asks, the other has heard it: a verified request from the
 * endpoint where a peer is known to answer shows that it lives as well as an answer does (BEP 5
 * counts both), and puts its next check off. It proves less about the way to the peer, and could be
 * an old one that somebody sends again; so that counts only for peers that still answered two
 * minutes after their first answer, no longer than until twice the interval has passed since the
 * last one, and not for a check that has a reason of its own.
 *
 * A check is planned with what we know then of how long peers stay. When it is due we may know
 * better: a node that has just joined is to check all its peers after two minutes, and the first
 * answers show whether the others can wait. So a check is planned anew, if that puts it off by a
 * minute at least, unless it has a reason of its own: to repeat a silence, or to be the witness of
 * one.
 *
 * Who only waits to replace somebody is asked every quarter of an hour, and within two
 * minutes when it moves up: half of a full table's peers wait. */
#ifndef SKAD_ROUTING_LIVENESS_H
#define SKAD_ROUTING_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/routing/peers.h"

#define SKAD_CHECK_INTERVAL_US     (120 * SKAD_US_PER_S) /* at least */
#define SKAD_CHECK_INTERVAL_MAX_US (900 * SKAD_US_PER_S)
#define SKAD_CHECK_LIFE_DIVISOR    8
#define SKAD_CHECK_RETRY_US        (1 * SKAD_US_PER_S)  /* after the first unanswered request */
#define SKAD_CHECK_TOGETHER_US     (15 * SKAD_US_PER_S) /* or so long, if it is not alone then */
#define SKAD_CHECK_BACKOFF_US      (15 * SKAD_US_PER_S) /* doubled with each further failure */
#define SKAD_CHECK_BACKOFF_MAX_US  (480 * SKAD_US_PER_S)
#define SKAD_CHECK_ANEW_US         (60 * SKAD_US_PER_S) /* put off by less it is made at once */
/* Whose answer shows that we have a network. */
#define SKAD_LIVENESS_WITNESS_US (10 * SKAD_US_PER_S)

/* How long after an answer a peer is asked again that was first heard so long before, where peers
 * stay so long. */
uint64_t skad_liveness_interval_us(uint64_t known_for_us, uint64_t mean_life_us);

/* After how long who did not answer so often in a row, once at least, is asked again if nobody can
 * take its place. */
uint64_t skad_liveness_backoff_us(unsigned failures);

/* A verified answer came, or a ping is on its way: the peer's next check is one interval on, as its
 * age and its places want it. */
void skad_liveness_next(skad_peers *peers, skad_peer_slot slot, uint64_t now_us);

/* A verified request came from an endpoint of the peer: puts its next check off, if that may be. */
void skad_liveness_put_off(skad_peers *peers, skad_peer_slot slot, uint64_t now_us);

/* Its next check is due at `us` or sooner. */
void skad_liveness_by(skad_peers *peers, skad_peer_slot slot, uint64_t us);

/* Finds when a check is due next: peers->due_us; UINT64_MAX without peers. */
void skad_liveness_plan(skad_peers *peers, uint64_t now_us);

/* A request stayed without an answer: the peer is checked again, in the moment when the next of
 * those who answer is, so that there is something to compare with; after SKAD_CHECK_RETRY_US if
 * that would be later than SKAD_CHECK_TOGETHER_US. */
void skad_liveness_again(skad_peers *peers, skad_peer_slot slot, uint64_t now_us);

/* The peer whose check is most overdue, SKAD_PEER_NONE if none is due; peers->due_us is right
 * afterwards. Those that may wait are put off on the way. Pushes the returned peer's check one
 * interval on. `any`: the one that is due first, even if it is not due yet. */
skad_peer_slot skad_liveness_due(skad_peers *peers, uint64_t now_us, bool any);

/* A request stayed without an answer, but nobody at all was heard since we asked, so that it may be
 * our own network that is silent. Harms nobody: the peer and the one heard last are checked
 * together at `again_us`, so that next time there is something to compare with. */
void skad_liveness_unheard(skad_peers *peers, const skad_id *id, uint64_t again_us);

#endif
