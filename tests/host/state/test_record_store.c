/* The daemon's records: opening, and when they are synced. Timers go off when the test says so, and
 * the disk fails when it says so. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/profile.h"
#include "src/daemon/system/log.h"
#include "src/db/store_lmdb.h"
#include "src/host/state/record_store.h"
#include "tests/support/folder.h"
#include "tests/support/log_lines.h"
#include "tests/support/manual_timers.h"
#include "tests/support/turns.h"

#define NOW_S 1000000

int __wrap_fdatasync(int fd);

static atomic_uint syncs;
static atomic_int sync_error;

int __wrap_fdatasync(int fd)
{
    atomic_fetch_add(&syncs, 1);
    errno = fcntl(fd, F_GETFD) < 0 ? EBADF : atomic_load(&sync_error);
    return errno == 0 || atomic_load(&sync_error) == 0 ? 0 : -1;
}

typedef struct desk {
    char dir[64];
    char path[100];
    skad_loop *loop;
    skad_record_store *records;
    skad_failure failure;
    test_log log;
} desk;

static int begin(void **state)
{
    static desk made;
    memset(&made, 0, sizeof made);
    test_folder_make(made.dir, sizeof made.dir);
    (void)snprintf(made.path, sizeof made.path, "%s/records.db", made.dir);
    made.loop = test_loop_new();
    atomic_store(&syncs, 0);
    atomic_store(&sync_error, 0);
    *state = &made;
    return 0;
}

static int end(void **state)
{
    desk *self = *state;
    static const char *const suffixes[] = {"", "-lock", "-clean"};
    skad_record_store_free(self->records);
    skad_loop_free(self->loop);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char name[120];
        (void)snprintf(name, sizeof name, "%s%s", self->path, suffixes[i]);
        (void)unlink(name);
    }
    return rmdir(self->dir) == 0 && test_timers_running() == 0 ? 0 : -1;
}

static bool open_there(desk *self, const char *path, skad_record_store **out)
{
    const skad_record_store_config config = {.loop = self->loop,
                                             .path = path,
                                             .caps = {10, 1 << 16, 5, 1 << 16},
                                             .profile = skad_profile_builtin("test"),
                                             .now_unix_s = NOW_S,
                                             .log = skad_log_stderr(SKAD_LOG_INFO)};
    return skad_record_store_new(&config, out, &self->failure);
}

static void put(const desk *self, uint8_t number)
{
    static const uint8_t data[] = {1};
    const skad_store store = skad_record_store_store(self->records);
    const skad_store_record record = {.name = {.key = {{number}}, .type = 1},
                                      .stored_unix_s = NOW_S,
                                      .expires_unix_s = NOW_S + 100,
                                      .data = data,
                                      .len = 1};
    assert_int_equal(store.ops->put(store.self, SKAD_STORE_REPLICAS, &record, NOW_S), SKAD_OK);
}

/* Half a minute passes; what is begun is awaited; what is logged is read along. */
static void pass(desk *self)
{
    test_log_begin(&self->log);
    test_timers_fire(self->loop, 30);
    test_loop_run(self->loop);
    test_log_end(&self->log);
}

static void what_was_written_is_synced_half_a_minute_later_and_once(void **state)
{
    desk *self = *state;
    assert_true(open_there(self, self->path, &self->records));
    pass(self);
    assert_int_equal(atomic_load(&syncs), 0); /* nothing was written */
    put(self, 1);
    put(self, 2);
    pass(self);
    assert_int_equal(atomic_load(&syncs), 1);
    pass(self);
    assert_int_equal(atomic_load(&syncs), 1);
    put(self, 3);
    pass(self);
    assert_int_equal(atomic_load(&syncs), 2);
    assert_int_equal(test_log_count(&self->log, ""), 0);
}

static void one_sync_runs_at_a_time(void **state)
{
    desk *self = *state;
    assert_true(open_there(self, self->path, &self->records));
    put(self, 1);
    test_timers_fire(self->loop, 30); /* its end is not seen yet */
    put(self, 2);
    test_timers_fire(self->loop, 30);
    test_loop_run(self->loop);
    assert_int_equal(atomic_load(&syncs), 1);
    pass(self);
    assert_int_equal(atomic_load(&syncs), 2);
}

static void a_disk_that_fails_is_told_of_once_for_each_cause(void **state)
{
    static const struct {
        int error;
        size_t lines;
    } turns[] = {{EIO, 1}, {EIO, 0}, {ENOSPC, 1}, {0, 0}, {ENOSPC, 1}};
    desk *self = *state;
    assert_true(open_there(self, self->path, &self->records));
    for (uint8_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        atomic_store(&sync_error, turns[i].error);
        put(self, i);
        pass(self);
        assert_int_equal(test_log_count(&self->log, " warning: cannot write records to the disk: "),
                         turns[i].lines);
        if (turns[i].lines > 0) {
            assert_int_equal(test_log_count(&self->log, strerror(turns[i].error)), 1);
        }
        assert_int_equal(test_log_count(&self->log, " info: records are written to the disk again"),
                         turns[i].error == 0);
    }
}

