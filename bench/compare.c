/* skad beside OpenDHT, in one run on one machine: how long put, get, publish and resolve take in a
 * network of 64 nodes, what an operation costs all nodes together, and how much of that are
 * signatures.
 *
 *   build/bench_compare [OPERATIONS]     of each kind and side; 300
 *
 * The sides take turns, one operation each, so that both see the same machine; docs/benchmarks.md
 * says what is alike and what is not. Without OpenDHT (script/bench installs it) it measures skad
 * alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/compare_contest.h"
#include "bench/measure.h"
#include "skad/types.h"

#define OPERATIONS     300
#define OPERATIONS_MIN 20
#define OPERATIONS_MAX 4000
#define WARM_UP        64 /* puts and gets of each side that are not counted */
#define QUIET_A_NODE   1  /* datagrams a second: the network has settled */
#define SETTLE_S       30 /* it does so within as long */
#define IDLE_S         3
#define PAUSE_US       5000 /* after an operation, for what the nodes still have to do */
#define TRIES          20   /* to find a node that does not have the value itself */

static const compare_side *const SIDES[] = {
    &compare_skad,
#ifdef SKAD_COMPARE_OPENDHT
    &compare_opendht,
#endif
};
#define SIDES_COUNT (sizeof SIDES / sizeof SIDES[0])

/* What all nodes of a side have used at one moment. */
typedef struct usage {
    compare_counts counts;
    double cpu_s;
    double wall_s;
} usage;

/* ---- Costs ---- */

static usage used_by(const compare_process *side)
{
    usage now = {.cpu_s = compare_process_cpu_s(side), .wall_s = bench_wall_s()};
    compare_process_count(side, &now.counts);
    return now;
}

/* What was used between two moments, each part divided by `parts`, less what the nodes use anyway
 * in as long a time. */
static compare_cost cost_of(const usage *from, const usage *to, double parts,
                            const compare_cost *idle)
{
    const double s = to->wall_s - from->wall_s;
    const compare_counts *a = &from->counts;
    const compare_counts *b = &to->counts;
    return (compare_cost){
        .requests = ((double)(b->requests - a->requests) - s * idle->requests) / parts,
        .datagrams = ((double)(b->datagrams - a->datagrams) - s * idle->datagrams) / parts,
        .signatures = ((double)(b->signatures - a->signatures) - s * idle->signatures) / parts,
        .verifications =
            ((double)(b->verifications - a->verifications) - s * idle->verifications) / parts,
        .cpu_ms = ((to->cpu_s - from->cpu_s) * 1e3 - s * idle->cpu_ms) / parts,
    };
}

/* What a second costs while nothing is asked for. */
static void measure_idle(compare_contest *self, unsigned seconds)
{
    static const compare_cost NONE = {0, 0, 0, 0, 0};
    usage before[SIDES_COUNT];
    for (size_t i = 0; i < SIDES_COUNT; i++) {
        before[i] = used_by(&self->sides[i]);
    }
    sleep(seconds);
    for (size_t i = 0; i < SIDES_COUNT; i++) {
        usage after = used_by(&self->sides[i]);
        self->idle[i] = cost_of(&before[i], &after, after.wall_s - before[i].wall_s, &NONE);
    }
}

/* Waits until no side sends more than a little. */
static bool settle(compare_contest *self)
{
    for (unsigned i = 0; i < SETTLE_S; i++) {
        bool quiet = true;
        measure_idle(self, 1);
        for (size_t side = 0; side < SIDES_COUNT; side++) {
            quiet = quiet && self->idle[side].datagrams <= QUIET_A_NODE * COMPARE_NODES;
        }
        if (quiet) {
            return true;
        }
    }
    return false;
}

/* ---- Operations ---- */

static bool stores(compare_act act)
{
    return act == COMPARE_PUT || act == COMPARE_PUBLISH;
}

/* One operation of one side, by a random node; what is found was stored by an earlier one. */
static compare_result operate(compare_contest *self, size_t side, compare_act act, size_t i)
{
    compare_stored *kept = &self->stored[side][act / 2][i];
    compare_task task = {.act = act, .number = (uint32_t)i};
    compare_result result = {.outcome = COMPARE_LOCAL};
    if (stores(act)) {
        skad_random_bytes(&self->random, kept->value, sizeof kept->value);
    }
    memcpy(task.value, kept->value, sizeof task.value);
    memcpy(task.key, kept->key, sizeof task.key);
    for (unsigned tries = 0; tries < TRIES && result.outcome == COMPARE_LOCAL; tries++) {
        task.node = (uint32_t)skad_random_below(&self->random, COMPARE_NODES);
        compare_process_act(&self->sides[side], &task, &result);
    }
    if (stores(act)) {
        memcpy(kept->key, result.key, sizeof kept->key);
        kept->done = result.outcome == COMPARE_DONE;
    }
    usleep(PAUSE_US);
    return result;
}

