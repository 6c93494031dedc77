/* What is told before a node changes anything in its folder. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "proto/profile.h"
#include "src/daemon/state/folder_check.h"
#include "src/db/store_lmdb.h"
#include "src/host/state/peer_store.h"
#include "tests/support/folder.h"

typedef struct desk {
    char dir[64];
    skad_data_directory paths;
    skad_failure failure;
} desk;

static int begin(void **state)
{
    static desk made;
    memset(&made, 0, sizeof made);
    test_folder_make(made.dir, sizeof made.dir);
    *state = &made;
    return skad_data_directory_init(made.dir, &made.paths, &made.failure) ? 0 : -1;
}

static int end(void **state)
{
    desk *self = *state;
    static const char *const names[] = {"peers", "records.db", "records.db-lock",
                                        "records.db-clean", "real"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/%s", self->dir, names[i]);
        (void)unlink(path);
    }
    return rmdir(self->dir); /* there is nothing else */
}

static void make_records(const desk *self, const skad_profile *profile)
{
    uint8_t network[SKAD_HASH_BYTES];
    skad_store store;
    skad_store_lmdb_report report;
    skad_profile_hash(profile, network);
    const skad_store_lmdb_config config = {.path = self->paths.records,
                                           .network = network,
                                           .caps = {10, 1 << 16, 5, 1 << 16},
                                           .now_unix_s = 1000};
    assert_int_equal(skad_store_lmdb_open(&config, &store, &report), SKAD_OK);
    store.ops->free(store.self);
}

static void make_peers(const desk *self, const skad_profile *profile)
{
    static const skad_peer_file none;
    assert_int_equal(skad_peer_store_save(self->paths.peers, profile, &none), SKAD_OK);
}

static bool check(desk *self, const char *profile)
{
    return skad_folder_check(&self->paths, skad_profile_builtin(profile), &self->failure);
}

static void refused(desk *self, const char *profile, const char *words)
{
    if (check(self, profile) || strstr(self->failure.text, words) == NULL) {
        fail_msg("no '%s' in: %s", words, self->failure.text);
    }
}

static void an_empty_folder_and_its_own_files_are_fine(void **state)
{
    desk *self = *state;
    assert_true(check(self, "test"));
    make_records(self, skad_profile_builtin("test"));
    make_peers(self, skad_profile_builtin("test"));
    assert_true(check(self, "test"));
}

static void a_database_of_a_built_in_network_names_its_option(void **state)
{
    desk *self = *state;
    struct stat before;
    struct stat after;
    make_records(self, skad_profile_builtin("test"));
    assert_int_equal(stat(self->paths.records, &before), 0);
    refused(self, "public",
            "is of the network 'test', not of 'skad-public-1': start with "
            "--profile test, or choose another folder with --dir");
    assert_int_equal(stat(self->paths.records, &after), 0);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_true(check(self, "test"));
}

static void a_database_of_a_network_of_ones_own_names_its_hash(void **state)
{
    desk *self = *state;
    skad_profile profile = *skad_profile_builtin("test");
    uint8_t hash[SKAD_HASH_BYTES];
    char words[64];
    (void)snprintf(profile.name, sizeof profile.name, "ours");
    skad_profile_hash(&profile, hash);
    make_records(self, &profile);
    (void)snprintf(words, sizeof words, "prints a hash %02x%02x%02x", hash[0], hash[1], hash[2]);
    refused(self, "test", words);
}

static void peers_of_another_network_are_refused_too(void **state)
{
    desk *self = *state;
    make_peers(self, skad_profile_builtin("test"));
    refused(self, "public", "/peers is of a network other than 'skad-public-1'");
    assert_int_equal(access(self->paths.peers, F_OK), 0);
}

static void a_link_in_the_place_of_the_database_is_refused(void **state)
{
    desk *self = *state;
    assert_int_equal(symlink("real", self->paths.records), 0);
    refused(self, "test", "is a link or no file");
}

static void a_link_in_the_place_of_the_lock_is_refused(void **state)
{
    desk *self = *state;
    char lock[sizeof self->paths.records + 8];
    char real[128];
    (void)snprintf(lock, sizeof lock, "%s-lock", self->paths.records);
    (void)snprintf(real, sizeof real, "%s/real", self->dir);
    assert_int_equal(symlink(real, lock), 0);
    refused(self, "test", "records.db-lock is a link or no file: remove it");
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(mkfifo(lock, 0600), 0);
    refused(self, "test", "records.db-lock is a link or no file: remove it");
    assert_int_equal(unlink(lock), 0);
    make_records(self, skad_profile_builtin("test"));
    assert_int_equal(access(lock, F_OK), 0);
    assert_true(check(self, "test"));
}

static void a_folder_that_others_can_write_is_refused(void **state)
{
    desk *self = *state;
    assert_int_equal(chmod(self->dir, 0707), 0);
    refused(self, "test", "can be written by others, who can replace the node's key: 'chmod o-w'");
    assert_int_equal(chmod(self->dir, 0770), 0); /* a group's is the operator's choice */
    assert_true(check(self, "test"));
    assert_int_equal(chmod(self->dir, 0705), 0);
    assert_true(check(self, "test"));
}

static void a_folder_that_cannot_be_written_is_told(void **state)
{
    desk *self = *state;
    skad_data_directory proc;
    if (geteuid() != 0) {
        assert_int_equal(chmod(self->dir, 0500), 0);
        refused(self, "test", "start as its owner");
        assert_int_equal(chmod(self->dir, 0700), 0);
    }
    assert_true(skad_data_directory_init("/proc/none", &proc, &self->failure));
    assert_false(skad_folder_check(&proc, skad_profile_builtin("test"), &self->failure));
    assert_non_null(strstr(self->failure.text, "cannot use the folder /proc/none"));
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    skad_crypto_init();
    const struct CMUnitTest tests[] = {
        AT_DESK(an_empty_folder_and_its_own_files_are_fine),
        AT_DESK(a_database_of_a_built_in_network_names_its_option),
        AT_DESK(a_database_of_a_network_of_ones_own_names_its_hash),
        AT_DESK(peers_of_another_network_are_refused_too),
        AT_DESK(a_link_in_the_place_of_the_database_is_refused),
        AT_DESK(a_link_in_the_place_of_the_lock_is_refused),
        AT_DESK(a_folder_that_others_can_write_is_refused),
        AT_DESK(a_folder_that_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests_name("folder_check", tests, NULL, NULL);
}
