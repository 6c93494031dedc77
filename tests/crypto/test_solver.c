/* Solving: what is found is right, everything can be stopped, and failures leave nothing. No case
 * depends on how fast the machine is: unsolvable puzzles are ended by the stop flag. */
#define _GNU_SOURCE /* pthread_setattr_default_np */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "crypto/puzzle.h"
#include "skad/identity.h"

#define EPOCH 2900

static const skad_profile easy = {.name = "easy", .static_bits = 5, .dynamic_bits = 9};
static const skad_profile no_work = {.name = "no work"};
static const skad_profile static_unsolvable = {
    .name = "static", .static_bits = 255, .dynamic_bits = 0};
static const skad_profile dynamic_unsolvable = {
    .name = "dynamic", .static_bits = 0, .dynamic_bits = 255};

/* Raises the stop flag at the second report, having looked at both. */
typedef struct watcher {
    atomic_bool stop;
    const char *stage;
    unsigned chunk; /* of tries that are counted at once; all are whole where nothing is found */
    unsigned reports;
    uint64_t tries;
    double elapsed_s;
    pthread_t caller;
} watcher;

static void watch(const skad_progress *progress, void *user)
{
    watcher *seen = user;
    assert_string_equal(progress->stage, seen->stage);
    assert_true(pthread_equal(pthread_self(), seen->caller));
    assert_true(progress->tries >= seen->tries);
    assert_int_equal(progress->tries % seen->chunk, 0);
    assert_true(progress->elapsed_s > seen->elapsed_s);
    double tries_told = progress->tries_per_s * progress->elapsed_s;
    assert_true(tries_told > (double)progress->tries - 0.5);
    assert_true(tries_told < (double)progress->tries + 0.5);
    assert_true(progress->tries_expected > 5.7e76 && progress->tries_expected < 5.8e76);
    seen->tries = progress->tries;
    seen->elapsed_s = progress->elapsed_s;
    seen->reports++;
    if (seen->reports == 2) {
        atomic_store(&seen->stop, true);
    }
}

static void watcher_init(watcher *seen, const char *stage, unsigned chunk)
{
    memset(seen, 0, sizeof *seen);
    atomic_init(&seen->stop, false);
    seen->stage = stage;
    seen->chunk = chunk;
    seen->caller = pthread_self();
}

static void assert_wiped(const skad_identity *identity)
{
    static const uint8_t zeros[sizeof *identity];
    assert_memory_equal(identity, zeros, sizeof *identity);
}

static void a_generated_identity_satisfies_its_profile(void **state)
{
    (void)state;
    static const unsigned threads[] = {0, 1, 2, 7};
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        const skad_solve_options options = {.threads = threads[i]};
        skad_identity identity;
        memset(&identity, 0xee, sizeof identity);
        assert_int_equal(skad_identity_generate(&easy, EPOCH, &options, &identity), SKAD_OK);
        assert_true(skad_identity_fits(&identity, &easy));
        assert_int_equal(identity.nonces_count, 1);
        const skad_puzzle_nonce *nonce = skad_identity_nonce(&identity, EPOCH);
        assert_non_null(nonce);
        assert_true(
            skad_puzzle_dynamic_ok(&identity.id, nonce, easy.memory_kib, easy.dynamic_bits));

        skad_identity derived; /* the parts belong together */
        assert_int_equal(skad_identity_from_seed(identity.secret_key, easy.memory_kib, &derived),
                         SKAD_OK);
        assert_memory_equal(derived.public_key, identity.public_key, sizeof derived.public_key);
        assert_memory_equal(derived.secret_key, identity.secret_key, sizeof derived.secret_key);
        assert_memory_equal(derived.id.bytes, identity.id.bytes, sizeof derived.id.bytes);
    }
}

static void two_generated_identities_differ(void **state)
{
    (void)state;
    skad_identity a;
    skad_identity b;
    assert_int_equal(skad_identity_generate(&no_work, 0, NULL, &a), SKAD_OK);
    assert_int_equal(skad_identity_generate(&no_work, 0, NULL, &b), SKAD_OK);
    assert_memory_not_equal(a.public_key, b.public_key, sizeof a.public_key);
}

static void a_nonce_is_solved_without_the_secret(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        skad_id id;
        skad_puzzle_nonce nonce;
        memset(id.bytes, (int)i, sizeof id.bytes);
        assert_int_equal(skad_puzzle_solve(&id, &easy, i, NULL, &nonce), SKAD_OK);
        assert_int_equal(nonce.epoch, i);
        assert_true(skad_puzzle_dynamic_ok(&id, &nonce, easy.memory_kib, easy.dynamic_bits));
    }
}

static void progress_is_told_and_stop_is_heard_in_the_static_stage(void **state)
{
    (void)state;
    watcher seen;
    watcher_init(&seen, "static", 16);
    const skad_solve_options options = {
        .threads = 2, .stop = &seen.stop, .progress = watch, .user = &seen};
    skad_identity identity;
    memset(&identity, 0xee, sizeof identity);
    assert_int_equal(skad_identity_generate(&static_unsolvable, 0, &options, &identity),
                     SKAD_ERR_STOPPED);
    assert_true(seen.reports >= 2);
    assert_true(seen.tries > 0);
    assert_wiped(&identity);
}

static void progress_is_told_and_stop_is_heard_in_the_dynamic_stage(void **state)
{
    (void)state;
    watcher seen;
    watcher_init(&seen, "dynamic", 512);
    const skad_solve_options options = {
        .threads = 2, .stop = &seen.stop, .progress = watch, .user = &seen};
    skad_identity identity;
    memset(&identity, 0xee, sizeof identity);
    assert_int_equal(skad_identity_generate(&dynamic_unsolvable, 0, &options, &identity),
                     SKAD_ERR_STOPPED);
    assert_true(seen.reports >= 2);
    assert_true(seen.tries > 0);
    assert_wiped(&identity);
}

