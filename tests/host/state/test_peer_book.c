/* When peers are written down, and that those of an earlier run are greeted. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "src/core/node/parts.h"
#include "src/daemon/system/log.h"
#include "src/host/state/peer_book.h"
#include "src/host/state/peer_store.h"
#include "tests/support/failing_allocation.h"
#include "tests/support/fixture.h"
#include "tests/support/folder.h"
#include "tests/support/identities.h"
#include "tests/support/log_lines.h"
#include "tests/support/manual_timers.h"
#include "tests/support/turns.h"

#define PEERS 5

typedef struct desk {
    char dir[64];
    char path[80];
    skad_loop *loop;
    skad_profile profile;
    test_fixture fixture;
} desk;

static int set_up(void **state)
{
    desk *self = calloc(1, sizeof *self);
    test_folder_make(self->dir, sizeof self->dir);
    (void)snprintf(self->path, sizeof self->path, "%s/peers", self->dir);
    self->loop = test_loop_new();
    self->profile = test_fixture_profile();
    test_fixture_init(&self->fixture, &self->profile);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    desk *self = *state;
    test_fixture_free(&self->fixture);
    skad_loop_free(self->loop);
    unlink(self->path);
    assert_int_equal(rmdir(self->dir), 0);
    free(self);
    return 0;
}

static skad_peer_book *open_book(desk *self)
{
    const skad_peer_book_config config = {
        .loop = self->loop,
        .path = self->path,
        .profile = &self->profile,
        .node = self->fixture.node,
        .now = &self->fixture.now,
        .log = skad_log_stderr(SKAD_LOG_INFO),
    };
    skad_peer_book *book = NULL;
    assert_int_equal(skad_peer_book_new(&config, &book), SKAD_OK);
    return book;
}

static void load(const desk *self, skad_peer_file *out)
{
    assert_true(skad_peer_store_load(self->path, &self->profile, TEST_UNIX_S,
                                     skad_log_stderr(SKAD_LOG_NOTHING), out));
}

/* Writes a file with the remote peers of the fixture, none of which the node has heard of. */
static void write_remotes(desk *self, skad_peer_file *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < PEERS; i++) {
        const test_remote *who = test_fixture_remote(&self->fixture);
        out->contacts[out->count].id = who->identity.id;
        out->contacts[out->count++].ipv4 = who->address;
    }
    assert_int_equal(skad_peer_store_save(self->path, &self->profile, out), SKAD_OK);
}

static void a_node_that_has_joined_keeps_its_peers_at_its_end(void **state)
{
    desk *self = *state;
    skad_peer_file file;
    test_fixture_populate(&self->fixture, PEERS);
    skad_peer_book_free(open_book(self));
    load(self, &file);
    assert_int_equal(file.count, PEERS);
    assert_int_equal(file.written_s, self->fixture.now.unix_s);
}

static void a_node_that_has_not_joined_leaves_the_old_file_as_it_is(void **state)
{
    desk *self = *state;
    struct stat before;
    struct stat after;
    skad_peer_file file;
    write_remotes(self, &file);
    assert_int_equal(stat(self->path, &before), 0);
    skad_peer_book_free(open_book(self));
    assert_int_equal(stat(self->path, &after), 0);
    assert_int_equal(after.st_ino, before.st_ino);
}

/* It may know a few peers that are alone with it. */
static void nor_does_one_that_knows_peers_and_has_not_joined(void **state)
{
    desk *self = *state;
    skad_peer_file before;
    skad_peer_file after;
    write_remotes(self, &before);
    test_fixture_populate(&self->fixture, PEERS + 1);
    skad_node_parts_of(self->fixture.node).join->joined = false;
    assert_int_equal(skad_node_table(self->fixture.node, self->fixture.now, NULL, 0), PEERS + 1);
    skad_peer_book_free(open_book(self));
    load(self, &after);
    assert_int_equal(after.count, before.count);
}

