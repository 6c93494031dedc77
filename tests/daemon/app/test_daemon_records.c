/* Records, watches and caps at the control socket of a daemon. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/daemon/control/control.h"
#include "tests/support/control.h"

/* Requests as they are on the wire: [0, 5, "status", []] and so on. */
static const uint8_t STATUS[] = {0x94, 0, 5, 0xa6, 's', 't', 'a', 't', 'u', 's', 0x90};
static const uint8_t PUT[] = {0x94, 0, 7, 0xa3, 'p', 'u', 't', 0x91, 0xc4, 3, 'a', 'b', 'c'};

static const uint8_t KEY[SKAD_ID_BYTES] = {0x17, 0x23};

static void send_watch(int fd, uint64_t msgid)
{
    uint8_t bytes[512];
    skad_writer writer = test_control_request(bytes, msgid, "watch_providers", 1);
    skad_write_bin(&writer, KEY, sizeof KEY);
    test_control_send_request(fd, &writer);
}

static void send_announce(int fd, uint64_t msgid, const char *metadata)
{
    uint8_t bytes[512];
    skad_writer writer = test_control_request(bytes, msgid, "announce", 3);
    skad_write_bin(&writer, KEY, sizeof KEY);
    skad_write_str(&writer, "127.0.0.1:80");
    skad_write_str(&writer, metadata);
    test_control_send_request(fd, &writer);
}

/* A cap of the node, of the daemon, and a rate: what is used, and what there is. */
static void status_tells_how_full_the_node_is(void **state)
{
    test_control *self = *state;
    static const struct {
        const char *name;
        uint64_t used;
        uint64_t max;
        size_t values;
    } caps[] = {
        {"clients", 2, 64, 2},
        {"operations", 0, 128, 2},
        {"queue", 0, 0, 2}, /* no workers */
        {"answer_bytes", 0, 0, 3},
    };
    skad_answer answer;
    int other = test_control_dial(self);
    int fd = test_control_dial(self);
    test_control_send(fd, STATUS, sizeof STATUS);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    skad_answer all = skad_answer_get(skad_answer_at(answer, 3), "caps");
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        skad_answer cap = skad_answer_get(all, caps[i].name);
        assert_int_equal(skad_answer_count(cap), caps[i].values);
        assert_int_equal(skad_answer_at(cap, 0).item->u.number, caps[i].used);
        assert_int_equal(skad_answer_at(cap, 1).item->u.number, caps[i].max);
    }
    close(other);
    close(fd);
}

static void a_watch_tells_each_change_until_it_is_ended(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int watcher = test_control_dial(self);
    int fd = test_control_dial(self);

    send_watch(watcher, 77);
    test_control_await_status(self, "watches", 1);
    for (uint64_t i = 0; i < 3; i++) {
        send_announce(fd, i, i == 0 ? "one" : i == 1 ? "two" : "three");
        assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
        assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "stored"), 1);
        assert_int_equal(test_control_read(self, watcher, 1, &answer), 1);
        assert_int_equal(skad_answer_at(answer, 0).item->u.number, 2);
        skad_answer params = skad_answer_at(answer, 2);
        assert_int_equal(skad_answer_at(params, 0).item->u.number, 77);
        skad_answer providers = skad_answer_get(skad_answer_at(params, 1), "providers");
        assert_int_equal(skad_answer_count(providers), 1);
    }
    test_control_send_number(watcher, 78, "unwatch", 76); /* there is no such watch */
    assert_int_equal(test_control_read(self, watcher, 1, &answer), 1);
    assert_false(skad_answer_at(answer, 3).item->u.number != 0);
    test_control_send_number(watcher, 79, "unwatch", 77);
    skad_answer last;
    assert_int_equal(test_control_read(self, watcher, 2, &last), 2);
    assert_int_equal(test_control_msgid(last), 79);
    assert_int_equal(skad_answer_at(last, 3).item->type, SKAD_ITEM_BOOL);
    assert_int_equal(skad_answer_at(last, 3).item->u.number, 1);
    assert_int_equal(test_control_status(self, "watches"), 0);
    close(fd);
    close(watcher);
}

static void a_watch_of_who_sends_no_more_is_answered_and_ended(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);
    send_watch(fd, 5);
    shutdown(fd, SHUT_WR);
    assert_int_equal(test_control_read(self, fd, SIZE_MAX, &answer),
                     1); /* and then it is hung up */
    assert_int_equal(test_control_msgid(answer), 5);
    assert_int_equal(skad_answer_get(skad_answer_at(answer, 3), "changes").item->type,
                     SKAD_ITEM_UINT);
    assert_int_equal(test_control_status(self, "watches"), 0);
    close(fd);
}

static void watches_of_a_client_that_hangs_up_are_ended(void **state)
{
    test_control *self = *state;
    int fd = test_control_dial(self);
    send_watch(fd, 5);
    test_control_await_status(self, "watches", 1);
    close(fd);
    ev_run(self->loop, EVRUN_ONCE);
    assert_int_equal(test_control_status(self, "watches"), 0);
}