static void a_sync_may_outlive_the_store(void **state)
{
    desk *self = *state;
    assert_true(open_there(self, self->path, &self->records));
    put(self, 1);
    test_timers_fire(self->loop, 30);
    skad_record_store_free(self->records);
    self->records = NULL;
    test_loop_run(self->loop); /* nothing is awaited */
    assert_int_equal(test_timers_running(), 0);
    skad_record_store_free(NULL);
}

static void without_a_file_records_are_in_memory_and_never_synced(void **state)
{
    desk *self = *state;
    assert_true(open_there(self, NULL, &self->records));
    put(self, 1);
    assert_int_equal(test_timers_running(), 0);
    assert_int_not_equal(access(self->path, F_OK), 0);
}

static void records_are_there_after_a_restart(void **state)
{
    desk *self = *state;
    skad_store_totals totals;
    assert_true(open_there(self, self->path, &self->records));
    put(self, 1);
    skad_record_store_free(self->records);
    assert_true(open_there(self, self->path, &self->records));
    const skad_store store = skad_record_store_store(self->records);
    store.ops->totals(store.self, &totals);
    assert_int_equal(totals.records, 1);
    assert_int_equal(totals.records_max, 10);
}

static void caps_can_change_as_far_as_the_file_may_grow(void **state)
{
    desk *self = *state;
    skad_store_totals totals;
    const skad_store_caps lower = {5, 1 << 15, 5, 1 << 16};
    const skad_store_caps higher = {1 << 20, 1 << 30, 5, 1 << 16};
    assert_true(open_there(self, self->path, &self->records));
    const skad_store store = skad_record_store_store(self->records);
    assert_true(skad_record_store_resize(self->records, &lower));
    store.ops->totals(store.self, &totals);
    assert_int_equal(totals.records_max, 5);
    assert_int_equal(totals.bytes_max, 1 << 15);
    assert_false(skad_record_store_resize(self->records, &higher));
    store.ops->totals(store.self, &totals);
    assert_int_equal(totals.records_max, 5);
}

static void a_database_in_use_is_told_in_words(void **state)
{
    desk *self = *state;
    skad_record_store *other = NULL;
    assert_true(open_there(self, self->path, &self->records));
    assert_false(open_there(self, self->path, &other));
    assert_non_null(strstr(self->failure.text, "another daemon is using"));
    assert_int_equal(test_timers_running(), 1);
    assert_false(open_there(self, "/proc/none/records.db", &other));
    assert_non_null(strstr(self->failure.text, "/proc/none/records.db"));
}

static void what_was_set_aside_is_told(void **state)
{
    desk *self = *state;
    char aside[120];
    int fd = open(self->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "no database", 11), 11);
    close(fd);
    test_log_begin(&self->log);
    bool opened = open_there(self, self->path, &self->records);
    test_log_end(&self->log);
    assert_true(opened);
    assert_int_equal(test_log_count(&self->log, " warning: "), 1);
    (void)snprintf(aside, sizeof aside, "%s.aside-%d", self->path, NOW_S);
    assert_int_equal(test_log_count(&self->log, aside), 1);
    assert_int_equal(unlink(aside), 0);
}

/* docs/cli.md: 1 GiB of records, 1024 for each MiB; a quarter of that for publications. */
static void caps_by_default_are_the_documented_ones(void **state)
{
    (void)state;
    skad_store_caps caps;
    skad_record_store_default_caps(&caps);
    assert_int_equal(caps.records_max, 1048576);
    assert_int_equal(caps.bytes_max, 1073741824);
    assert_int_equal(caps.published_max, 262144);
    assert_int_equal(caps.published_bytes_max, 268435456);
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DESK(what_was_written_is_synced_half_a_minute_later_and_once),
        AT_DESK(one_sync_runs_at_a_time),
        AT_DESK(a_disk_that_fails_is_told_of_once_for_each_cause),
        AT_DESK(a_sync_may_outlive_the_store),
        AT_DESK(without_a_file_records_are_in_memory_and_never_synced),
        AT_DESK(records_are_there_after_a_restart),
        AT_DESK(caps_can_change_as_far_as_the_file_may_grow),
        AT_DESK(a_database_in_use_is_told_in_words),
        AT_DESK(what_was_set_aside_is_told),
        cmocka_unit_test(caps_by_default_are_the_documented_ones),
    };
    return cmocka_run_group_tests_name("record_store", tests, NULL, NULL);
}