static void without_peers_of_an_earlier_run_nobody_is_greeted(void **state)
{
    desk *self = *state;
    skad_peer_book *book = open_book(self);
    assert_false(skad_peer_book_greet(book));
    assert_int_equal(test_fixture_drain(&self->fixture), 0);
    skad_peer_book_free(book);
    assert_int_not_equal(access(self->path, F_OK), 0);
}

static void greeted_peers_answer_and_the_node_has_joined(void **state)
{
    desk *self = *state;
    skad_peer_file file;
    skad_node_stats stats;
    write_remotes(self, &file);
    skad_peer_book *book = open_book(self);

    assert_true(skad_peer_book_greet(book));
    test_fixture_run(&self->fixture, 30 * SKAD_US_PER_S);
    skad_peer_book_joined(book);
    skad_node_stats_get(self->fixture.node, self->fixture.now, &stats);
    assert_true(stats.joined);
    assert_int_equal(stats.peers, PEERS);
    skad_peer_book_free(book);
}

static void nobody_enters_the_table_by_the_file_alone(void **state)
{
    desk *self = *state;
    skad_peer_file file;
    write_remotes(self, &file);
    skad_peer_book *book = open_book(self);

    assert_true(skad_peer_book_greet(book));
    assert_int_equal(skad_node_table(self->fixture.node, self->fixture.now, NULL, 0), 0);
    assert_int_equal(test_fixture_drain(&self->fixture), PEERS);
    skad_peer_book_free(book);
}

/* The timer of saving goes off; what is logged meanwhile is counted. */
static size_t lines_of_saving(desk *self, const char *text)
{
    static test_log log;
    test_log_begin(&log);
    test_timers_fire(self->loop, 600);
    test_loop_run(self->loop); /* until the thread that writes is done */
    test_log_end(&log);
    return test_log_count(&log, text);
}

static void peers_are_kept_every_ten_minutes(void **state)
{
    desk *self = *state;
    skad_peer_file file;
    test_fixture_populate(&self->fixture, PEERS);
    skad_peer_book *book = open_book(self);
    assert_int_equal(test_timers_running(), 1);
    assert_int_equal(lines_of_saving(self, ""), 0);
    load(self, &file);
    assert_int_equal(file.count, PEERS);
    assert_int_equal(unlink(self->path), 0);
    assert_int_equal(lines_of_saving(self, ""), 0);
    load(self, &file);
    assert_int_equal(file.count, PEERS);
    skad_peer_book_free(book);
    assert_int_equal(test_timers_running(), 0);
}

/* A folder in the place of the file is one cause, a missing folder another. */
static void a_failure_to_save_is_told_once_for_each_cause(void **state)
{
    static const char line[] = " warning: cannot keep the peers in ";
    desk *self = *state;
    char moved[80];
    (void)snprintf(moved, sizeof moved, "%s.moved", self->dir);
    test_fixture_populate(&self->fixture, PEERS);
    skad_peer_book *book = open_book(self);
    assert_int_equal(mkdir(self->path, 0700), 0);
    assert_int_equal(lines_of_saving(self, line), 1);
    assert_int_equal(lines_of_saving(self, ""), 0);
    assert_int_equal(rmdir(self->path), 0);
    assert_int_equal(rename(self->dir, moved), 0);
    assert_int_equal(lines_of_saving(self, line), 1);
    assert_int_equal(lines_of_saving(self, ""), 0);
    assert_int_equal(rename(moved, self->dir), 0);
    assert_int_equal(lines_of_saving(self, " info: the peers are kept in "),
                     1); /* it works again */
    assert_int_equal(lines_of_saving(self, ""), 0);
    assert_int_equal(rename(self->dir, moved), 0);
    assert_int_equal(lines_of_saving(self, line), 1);
    assert_int_equal(rename(moved, self->dir), 0);
    skad_peer_book_free(book);
}