static void a_stop_raised_before_the_start_ends_it_at_once(void **state)
{
    (void)state;
    atomic_bool stop;
    atomic_init(&stop, true);
    const skad_solve_options options = {.threads = 3, .stop = &stop};
    skad_identity identity;
    skad_puzzle_nonce nonce;
    const skad_id id = {{0}};
    assert_int_equal(skad_identity_generate(&no_work, 0, &options, &identity), SKAD_ERR_STOPPED);
    assert_wiped(&identity);
    assert_int_equal(skad_puzzle_solve(&id, &no_work, 0, &options, &nonce), SKAD_ERR_STOPPED);
}

static void a_thread_that_cannot_be_started_is_an_error(void **state)
{
    (void)state;
    /* No address space has room for such a stack. */
    pthread_attr_t usual;
    pthread_attr_t huge;
    assert_int_equal(pthread_getattr_default_np(&usual), 0);
    assert_int_equal(pthread_getattr_default_np(&huge), 0);
    assert_int_equal(pthread_attr_setstacksize(&huge, (size_t)1 << 60), 0);
    assert_int_equal(pthread_setattr_default_np(&huge), 0);
    skad_identity identity;
    memset(&identity, 0xee, sizeof identity);
    skad_status status = skad_identity_generate(&static_unsolvable, 0, NULL, &identity);
    assert_int_equal(pthread_setattr_default_np(&usual), 0);
    pthread_attr_destroy(&usual);
    pthread_attr_destroy(&huge);
    assert_int_equal(status, SKAD_ERR_MEMORY);
    assert_wiped(&identity);
}

/* The linker hands these calls to the test; the one of this number fails. */
static unsigned failing_call; /* 0: none */
int __real_pthread_condattr_init(pthread_condattr_t *attributes);
int __real_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes);
int __real_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int __wrap_pthread_condattr_init(pthread_condattr_t *attributes);
int __wrap_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes);
int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);

int __wrap_pthread_condattr_init(pthread_condattr_t *attributes)
{
    return failing_call == 1 ? ENOMEM : __real_pthread_condattr_init(attributes);
}

int __wrap_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    return failing_call == 2 ? ENOMEM : __real_pthread_cond_init(condition, attributes);
}

int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    return failing_call == 3 ? ENOMEM : __real_pthread_mutex_init(mutex, attributes);
}

static void locks_that_cannot_be_had_are_an_error(void **state)
{
    (void)state;
    for (failing_call = 3; failing_call > 0; failing_call--) {
        skad_identity identity;
        memset(&identity, 0xee, sizeof identity);
        assert_int_equal(skad_identity_generate(&no_work, 0, NULL, &identity), SKAD_ERR_MEMORY);
        assert_wiped(&identity);
    }
}

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
static bool no_memory;

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return no_memory ? NULL : __real_aligned_alloc(alignment, size);
}

/* 8 MiB are more than a thread keeps, and more than a chunk of tries. */
static const skad_profile large = {
    .name = "large", .memory_kib = 8192, .static_bits = 1, .dynamic_bits = 1};

static void a_hash_of_much_memory_is_solved_too(void **state)
{
    (void)state;
    const skad_solve_options options = {.threads = 2};
    skad_identity identity;
    assert_int_equal(skad_identity_generate(&large, EPOCH, &options, &identity), SKAD_OK);
    assert_true(skad_identity_fits(&identity, &large));
    const skad_puzzle_nonce *nonce = skad_identity_nonce(&identity, EPOCH);
    assert_non_null(nonce);
    assert_true(skad_puzzle_dynamic_ok(&identity.id, nonce, large.memory_kib, 1));
}

static void without_memory_nothing_is_proven(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1024,
                                     8192}; /* one that a thread keeps, one that it does not */
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const uint8_t seed[32] = {1};
        const skad_id id = {{1}};
        const skad_profile profile = {.memory_kib = sizes[i], .dynamic_bits = 1};
        skad_puzzle_nonce nonce;
        assert_int_equal(skad_puzzle_solve(&id, &profile, EPOCH, NULL, &nonce), SKAD_OK);
        skad_identity identity;
        memset(&identity, 0xee, sizeof identity);
        no_memory = true;
        const skad_status derived = skad_identity_from_seed(seed, sizes[i], &identity);
        const bool solves = skad_puzzle_dynamic_ok(&id, &nonce, sizes[i], 1);
        no_memory = false;
        assert_int_equal(derived, SKAD_ERR_MEMORY);
        assert_wiped(&identity);
        assert_false(solves);
        assert_true(skad_puzzle_dynamic_ok(&id, &nonce, sizes[i], 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_of_much_memory_is_solved_too),
        cmocka_unit_test(without_memory_nothing_is_proven),
        cmocka_unit_test(locks_that_cannot_be_had_are_an_error),
        cmocka_unit_test(a_generated_identity_satisfies_its_profile),
        cmocka_unit_test(two_generated_identities_differ),
        cmocka_unit_test(a_nonce_is_solved_without_the_secret),
        cmocka_unit_test(progress_is_told_and_stop_is_heard_in_the_static_stage),
        cmocka_unit_test(progress_is_told_and_stop_is_heard_in_the_dynamic_stage),
        cmocka_unit_test(a_stop_raised_before_the_start_ends_it_at_once),
        cmocka_unit_test(a_thread_that_cannot_be_started_is_an_error),
    };
    return cmocka_run_group_tests_name("solver", tests, NULL, NULL);
}
