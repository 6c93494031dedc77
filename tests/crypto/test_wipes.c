/* Secrets that lie on the stack for a moment are wiped before the function returns. The linker
 * hands every wipe of the code to this test, which counts them by size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/identity_file.h"
#include "crypto/keys.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/tag.h"
#include "crypto/token.h"
#include "skad/identity.h"

#define SIZES_MAX 512

void __wrap_skad_wipe(void *data, size_t len);
void __real_sodium_memzero(void *data, size_t len);
void __wrap_sodium_memzero(void *data, size_t len);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* the solver wipes in its threads */
static unsigned wipes[SIZES_MAX];                        /* by size; 0: of SIZES_MAX and more */

static void count(size_t len)
{
    pthread_mutex_lock(&lock);
    wipes[len < SIZES_MAX ? len : 0]++;
    pthread_mutex_unlock(&lock);
}

void __wrap_skad_wipe(void *data, size_t len)
{
    count(len);
    __real_sodium_memzero(data, len);
}

void __wrap_sodium_memzero(void *data, size_t len)
{
    count(len);
    __real_sodium_memzero(data, len);
}

static const skad_profile no_work = {.name = "no work"};
static const uint8_t seed[SKAD_SEED_BYTES] = {1};
static const uint8_t key[SKAD_HASH_BYTES] = {2};
static const skad_id id = {{3}};
static skad_identity identity;
static char path[128];

static bool generate(void)
{
    const skad_solve_options options = {.threads = 1};
    skad_identity made;
    return skad_identity_generate(&no_work, 0, &options, &made) == SKAD_OK;
}

static bool draw_more_than_the_pool_has(void)
{
    static uint8_t out[300];
    skad_random random;
    skad_random_init(&random, seed);
    skad_random_bytes(&random, out, sizeof out);
    return true;
}

static bool create(void)
{
    return skad_identity_create(path, &identity) == SKAD_OK;
}

static bool load(void)
{
    skad_identity loaded;
    return skad_identity_load(path, &loaded) == SKAD_OK;
}

static bool update(void)
{
    return skad_identity_update(path, &identity) == SKAD_OK;
}

static bool check_a_tag(void)
{
    static const uint8_t envelope[100];
    static const uint8_t wrong[SKAD_TAG_BYTES];
    return !skad_tag_ok(key, &id, envelope, sizeof envelope, wrong);
}

static bool check_a_token(void)
{
    static const uint8_t wrong[SKAD_TOKEN_BYTES];
    const skad_address address = {.family = SKAD_FAMILY_IPV4};
    return !skad_token_ok(key, &address, &id, 0, wrong);
}

static bool give_secret_memory_back(void)
{
    void *secret = skad_secret_alloc(100, NULL);
    skad_secret_free(secret, 100);
    return secret != NULL;
}

typedef struct wipe_case {
    const char *label;
    bool (*act)(void);
    size_t len;
    unsigned count;
} wipe_case;

/* In this order: the file is created before it is read. A file has 168 bytes, and one more is
 * read. */
static const wipe_case cases[] = {
    {"seeds and finds of two stages, the find, and what was drawn for it", generate, 32, 6},
    {"the secret key of the last try", generate, 64, 1},
    {"the generators of two stages", generate, sizeof(skad_random), 2},
    {"an identity that is filled anew", generate, sizeof(skad_identity), 1},
    {"keystream of two refills", draw_more_than_the_pool_has, 256, 2},
    {"the whole pool", draw_more_than_the_pool_has, 224, 1},
    {"what was drawn of the second pool", draw_more_than_the_pool_has, 76, 1},
    {"the bytes of a new file", create, 168, 1},
    {"the bytes of a file that was read", load, 169, 1},
    {"an identity before it is read", load, sizeof(skad_identity), 2},
    {"the bytes of a file that is replaced", update, 169, 1},
    {"the bytes of the file that replaces it", update, 168, 1},
    {"the identity of the file that is replaced", update, sizeof(skad_identity), 3},
    {"the expected half of a tag", check_a_tag, 8, 1},
    {"the expected token", check_a_token, 16, 1},
    {"the page of a secret", give_secret_memory_back, 0, 1},
};

static void secrets_are_wiped_where_they_are_no_longer_needed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (cases[i].act == create) {
            (void)unlink(path);
        }
        memset(wipes, 0, sizeof wipes);
        if (!cases[i].act() || wipes[cases[i].len] != cases[i].count) {
            fail_msg("%s: %u wipes of %zu bytes instead of %u", cases[i].label, wipes[cases[i].len],
                     cases[i].len, cases[i].count);
        }
    }
}

static void what_failed_leaves_no_identity(void **state)
{
    (void)state;
    static const skad_identity none;
    atomic_bool stop;
    atomic_init(&stop, true);
    const skad_solve_options options = {.threads = 1, .stop = &stop};
    skad_identity made;
    memset(&made, 0xee, sizeof made);
    memset(wipes, 0, sizeof wipes);
    assert_int_equal(skad_identity_generate(&no_work, 0, &options, &made), SKAD_ERR_STOPPED);
    assert_int_equal(wipes[sizeof(skad_identity)], 2);
    assert_memory_equal(&made, &none, sizeof made);
}

static int make_folder(void **state)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(path, sizeof path, "%.80s/skad-test-XXXXXX", base != NULL ? base : "/tmp");
    *state = mkdtemp(path) == NULL ? NULL : strdup(path);
    (void)strcat(path, "/id");
    return *state != NULL && skad_identity_from_seed(seed, 0, &identity) == SKAD_OK ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)unlink(path);
    int left = rmdir(*state);
    free(*state);
    return left;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_wiped_where_they_are_no_longer_needed),
        cmocka_unit_test(what_failed_leaves_no_identity),
    };
    skad_crypto_init();
    return cmocka_run_group_tests_name("wipes", tests, make_folder, remove_folder);
}
