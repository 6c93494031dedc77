/* Which peers are kept, and what becomes of a file that cannot be used. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "src/daemon/system/log.h"
#include "src/host/state/disk.h"
#include "src/host/state/peer_store.h"
#include "tests/support/folder.h"
#include "tests/support/log_lines.h"

#define UNIX_S 1700000000

typedef struct folder {
    char dir[64];
    char path[80];
    char aside[128];
} folder;

static int set_up(void **state)
{
    folder *self = calloc(1, sizeof *self);
    test_folder_make(self->dir, sizeof self->dir);
    (void)snprintf(self->path, sizeof self->path, "%s/peers", self->dir);
    (void)snprintf(self->aside, sizeof self->aside, "%s.bad-%d", self->path, UNIX_S);
    *state = self;
    return 0;
}

static size_t count_files(const folder *self)
{
    size_t count = 0;
    DIR *dir = opendir(self->dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        count += entry->d_name[0] != '.';
    }
    closedir(dir);
    return count;
}

static int tear_down(void **state)
{
    folder *self = *state;
    char path[400];
    DIR *dir = opendir(self->dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        (void)snprintf(path, sizeof path, "%s/%s", self->dir, entry->d_name);
        if (entry->d_name[0] != '.') {
            assert_int_equal(remove(path), 0);
        }
    }
    closedir(dir);
    rmdir(self->dir);
    free(self);
    return 0;
}

static void write_file(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static void totals(skad_peer_file *file)
{
    memset(file, 0, sizeof *file);
    file->written_s = UNIX_S;
    file->count = 2;
    for (uint8_t i = 0; i < 2; i++) {
        file->contacts[i].id.bytes[0] = i;
        file->contacts[i].ipv4 = (skad_address){SKAD_FAMILY_IPV4, 4700, {192, 0, 2, i}};
    }
}

static bool load(const folder *self, const char *profile, skad_peer_file *out)
{
    return skad_peer_store_load(self->path, skad_profile_builtin(profile), UNIX_S,
                                skad_log_stderr(SKAD_LOG_NOTHING), out);
}

static void save(const folder *self, const char *profile)
{
    skad_peer_file file;
    totals(&file);
    assert_int_equal(skad_peer_store_save(self->path, skad_profile_builtin(profile), &file),
                     SKAD_OK);
}

/* ---- Choosing ---- */

static skad_table_row row(uint8_t name, bool sibling, uint64_t first_seen_us, uint8_t failures)
{
    return (skad_table_row){
        .contact.id.bytes = {name},
        .contact.ipv4 = {SKAD_FAMILY_IPV4, 4700, {192, 0, 2, name}},
        .sibling = sibling,
        .first_seen_us = first_seen_us,
        .failures = failures,
    };
}

static void siblings_come_first_and_then_who_is_known_for_longest(void **state)
{
    (void)state;
    skad_table_row rows[] = {row('d', false, 900, 0), row('c', true, 20, 0),
                             row('x', true, 999, 1),  row('e', false, 5, 0),
                             row('f', false, 5, 0),   row('y', false, 1000, 3),
                             row('a', true, 30, 0),   row('b', true, 20, 0)};
    skad_peer_file file;
    skad_peer_store_choose(rows, sizeof rows / sizeof rows[0], &file);
    assert_int_equal(file.count, 6);
    for (size_t i = 0; i < file.count; i++) {
        assert_int_equal(file.contacts[i].id.bytes[0], "abcdef"[i]);
    }
}

static void no_more_are_chosen_than_a_file_holds(void **state)
{
    (void)state;
    static skad_table_row rows[SKAD_PEER_FILE_CONTACTS_MAX + 50];
    size_t count = sizeof rows / sizeof rows[0];
    skad_peer_file file;
    for (size_t i = 0; i < count; i++) {
        rows[i] = row((uint8_t)i, false, i, 0);
    }
    skad_peer_store_choose(rows, count, &file);
    assert_int_equal(file.count, SKAD_PEER_FILE_CONTACTS_MAX);
    assert_int_equal(file.contacts[0].id.bytes[0], (uint8_t)(count - 1));
    skad_peer_store_choose(rows, 0, &file);
    assert_int_equal(file.count, 0);
}

/* ---- Loading ---- */

