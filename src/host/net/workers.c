/* The pool. Its loop and a worker share rings, whose jobs lie in arrays of their own, and a
 * semaphore for a worker that has nothing to do. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "src/host/net/workers.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "src/core/node/driver.h"
#include "src/host/net/spsc_ring.h"
#include "src/host/system/spare.h"

#define BATCHES     64          /* a whole outbox of full ones */
#define TELL_AFTER  16          /* jobs: a signature's worth of answers, so that batches fill */
#define COLLECT_MAX 256         /* datagrams that one call handles, as many as a socket's turn */
#define STACK_BYTES (256 << 10) /* a message and a verification need a tenth of it */
#define PRESSED_AT  (SKAD_WORKERS_REQUESTS / 2)
#define RELIEVED_AT (SKAD_WORKERS_REQUESTS / 8)

/* A datagram, from prefilter to handle. Its envelope borrows from `bytes` once it was opened. */
typedef struct opening {
    skad_inbound inbound;
    uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX];
} opening;

typedef struct job_queue {
    skad_spsc_ring ring;
    opening *jobs;
} job_queue;

typedef struct worker {
    skad_spsc_ring batches_ring;
    job_queue replies;
    job_queue requests;
    _Alignas(SKAD_CACHE_LINE_BYTES) atomic_bool idle;
    skad_outbox_batch batches[BATCHES];
    sem_t work; /* the loop posts it if it finds the worker idle */
    pthread_t thread;
    skad_workers *workers;

    /* Only the thread uses these. */
    _Alignas(SKAD_CACHE_LINE_BYTES) skad_roots roots;
    size_t untold; /* jobs done since the loop was last woken */
} worker;

struct skad_workers {
    skad_workers_config config; /* count: of those that run */
    skad_sealer sealer;         /* without nonce: drafts have theirs */
    uint8_t hash_key[SKAD_TABLE_KEY_BYTES];
    worker *workers;
    size_t next; /* whose turn it is to seal */
    bool pressed;
    uint64_t dropped;
    uint64_t accepted[2]; /* requests, by IPv4 and IPv6 */
    atomic_bool stop;
};

/* ---- In a worker's thread ---- */

/* Opens a datagram. The prefilter's envelope refers to the datagram from which this one was copied,
 * so the envelope is made once more. */
static void open_datagram(opening *job, skad_roots *roots)
{
    skad_inbound *inbound = &job->inbound;
    skad_verdict verdict = skad_envelope_decode(job->bytes + SKAD_TAG_BYTES,
                                                inbound->len - SKAD_TAG_BYTES, &inbound->envelope);
    SKAD_ASSERT(verdict == SKAD_VERDICT_ACCEPT);
    inbound->datagram = job->bytes;
    skad_receive_open(inbound, roots);
}

static bool open_next(worker *self, job_queue *queue)
{
    size_t slot;
    if (!skad_spsc_ring_waiting_slot(&queue->ring, &slot)) {
        return false;
    }
    open_datagram(&queue->jobs[slot], &self->roots);
    skad_spsc_ring_finish(&queue->ring);
    return true;
}

static bool seal_next(worker *self)
{
    size_t slot;
    if (!skad_spsc_ring_waiting_slot(&self->batches_ring, &slot)) {
        return false;
    }
    const skad_outbox_batch *batch = &self->batches[slot];
    skad_seal(&self->workers->sealer, batch->drafts, batch->count);
    skad_spsc_ring_finish(&self->batches_ring);
    return true;
}

static bool any_waiting(const worker *self)
{
    size_t slot;
    return skad_spsc_ring_waiting_slot(&self->batches_ring, &slot) ||
           skad_spsc_ring_waiting_slot(&self->replies.ring, &slot) ||
           skad_spsc_ring_waiting_slot(&self->requests.ring, &slot);
}

static void wake_loop(worker *self)
{
    const skad_workers_config *config = &self->workers->config;
    self->untold = 0;
    config->wake(config->user);
}

static bool stopped(const worker *self)
{
    return atomic_load_explicit(&self->workers->stop, memory_order_acquire);
}

/* Both sides exchange `idle`, so one of them comes first: either we see the pushed job, or the loop
 * sees us idle and posts. A post too many only makes us look once more. */
static void sleep_idle(worker *self)
{
    (void)atomic_exchange_explicit(&self->idle, true, memory_order_acq_rel);
    if (any_waiting(self) || stopped(self)) {
        (void)atomic_exchange_explicit(&self->idle, false, memory_order_acq_rel);
        return;
    }
    (void)sem_wait(&self->work);
}

static void *thread_main(void *argument)
{
    worker *self = argument;
    while (!stopped(self)) {
        if (seal_next(self) || open_next(self, &self->replies) ||
            open_next(self, &self->requests)) {
            self->untold++;
            if (self->untold == TELL_AFTER) {
                wake_loop(self);
            }
        } else if (self->untold > 0) {
            wake_loop(self);
        } else {
            sleep_idle(self);
        }
    }
    return NULL;
}

