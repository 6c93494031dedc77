/* Partition recovery: finding lost peers again.
 *
 * A peer that fell silent loses its place, and a node that loses many at once has perhaps been cut
 * off with some others: after a partition of the network both sides have forgotten each other, each
 * is whole in itself, and nothing that Kademlia does would ever bring them together. So the peers
 * that fell silent are remembered for a week, a few of them, and asked again, less and less often:
 *
 *   nobody lost --a peer falls silent--> a round is planned --its time comes--> a round
 *        ^                                      ^                                 |
 *        |                                      +-- somebody is still missing ----+
 *        +---------------- all are found, or were given up -----------------------+
 *
 * A round pings all of them and sends a hello to one of the join addresses where no living peer is.
 * The first who answers and was not known to live may be from the other side: so a lookup of our
 * own ID begins at him alone, as it does when a node joins, which finds the nodes over there that
 * are closest to us, and they us. While rounds are frequent each looks up our own ID among those
 * that we know, too, since so many have left gaps.
 *
 * Rounds are hourly; only when many fall silent at once they are frequent, and then less and less.
 *
 * Remembered are those who were known for longest: they are likely to come back (Kademlia, section
 * 2.1), and an adversary who comes and goes does not push them out. All are peers that answered us
 * once, and rounds are a minute apart at least: nobody can make us send more than that. */
#ifndef SKAD_UPKEEP_PARTITION_RECOVERY_H
#define SKAD_UPKEEP_PARTITION_RECOVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"

/* After a mass timeout; doubled with each round. */
#define SKAD_RECOVERY_PAUSE_US_MIN (60 * SKAD_US_PER_S)
#define SKAD_RECOVERY_PAUSE_US_MAX (3600 * SKAD_US_PER_S)
#define SKAD_LOST_KEPT_S           (7 * 86400) /* over a weekend that a line is down */

/* A mass timeout: a third of all peers falls silent while each is asked once. One of two sides
 * always loses half. Where peers come and go as fast at any time it takes twice as many as in the
 * time before. */
#define SKAD_MASS_TIMEOUT_DIVISOR 3
#define SKAD_MASS_TIMEOUT_US      (900 * SKAD_US_PER_S) /* SKAD_CHECK_INTERVAL_MAX_US */

#define SKAD_LOST_MAX 8

/* A peer that fell silent. */
typedef struct skad_lost {
    skad_id id;
    skad_address address;
    uint32_t lost_s;      /* when (instant.h) */
    uint32_t known_for_s; /* by then */
} skad_lost;

typedef struct skad_recovery_state {
    skad_lost *lost; /* SKAD_LOST_MAX; lazy_allocation: NULL until a peer falls silent */
    size_t lost_count;
    uint64_t round_us;  /* when they are asked again; UINT64_MAX: nobody is missing */
    uint64_t pause_us;  /* between two rounds */
    uint64_t window_us; /* until when peers that fall silent are counted together */
    size_t fell;        /* of them */
    size_t fell_before; /* in the time before */
    bool mass_timeout;  /* they were many */
    bool open;          /* a lookup may yet begin at who answers this round */
} skad_recovery_state;

SKAD_MUST_CHECK skad_status skad_recovery_init(skad_node *node);
void skad_recovery_free(skad_node *node);

/* A living peer, known since first_seen_s (instant.h), fell silent at this endpoint. */
void skad_recovery_lost(skad_node *node, const skad_id *id, const skad_address *address,
                        uint32_t first_seen_s);

/* Somebody answered from this endpoint whom a round may have asked; `lived`: we knew that he lives.
 */
void skad_recovery_answered(skad_node *node, const skad_id *id, const skad_address *address,
                            bool lived);

void skad_recovery_tick(skad_node *node);
uint64_t skad_recovery_deadline(const skad_node *node);

#endif
