/* The folder of a node, and every way in which its identity can be unusable. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "crypto/puzzle.h"
#include "src/host/state/data_directory.h"
#include "src/host/system/clock.h"
#include "tests/support/folder.h"

skad_time __wrap_skad_clock_now(void);

#define EPOCH_S (28ULL * 86400)

static uint64_t shown_s;

skad_time __wrap_skad_clock_now(void)
{
    return (skad_time){.mono_us = 1, .unix_s = shown_s};
}

skad_status __real_skad_identity_generate(const skad_profile *profile, uint32_t epoch,
                                          const skad_solve_options *options, skad_identity *out);
skad_status __wrap_skad_identity_generate(const skad_profile *profile, uint32_t epoch,
                                          const skad_solve_options *options, skad_identity *out);

static skad_status generating; /* how it ends; SKAD_OK: as it does */

skad_status __wrap_skad_identity_generate(const skad_profile *profile, uint32_t epoch,
                                          const skad_solve_options *options, skad_identity *out)
{
    return generating != SKAD_OK ? generating
                                 : __real_skad_identity_generate(profile, epoch, options, out);
}

typedef struct desk {
    char dir[64];
    skad_profile profile;
    skad_data_directory directory;
    skad_identity identity;
    skad_failure failure;
    bool made;
} desk;

static int begin(void **state)
{
    static desk made;
    memset(&made, 0, sizeof made);
    test_folder_make(made.dir, sizeof made.dir);
    made.profile = (skad_profile){
        .name = "data", .static_bits = 4, .dynamic_bits = 4, .epoch_s = (uint32_t)EPOCH_S};
    shown_s = 700 * EPOCH_S;
    assert_true(skad_data_directory_init(made.dir, &made.directory, &made.failure));
    *state = &made;
    return 0;
}

static int end(void **state)
{
    const desk *self = *state;
    (void)remove(self->directory.identity);
    return rmdir(self->dir);
}

static bool load(desk *self)
{
    const skad_solve_options options = {.threads = 1};
    return skad_data_directory_identity(&self->directory, &self->profile, &options, &self->identity,
                                        &self->made, &self->failure);
}

static void expect_failure(desk *self, const char *words)
{
    static const skad_identity none;
    memset(&self->identity, 0xee, sizeof self->identity);
    assert_false(load(self));
    if (strstr(self->failure.text, words) == NULL) {
        fail_msg("'%s' lacks '%s'", self->failure.text, words);
    }
    assert_memory_equal(&self->identity, &none, sizeof none);
}

/* ---- Paths ---- */

static void paths_lie_in_the_folder(void **state)
{
    (void)state;
    skad_data_directory paths;
    skad_failure failure;
    memset(&paths, 0xff, sizeof paths);
    assert_true(skad_data_directory_init("/x", &paths, &failure));
    assert_int_equal(paths.unix_s, 0); /* the system's clock counts */
    assert_string_equal(paths.dir, "/x");
    assert_string_equal(paths.identity, "/x/identity");
    assert_string_equal(paths.peers, "/x/peers");
    assert_string_equal(paths.records, "/x/records.db");
    assert_string_equal(paths.control, "/x/control.sock");
    assert_true(skad_data_directory_init_member("/x", 12, &paths, &failure));
    assert_string_equal(paths.dir, "/x");
    assert_string_equal(paths.identity, "/x/node-12.identity");
    assert_string_equal(paths.peers, "/x/node-12.peers");
    assert_string_equal(paths.records, "/x/node-12.db");
    assert_string_equal(paths.control, "/x/node-12.sock");
}

/* The longest name in it is that of the control socket. */
static void a_path_is_never_cut(void **state)
{
    (void)state;
    char dir[PATH_MAX + 1];
    skad_data_directory paths;
    skad_failure failure = {""};
    memset(dir, 'a', sizeof dir);
    size_t most = PATH_MAX - 1 - strlen("/control.sock");
    dir[most] = '\0';
    assert_true(skad_data_directory_init(dir, &paths, &failure));
    assert_int_equal(strlen(paths.control), PATH_MAX - 1);
    dir[most] = 'a';
    dir[most + 1] = '\0';
    assert_false(skad_data_directory_init(dir, &paths, &failure));
    assert_string_equal(failure.text,
                        "the path of the folder is too long: choose another with --dir");
    dir[most + 1] = 'a';
    dir[PATH_MAX] = '\0';
    assert_false(skad_data_directory_init(dir, &paths, &failure));
    assert_false(skad_data_directory_init("", &paths, &failure));
    assert_string_equal(failure.text, "which folder? HOME is not set, so name one with --dir");
}