/* ---- Receiving ---- */

static void wake(worker *self)
{
    if (atomic_exchange_explicit(&self->idle, false, memory_order_acq_rel)) {
        (void)sem_post(&self->work);
    }
}

static worker *worker_of(const skad_workers *workers, const skad_address *from)
{
    uint8_t source[sizeof from->ip + sizeof from->port];
    memcpy(source, from->ip, sizeof from->ip);
    memcpy(source + sizeof from->ip, &from->port, sizeof from->port);
    uint64_t hash = skad_table_hash(workers->hash_key, source, sizeof source);
    return &workers->workers[hash % workers->config.count];
}

static void press(skad_workers *workers, bool pressed)
{
    if (pressed != workers->pressed) {
        workers->pressed = pressed;
        skad_node_press(workers->config.node, pressed);
    }
}

void skad_workers_receive(skad_workers *workers, const uint8_t *datagram, size_t len,
                          const skad_address *from, const skad_local *local, skad_time now)
{
    skad_inbound inbound; /* not cleared: most datagrams of a flood die before they fill it */
    inbound.datagram = datagram;
    inbound.len = len;
    inbound.from = *from;
    inbound.local = *local;
    skad_node_enter(workers->config.node, now);
    if (skad_receive_prefilter(workers->config.node, &inbound, now) != SKAD_VERDICT_ACCEPT) {
        return;
    }
    worker *to = worker_of(workers, from);
    job_queue *queue = inbound.reply ? &to->replies : &to->requests;
    size_t slot;
    if (!skad_spsc_ring_free_slot(&queue->ring, &slot)) {
        workers->dropped++;
        return;
    }
    opening *job = &queue->jobs[slot];
    job->inbound = inbound;
    memcpy(job->bytes, datagram, len);
    skad_spsc_ring_push(&queue->ring);
    wake(to);
    if (skad_spsc_ring_used(&to->requests.ring) >= PRESSED_AT) {
        press(workers, true);
    }
}

/* ---- Collecting ---- */

/* Handles at most `most` opened datagrams; returns how many. */
static size_t handle_opened(skad_workers *workers, job_queue *queue, size_t most, skad_time now)
{
    size_t slot;
    size_t count = 0;
    while (count < most && skad_spsc_ring_done_slot(&queue->ring, &slot)) {
        skad_inbound *inbound = &queue->jobs[slot].inbound;
        if (skad_node_take(workers->config.node, inbound, now) == SKAD_VERDICT_ACCEPT &&
            !inbound->reply) {
            workers->accepted[inbound->from.family == SKAD_FAMILY_IPV6]++;
        }
        skad_spsc_ring_take(&queue->ring);
        count++;
    }
    return count;
}

static void return_sealed(skad_workers *workers, worker *from)
{
    size_t slot;
    while (skad_spsc_ring_done_slot(&from->batches_ring, &slot)) {
        skad_node_return_batch(workers->config.node, &from->batches[slot]);
        skad_spsc_ring_take(&from->batches_ring);
    }
}

bool skad_workers_collect(skad_workers *workers, skad_time now)
{
    size_t count = workers->config.count;
    size_t share = COLLECT_MAX / count;
    bool more = false;
    bool relieved = true;
    for (size_t i = 0; i < count; i++) {
        worker *from = &workers->workers[i];
        return_sealed(workers, from);
        size_t handled = handle_opened(workers, &from->replies, share, now);
        handled += handle_opened(workers, &from->requests, share - handled, now);
        more = more || handled == share;
        relieved = relieved && skad_spsc_ring_used(&from->requests.ring) <= RELIEVED_AT;
    }
    if (relieved) {
        press(workers, false);
    }
    return more;
}

/* ---- Sealing ---- */

/* The next one, in turn, with room for a batch. */
static worker *find_sealer(skad_workers *workers, size_t *slot)
{
    for (size_t i = 0; i < workers->config.count; i++) {
        worker *candidate = &workers->workers[workers->next];
        workers->next = (workers->next + 1) % workers->config.count;
        if (skad_spsc_ring_free_slot(&candidate->batches_ring, slot)) {
            return candidate;
        }
    }
    return NULL;
}

void skad_workers_seal(skad_workers *workers)
{
    size_t slot;
    for (;;) {
        worker *to = find_sealer(workers, &slot);
        if (to == NULL || !skad_node_lend_batch(workers->config.node, &to->batches[slot])) {
            return;
        }
        skad_spsc_ring_push(&to->batches_ring);
        wake(to);
    }
}

bool skad_workers_poll(skad_workers *workers, skad_datagram *out)
{
    return skad_node_poll_sealed(workers->config.node, out);
}

