/* What a loop calls, in which order, and what it does when those that are called change it. Time is
 * what the test says. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "src/host/loop/loop.h"
#include "tests/support/turns.h"

typedef struct room {
    skad_loop *loop;
    char calls[64]; /* a letter each */
} room;

typedef struct part {
    room *room;
    char name;
    int fd;
    skad_watch *stops; /* when it is called */
    skad_wake *rings;
    skad_timer timer;
    uint64_t again_us; /* it starts its timer anew; 0: no */
    skad_watch watch;
    skad_wake wake;
} part;

static void note(const part *self)
{
    const size_t len = strlen(self->room->calls);
    assert_true(len + 1 < sizeof self->room->calls);
    self->room->calls[len] = self->name;
}

static void on_any(void *user)
{
    part *self = user;
    note(self);
    if (self->stops != NULL) {
        skad_watch_stop(self->room->loop, self->stops);
    }
    if (self->rings != NULL) {
        skad_wake_ring(self->room->loop, self->rings);
    }
    if (self->again_us != 0) {
        skad_timer_start(self->room->loop, &self->timer, self->again_us);
    }
}

static int set_up(void **state)
{
    static room self;
    self = (room){.loop = test_loop_new()};
    skad_loop_begin(self.loop, (skad_time){.mono_us = 1000, .unix_s = 1});
    *state = &self;
    return 0;
}

static int tear_down(void **state)
{
    room *self = *state;
    skad_loop_free(self->loop);
    return 0;
}

static void expect_calls(room *self, uint64_t mono_us, const char *calls)
{
    skad_loop_begin(self->loop, (skad_time){.mono_us = mono_us, .unix_s = 1});
    skad_loop_dispatch(self->loop);
    assert_string_equal(self->calls, calls);
    memset(self->calls, 0, sizeof self->calls);
}

static bool is_readable(const room *self, int within_ms)
{
    struct pollfd one = {.fd = skad_loop_fd(self->loop), .events = POLLIN};
    return poll(&one, 1, within_ms) == 1;
}

/* ---- Timers ---- */

static void timers_go_off_in_their_order(void **state)
{
    room *self = *state;
    part parts[4];
    const uint64_t after_us[4] = {300, 100, 200, 100};
    assert_true(skad_loop_deadline(self->loop) == UINT64_MAX);
    for (int i = 0; i < 4; i++) {
        parts[i] = (part){.room = self, .name = (char)('a' + i)};
        parts[i].timer = (skad_timer){.due = on_any, .user = &parts[i]};
        skad_timer_start(self->loop, &parts[i].timer, after_us[i]);
    }
    assert_int_equal(skad_loop_deadline(self->loop), 1100);
    expect_calls(self, 1099, "");
    expect_calls(self, 1100, "bd"); /* of equal ones the older first */
    skad_timer_stop(self->loop, &parts[2].timer);
    skad_timer_stop(self->loop, &parts[2].timer);
    assert_false(parts[2].timer.active);
    assert_int_equal(skad_loop_deadline(self->loop), 1300);
    expect_calls(self, 5000, "a");
    assert_true(skad_loop_deadline(self->loop) == UINT64_MAX);
}

static void a_timer_that_starts_itself_anew_does_not_end_a_turn_late(void **state)
{
    room *self = *state;
    part one = {.room = self, .name = 'a', .again_us = 1};
    one.timer = (skad_timer){.due = on_any, .user = &one};
    skad_timer_start(self->loop, &one.timer, 10);
    skad_timer_start(self->loop, &one.timer, 5); /* anew, not twice */
    expect_calls(self, 1010, "a");
    expect_calls(self, 1011, "a");
    skad_timer_stop(self->loop, &one.timer);
    expect_calls(self, 9999, "");
}

static void the_descriptor_is_readable_at_the_deadline(void **state)
{
    room *self = *state;
    assert_false(is_readable(self, 0));
    skad_loop_arm(self->loop, UINT64_MAX);
    assert_false(is_readable(self, 0));
    skad_loop_arm(self->loop, 0); /* long past */
    assert_true(is_readable(self, 10000));
    expect_calls(self, 2000, "");
    assert_false(is_readable(self, 0));
    skad_loop_arm(self->loop, 1); /* once it went off it can be set again */
    assert_true(is_readable(self, 10000));
}

/* ---- Descriptors ---- */

static void begin_pipe(part *self, int ends[2])
{
    assert_int_equal(pipe(ends), 0);
    self->watch = (skad_watch){.fd = ends[0], .readable = on_any, .user = self};
    skad_watch_start(self->room->loop, &self->watch);
    assert_int_equal(write(ends[1], "x", 1), 1);
}

