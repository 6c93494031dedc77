/* Publishing without a sequence at the control socket of a daemon. The node is alone, and so it is
 * itself the only holder; what another holder would say is put in the place of its store's answers
 * where a test says so. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "skad/records.h"
#include "src/daemon/control/control.h"
#include "tests/support/control.h"

/* How many gets to come find nothing, whatever there is. */
static unsigned blind;
/* How many gets to come report that not all answered. */
static unsigned unsure;
/* How many ended_puts have ended. */
static unsigned ended_puts;

bool __real_skad_node_poll_event(skad_node *node, skad_event *out);
bool __wrap_skad_node_poll_event(skad_node *node, skad_event *out);

bool __wrap_skad_node_poll_event(skad_node *node, skad_event *out)
{
    const bool polled = __real_skad_node_poll_event(node, out);
    if (polled && out->kind == SKAD_EVENT_GET && (blind > 0 || unsure > 0)) {
        out->outcome = unsure > 0 ? SKAD_OUTCOME_TIMED_OUT : SKAD_OUTCOME_NOT_FOUND;
        blind -= unsure == 0;
        unsure -= unsure > 0;
    }
    ended_puts += polled && out->kind == SKAD_EVENT_PUT;
    return polled;
}

static void publish_kept(int fd, uint64_t msgid, const char *salt, uint64_t sequence, bool keep)
{
    uint8_t bytes[512];
    char value[32];
    skad_writer writer = test_control_request(bytes, msgid, "publish", 6);
    (void)snprintf(value, sizeof value, "value %u", (unsigned)msgid);
    skad_write_str(&writer, value);
    skad_write_str(&writer, salt);
    if (sequence == 0) {
        skad_write_nil(&writer);
    } else {
        skad_write_uint(&writer, sequence);
    }
    skad_write_nil(&writer);
    skad_write_nil(&writer);
    skad_write_bool(&writer, keep);
    test_control_send_request(fd, &writer);
}

static void publish(int fd, uint64_t msgid, const char *salt, uint64_t sequence)
{
    publish_kept(fd, msgid, salt, sequence, false);
}

static uint64_t sequence_of(test_control *self, int fd, uint64_t msgid)
{
    skad_answer answer;
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_int_equal(test_control_msgid(answer), msgid);
    return skad_answer_uint(skad_answer_at(answer, 3), "sequence");
}

static void the_first_is_1_and_each_takes_the_next(void **state)
{
    test_control *self = *state;
    int fd = test_control_dial(self);
    for (uint64_t i = 1; i <= 3; i++) {
        publish(fd, i, "salt", 0);
        assert_int_equal(sequence_of(self, fd, i), i);
    }
    publish(fd, 4, "another", 0);
    assert_int_equal(sequence_of(self, fd, 4), 1);
    publish(fd, 5, "salt", 90);
    assert_int_equal(sequence_of(self, fd, 5), 90);
    publish(fd, 6, "salt", 0);
    assert_int_equal(sequence_of(self, fd, 6), 91);
    close(fd);
}

/* Two clients, thirty each, at once. Sequences that were taken twice would leave the last below 60,
 * as each is one above what there is. */
static void clients_in_a_race_take_different_sequences(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fds[2] = {test_control_dial(self), test_control_dial(self)};
    for (uint64_t i = 0; i < 30; i++) {
        publish(fds[0], i, "salt", 0);
        publish(fds[1], i, "salt", 0);
    }
    for (size_t c = 0; c < 2; c++) {
        assert_int_equal(test_control_read(self, fds[c], 30, &answer), 30);
        assert_int_equal(skad_answer_at(answer, 2).item->type, SKAD_ITEM_NIL);
    }
    publish(fds[0], 99, "salt", 0);
    assert_int_equal(sequence_of(self, fds[0], 99), 61);
    close(fds[0]);
    close(fds[1]);
}

/* The get finds nothing, since the record comes in between; the holder refuses sequence 1. */
static void a_record_that_came_in_between_costs_one_more_try(void **state)
{
    test_control *self = *state;
    int fd = test_control_dial(self);
    publish(fd, 1, "salt", 41);
    assert_int_equal(sequence_of(self, fd, 1), 41);
    blind = 1;
    publish(fd, 2, "salt", 0);
    assert_int_equal(sequence_of(self, fd, 2), 42);
    assert_int_equal(blind, 0);
    close(fd);
}

/* What the node itself re-announces is known, whatever the network tells: one try is enough. */
static void the_nodes_own_publication_counts_as_found(void **state)
{
    test_control *self = *state;
    int fd = test_control_dial(self);
    publish_kept(fd, 1, "salt", 41, true);
    assert_int_equal(sequence_of(self, fd, 1), 41);
    blind = 1;
    ended_puts = 0;
    publish(fd, 2, "salt", 0);
    assert_int_equal(sequence_of(self, fd, 2), 42);
    assert_int_equal(ended_puts, 1);
    close(fd);
}

static void while_it_is_not_known_what_there_is_it_is_looked_for_again(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);
    publish(fd, 1, "salt", 7);
    assert_int_equal(sequence_of(self, fd, 1), 7);
    unsure = 3;
    publish(fd, 2, "salt", 0);
    assert_int_equal(sequence_of(self, fd, 2), 8);
    unsure = 4;
    publish(fd, 3, "salt", 0);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    test_control_expect_error(answer, "timed_out");
    assert_int_equal(unsure, 0);
    close(fd);
}

static void after_the_last_sequence_there_is_none(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);
    publish(fd, 1, "salt", UINT64_MAX);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    publish(fd, 2, "salt", 0);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    test_control_expect_error(answer, "input");
    assert_int_equal(test_control_status(self, "operations"), 0);
    close(fd);
}

static void limits_are_looked_at_before_anything_is_sent(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    uint8_t bytes[512];
    uint8_t salt[65] = {0};
    int fd = test_control_dial(self);
    skad_writer writer = test_control_request(bytes, 3, "publish", 2);
    skad_write_str(&writer, "value");
    skad_write_bin(&writer, salt, sizeof salt);
    test_control_send_request(fd, &writer);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    test_control_expect_error(answer, "input");
    assert_int_equal(skad_answer_uint(skad_answer_at(answer, 2), "index"), 1);
    close(fd);
}

/* The first of a queue leaves with its client; the second must not wait for ever. */
static void a_client_that_leaves_lets_the_next_one_go_on(void **state)
{
    test_control *self = *state;
    int gone = test_control_dial(self);
    int fd = test_control_dial(self);
    publish(gone, 1, "salt", 0);
    publish(fd, 2, "salt", 0);
    close(gone);
    assert_in_range(sequence_of(self, fd, 2), 1, 2);
    close(fd);
}

#define AT_DAEMON(test) cmocka_unit_test_setup_teardown(test, test_control_begin, test_control_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DAEMON(the_first_is_1_and_each_takes_the_next),
        AT_DAEMON(clients_in_a_race_take_different_sequences),
        AT_DAEMON(a_record_that_came_in_between_costs_one_more_try),
        AT_DAEMON(the_nodes_own_publication_counts_as_found),
        AT_DAEMON(while_it_is_not_known_what_there_is_it_is_looked_for_again),
        AT_DAEMON(after_the_last_sequence_there_is_none),
        AT_DAEMON(limits_are_looked_at_before_anything_is_sent),
        AT_DAEMON(a_client_that_leaves_lets_the_next_one_go_on),
    };
    return cmocka_run_group_tests_name("publishing", tests, NULL, NULL);
}