/* ---- The folder ---- */

static void a_folder_is_made_for_its_owner_alone(void **state)
{
    const desk *self = *state;
    skad_data_directory inner;
    skad_failure failure = {""};
    struct stat about;
    char path[100];
    (void)snprintf(path, sizeof path, "%s/inner", self->dir);
    assert_true(skad_data_directory_init(path, &inner, &failure));
    mode_t before = umask(0);
    assert_true(skad_data_directory_make(&inner, &failure));
    (void)umask(before);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    assert_true(skad_data_directory_make(&inner, &failure)); /* it is there */
    assert_int_equal(rmdir(path), 0);
}

static void a_folder_that_cannot_be_made_is_told_in_words(void **state)
{
    const desk *self = *state;
    skad_data_directory inner;
    skad_failure failure = {""};
    char path[200];
    (void)snprintf(path, sizeof path, "%s/none/inner", self->dir);
    assert_true(skad_data_directory_init(path, &inner, &failure));
    assert_false(skad_data_directory_make(&inner, &failure));
    assert_non_null(strstr(failure.text, "the folder above it does not exist"));
    (void)snprintf(path, sizeof path, "%s/identity", self->dir);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_true(skad_data_directory_init(path, &inner, &failure));
    assert_false(skad_data_directory_make(&inner, &failure));
    assert_non_null(strstr(failure.text, "exists, but it is not a folder"));
    (void)snprintf(path, sizeof path, "%s/identity/inner", self->dir);
    assert_true(skad_data_directory_init(path, &inner, &failure));
    assert_false(skad_data_directory_make(&inner, &failure));
    assert_non_null(strstr(failure.text, ": Not a directory"));
}

/* ---- The identity ---- */

static void an_identity_is_made_once_and_loaded_from_then_on(void **state)
{
    desk *self = *state;
    assert_true(load(self));
    assert_true(self->made);
    assert_true(skad_identity_fits(&self->identity, &self->profile));
    assert_non_null(skad_identity_nonce(&self->identity, 700));
    const skad_id id = self->identity.id;
    assert_true(load(self));
    assert_false(self->made);
    assert_memory_equal(&self->identity.id, &id, sizeof id);
}

static void the_puzzle_of_a_new_epoch_is_solved_and_kept(void **state)
{
    desk *self = *state;
    skad_identity kept;
    assert_true(load(self));
    shown_s += EPOCH_S - 1;
    assert_true(load(self));
    assert_int_equal(self->identity.nonces_count, 1);
    shown_s += 1;
    assert_true(load(self));
    const skad_puzzle_nonce *nonce = skad_identity_nonce(&self->identity, 701);
    assert_non_null(nonce);
    assert_true(skad_puzzle_dynamic_ok(&self->identity.id, nonce, 0, 4));
    assert_int_equal(skad_identity_load(self->directory.identity, &kept), SKAD_OK);
    assert_non_null(skad_identity_nonce(&kept, 700));
    assert_non_null(skad_identity_nonce(&kept, 701));
}

static void keygen_makes_an_identity_and_replaces_none(void **state)
{
    desk *self = *state;
    const skad_solve_options options = {.threads = 1};
    skad_identity kept;
    assert_true(skad_data_directory_keygen(&self->directory, &self->profile, &options,
                                           &self->identity, &self->failure));
    const skad_id id = self->identity.id;
    assert_false(skad_data_directory_keygen(&self->directory, &self->profile, &options,
                                            &self->identity, &self->failure));
    assert_non_null(strstr(self->failure.text, "is there already"));
    assert_int_equal(skad_identity_load(self->directory.identity, &kept), SKAD_OK);
    assert_memory_equal(&kept.id, &id, sizeof id);
}