static void those_that_come_first_are_called_first(void **state)
{
    room *self = *state;
    part late = {.room = self, .name = 'l'};
    part early = {.room = self, .name = 'e'};
    part woken = {.room = self, .name = 'w'};
    int ends[4];
    begin_pipe(&late, ends);
    assert_int_equal(pipe(&ends[2]), 0);
    early.watch = (skad_watch){.fd = ends[2], .first = true, .readable = on_any, .user = &early};
    skad_watch_start(self->loop, &early.watch);
    assert_int_equal(write(ends[3], "x", 1), 1);
    woken.wake = (skad_wake){.woken = on_any, .user = &woken};
    skad_wake_start(self->loop, &woken.wake);
    skad_wake_ring(self->loop, &woken.wake);
    assert_true(is_readable(self, 0));
    expect_calls(self, 2000, "ewl");
    expect_calls(self, 2000, "el"); /* still readable; rung no more */
    early.stops = &late.watch;      /* which is ready, too, and now belongs to nothing */
    expect_calls(self, 2000, "e");
    assert_false(late.watch.active);
    skad_watch_stop(self->loop, &late.watch);
    skad_watch_stop(self->loop, &early.watch);
    expect_calls(self, 2000, "");
    skad_wake_stop(self->loop, &woken.wake);
    for (int i = 0; i < 4; i++) {
        (void)close(ends[i]);
    }
}

static void a_blocked_descriptor_reports_that_it_takes_data_again(void **state)
{
    room *self = *state;
    part one = {.room = self, .name = 'w'};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    one.watch = (skad_watch){.fd = ends[1], .writable = on_any, .user = &one};
    skad_watch_block(self->loop, &one.watch, true); /* not active: nothing */
    assert_false(one.watch.blocked);
    skad_watch_start(self->loop, &one.watch);
    expect_calls(self, 2000, ""); /* it takes data, but that is not asked for */
    skad_watch_block(self->loop, &one.watch, true);
    expect_calls(self, 2000, "w");
    skad_watch_block(self->loop, &one.watch, false);
    expect_calls(self, 2000, "");
    skad_watch_stop(self->loop, &one.watch);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void a_descriptor_that_cannot_be_watched_is_not_active(void **state)
{
    room *self = *state;
    part one = {.room = self, .name = 'a'};
    one.watch = (skad_watch){.fd = -1, .readable = on_any, .user = &one};
    skad_watch_start(self->loop, &one.watch);
    assert_false(one.watch.active);
    skad_watch_stop(self->loop, &one.watch);
}

/* ---- Wakes ---- */

static void a_wake_that_rings_itself_lets_others_have_their_turn(void **state)
{
    room *self = *state;
    part greedy = {.room = self, .name = 'g'};
    part other = {.room = self, .name = 'o'};
    other.wake = (skad_wake){.woken = on_any, .user = &other, .standing = true};
    greedy.wake = (skad_wake){.woken = on_any, .user = &greedy, .standing = true};
    greedy.rings = &greedy.wake;
    skad_wake_start(self->loop, &other.wake);
    skad_wake_start(self->loop, &greedy.wake);
    assert_false(skad_loop_awaits(self->loop));
    skad_wake_ring(self->loop, &greedy.wake);
    skad_wake_ring(self->loop, &other.wake);
    skad_wake_ring(self->loop, &other.wake);
    expect_calls(self, 2000, "go");
    assert_true(is_readable(self, 0));
    expect_calls(self, 2000, "g");
    skad_wake_stop(self->loop, &greedy.wake);
    skad_wake_stop(self->loop, &other.wake);
    expect_calls(self, 2000, "");
}

static void *ring_from_afar(void *user)
{
    part *self = user;
    skad_wake_ring(self->room->loop, &self->wake);
    return NULL;
}

static void a_thread_wakes_the_loop(void **state)
{
    room *self = *state;
    pthread_t thread;
    part one = {.room = self, .name = 'a'};
    one.wake = (skad_wake){.woken = on_any, .user = &one};
    skad_wake_start(self->loop, &one.wake);
    assert_true(skad_loop_awaits(self->loop));
    for (int i = 0; i < 200; i++) {
        assert_int_equal(pthread_create(&thread, NULL, ring_from_afar, &one), 0);
        assert_true(is_readable(self, 10000));
        expect_calls(self, 2000, "a");
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    skad_wake_stop(self->loop, &one.wake);
    assert_false(skad_loop_awaits(self->loop));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        EACH(timers_go_off_in_their_order),
        EACH(a_timer_that_starts_itself_anew_does_not_end_a_turn_late),
        EACH(the_descriptor_is_readable_at_the_deadline),
        EACH(those_that_come_first_are_called_first),
        EACH(a_blocked_descriptor_reports_that_it_takes_data_again),
        EACH(a_descriptor_that_cannot_be_watched_is_not_active),
        EACH(a_wake_that_rings_itself_lets_others_have_their_turn),
        EACH(a_thread_wakes_the_loop),
#undef EACH
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