static void without_memory_the_old_file_stays(void **state)
{
    desk *self = *state;
    skad_peer_file file;
    test_fixture_populate(&self->fixture, PEERS);
    skad_peer_book *book = open_book(self);
    assert_int_equal(lines_of_saving(self, ""), 0);
    bool failed = true;
    for (size_t nth = 1; failed; nth++) {
        test_allocation_fail(nth);
        (void)lines_of_saving(self, "");
        failed = test_allocation_failed();
        load(self, &file);
        assert_int_equal(file.count, PEERS);
        assert_true(failed || nth > 2);
    }
    skad_peer_book_free(book);
}

static void greetings_are_repeated_ever_less_often_until_the_node_has_joined(void **state)
{
    static const unsigned pauses_s[] = {5, 10, 20, 40, 80, 160, 320, 600, 600};
    desk *self = *state;
    skad_peer_file file;
    write_remotes(self, &file);
    skad_peer_book *book = open_book(self);
    assert_true(skad_peer_book_greet(book));
    for (size_t i = 0; i < sizeof pauses_s / sizeof pauses_s[0]; i++) {
        assert_int_equal(test_fixture_drain(&self->fixture), PEERS);
        assert_int_equal(test_timers_of(pauses_s[i]), pauses_s[i] < 600 ? 1 : 2); /* and saving */
        self->fixture.now.mono_us += (uint64_t)pauses_s[i] * SKAD_US_PER_S;
        skad_node_tick(self->fixture.node, self->fixture.now);
        (void)test_fixture_drain(&self->fixture);
        if (pauses_s[i] >= 600) {
            break; /* the timer of saving was started first */
        }
        test_timers_fire(self->loop, pauses_s[i]);
    }
    assert_true(skad_peer_book_greet(book)); /* isolated: the shortest pause again */
    assert_int_equal(test_timers_of(5), 1);
    assert_int_equal(test_timers_running(), 2);
    skad_peer_book_joined(book);
    assert_int_equal(test_timers_running(), 1);
    skad_peer_book_free(book);
}

/* A path fits with its final zero, or it is refused. */
static void a_path_is_shorter_than_the_longest_path(void **state)
{
    desk *self = *state;
    static char path[PATH_MAX + 1];
    memset(path, 'x', PATH_MAX);
    const skad_peer_book_config config = {
        .loop = self->loop,
        .path = path,
        .profile = &self->profile,
        .node = self->fixture.node,
        .now = &self->fixture.now,
        .log = skad_log_stderr(SKAD_LOG_NOTHING),
    };
    skad_peer_book *book = NULL;
    assert_int_equal(skad_peer_book_new(&config, &book), SKAD_ERR_INPUT);
    path[PATH_MAX - 1] = 0;
    assert_int_equal(skad_peer_book_new(&config, &book), SKAD_OK);
    skad_peer_book_free(book);
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    skad_crypto_init();
    const struct CMUnitTest tests[] = {
        AT_DESK(a_node_that_has_joined_keeps_its_peers_at_its_end),
        AT_DESK(a_node_that_has_not_joined_leaves_the_old_file_as_it_is),
        AT_DESK(nor_does_one_that_knows_peers_and_has_not_joined),
        AT_DESK(without_peers_of_an_earlier_run_nobody_is_greeted),
        AT_DESK(greeted_peers_answer_and_the_node_has_joined),
        AT_DESK(nobody_enters_the_table_by_the_file_alone),
        AT_DESK(peers_are_kept_every_ten_minutes),
        AT_DESK(a_failure_to_save_is_told_once_for_each_cause),
        AT_DESK(without_memory_the_old_file_stays),
        AT_DESK(greetings_are_repeated_ever_less_often_until_the_node_has_joined),
        AT_DESK(a_path_is_shorter_than_the_longest_path),
    };
    return cmocka_run_group_tests_name("peer_book", tests, NULL, NULL);
}