static void an_unusable_file_is_told_in_words(void **state)
{
    desk *self = *state;
    assert_true(load(self));
    assert_int_equal(chmod(self->directory.identity, 0640), 0);
    expect_failure(self, "can be read by others: 'chmod 600' it");
    assert_int_equal(chmod(self->directory.identity, 0600), 0);
    int fd = open(self->directory.identity, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "\xff", 1, 100), 1);
    expect_failure(self, "is damaged: restore it from a backup");
    assert_int_equal(pwrite(fd, "\0\1", 2, 14), 2); /* the version, as it was before */
    expect_failure(self, "move it away, and make a new one with 'skad keygen'");
    uint8_t version[2];
    assert_int_equal(pread(fd, version, 2, 14), 2); /* it stays as it is */
    assert_int_equal(version[1], 1);
    close(fd);
    assert_int_equal(unlink(self->directory.identity), 0);
    assert_int_equal(mkdir(self->directory.identity, 0700), 0);
    expect_failure(self, ": Is a directory");
}

static void what_cannot_be_made_is_told_with_its_file(void **state)
{
    static const skad_status cases[] = {SKAD_ERR_MEMORY, SKAD_ERR_INPUT, SKAD_ERR_PUZZLE};
    desk *self = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        generating = cases[i];
        bool loaded = load(self);
        generating = SKAD_OK;
        assert_false(loaded);
        assert_non_null(strstr(self->failure.text, self->directory.identity));
        assert_non_null(strstr(self->failure.text, skad_status_text(cases[i])));
    }
}

/* The work is lost, but its secret does not stay. */
static void an_identity_that_cannot_be_written_is_wiped(void **state)
{
    desk *self = *state;
    assert_int_equal(rmdir(self->dir), 0);
    expect_failure(self, "is missing");
    const skad_solve_options options = {.threads = 1};
    memset(&self->identity, 0xee, sizeof self->identity);
    assert_false(skad_data_directory_keygen(&self->directory, &self->profile, &options,
                                            &self->identity, &self->failure));
    static const skad_identity none;
    assert_memory_equal(&self->identity, &none, sizeof none);
    assert_int_equal(mkdir(self->dir, 0700), 0);
}

static void an_identity_of_an_easier_network_is_refused(void **state)
{
    desk *self = *state;
    self->profile.static_bits = 0;
    do { /* one in 2^16 would fit */
        (void)unlink(self->directory.identity);
        assert_true(load(self));
    } while (skad_puzzle_static_ok(&self->identity.id, 12));
    self->profile.static_bits = 12;
    expect_failure(self, "does not solve the puzzle of the network 'data'");
    self->profile.memory_kib = 8;
    expect_failure(self, "was made with 0 KiB of memory, and the network 'data' takes 8");
    self->profile.memory_kib = 0;
}

static void what_is_stopped_writes_nothing(void **state)
{
    desk *self = *state;
    atomic_bool stop;
    atomic_init(&stop, true);
    const skad_solve_options options = {.threads = 1, .stop = &stop};
    assert_false(skad_data_directory_identity(&self->directory, &self->profile, &options,
                                              &self->identity, &self->made, &self->failure));
    assert_non_null(strstr(self->failure.text, "stopped before the puzzle was solved"));
    assert_int_not_equal(access(self->directory.identity, F_OK), 0);
    assert_true(load(self));
    shown_s += EPOCH_S;
    assert_false(skad_data_directory_identity(&self->directory, &self->profile, &options,
                                              &self->identity, &self->made, &self->failure));
    assert_non_null(strstr(self->failure.text, "stopped before the puzzle was solved"));
    assert_int_equal(self->identity.nonces_count, 0); /* wiped */
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    skad_crypto_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lie_in_the_folder),
        cmocka_unit_test(a_path_is_never_cut),
        AT_DESK(a_folder_is_made_for_its_owner_alone),
        AT_DESK(a_folder_that_cannot_be_made_is_told_in_words),
        AT_DESK(an_identity_is_made_once_and_loaded_from_then_on),
        AT_DESK(the_puzzle_of_a_new_epoch_is_solved_and_kept),
        AT_DESK(keygen_makes_an_identity_and_replaces_none),
        AT_DESK(an_unusable_file_is_told_in_words),
        AT_DESK(what_cannot_be_made_is_told_with_its_file),
        AT_DESK(an_identity_that_cannot_be_written_is_wiped),
        AT_DESK(an_identity_of_an_easier_network_is_refused),
        AT_DESK(what_is_stopped_writes_nothing),
    };
    return cmocka_run_group_tests_name("data_directory", tests, NULL, NULL);
}
