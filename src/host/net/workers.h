/* Threads that verify incoming datagrams and sign outgoing ones. The node stays on the thread of
 * its loop, which prefilters and handles. Signatures are most of the work, so workers check and
 * make them:
 *
 *   loop     skad_workers_receive   prefilters a datagram; a copy waits for a worker
 *   worker                          opens it
 *   loop     skad_workers_collect   the node acts
 *            skad_workers_seal      the turn's drafts wait for workers, in batches
 *   worker                          seals them
 *   loop     skad_workers_collect   the outbox has them back
 *            skad_workers_poll      they leave, in the order in which they were drafted
 *
 * All queues are bounded: there are three rings (spsc_ring.h) between the loop and each worker. The
 * worker first takes the jobs that are nearest to their end: batches, then replies that we wait
 * for, then requests. The datagrams of one source go to one worker, so its requests are handled in
 * the order in which they came, and so are its replies. If a ring is full the datagram is dropped
 * and counted. The node knows that it is loaded from the time when half of the ring of requests is
 * in use until only an eighth is. */
#ifndef SKAD_HOST_NET_WORKERS_H
#define SKAD_HOST_NET_WORKERS_H

#include "skad/node.h"

#define SKAD_WORKERS_MAX         64
#define SKAD_WORKERS_DEFAULT_MAX 8
#define SKAD_WORKERS_REQUESTS    512 /* that wait for one worker: some 40 ms of its time */
#define SKAD_WORKERS_REPLIES     256

typedef struct skad_workers skad_workers;

typedef struct skad_workers_config {
    size_t count;             /* 1..SKAD_WORKERS_MAX */
    skad_node *node;          /* borrowed: outlives the workers */
    void (*wake)(void *user); /* in a worker's thread: there is something to collect */
    void *user;
} skad_workers_config;

/* How many workers suit this machine: one less than the processors that this process may use, at
 * most SKAD_WORKERS_DEFAULT_MAX. */
size_t skad_workers_default(void);

/* Starts the threads, which take no signals. Error: SKAD_ERR_MEMORY (no thread is one, too). */
SKAD_MUST_CHECK skad_status skad_workers_new(const skad_workers_config *config, skad_workers **out);
/* Ends the threads, each after its current job. Waiting jobs are lost, and drafts that were with
 * the workers are never sent: the node's end should follow. NULL is allowed. */
void skad_workers_free(skad_workers *workers);

/* Takes one datagram as skad_node_receive_at does. */
void skad_workers_receive(skad_workers *workers, const uint8_t *datagram, size_t len,
                          const skad_address *from, const skad_local *local, skad_time now);

/* Lets the node act on opened datagrams, and gives sealed drafts back to it. Does a bounded part of
 * the work: true if it should be called again. */
bool skad_workers_collect(skad_workers *workers, skad_time now);

/* Hands the node's drafts to the workers as far as there is room; the others are left for the next
 * call. */
void skad_workers_seal(skad_workers *workers);

/* The next datagram to send, in place of skad_node_poll_datagram; false while it is not sealed. */
bool skad_workers_poll(skad_workers *workers, skad_datagram *out);

/* Gives the memory of queues back that are empty: a burst leaves all of their slots in memory. */
void skad_workers_spare(skad_workers *workers);

/* How many requests the node has accepted from them, by IPv4 and IPv6. */
void skad_workers_requests(const skad_workers *workers, uint64_t out[static 2]);

typedef struct skad_workers_stats {
    size_t count;
    size_t waiting;     /* datagrams that are with workers, or were opened and not handled yet */
    size_t waiting_max; /* as many as there is room for */
    uint64_t dropped;   /* prefiltered datagrams that found no room */
} skad_workers_stats;

/* All zero for NULL. */
void skad_workers_stats_get(const skad_workers *workers, skad_workers_stats *out);

#endif
