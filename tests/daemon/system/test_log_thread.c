/* A log whose reader does not read. */
#define _GNU_SOURCE /* F_SETPIPE_SZ */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/daemon/system/log.h"
#include "src/daemon/system/log_thread.h"

#define LINES 2000

/* stderr is a pipe while a test runs. */
static int before;
static int reader;

static int begin(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    before = dup(STDERR_FILENO);
    assert_true(before >= 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(fcntl(ends[0], F_SETPIPE_SZ, 4096) > 0, 1);
    reader = ends[0];
    return 0;
}

static int end(void **state)
{
    (void)state;
    (void)dup2(before, STDERR_FILENO);
    (void)close(before);
    (void)close(reader);
    return 0;
}

static void say(unsigned number)
{
    skad_log(skad_log_stderr(SKAD_LOG_INFO), SKAD_LOG_INFO, "line %u", number);
}

/* Reads up to the line that has a text; the length, with everything in `out`. */
static size_t read_until(const char *text, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    while (strstr(out, text) == NULL) {
        ssize_t got = read(reader, out + len, cap - 1 - len);
        assert_true(got > 0);
        len += (size_t)got;
        out[len] = '\0';
    }
    return len;
}

/* How many dropped lines a text tells of. */
static uint64_t told_dropped(const char *text)
{
    static const char words[] = "warning: ";
    uint64_t sum = 0;
    for (const char *at = strstr(text, words); at != NULL; at = strstr(at + 1, words)) {
        sum += strtoull(at + strlen(words), NULL, 10);
    }
    return sum;
}

static void a_reader_that_is_stuck_makes_nothing_wait(void **state)
{
    (void)state;
    static char text[1 << 20];
    assert_true(skad_log_thread_start());
    for (unsigned i = 0; i < LINES; i++) {
        say(i); /* returns, though nothing takes them */
    }
    const uint64_t dropped = skad_log_dropped();
    assert_in_range(dropped, LINES / 2, LINES - SKAD_LOG_WAITING_MAX);
    uint64_t told = 0;
    size_t len = read_until("info: line 0\n", text, sizeof text); /* what came first is there */
    for (;;) { /* it is told where there was room again, in one line or two */
        told = told_dropped(text);
        if (told == dropped && strstr(text, "from this process\n") != NULL) {
            break;
        }
        ssize_t got = read(reader, text + len, sizeof text - 1 - len);
        assert_true(got > 0);
        len += (size_t)got;
        text[len] = '\0';
    }
    assert_int_equal(told, dropped);
    (void)fcntl(reader, F_SETPIPE_SZ, 1 << 20); /* room for what waits */
    skad_log_thread_stop();
}

static void stopping_writes_what_waits_in_order(void **state)
{
    (void)state;
    static char text[1 << 16];
    assert_true(skad_log_thread_start());
    for (unsigned i = 0; i < 20; i++) {
        say(i);
    }
    skad_log_thread_stop();
    (void)read_until("line 19\n", text, sizeof text);
    const char *at = text;
    for (unsigned i = 0; i < 20; i++) {
        char expected[32];
        (void)snprintf(expected, sizeof expected, "info: line %u\n", i);
        at = strstr(at, expected);
        assert_non_null(at);
    }
    say(20); /* at once again */
    (void)read_until("line 20\n", text, sizeof text);
}

/* Last: its thread stays stuck. */
static void stopping_does_not_wait_for_a_stuck_reader(void **state)
{
    (void)state;
    const uint64_t dropped = skad_log_dropped();
    assert_true(skad_log_thread_start());
    for (unsigned i = 0; i < SKAD_LOG_WAITING_MAX; i++) {
        say(i);
    }
    skad_log_thread_stop();
    say(0); /* does not wait either */
    assert_true(skad_log_dropped() > dropped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stopping_writes_what_waits_in_order, begin, end),
        cmocka_unit_test_setup_teardown(a_reader_that_is_stuck_makes_nothing_wait, begin, end),
        cmocka_unit_test_setup_teardown(stopping_does_not_wait_for_a_stuck_reader, begin, end),
    };
    return cmocka_run_group_tests_name("log_thread", tests, NULL, NULL);
}
