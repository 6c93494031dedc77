/* Unverified peers that sent us a valid request and wait for a ping. A peer that answers enters the
 * table. Pings leave at a bounded rate, and only to peers that the table has room for.
 *
 * A source without a token may be spoofed, and a peer may never answer. So that neither keeps
 * others waiting,
 *
 * - peers that showed a token go first, and those that did not have half of the pings that may be
 *   awaited at once;
 *
 * - where the profile limits address groups (diversity.h), one peer of a group of level 0 waits or
 *   is awaited at a time, and as many more of wider groups as the levels allow, counted apart for
 *   those with a token and those without;
 *
 * - a group whose last ping was not answered is served after those of which nothing is known, and
 *   takes no place from them;
 *
 * - when the queue is full, a peer of the group with the most places gives way to one of a group
 *   with fewer; further peers are ignored. */
#ifndef SKAD_UPKEEP_PING_QUEUE_H
#define SKAD_UPKEEP_PING_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"

#define SKAD_PING_QUEUE_MAX             64
#define SKAD_PING_QUEUE_IN_FLIGHT_MAX   24 /* pings that wait for an answer at once */
#define SKAD_PING_QUEUE_UNVALIDATED_MAX 12 /* of them, to peers that showed no token */
#define SKAD_PING_QUEUE_SILENT_MAX      32 /* groups that did not answer, the last ones */
#define SKAD_PING_QUEUE_INTERVAL_US     (20 * SKAD_US_PER_MS) /* at most 50 pings a second */

typedef struct skad_ping_target {
    skad_id id;
    skad_address address;
    bool validated; /* it showed a valid token */
} skad_ping_target;

typedef struct skad_ping_awaited {
    skad_address address;
    bool validated;
} skad_ping_awaited;

typedef struct skad_ping_queue {
    skad_ping_target *targets; /* the oldest first */
    size_t capacity;           /* SKAD_PING_QUEUE_MAX, unless lazy_allocation */
    size_t count;
    uint64_t due_us;  /* when the next ping may leave */
    size_t in_flight; /* targets that were pinged and may yet answer */
    skad_ping_awaited awaited[SKAD_PING_QUEUE_IN_FLIGHT_MAX]; /* these */
    uint64_t silent[SKAD_PING_QUEUE_SILENT_MAX];              /* groups of level 0; 0: none */
    size_t silent_next;                                       /* the one to be replaced */
} skad_ping_queue;

/* `later`: memory comes as targets are added. */
SKAD_MUST_CHECK skad_status skad_ping_queue_init(skad_ping_queue *queue, uint64_t now_us,
                                                 bool later);
void skad_ping_queue_free(skad_ping_queue *queue);

/* Whether a peer at this address would be pinged. */
bool skad_ping_queue_wants(const skad_node *node, const skad_id *id, const skad_address *address);

/* A request came from a peer that may be sent a ping: queues the peer if the table wants it. One
 * that showed a token has proven its identity; of one that did not, the answer will be the proof.
 */
void skad_ping_queue_consider(skad_node *node, const skad_ping_target *target);

/* A target's ping was answered, or will not be. */
void skad_ping_queue_settled(skad_node *node, const skad_address *address, bool answered);

void skad_ping_queue_tick(skad_node *node);
uint64_t skad_ping_queue_deadline(const skad_ping_queue *queue);

#endif