static void what_is_saved_is_loaded_and_nobody_else_may_read_it(void **state)
{
    const folder *self = *state;
    struct stat info;
    skad_peer_file want;
    skad_peer_file file;
    totals(&want);

    save(self, "test");
    save(self, "test");
    assert_int_equal(stat(self->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(count_files(self), 1);
    assert_true(load(self, "test", &file));
    assert_int_equal(file.count, want.count);
    assert_memory_equal(file.contacts, want.contacts, want.count * sizeof want.contacts[0]);
}

static void without_a_file_there_is_nobody_to_greet(void **state)
{
    const folder *self = *state;
    skad_peer_file file;
    assert_true(load(self, "test", &file));
    assert_int_equal(file.count, 0);
    assert_int_equal(count_files(self), 0);
}

static void make_damaged(const folder *self)
{
    save(self, "test");
    assert_int_equal(truncate(self->path, 100), 0);
}

static void make_foreign(const folder *self)
{
    save(self, "public");
}

static void make_newer(const folder *self)
{
    save(self, "test");
    int fd = open(self->path, O_WRONLY);
    assert_int_equal(pwrite(fd, "\3", 1, 14), 1);
    close(fd);
}

static void make_huge(const folder *self)
{
    save(self, "test");
    assert_int_equal(truncate(self->path, SKAD_PEER_FILE_BYTES_MAX + 1), 0);
}

static void make_link(const folder *self)
{
    char real[128];
    (void)snprintf(real, sizeof real, "%s/real", self->dir);
    save(self, "test");
    assert_int_equal(rename(self->path, real), 0);
    assert_int_equal(symlink(real, self->path), 0);
}

static void make_pipe(const folder *self)
{
    assert_int_equal(mkfifo(self->path, 0600), 0);
}

static void make_folder(const folder *self)
{
    assert_int_equal(mkdir(self->path, 0700), 0);
}

static void what_cannot_be_used_is_set_aside_as_it_is(void **state)
{
    const folder *self = *state;
    static const struct {
        const char *label;
        void (*make)(const folder *);
        const char *why;
    } cases[] = {
        {"damaged", make_damaged, "(it is damaged): set aside as "},
        {"huge", make_huge, "(it is damaged): set aside as "},
        {"link", make_link, "(it is damaged): set aside as "},
        {"pipe", make_pipe, "(it is damaged): set aside as "},
        {"folder", make_folder, "(it is damaged): set aside as "},
    };
    static test_log log;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stat before;
        struct stat after;
        skad_peer_file file;
        cases[i].make(self);
        assert_int_equal(lstat(self->path, &before), 0);
        test_log_begin(&log);
        bool loaded = skad_peer_store_load(self->path, skad_profile_builtin("test"), UNIX_S,
                                           skad_log_stderr(SKAD_LOG_INFO), &file);
        test_log_end(&log);
        if (!loaded || file.count != 0 || lstat(self->aside, &after) != 0) {
            fail_msg("not set aside: %s", cases[i].label);
        }
        assert_int_equal(test_log_count(&log, cases[i].why), 1);
        assert_int_equal(test_log_count(&log, self->aside), 1);
        assert_int_equal(test_log_count(&log, ""), 1);
        assert_int_equal(after.st_ino, before.st_ino);
        assert_int_equal(after.st_size, before.st_size);
        assert_int_equal(lstat(self->path, &before), -1);
        assert_int_equal(remove(self->aside), 0);
    }
}

static void what_others_can_use_stays_where_it_is(void **state)
{
    const folder *self = *state;
    static const struct {
        void (*make)(const folder *);
        skad_status look;
        const char *why;
    } cases[] = {
        {make_foreign, SKAD_ERR_INPUT, "(it is of another network): it stays"},
        {make_newer, SKAD_ERR_VERSION, "(another version of skad wrote it): it stays"},
    };
    static test_log log;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stat before;
        struct stat after;
        skad_peer_file file;
        cases[i].make(self);
        assert_int_equal(lstat(self->path, &before), 0);
        assert_int_equal(skad_peer_store_look(self->path, skad_profile_builtin("test")),
                         cases[i].look);
        test_log_begin(&log);
        assert_false(skad_peer_store_load(self->path, skad_profile_builtin("test"), UNIX_S,
                                          skad_log_stderr(SKAD_LOG_INFO), &file));
        test_log_end(&log);
        assert_int_equal(test_log_count(&log, cases[i].why), 1);
        assert_int_equal(lstat(self->path, &after), 0);
        assert_int_equal(after.st_ino, before.st_ino);
        assert_int_equal(lstat(self->aside, &after), -1);
    }
}

