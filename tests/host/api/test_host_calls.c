/* Threads: which may call what, calls that are handed to the host's thread, and hosts that close
 * while others call. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/hosts.h"

static skad_host open_alone(void)
{
    skad_host_config config;
    skad_host host;
    test_host_config(NULL, &config);
    assert_int_equal(skad_host_open(&config, &host, NULL), SKAD_OK);
    return host;
}

typedef struct visitor {
    skad_host host;
    skad_status status;
    const char *error;
    int fd;
} visitor;

static void *visit(void *user)
{
    visitor *self = user;
    skad_event event;
    self->status = skad_host_step(self->host);
    self->error = skad_host_error(self->host);
    self->fd = skad_host_fd(self->host);
    if (skad_host_poll_event(self->host, &event) || skad_host_node(self->host) != NULL ||
        skad_host_close(self->host) != SKAD_ERR_THREAD || skad_host_lost(self->host) != 0 ||
        skad_host_deadline_us(self->host) != UINT64_MAX ||
        skad_host_put(self->host, "x", 1, false, NULL, NULL) != SKAD_ERR_THREAD) {
        self->status = SKAD_OK;
    }
    return NULL;
}

static void run_in_thread(void *(*function)(void *user), void *user)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, function, user), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void another_thread_is_refused(void **state)
{
    (void)state;
    visitor self = {.host = open_alone()};
    run_in_thread(visit, &self);
    assert_int_equal(self.status, SKAD_ERR_THREAD);
    assert_int_equal(self.fd, -1);
    assert_non_null(strstr(self.error, "another thread"));
    assert_int_equal(skad_host_close(self.host), SKAD_OK);
}

static void *own_and_step(void *user)
{
    visitor *self = user;
    self->status = skad_host_own(self->host);
    self->status = self->status == SKAD_OK ? skad_host_step(self->host) : self->status;
    return NULL;
}

static void a_host_can_be_taken_over(void **state)
{
    (void)state;
    visitor self = {.host = open_alone()};
    run_in_thread(own_and_step, &self);
    assert_int_equal(self.status, SKAD_OK);
    assert_int_equal(skad_host_step(self.host), SKAD_ERR_THREAD);
    assert_int_equal(skad_host_own(self.host), SKAD_OK);
    assert_int_equal(skad_host_close(self.host), SKAD_OK);
    assert_int_equal(skad_host_own(self.host), SKAD_ERR_CLOSED);
}

static unsigned called;

static void on_call(void *user, skad_host host)
{
    assert_int_equal(skad_host_close(host), SKAD_ERR_BUSY);
    assert_ptr_equal(user, &called);
    called++;
}

static void *call_some(void *user)
{
    const visitor *self = user;
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(skad_host_call(self->host, on_call, &called), SKAD_OK);
    }
    return NULL;
}

static void calls_of_other_threads_are_made_on_that_of_the_host(void **state)
{
    (void)state;
    visitor self = {.host = open_alone()};
    called = 0;
    run_in_thread(call_some, &self);
    assert_int_equal(called, 0);
    assert_int_equal(skad_host_step(self.host), SKAD_OK);
    assert_int_equal(called, 100);
    unsigned taken = 0;
    while (skad_host_call(self.host, on_call, &called) == SKAD_OK) {
        taken++;
    }
    assert_int_equal(taken, 1024);
    assert_int_equal(skad_host_call(self.host, NULL, NULL), SKAD_ERR_FULL);
    assert_int_equal(skad_host_close(self.host), SKAD_OK); /* they are forgotten */
    assert_int_equal(called, 100);
    assert_int_equal(skad_host_call(self.host, NULL, NULL), SKAD_ERR_CLOSED);
}

static void call_anew(void *user, skad_host host)
{
    called++;
    assert_int_equal(skad_host_call(host, call_anew, user), SKAD_OK);
}

static void a_call_that_calls_again_does_not_keep_a_turn_from_ending(void **state)
{
    (void)state;
    const skad_host host = open_alone();
    called = 0;
    assert_int_equal(skad_host_call(host, call_anew, NULL), SKAD_OK);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(skad_host_step(host), SKAD_OK);
        assert_int_equal(called, i);
    }
    assert_int_equal(skad_host_close(host), SKAD_OK);
}

/* Callers that do not know that a host is being closed. */
static skad_flag over;

static void *call_until_over(void *user)
{
    const visitor *self = user;
    while (!atomic_load(&over)) {
        const skad_status status = skad_host_call(self->host, NULL, NULL);
        assert_true(status == SKAD_OK || status == SKAD_ERR_FULL || status == SKAD_ERR_CLOSED);
    }
    return NULL;
}

static void a_host_closes_while_others_call(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        pthread_t threads[2];
        visitor self = {.host = open_alone()};
        atomic_store(&over, false);
        for (int t = 0; t < 2; t++) {
            assert_int_equal(pthread_create(&threads[t], NULL, call_until_over, &self), 0);
        }
        assert_int_equal(skad_host_step(self.host), SKAD_OK);
        assert_int_equal(skad_host_close(self.host), SKAD_OK);
        atomic_store(&over, true);
        for (int t = 0; t < 2; t++) {
            assert_int_equal(pthread_join(threads[t], NULL), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_thread_is_refused),
        cmocka_unit_test(a_host_can_be_taken_over),
        cmocka_unit_test(calls_of_other_threads_are_made_on_that_of_the_host),
        cmocka_unit_test(a_call_that_calls_again_does_not_keep_a_turn_from_ending),
        cmocka_unit_test(a_host_closes_while_others_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