static void record(compare_sample *out, const compare_result *result)
{
    out->ms[out->count++] = result->ms;
    out->failed += result->outcome != COMPARE_DONE;
}

/* All operations of one kind, in turns. */
static void run_act(compare_contest *self, compare_act act)
{
    usage before[SIDES_COUNT];
    for (size_t side = 0; side < SIDES_COUNT; side++) {
        before[side] = used_by(&self->sides[side]);
    }
    for (size_t i = 0; i < self->operations; i++) {
        for (size_t side = 0; side < SIDES_COUNT; side++) {
            if (stores(act) || self->stored[side][act / 2][i].done) {
                compare_result result = operate(self, side, act, i);
                record(&self->samples[side][act], &result);
            }
        }
    }
    for (size_t side = 0; side < SIDES_COUNT; side++) {
        usage after = used_by(&self->sides[side]);
        compare_sample *out = &self->samples[side][act];
        out->each = cost_of(&before[side], &after, (double)self->operations, &self->idle[side]);
    }
}

static void warm_up(compare_contest *self)
{
    for (size_t i = 0; i < WARM_UP; i++) {
        for (size_t side = 0; side < SIDES_COUNT; side++) {
            (void)operate(self, side, COMPARE_PUT, i % self->operations);
            (void)operate(self, side, COMPARE_GET, i % self->operations);
        }
    }
}

/* ---- Running ---- */

static bool prepare(compare_contest *self)
{
    static const uint8_t SEED[SKAD_SEED_BYTES] = {'c', 'o', 'm', 'p', 'a', 'r', 'e'};
    skad_random_init(&self->random, SEED);
    self->sides_count = SIDES_COUNT;
    for (size_t side = 0; side < SIDES_COUNT; side++) {
        self->sides[side].fd = -1;
    }
    for (size_t side = 0; side < SIDES_COUNT; side++) {
        for (size_t kind = 0; kind < 2; kind++) {
            self->stored[side][kind] = calloc(self->operations, sizeof(compare_stored));
            if (self->stored[side][kind] == NULL) {
                return false;
            }
        }
        for (size_t act = 0; act < COMPARE_ACTS; act++) {
            self->samples[side][act].ms = calloc(self->operations, sizeof(double));
            if (self->samples[side][act].ms == NULL) {
                return false;
            }
        }
    }
    return true;
}

static void release(compare_contest *self)
{
    for (size_t side = 0; side < SIDES_COUNT; side++) {
        compare_process_stop(&self->sides[side]);
        free(self->stored[side][0]);
        free(self->stored[side][1]);
        for (size_t act = 0; act < COMPARE_ACTS; act++) {
            free(self->samples[side][act].ms);
        }
    }
}

static bool start_sides(compare_contest *self)
{
    bool ok = true;
    for (size_t side = 0; ok && side < SIDES_COUNT; side++) {
        ok = compare_process_start(SIDES[side], &self->sides[side]);
    }
    for (size_t side = 0; ok && side < SIDES_COUNT; side++) {
        ok = compare_process_ready(&self->sides[side]);
        if (!ok) {
            (void)fprintf(stderr, "bench_compare: the nodes of %s do not join\n",
                          SIDES[side]->name);
        }
    }
    return ok;
}

static bool run(compare_contest *self)
{
    if (!start_sides(self)) {
        return false;
    }
    warm_up(self);
    if (!settle(self)) {
        (void)fprintf(stderr,
                      "bench_compare: the networks do not settle; measuring all the same\n");
    }
    measure_idle(self, IDLE_S);
    for (size_t act = 0; act < COMPARE_ACTS; act++) {
        run_act(self, (compare_act)act);
    }
    compare_report(self);
    return true;
}

int main(int argc, char **argv)
{
    static compare_contest self;
    self.operations = argc > 1 ? strtoul(argv[1], NULL, 10) : OPERATIONS;
    if (self.operations < OPERATIONS_MIN || self.operations > OPERATIONS_MAX) {
        (void)fprintf(stderr, "usage: bench_compare [OPERATIONS]: %d to %d\n", OPERATIONS_MIN,
                      OPERATIONS_MAX);
        return 2;
    }
    printf("%d nodes a side, %zu operations of each kind and side in turns, values of %d bytes%s\n",
           COMPARE_NODES, self.operations, COMPARE_VALUE_BYTES,
           SIDES_COUNT > 1 ? "" : "; without OpenDHT");
    (void)fflush(stdout);
    bool ok = prepare(&self) && run(&self);
    release(&self);
    return ok ? 0 : 1;
}
