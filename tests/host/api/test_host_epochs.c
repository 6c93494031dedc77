/* Hosts through four puzzle epochs in accelerated time. The program around them does nothing but
 * what the smallest example does: it steps them. Without new nonces their peers would refuse them
 * after an epoch and three fourteenths of the next. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "src/host/api/host_inside.h"
#include "tests/support/folder.h"
#include "tests/support/hosts.h"

#define HOSTS   3
#define EPOCH_S 3600
#define EPOCHS  4

static skad_time now = {.mono_us = 1000 * SKAD_US_PER_S, .unix_s = 500000 * EPOCH_S + 100};

static skad_time read_clock(void *user)
{
    (void)user;
    return now;
}

static void pass_until(uint64_t mono_us)
{
    const uint64_t before_s = now.mono_us / SKAD_US_PER_S;
    now.mono_us = mono_us;
    now.unix_s += mono_us / SKAD_US_PER_S - before_s;
}

static bool is_readable(skad_host host)
{
    struct pollfd one = {.fd = skad_host_fd(host), .events = POLLIN};
    return poll(&one, 1, 0) == 1;
}

/* Steps all until nothing comes in any more and no thread is at work; then time passes. */
static void turn(const skad_host hosts[HOSTS])
{
    uint64_t next_us = UINT64_MAX;
    bool busy = false;
    for (size_t i = 0; i < HOSTS; i++) {
        skad_event event;
        const skad_host_state *inside = skad_handle_find(hosts[i]);
        if (is_readable(hosts[i]) || skad_host_deadline_us(hosts[i]) <= now.mono_us) {
            assert_int_equal(skad_host_step(hosts[i]), SKAD_OK);
            busy = true;
        }
        busy = busy || skad_loop_awaits(inside->driver.loop);
        while (skad_host_poll_event(hosts[i], &event)) {
            assert_int_not_equal(event.kind, SKAD_EVENT_ISOLATED);
        }
        const uint64_t due_us = skad_host_deadline_us(hosts[i]);
        next_us = due_us < next_us ? due_us : next_us;
    }
    if (!busy && next_us > now.mono_us) {
        pass_until(next_us);
    }
}

static skad_host open_one(const char *profile, const char *first)
{
    skad_host_config config;
    skad_host host;
    skad_failure failure;
    test_host_config(first, &config);
    config.profile = profile;
    config.clock = read_clock;
    if (skad_host_open(&config, &host, &failure) != SKAD_OK) {
        fail_msg("%s", failure.text);
    }
    return host;
}

static void expect_joined(const skad_host hosts[HOSTS])
{
    for (size_t i = 0; i < HOSTS; i++) {
        skad_node_stats stats;
        skad_node_stats_get(skad_host_node(hosts[i]), skad_host_now(hosts[i]), &stats);
        assert_true(stats.joined);
        assert_int_equal(stats.peers, HOSTS - 1);
        assert_int_equal(stats.verdicts[SKAD_VERDICT_EPOCH], 0);
    }
}

static void hosts_stay_joined_over_epochs(void **state)
{
    (void)state;
    char dir[64];
    char profile[96];
    skad_host hosts[HOSTS];
    char first[SKAD_ADDRESS_TEXT_BYTES];
    test_folder_make(dir, sizeof dir);
    (void)snprintf(profile, sizeof profile, "%s/short.profile", dir);
    FILE *file = fopen(profile, "w");
    assert_non_null(file);
    (void)fprintf(file, "base = test\nname = short\nepoch_s = %d\n", EPOCH_S);
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < HOSTS; i++) {
        hosts[i] = open_one(profile, i == 0 ? NULL : first);
        const skad_address address = skad_host_address(hosts[0], 0);
        skad_address_format(&address, first);
    }
    const uint64_t begun_us = now.mono_us;
    for (uint64_t minute = 2; minute <= EPOCHS * EPOCH_S / 60; minute++) {
        while (now.mono_us < begun_us + minute * 60 * SKAD_US_PER_S) {
            turn(hosts);
        }
        expect_joined(hosts);
    }
    skad_op op;
    skad_id key;
    skad_event event = {.op = 0};
    assert_int_equal(skad_host_wait_joined(hosts[1], 0), SKAD_ERR_INPUT); /* it cannot wait */
    assert_int_equal(skad_host_put(hosts[0], "late", 4, false, &op, &key), SKAD_OK);
    while (event.op != op) {
        for (size_t i = 0; i < HOSTS; i++) {
            assert_int_equal(skad_host_step(hosts[i]), SKAD_OK);
        }
        if (!skad_host_poll_event(hosts[0], &event)) {
            event.op = 0;
            pass_until(now.mono_us + 1000);
        }
    }
    assert_int_equal(event.u.put.stored, HOSTS);
    for (size_t i = 0; i < HOSTS; i++) {
        assert_int_equal(skad_host_close(hosts[i]), SKAD_OK);
    }
    (void)unlink(profile);
    (void)rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_stay_joined_over_epochs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