static void nothing_that_was_set_aside_is_overwritten(void **state)
{
    const folder *self = *state;
    char bytes[8] = "";
    skad_peer_file file;

    for (char name = 'a'; name < 'd'; name++) {
        write_file(self->path, &name, 1);
        assert_true(load(self, "test", &file));
    }
    assert_int_equal(count_files(self), 3);
    int fd = open(self->aside, O_RDONLY);
    assert_int_equal(read(fd, bytes, sizeof bytes), 1);
    assert_int_equal(bytes[0], 'a');
    close(fd);
}

static void a_file_that_cannot_be_set_aside_stays_where_it_is(void **state)
{
    const folder *self = *state;
    char aside[128];
    char name = 'a';
    skad_peer_file file;

    write_file(self->path, &name, 1);
    for (int i = 0; i < 100; i++) {
        (void)snprintf(aside, sizeof aside, i == 0 ? "%s" : "%s-%d", self->aside, i);
        write_file(aside, &name, 1);
    }
    assert_false(load(self, "test", &file));
    assert_int_equal(file.count, 0);
    assert_int_equal(count_files(self), 101);
}

static void a_failure_of_the_system_is_told_with_its_reason(void **state)
{
    const folder *self = *state;
    static test_log log;
    char path[400];
    skad_peer_file file;
    (void)snprintf(path, sizeof path, "%s/%0300d", self->dir, 1);
    test_log_begin(&log);
    bool loaded = skad_peer_store_load(path, skad_profile_builtin("test"), UNIX_S,
                                       skad_log_stderr(SKAD_LOG_INFO), &file);
    test_log_end(&log);
    assert_false(loaded);
    assert_int_equal(file.count, 0);
    assert_int_equal(
        test_log_count(&log, " (File name too long), nor set it aside (File exists): "), 1);
}

static void a_folder_that_is_not_there_is_a_failure_with_a_reason(void **state)
{
    (void)state;
    skad_peer_file file;
    totals(&file);
    errno = 0;
    assert_int_equal(
        skad_peer_store_save("/tmp/skad-no-such-folder/peers", skad_profile_builtin("test"), &file),
        SKAD_ERR_IO);
    assert_int_equal(errno, ENOENT);
}

static void a_failed_replacement_leaves_no_temporary_file(void **state)
{
    const folder *self = *state;
    assert_int_equal(mkdir(self->path, 0700), 0); /* rename refuses to replace a folder */
    assert_int_equal(skad_disk_replace(self->path, (const uint8_t *)"x", 1), SKAD_ERR_IO);
    assert_int_equal(count_files(self), 1);
}

static void a_file_is_read_up_to_its_bound_and_not_beyond(void **state)
{
    const folder *self = *state;
    uint8_t bytes[4];
    size_t len = 0;

    write_file(self->path, "abcd", 4);
    assert_int_equal(skad_disk_read(self->path, bytes, 4, &len), SKAD_OK);
    assert_int_equal(len, 4);
    assert_memory_equal(bytes, "abcd", 4);
    assert_int_equal(skad_disk_read(self->path, bytes, 3, &len), SKAD_ERR_FORMAT);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    skad_crypto_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siblings_come_first_and_then_who_is_known_for_longest),
        cmocka_unit_test(no_more_are_chosen_than_a_file_holds),
        IN_FOLDER(what_is_saved_is_loaded_and_nobody_else_may_read_it),
        IN_FOLDER(without_a_file_there_is_nobody_to_greet),
        IN_FOLDER(what_cannot_be_used_is_set_aside_as_it_is),
        IN_FOLDER(what_others_can_use_stays_where_it_is),
        IN_FOLDER(nothing_that_was_set_aside_is_overwritten),
        IN_FOLDER(a_file_that_cannot_be_set_aside_stays_where_it_is),
        IN_FOLDER(a_failure_of_the_system_is_told_with_its_reason),
        cmocka_unit_test(a_folder_that_is_not_there_is_a_failure_with_a_reason),
        IN_FOLDER(a_failed_replacement_leaves_no_temporary_file),
        IN_FOLDER(a_file_is_read_up_to_its_bound_and_not_beyond),
    };
    return cmocka_run_group_tests_name("peer_store", tests, NULL, NULL);
}
