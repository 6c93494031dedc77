/* Solving the puzzles on all cores. A hunt is one search by several threads:
 *
 * - The caller starts the hunters.
 *
 * - Each hunter tries candidates in chunks.
 *
 * - The first to succeed notes its find and calls the hunt off.
 *
 * - The caller, which reports progress meanwhile, joins them all.
 *
 * The caller's thread only waits and reports. `over` and `tries` are atomic; the mutex guards the
 * find and the number of hunters that still run. Every hunter that was started is joined on every
 * path. S/Kademlia, section 4.1. */
#include "skad/identity.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "crypto/puzzle.h"
#include "crypto/random.h"

#define HUNTERS_MAX    256 /* more threads are not started */
#define NICEST         19  /* the lowest priority */
#define REPORT_NS      200000000L
#define NS_PER_S       1000000000L
#define CHUNK_KIB      4096 /* of memory-hard hashes, about 0.7 ms: so soon `over` is seen */
#define CHUNK_TRIES    512  /* at most; a plain hash costs about 0.3 us */
#define KEYS_A_CHUNK   32   /* at most; a key pair costs about 12 us */
#define KEY_SEED_BYTES 32
#define FIND_BYTES_MAX KEY_SEED_BYTES

struct hunt;

/* Tries one chunk. Returns the number of tries, and true in *found with the find in `find`. */
typedef unsigned (*hunt_chunk)(const struct hunt *hunt, skad_random *random, uint8_t *find,
                               bool *found);

struct hunt {
    const char *stage;
    hunt_chunk chunk;
    unsigned bits;
    uint32_t memory_kib;
    const skad_id *id; /* dynamic puzzle only */
    uint32_t epoch;    /* dynamic puzzle only */
    const skad_solve_options *options;

    atomic_bool over;
    atomic_ullong tries;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned running;
    bool found;
    uint8_t find[FIND_BYTES_MAX]; /* a key seed or a nonce, once found */
};

/* Returns the number of tries in a chunk. */
static unsigned chunk_tries(const struct hunt *hunt, unsigned most)
{
    const uint32_t tries = CHUNK_KIB / (hunt->memory_kib == 0 ? 1 : hunt->memory_kib);
    return tries < 1 ? 1 : tries > most ? most : (unsigned)tries;
}

static unsigned try_keys(const struct hunt *hunt, skad_random *random, uint8_t *find, bool *found)
{
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
    uint8_t secret_key[SKAD_SECRET_KEY_BYTES];
    const unsigned most = chunk_tries(hunt, KEYS_A_CHUNK);
    unsigned tries = 0;
    while (tries < most && !*found) {
        skad_random_bytes(random, find, KEY_SEED_BYTES);
        skad_keypair_from_seed(find, public_key, secret_key);
        skad_id id;
        *found = skad_node_id(public_key, hunt->memory_kib, &id) == SKAD_OK &&
                 skad_puzzle_static_ok(&id, hunt->bits);
        tries++;
    }
    skad_wipe(secret_key, sizeof secret_key);
    return tries;
}

/* Counts up from a fresh random start. Among 2^64 nonces, chunks overlap too rarely to matter. */
static unsigned try_nonces(const struct hunt *hunt, skad_random *random, uint8_t *find, bool *found)
{
    skad_puzzle_nonce nonce = {.epoch = hunt->epoch};
    uint64_t counter;
    skad_random_bytes(random, (uint8_t *)&counter, sizeof counter);
    const unsigned most = chunk_tries(hunt, CHUNK_TRIES);
    unsigned tries = 0;
    while (tries < most && !*found) {
        memcpy(nonce.bytes, &counter, sizeof nonce.bytes);
        *found = skad_puzzle_dynamic_ok(hunt->id, &nonce, hunt->memory_kib, hunt->bits);
        counter++;
        tries++;
    }
    memcpy(find, nonce.bytes, sizeof nonce.bytes);
    return tries;
}

static bool stop_raised(const struct hunt *hunt)
{
    return hunt->options->stop != NULL && atomic_load(hunt->options->stop);
}

static void *hunt_alone(void *argument)
{
    struct hunt *hunt = argument;
    if (hunt->options->background) {
        (void)setpriority(PRIO_PROCESS, 0, NICEST); /* on Linux of this thread alone */
    }
    uint8_t seed[SKAD_SEED_BYTES];
    skad_random random;
    skad_random_system(seed, sizeof seed);
    skad_random_init(&random, seed);
    skad_wipe(seed, sizeof seed);

    uint8_t find[FIND_BYTES_MAX] = {0};
    bool found = false;
    while (!found && !atomic_load(&hunt->over) && !stop_raised(hunt)) {
        unsigned tries = hunt->chunk(hunt, &random, find, &found);
        atomic_fetch_add_explicit(&hunt->tries, tries, memory_order_relaxed);
    }

    pthread_mutex_lock(&hunt->mutex);
    if (found && !hunt->found) {
        hunt->found = true;
        memcpy(hunt->find, find, sizeof find);
        atomic_store(&hunt->over, true);
    }
    hunt->running--;
    pthread_cond_signal(&hunt->changed);
    pthread_mutex_unlock(&hunt->mutex);

    skad_wipe(find, sizeof find);
    skad_wipe(&random, sizeof random);
    return NULL;
}