/* Of an empty queue its worker reads no slot. */
static void spare_queue(job_queue *queue)
{
    if (skad_spsc_ring_used(&queue->ring) == 0) {
        skad_spare_pages(queue->jobs, queue->ring.slots * sizeof *queue->jobs);
    }
}

void skad_workers_spare(skad_workers *workers)
{
    for (size_t i = 0; workers != NULL && i < workers->config.count; i++) {
        spare_queue(&workers->workers[i].replies);
        spare_queue(&workers->workers[i].requests);
    }
}

void skad_workers_requests(const skad_workers *workers, uint64_t out[static 2])
{
    memcpy(out, workers->accepted, sizeof workers->accepted);
}

void skad_workers_stats_get(const skad_workers *workers, skad_workers_stats *out)
{
    *out = (skad_workers_stats){0};
    if (workers == NULL) {
        return;
    }
    out->count = workers->config.count;
    out->waiting_max = workers->config.count * (SKAD_WORKERS_REPLIES + SKAD_WORKERS_REQUESTS);
    out->dropped = workers->dropped;
    for (size_t i = 0; i < workers->config.count; i++) {
        out->waiting += skad_spsc_ring_used(&workers->workers[i].replies.ring) +
                        skad_spsc_ring_used(&workers->workers[i].requests.ring);
    }
}

/* ---- Life ---- */

size_t skad_workers_default(void)
{
    cpu_set_t set;
    int processors = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    size_t count = processors > 1 ? (size_t)processors - 1 : 0;
    return count < SKAD_WORKERS_DEFAULT_MAX ? count : SKAD_WORKERS_DEFAULT_MAX;
}

static bool queue_init(job_queue *queue, size_t slots)
{
    skad_spsc_ring_init(&queue->ring, slots);
    queue->jobs = calloc(slots, sizeof *queue->jobs);
    return queue->jobs != NULL;
}

static void worker_free(worker *self)
{
    free(self->replies.jobs);
    free(self->requests.jobs);
    skad_roots_free(&self->roots);
    sem_destroy(&self->work);
}

/* Signals are the loop's business: a worker takes none. */
static bool start_thread(worker *self)
{
    sigset_t all;
    sigset_t before;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) {
        return false;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0 &&
                   pthread_create(&self->thread, &attributes, thread_main, self) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return started;
}

static bool worker_start(skad_workers *workers, worker *self)
{
    self->workers = workers;
    skad_spsc_ring_init(&self->batches_ring, BATCHES);
    atomic_init(&self->idle, false);
    if (sem_init(&self->work, 0, 0) != 0) {
        return false;
    }
    if (skad_roots_init(&self->roots, SKAD_ROOTS_MAX, false) != SKAD_OK ||
        !queue_init(&self->replies, SKAD_WORKERS_REPLIES) ||
        !queue_init(&self->requests, SKAD_WORKERS_REQUESTS) || !start_thread(self)) {
        worker_free(self);
        return false;
    }
    return true;
}

/* Zeroed, and where cache lines begin. */
static worker *allocate(size_t count)
{
    size_t bytes = count * sizeof(worker);
    worker *workers = aligned_alloc(SKAD_CACHE_LINE_BYTES, bytes);
    if (workers != NULL) {
        memset(workers, 0, bytes);
    }
    return workers;
}

skad_status skad_workers_new(const skad_workers_config *config, skad_workers **out)
{
    SKAD_ASSERT(config->count >= 1 && config->count <= SKAD_WORKERS_MAX);
    skad_workers *workers = calloc(1, sizeof *workers);
    if (workers == NULL) {
        return SKAD_ERR_MEMORY;
    }
    workers->config = *config;
    workers->config.count = 0;
    workers->sealer = skad_node_sealer(config->node);
    workers->sealer.nonce = NULL;
    skad_random_system(workers->hash_key, sizeof workers->hash_key);
    atomic_init(&workers->stop, false);
    workers->workers = allocate(config->count);
    bool started = workers->workers != NULL;
    while (started && workers->config.count < config->count) {
        started = worker_start(workers, &workers->workers[workers->config.count]);
        workers->config.count += started;
    }
    if (!started) {
        skad_workers_free(workers);
        return SKAD_ERR_MEMORY;
    }
    *out = workers;
    return SKAD_OK;
}

void skad_workers_free(skad_workers *workers)
{
    if (workers == NULL) {
        return;
    }
    atomic_store_explicit(&workers->stop, true, memory_order_release);
    for (size_t i = 0; i < workers->config.count; i++) {
        (void)sem_post(&workers->workers[i].work);
        (void)pthread_join(workers->workers[i].thread, NULL);
        worker_free(&workers->workers[i]);
    }
    press(workers, false);
    free(workers->workers);
    free(workers);
}
