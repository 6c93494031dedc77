/* Partition recovery: finding lost peers again.
 *
 * A peer that becomes unresponsive is dropped from the table, and a node that loses many at once
 * may have been cut off together with some others. After a partition of the network both sides have
 * forgotten each other, each is whole in itself, and nothing in Kademlia would ever bring them
 * together. So a few of the lost peers are remembered for a week and asked again, less and less
 * often:
 *
 *    none lost ---a peer is lost------> a round is planned --its time comes--> a round
 *         ^                                      ^                               |
 *         |                                      +---- a peer is still lost -----+
 *         +---------------- all are found, or were given up ---------------------+
 *
 * A round pings all lost peers and sends a hello to one of the join addresses, if it belongs to no
 * living peer. The first peer that answers and was not known to be alive may be from the other
 * side. So a lookup of our own ID begins at this peer alone, as it does when a node joins. It finds
 * the nodes on the other side that are closest to us, and they find us. While rounds are frequent,
 * each also looks up our own ID among the peers that we know, since the many losses have left gaps.
 *
 * Rounds are hourly. Only after a mass timeout are they frequent, and then less and less.
 *
 * The peers known for longest are remembered: they are likely to come back (Kademlia, section 2.1),
 * and an adversary whose nodes come and go does not push them out. All of them answered us once,
 * and rounds are at least a minute apart, so nothing can make us send more than that. */
#ifndef SKAD_UPKEEP_PARTITION_RECOVERY_H
#define SKAD_UPKEEP_PARTITION_RECOVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"
#include "src/core/base/instant.h"
#include "src/core/routing/liveness.h"

/* After a mass timeout; doubled with each round. */
#define SKAD_RECOVERY_PAUSE_US_MIN (60 * SKAD_US_PER_S)
#define SKAD_RECOVERY_PAUSE_US_MAX (3600 * SKAD_US_PER_S)
#define SKAD_LOST_KEPT_S           (7 * 86400) /* long enough for a line that is down over a weekend */

/* A mass timeout: a third of all peers become unresponsive while each is asked once. In a partition
 * one of the two sides always loses half. Where peers always come and go that fast, it takes twice
 * as many as in the window before. */
#define SKAD_MASS_TIMEOUT_DIVISOR 3
#define SKAD_MASS_TIMEOUT_US      SKAD_CHECK_INTERVAL_MAX_US

#define SKAD_LOST_MAX 8

/* A lost peer. */
typedef struct skad_lost {
    skad_id id;
    skad_address address;
    skad_second lost;     /* when */
    uint32_t known_for_s; /* by then */
} skad_lost;

typedef struct skad_recovery_state {
    skad_lost *lost; /* SKAD_LOST_MAX; lazy_allocation: NULL until a peer is lost */
    size_t lost_count;
    uint64_t round_us;  /* when they are asked again; UINT64_MAX: no peer is lost */
    uint64_t pause_us;  /* between two rounds */
    uint64_t window_us; /* until when lost peers are counted together */
    size_t fell;        /* peers lost in the window */
    size_t fell_before; /* in the window before */
    bool mass_timeout;  /* this window has a mass timeout */
    bool open;          /* a lookup may yet begin at a peer that answers this round */
} skad_recovery_state;

SKAD_MUST_CHECK skad_status skad_recovery_init(skad_node *node);
void skad_recovery_free(skad_node *node);

/* A living peer, known since first_seen, became unresponsive at this endpoint. */
void skad_recovery_lost(skad_node *node, const skad_id *id, const skad_address *address,
                        skad_second first_seen);

/* A peer answered from an endpoint that a round may have asked; `lived`: we knew that it
 * was alive. */
void skad_recovery_answered(skad_node *node, const skad_id *id, const skad_address *address,
                            bool lived);

void skad_recovery_tick(skad_node *node);
uint64_t skad_recovery_deadline(const skad_node *node);

#endif