static unsigned hunters_wanted(const skad_solve_options *options)
{
    long wanted = options->threads;
    if (wanted == 0) {
        wanted = sysconf(_SC_NPROCESSORS_ONLN);
    }
    return wanted < 1 ? 1 : wanted > HUNTERS_MAX ? HUNTERS_MAX : (unsigned)wanted;
}

/* Starts up to `wanted` hunters and returns how many started. They take no signals, because
 * handlers run in the threads of the program that embeds us. */
static unsigned start(struct hunt *hunt, unsigned wanted, pthread_t *threads)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    unsigned started = 0;
    hunt->running = wanted;
    while (started < wanted && pthread_create(&threads[started], NULL, hunt_alone, hunt) == 0) {
        started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static double seconds_between(const struct timespec *from, const struct timespec *to)
{
    return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / NS_PER_S;
}

static double two_to(unsigned bits)
{
    double power = 1;
    for (unsigned i = 0; i < bits; i++) {
        power *= 2;
    }
    return power;
}

static void report(struct hunt *hunt, const struct timespec *since, const struct timespec *now)
{
    if (hunt->options->progress == NULL) {
        return;
    }
    skad_progress progress = {
        .stage = hunt->stage,
        .tries = atomic_load_explicit(&hunt->tries, memory_order_relaxed),
        .tries_expected = two_to(hunt->bits),
        .elapsed_s = seconds_between(since, now),
    };
    if (progress.elapsed_s > 0) {
        progress.tries_per_s = (double)progress.tries / progress.elapsed_s;
    }
    hunt->options->progress(&progress, hunt->options->user);
}

/* Waits until the last hunter is done and reports meanwhile, without holding the mutex. */
static void await_end(struct hunt *hunt)
{
    struct timespec since;
    clock_gettime(CLOCK_MONOTONIC, &since);
    struct timespec due = since;
    pthread_mutex_lock(&hunt->mutex);
    while (hunt->running > 0) {
        due.tv_nsec += REPORT_NS;
        due.tv_sec += due.tv_nsec / NS_PER_S;
        due.tv_nsec %= NS_PER_S;
        int late = 0;
        while (hunt->running > 0 && late == 0) {
            late = pthread_cond_timedwait(&hunt->changed, &hunt->mutex, &due);
        }
        if (hunt->running > 0) {
            pthread_mutex_unlock(&hunt->mutex);
            clock_gettime(CLOCK_MONOTONIC, &due);
            report(hunt, &since, &due);
            pthread_mutex_lock(&hunt->mutex);
        }
    }
    pthread_mutex_unlock(&hunt->mutex);
}

static skad_status run_with_condition(struct hunt *hunt)
{
    pthread_t threads[HUNTERS_MAX];
    unsigned wanted = hunters_wanted(hunt->options);
    unsigned started = start(hunt, wanted, threads);
    if (started == wanted) {
        await_end(hunt);
    } else {
        atomic_store(&hunt->over, true);
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    if (started < wanted) {
        return SKAD_ERR_MEMORY;
    }
    return hunt->found ? SKAD_OK : SKAD_ERR_STOPPED;
}

/* Runs a hunt whose description is filled in; on SKAD_OK hunt->find holds the find. */
static skad_status run(struct hunt *hunt)
{
    static const skad_solve_options defaults = {0};
    if (hunt->options == NULL) {
        hunt->options = &defaults;
    }
    skad_crypto_init();
    atomic_init(&hunt->over, false);
    atomic_init(&hunt->tries, 0);
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return SKAD_ERR_MEMORY;
    }
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int failed = pthread_cond_init(&hunt->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (failed != 0) {
        return SKAD_ERR_MEMORY;
    }
    skad_status status = SKAD_ERR_MEMORY;
    if (pthread_mutex_init(&hunt->mutex, NULL) == 0) {
        status = run_with_condition(hunt);
        pthread_mutex_destroy(&hunt->mutex);
    }
    pthread_cond_destroy(&hunt->changed);
    return status;
}

skad_status skad_puzzle_solve(const skad_id *id, const skad_profile *profile, uint32_t epoch,
                              const skad_solve_options *options, skad_puzzle_nonce *out)
{
    struct hunt hunt = {
        .stage = "dynamic",
        .chunk = try_nonces,
        .bits = profile->dynamic_bits,
        .memory_kib = profile->memory_kib,
        .id = id,
        .epoch = epoch,
        .options = options,
    };
    memset(out, 0, sizeof *out);
    skad_status status = run(&hunt);
    if (status == SKAD_OK) {
        out->epoch = epoch;
        memcpy(out->bytes, hunt.find, sizeof out->bytes);
    }
    return status;
}

skad_status skad_identity_generate(const skad_profile *profile, uint32_t epoch,
                                   const skad_solve_options *options, skad_identity *out)
{
    struct hunt hunt = {
        .stage = "static",
        .chunk = try_keys,
        .bits = profile->static_bits,
        .memory_kib = profile->memory_kib,
        .options = options,
    };
    skad_identity_wipe(out);
    skad_status status = run(&hunt);
    if (status == SKAD_OK) {
        status = skad_identity_from_seed(hunt.find, profile->memory_kib, out);
    }
    if (status == SKAD_OK) {
        status = skad_puzzle_solve(&out->id, profile, epoch, options, &out->nonces[0]);
    }
    skad_wipe(hunt.find, sizeof hunt.find);
    if (status != SKAD_OK) {
        skad_identity_wipe(out);
        return status;
    }
    out->nonces_count = 1;
    return SKAD_OK;
}
