/* Connections and their deadlines, over socket pairs, in virtual time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "src/gateway/serve/guests.h"

#define MAX 4

static skad_guests guests;
static skad_guest *come[MAX + 1];
static int ours[MAX + 1];

static void open_all(size_t count)
{
    guests = (skad_guests){.max = MAX};
    for (size_t i = 0; i < count; i++) {
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
        ours[i] = ends[0];
        come[i] = skad_guest_come(&guests, ends[1], 100 + i);
        assert_non_null(come[i]);
    }
}

static void close_all(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        close(come[i]->fd);
        close(ours[i]);
        skad_guest_go(&guests, come[i]);
    }
    assert_int_equal(guests.count, 0);
    assert_null(guests.first);
}

/* Whether the other side has seen the end. */
static bool is_shut(size_t i)
{
    char byte;
    return recv(ours[i], &byte, 1, 0) == 0;
}

static void the_one_that_was_idle_longest_gives_way(void **state)
{
    (void)state;
    open_all(MAX);
    skad_guest_busy(come[0], NULL, SKAD_GUEST_EVER);
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    ours[MAX] = ends[0];
    come[MAX] = skad_guest_come(&guests, ends[1], 200);
    for (size_t i = 0; i <= MAX; i++) {
        assert_int_equal(is_shut(i), i == 1);
    }
    assert_int_equal(guests.turned_away, 1);
    close_all(MAX + 1);
}

static void a_new_one_gives_way_where_all_are_busy(void **state)
{
    (void)state;
    open_all(MAX);
    for (size_t i = 0; i < MAX; i++) {
        skad_guest_busy(come[i], NULL, SKAD_GUEST_EVER);
    }
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    ours[MAX] = ends[0];
    come[MAX] = skad_guest_come(&guests, ends[1], 200);
    for (size_t i = 0; i <= MAX; i++) {
        assert_int_equal(is_shut(i), i == MAX);
    }
    close_all(MAX + 1);
}

/* One that leaves is still there until the server has seen it: it makes no other leave. */
static void one_that_leaves_does_not_count(void **state)
{
    (void)state;
    open_all(MAX + 1);
    assert_true(is_shut(0));
    skad_guest *another;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    close(ends[0]);
    skad_guest_idle(come[1], 300);
    another = skad_guest_come(&guests, ends[1], 301);
    assert_int_equal(guests.turned_away, 2);
    assert_true(is_shut(2)); /* not the first once more, and not the one idle since 300 */
    assert_false(is_shut(1));
    close(ends[1]);
    skad_guest_go(&guests, another);
    close_all(MAX + 1);
}

static void a_deadline_ends_a_connection_and_waiting_for_the_daemon_does_not(void **state)
{
    (void)state;
    open_all(3);
    skad_guest_busy(come[1], NULL, SKAD_GUEST_EVER);
    skad_guest_busy(come[2], NULL, 102 + SKAD_GUEST_BODY_US);
    skad_guests_tick(&guests, 99 + SKAD_GUEST_IDLE_US);
    assert_false(is_shut(0));
    skad_guests_tick(&guests, 100 + SKAD_GUEST_IDLE_US);
    assert_true(is_shut(0));
    skad_guests_tick(&guests, 102 + SKAD_GUEST_BODY_US);
    assert_false(is_shut(1));
    assert_true(is_shut(2));
    assert_int_equal(guests.turned_away, 2); /* each once */
    close_all(3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_that_was_idle_longest_gives_way),
        cmocka_unit_test(a_new_one_gives_way_where_all_are_busy),
        cmocka_unit_test(one_that_leaves_does_not_count),
        cmocka_unit_test(a_deadline_ends_a_connection_and_waiting_for_the_daemon_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
