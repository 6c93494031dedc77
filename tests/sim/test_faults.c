/* Worlds in which something goes wrong: partitions, address translation, narrow links, churn,
 * crashes, and what is left of the values that were stored. Of the real core, with modelled
 * cryptography. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/sim/experiment/experiment.h"
#include "src/sim/experiment/values.h"
#include "src/sim/world/prefill_world.h"
#include "tests/support/small_world.h"

/* ---- Networks that fail ---- */

static void a_partition_parts_and_heals(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(60);
    scenario.invariants = true;
    scenario.partition_at_s = 10;
    scenario.partition_for_s = 120;
    scenario.partition_share = 0.5;
    scenario.duration_s = 200;
    scenario.lookup_every_ms = 2000;
    scenario.settle_s = 900;
    skad_sim_outcome outcome =
        test_run_world(&scenario); /* fails where the network does not recover */
    assert_true(outcome.counters.partitioned > 100);
}

/* Two hours are enough for both sides to forget each other: only who remembers whom it lost brings
 * them together again. */
static void a_partition_that_outlasts_all_tables_heals(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(60);
    scenario.k = 4;
    scenario.siblings = 4;
    scenario.build = SKAD_SIM_JOINED;
    scenario.partition_at_s = 10;
    scenario.partition_for_s = 7200;
    scenario.partition_share = 0.5;
    scenario.lookups = 1000000;
    scenario.lookup_every_ms = 60000;
    scenario.duration_s = 7220;
    scenario.settle_s = 5400; /* the longest pause between two rounds, and a bit */
    skad_sim_outcome outcome = test_run_world(&scenario);
    assert_true(outcome.counters.partitioned > 100);
}

static void nats_shut_unsolicited_senders_out(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(100);
    scenario.build = SKAD_SIM_JOINED;
    scenario.nat_restricted = 0.5;
    skad_sim_outcome outcome = test_run_world(&scenario);
    assert_int_equal(outcome.joined, 100);
    assert_true(outcome.counters.shut_out > 0);
}

static void a_narrow_way_up_chokes(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(60);
    scenario.bandwidth_kbps = 8; /* a datagram of 1232 bytes takes more than a second */
    scenario.lookup_every_ms = 5;
    assert_true(test_run_world(&scenario).counters.queue_full > 0);
}

/* ---- Nodes that leave ---- */

static void a_trace_takes_nodes_down_and_up(void **state)
{
    (void)state;
    char path[] = "/tmp/skad-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(dprintf(fd, "# a trace\n1 5 down\n2.5 6 down\n3 5 up\n4 7 up\n") > 0);
    close(fd);
    skad_sim_scenario scenario = test_small_world(20);
    scenario.churn = SKAD_SIM_TRACE;
    memcpy(scenario.churn_file, path, sizeof path);
    skad_sim_outcome outcome = test_run_world(&scenario);
    assert_int_equal(outcome.departures, 2);
    assert_int_equal(outcome.arrivals, 1);
    assert_int_equal(outcome.up, 19);
    (void)unlink(path);
}

static void bad_traces_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"1 0 down\n",     "1 20 down\n",        "x\n",
                                       "1 5 sideways\n", "2 5 down\n1 5 up\n", "1 5 down extra\n"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[] = "/tmp/skad-test-XXXXXX";
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_true(dprintf(fd, "%s", rows[i]) > 0);
        close(fd);
        skad_sim_scenario scenario = test_small_world(20);
        skad_sim_outcome outcome;
        scenario.churn = SKAD_SIM_TRACE;
        memcpy(scenario.churn_file, path, sizeof path);
        skad_sim_experiment(&scenario, &(skad_sim_watch){0}, &outcome);
        assert_true(outcome.failed);
        assert_non_null(strstr(outcome.reason, "line"));
        (void)unlink(path);
    }
}

static void values_survive_a_crash_of_half(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(80);
    scenario.lookups = 0;
    scenario.values = 5;
    scenario.mutables = 2;
    scenario.get_every_ms = 1000;
    scenario.crash_at_s = 30;
    scenario.crash_share = 0.5;
    scenario.duration_s = 120;
    scenario.settle_s = 600;
    skad_sim_outcome outcome = test_run_world(&scenario);
    assert_int_equal(outcome.puts.stored, 7);
    assert_true(outcome.departures > 20);
    assert_int_equal(outcome.gets.lost, 0);
}

/* A copy that a get left behind somewhere is none that lookups must come by. */
static void a_value_is_safe_while_somebody_owes_it(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(30);
    char reason[SKAD_SIM_REASON_BYTES];
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    assert_true(skad_world_init(world, &scenario, reason));
    skad_sim_prefill(world);
    const skad_store_name name = {.key = {{5}}, .type = SKAD_RECORD_IMMUTABLE};
    skad_sim_value value = {.name = name, .stored = true, .safe = true};
    skad_sim_values values = {.all = &value, .count = 1};
    uint64_t now_s = skad_world_time(world, 3).unix_s;
    skad_store_record record = {
        .name = name, .expires_unix_s = now_s + 60, .data = value.bytes, .len = 10};
    const skad_store *store = &world->nodes[3].store;
    for (int cached = 0; cached < 2; cached++) {
        record.cached = cached == 1;
        assert_int_equal(store->ops->put(store->self, SKAD_STORE_REPLICAS, &record, now_s),
                         SKAD_OK);
        skad_sim_values_recount(&values, world);
        assert_int_equal(value.safe, !record.cached);
        assert_true(skad_sim_value_held(world, &value));
    }
    skad_world_free(world);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_partition_parts_and_heals),
        cmocka_unit_test(a_partition_that_outlasts_all_tables_heals),
        cmocka_unit_test(nats_shut_unsolicited_senders_out),
        cmocka_unit_test(a_narrow_way_up_chokes),
        cmocka_unit_test(a_trace_takes_nodes_down_and_up),
        cmocka_unit_test(bad_traces_are_refused),
        cmocka_unit_test(values_survive_a_crash_of_half),
        cmocka_unit_test(a_value_is_safe_while_somebody_owes_it),
    };
    return cmocka_run_group_tests_name("sim faults", tests, NULL, NULL);
}
