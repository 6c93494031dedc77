/* The process: which addresses are this machine's alone, a port that is taken, and a run from its
 * start to a signal. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "skad/text.h"
#include "src/gateway/serve/gateway.h"

static void loopback_is_told_from_the_rest(void **state)
{
    static const struct {
        const char *text;
        bool loopback;
    } cases[] = {
        {"127.0.0.1:80", true},  {"127.255.0.9:80", true}, {"[::1]:80", true},
        {"0.0.0.0:80", false},   {"10.0.0.1:80", false},   {"[::]:80", false},
        {"[fe80::1]:80", false}, {"128.0.0.1:80", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_address address;
        assert_true(skad_address_parse(cases[i].text, &address));
        assert_int_equal(skad_gateway_is_loopback(&address), cases[i].loopback);
    }
}

static skad_address bound;
static bool again;

/* Runs within the run: a second gateway at the same port is refused, and then a signal comes. */
static void on_ready(void *user, const skad_address *where)
{
    skad_gateway_config config = *(const skad_gateway_config *)user;
    skad_failure failure;
    bound = *where;
    config.listen = *where;
    config.ready = NULL;
    again = skad_gateway_run(&config, &failure);
    assert_non_null(strstr(failure.text, "cannot listen on 127.0.0.1"));
    assert_non_null(strstr(failure.text, "--listen"));
    assert_int_equal(kill(getpid(), SIGTERM), 0);
}

static void it_runs_from_its_start_to_a_signal(void **state)
{
    skad_gateway_config config = {
        .listen = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}},
        .socket = "/nonexistent/node.sock",
        .sandbox = SKAD_SANDBOX_OFF,
        .connections = 8,
        .streams = 1,
        .rate = 1,
        .ready = on_ready,
        .user = &config,
    };
    skad_failure failure;
    (void)state;
    again = true;
    assert_true(skad_gateway_run(&config, &failure));
    assert_int_not_equal(bound.port, 0);
    assert_false(again);
    config.socket = "";
    assert_false(skad_gateway_run(&config, &failure));
    assert_non_null(strstr(failure.text, "--socket"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_is_told_from_the_rest),
        cmocka_unit_test(it_runs_from_its_start_to_a_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