/* As many as a client may have; one more is refused, and its other requests go on. */
static void watches_do_not_keep_a_client_from_other_things(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);
    for (uint64_t i = 0; i < SKAD_CONTROL_CLIENT_WATCHES_MAX; i++) {
        send_watch(fd, 1000 + i);
    }
    send_watch(fd, 9999);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_int_equal(test_control_msgid(answer), 9999);
    test_control_expect_error(answer, "busy");
    test_control_send(fd, PUT, sizeof PUT);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "stored"), 1);
    close(fd);
}

/* Page by page, of one record each: all are met, and each once. */
static void records_are_listed_page_by_page(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    uint8_t bytes[512];
    uint8_t cursor[SKAD_CONTROL_CURSOR_BYTES];
    int fd = test_control_dial(self);
    size_t found = 0;
    for (uint8_t i = 0; i < 5; i++) {
        skad_writer writer = test_control_request(bytes, i, "put", 2);
        skad_write_bin(&writer, &i, 1);
        skad_write_bool(&writer, true);
        test_control_send_request(fd, &writer);
        assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
        assert_true(skad_answer_bool(skad_answer_at(answer, 3), "kept"));
    }
    for (bool first = true, more = true; more; first = false) {
        skad_writer writer = test_control_request(bytes, 9, "records", 3);
        skad_write_str(&writer, "published");
        if (first) {
            skad_write_nil(&writer);
        } else {
            skad_write_bin(&writer, cursor, sizeof cursor);
        }
        skad_write_uint(&writer, 1);
        test_control_send_request(fd, &writer);
        assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
        skad_answer result = skad_answer_at(answer, 3);
        skad_span next = skad_answer_bytes(result, "next");
        found += skad_answer_count(skad_answer_get(result, "records"));
        more = next.len == sizeof cursor;
        if (more) {
            memcpy(cursor, next.data, sizeof cursor);
        }
        assert_true(found <= 5);
    }
    assert_int_equal(found, 5);
    close(fd);
}

static void what_is_withdrawn_is_published_no_more(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    uint8_t bytes[512];
    int fd = test_control_dial(self);
    send_announce(fd, 1, "");
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    for (uint64_t expected = 2; expected > 0; expected--) {
        skad_writer writer = test_control_request(bytes, 2, "withdraw", 1);
        skad_write_bin(&writer, KEY, sizeof KEY);
        test_control_send_request(fd, &writer);
        assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
        assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "withdrawn"), expected - 1);
    }
    close(fd);
}

typedef struct refusal_case {
    const char *label;
    const char *method;
    const char *value;
    const char *code;
} refusal_case;

static void what_the_node_cannot_take_is_refused_in_words(void **state)
{
    test_control *self = *state;
    static const refusal_case refusals[] = {
        {"an empty value", "put", "", "input"},
        {"no record", "store", "not a record", "input"},
    };
    int fd = test_control_dial(self);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        uint8_t bytes[512];
        skad_answer answer;
        skad_writer writer = test_control_request(bytes, i, refusals[i].method, 1);
        skad_write_str(&writer, refusals[i].value);
        test_control_send_request(fd, &writer);
        assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
        test_control_expect_error(answer, refusals[i].code);
    }
    close(fd);
}

/* A lower sequence than what is there: the only holder, ourselves, refuses, and says what it has.
 */
static void a_put_that_all_refuse_is_an_error_with_the_reason(void **state)
{
    test_control *self = *state;
    int fd = test_control_dial(self);
    for (uint64_t sequence = 9; sequence > 7; sequence--) {
        uint8_t bytes[512];
        skad_answer answer;
        skad_writer writer = test_control_request(bytes, sequence, "publish", 3);
        skad_write_str(&writer, "value");
        skad_write_nil(&writer);
        skad_write_uint(&writer, sequence);
        test_control_send_request(fd, &writer);
        assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
        if (sequence == 9) {
            assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "sequence"), 9);
            continue;
        }
        test_control_expect_error(answer, "refused");
        char text[SKAD_ANSWER_TEXT_BYTES];
        skad_answer_text(skad_answer_get(skad_answer_at(answer, 2), "message"), text);
        assert_non_null(strstr(text, "1 older (they hold sequence 9)"));
    }
    close(fd);
}

#define WITH_DAEMON(name)                                                                          \
    cmocka_unit_test_setup_teardown(name, test_control_begin, test_control_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DAEMON(status_tells_how_full_the_node_is),
        WITH_DAEMON(a_watch_tells_each_change_until_it_is_ended),
        WITH_DAEMON(a_watch_of_who_sends_no_more_is_answered_and_ended),
        WITH_DAEMON(watches_of_a_client_that_hangs_up_are_ended),
        WITH_DAEMON(watches_do_not_keep_a_client_from_other_things),
        WITH_DAEMON(records_are_listed_page_by_page),
        WITH_DAEMON(what_is_withdrawn_is_published_no_more),
        WITH_DAEMON(what_the_node_cannot_take_is_refused_in_words),
        WITH_DAEMON(a_put_that_all_refuse_is_an_error_with_the_reason),
    };
    return cmocka_run_group_tests_name("records at a daemon", tests, NULL, NULL);
}
