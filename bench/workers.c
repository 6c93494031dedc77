/* How many requests a node verifies and answers a second with workers, beside one thread that does
 * everything. Datagrams come from memory, so the loop only works for the node. A loop and two
 * workers on two processors leave no third processor for anything else.
 *
 * The numbers of workers take turns, round after round, so that their ratios hold although the
 * machine's speed drifts; medians over all rounds are printed. The processor time a request, of all
 * threads together, tells what handing over costs, and holds on a busy machine, too. */
#include <semaphore.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "bench/measure.h"
#include "crypto/assert.h"
#include "src/core/node/parts.h"
#include "src/host/net/workers.h"

#define ROUNDS    21
#define REQUESTS  ((size_t)3000) /* in a round, of each number of workers */
#define PEERS     300
#define SOURCES   ((size_t)64)  /* addresses that they come from */
#define BURST     ((size_t)64)  /* datagrams that the loop takes before it looks at anything else */
#define UNDER_WAY ((size_t)192) /* not answered yet; fits the ring of a single worker */

static const size_t WORKERS[] = {0, 1, 2};
#define KINDS (sizeof WORKERS / sizeof WORKERS[0])

typedef struct feed {
    skad_node *node;
    bench_client client;
    skad_draft requests[REQUESTS];
    uint64_t numbered; /* requests so far: each is another */
    sem_t woken;
} feed;

static skad_address source(const feed *self, size_t number)
{
    skad_address address = self->client.address;
    address.port = (uint16_t)(10000 + number % SOURCES);
    return address;
}

static void make_requests(feed *self)
{
    for (size_t i = 0; i < REQUESTS; i++) {
        skad_address from = source(self, i);
        uint8_t token[SKAD_TOKEN_BYTES];
        skad_token_make(skad_node_parts_of(self->node).env->token_key, &from,
                        &self->client.identity.id, skad_node_parts_of(self->node).env->now.mono_us,
                        token);
        bench_find_node(&self->client, skad_node_self(self->node), token, self->numbered++,
                        &self->requests[i]);
    }
}

/* Hands a burst in, as far as not too many are under way. Returns how many. */
static size_t hand_in(feed *self, skad_workers *workers, size_t first, size_t answered)
{
    size_t count = 0;
    while (count < BURST && first + count < REQUESTS && first + count - answered < UNDER_WAY) {
        const skad_draft *request = &self->requests[first + count];
        skad_address from = source(self, first + count);
        if (workers == NULL) {
            (void)skad_node_receive(self->node, request->bytes, request->len, &from,
                                    skad_node_parts_of(self->node).env->now);
        } else {
            skad_workers_receive(workers, request->bytes, request->len, &from, &(skad_local){0},
                                 skad_node_parts_of(self->node).env->now);
        }
        count++;
    }
    return count;
}

static size_t take_answers(feed *self, skad_workers *workers)
{
    static skad_datagram answer;
    size_t count = 0;
    while (workers == NULL ? skad_node_poll_datagram(self->node, &answer)
                           : skad_workers_poll(workers, &answer)) {
        count++;
    }
    return count;
}

/* Of all threads. */
static double process_cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Requests answered a second; 0 if any was not. */
static double rate(feed *self, skad_workers *workers)
{
    size_t handed = 0;
    size_t answered = 0;
    double start = bench_wall_s();
    while (answered < REQUESTS) {
        size_t in = hand_in(self, workers, handed, answered);
        if (workers != NULL) {
            (void)skad_workers_collect(workers, skad_node_parts_of(self->node).env->now);
            skad_workers_seal(workers);
        }
        size_t out = take_answers(self, workers);
        handed += in;
        answered += out;
        if (in == 0 && out == 0) {
            if (workers == NULL) {
                return 0;
            }
            (void)sem_wait(&self->woken);
        }
    }
    return (double)answered / (bench_wall_s() - start);
}

static void wake(void *user)
{
    feed *self = user;
    (void)sem_post(&self->woken);
}

static double rate_with(feed *self, size_t count, double *cpu_us)
{
    skad_workers *workers = NULL;
    make_requests(self);
    if (count > 0) {
        const skad_workers_config config = {count, self->node, wake, self};
        skad_status status = skad_workers_new(&config, &workers);
        SKAD_ASSERT(status == SKAD_OK);
    }
    double start = process_cpu_s();
    double figure = rate(self, workers);
    *cpu_us = (process_cpu_s() - start) * 1e6 / (double)REQUESTS;
    skad_workers_free(workers);
    return figure;
}

int main(void)
{
    static feed self;
    static double rates[KINDS][ROUNDS];
    static double ratios[KINDS][ROUNDS];
    static double cpu_us[KINDS][ROUNDS];
    skad_identity identity;
    skad_store store;
    self.node = bench_node(PEERS, &identity, &store);
    bench_client_init(&self.client, 2);
    (void)sem_init(&self.woken, 0, 0);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t kind = 0; kind < KINDS; kind++) {
            rates[kind][round] = rate_with(&self, WORKERS[kind], &cpu_us[kind][round]);
            ratios[kind][round] = rates[kind][round] / rates[0][round];
        }
    }
    printf("processors                     %9ld\n", sysconf(_SC_NPROCESSORS_ONLN));
    for (size_t kind = 0; kind < KINDS; kind++) {
        printf("FIND_NODE with %zu workers       %9.0f /s  ratio to none %.3f  (%.1f us each)\n",
               WORKERS[kind], bench_median(rates[kind], ROUNDS), bench_median(ratios[kind], ROUNDS),
               bench_median(cpu_us[kind], ROUNDS));
    }
    sem_destroy(&self.woken);
    skad_node_free(self.node);
    store.ops->free(store.self);
    return 0;
}
