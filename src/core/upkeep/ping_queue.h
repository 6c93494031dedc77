/* Unverified peers that sent us a valid request and wait for a ping. A peer that answers enters the
 * table. Pings leave at a bounded rate, and only to peers that the table has room for. When the
 * queue is full, further peers are ignored. */
#ifndef SKAD_UPKEEP_PING_QUEUE_H
#define SKAD_UPKEEP_PING_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"

#define SKAD_PING_QUEUE_MAX           64
#define SKAD_PING_QUEUE_IN_FLIGHT_MAX 24 /* pings that wait for an answer at once */
#define SKAD_PING_QUEUE_INTERVAL_US   (20 * SKAD_US_PER_MS) /* at most 50 pings a second */

typedef struct skad_ping_target {
    skad_id id;
    skad_address address;
} skad_ping_target;

typedef struct skad_ping_queue {
    skad_ping_target *targets; /* a ring */
    size_t capacity;           /* SKAD_PING_QUEUE_MAX, unless lazy_allocation */
    size_t first;
    size_t count;
    uint64_t due_us;  /* when the next ping may leave */
    size_t in_flight; /* targets that were pinged and may yet answer */
} skad_ping_queue;

/* `later`: memory comes as targets are added. */
SKAD_MUST_CHECK skad_status skad_ping_queue_init(skad_ping_queue *queue, uint64_t now_us,
                                                 bool later);
void skad_ping_queue_free(skad_ping_queue *queue);

/* A verified request came from a peer that may be sent a ping: queues the peer if the table wants
 * it. */
void skad_ping_queue_consider(skad_node *node, const skad_id *id, const skad_address *address);

/* A target's ping was answered, or will not be. */
void skad_ping_queue_settled(skad_node *node);

void skad_ping_queue_tick(skad_node *node);
uint64_t skad_ping_queue_deadline(const skad_ping_queue *queue);

#endif
