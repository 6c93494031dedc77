/* The status: each number stands under its own key. The linker hands the questions to the node to
 * this test, which answers each with another number. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/profile.h"
#include "src/core/node/parts.h"
#include "src/daemon/control/refusals.h"
#include "src/daemon/control/status_result.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/result.h"

void __wrap_skad_node_stats_get(const skad_node *node, skad_time now, skad_node_stats *out);
void __wrap_skad_workers_stats_get(const skad_workers *workers, skad_workers_stats *out);
void __wrap_skad_node_caps(const skad_node *node, skad_time now, skad_usage *out);
size_t __wrap_skad_control_clients(const struct skad_control *control);

static skad_node_stats stats;

void __wrap_skad_node_stats_get(const skad_node *node, skad_time now, skad_node_stats *out)
{
    (void)node;
    (void)now;
    *out = stats;
}

void __wrap_skad_workers_stats_get(const skad_workers *workers, skad_workers_stats *out)
{
    (void)workers;
    *out = (skad_workers_stats){.count = 901, .waiting = 902, .waiting_max = 903, .dropped = 904};
}

void __wrap_skad_node_caps(const skad_node *node, skad_time now, skad_usage *out)
{
    (void)node;
    (void)now;
    for (size_t i = 0; i < SKAD_CAP_COUNT; i++) {
        out[i] = (skad_usage){.used = 1000 + i, .max = 2000 + i, .per_s = 3000 + (uint32_t)i};
    }
}

size_t __wrap_skad_control_clients(const struct skad_control *control)
{
    (void)control;
    return 905;
}

static test_fixture fixture;
static skad_udp_socket sockets[2];
static skad_method_context context;

static int set_up(void **state)
{
    (void)state;
    static skad_profile profile;
    profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    memset(&stats, 0, sizeof stats);
    sockets[0] =
        (skad_udp_socket){.bound = {.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {127, 0, 0, 1}},
                          .counters = {.refused = 10, .congestion = 100}};
    sockets[1] =
        (skad_udp_socket){.bound = {.family = SKAD_FAMILY_IPV6, .port = 2, .ip = {[15] = 1}},
                          .counters = {.refused = 20, .congestion = 200}};
    context = (skad_method_context){.node = fixture.node,
                                    .profile = &fixture.profile,
                                    .sockets = sockets,
                                    .sockets_count = 2,
                                    .started_us = 5 * SKAD_US_PER_S};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

/* The status 12 s after the start. */
static skad_answer status(void)
{
    const skad_time now = {.mono_us = 17 * SKAD_US_PER_S, .unix_s = TEST_UNIX_S};
    skad_status_result(&context, now, test_result_begin());
    return test_result_end();
}

static void each_counter_stands_under_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        uint64_t *counter;
    } counters[] = {
        {"received", &stats.received},
        {"received_bytes", &stats.received_bytes},
        {"accepted", &stats.verdicts[SKAD_VERDICT_ACCEPT]},
        {"sent", &stats.sent},
        {"sent_bytes", &stats.sent_bytes},
        {"outbox_dropped", &stats.outbox_dropped},
        {"signatures", &stats.signatures},
        {"verifications", &stats.verifications},
        {"identities_proven", &stats.identities_proven},
        {"identities_refused", &stats.identities_refused},
        {"hard_hashes", &stats.hard_hashes},
        {"refusals", &stats.refusals},
        {"timeouts", &stats.timeouts},
        {"resent", &stats.resent},
        {"lookups", &stats.lookups},
        {"faults", &stats.violations},
        {"dismissed", &stats.dismissed},
        {"lookups_dense", &stats.lookups_dense},
        {"renewed", &stats.republished},
        {"offered", &stats.offered},
        {"handed_over", &stats.handed_over},
        {"cached", &stats.cached},
        {"replicas_shed", &stats.replicas_shed},
        {"disowned", &stats.demoted},
        {"answers_shed", &stats.answers_shed},
        {"network_size", &stats.network_size},
    };
    size_t count = sizeof counters / sizeof counters[0];
    for (size_t i = 0; i < count; i++) {
        *counters[i].counter = 11 + i;
    }
    skad_answer all = status();
    for (size_t i = 0; i < count; i++) {
        test_result_expect(all, counters[i].key, 11 + i);
    }
}

static void the_state_of_the_node_stands_under_its_names(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        uint16_t *value;
    } sizes[] = {
        {"peers", &stats.peers},           {"peers_silent", &stats.peers_unresponsive},
        {"siblings", &stats.siblings},     {"buckets", &stats.buckets},
        {"pending", &stats.pending},       {"operations", &stats.operations},
        {"watches", &stats.watches},       {"depth", &stats.depth},
        {"neighbours", &stats.neighbours},
    };
    size_t count = sizeof sizes / sizeof sizes[0];
    for (size_t i = 0; i < count; i++) {
        *sizes[i].value = (uint16_t)(31 + i);
    }
    stats.epoch = 4711;
    skad_answer all = status();
    for (size_t i = 0; i < count; i++) {
        test_result_expect(all, sizes[i].key, 31 + i);
    }
    test_result_expect(all, "epoch", 4711);
    test_result_expect(all, "uptime_s", 12);
    test_result_expect(all, "record_life_s", fixture.profile.record_life_s);
    test_result_expect(all, "workers", 901);
    test_result_expect(all, "queue", 902);
    test_result_expect(all, "queue_max", 903);
    test_result_expect_text(skad_answer_get(all, "profile"), fixture.profile.name);
    assert_true(skad_answer_bytes(all, "version").len > 0);
    assert_int_equal(skad_answer_bytes(all, "id").len, 64);
    assert_int_equal(skad_answer_bytes(all, "public_key").len, 64);
}

/* Where ports are not mapped, all is there and says so. */
static void mappings_are_by_family(void **state)
{
    (void)state;
    static const char *const families[] = {"ipv4", "ipv6"};
    for (size_t i = 0; i < 2; i++) {
        skad_answer one = skad_answer_get(skad_answer_get(status(), "mapping"), families[i]);
        test_result_expect_text(skad_answer_get(one, "state"), "off");
        test_result_expect(one, "lifetime_s", 0);
        assert_int_equal(skad_answer_get(one, "external").item->type, SKAD_ITEM_NIL);
        assert_int_equal(skad_answer_get(one, "reason").item->type, SKAD_ITEM_NIL);
    }
}

/* As caps are: what lives there, of k places. The last bin has all that share more bits, too. */
static void each_bin_tells_its_population_and_its_places(void **state)
{
    (void)state;
    static const size_t PEERS = 6;
    fixture.profile.k = 4;
    for (size_t i = 0; i < PEERS; i++) {
        test_fixture_knock(&fixture, test_fixture_remote(&fixture));
        test_fixture_run(&fixture, SKAD_US_PER_S);
    }
    stats.buckets = (uint16_t)skad_node_parts_of(fixture.node).table->buckets_count;
    skad_answer bins = skad_answer_get(status(), "bins");
    assert_int_equal(bins.item->type, SKAD_ITEM_MAP);
    assert_int_equal(bins.item->count, stats.buckets);
    uint64_t all = 0;
    for (size_t i = 0; i < stats.buckets; i++) {
        char order[24];
        (void)snprintf(order, sizeof order, "%zu", i);
        skad_answer bin = skad_answer_get(bins, order);
        assert_int_equal(skad_answer_count(bin), 2);
        all += skad_answer_at(bin, 0).item->u.number;
        assert_int_equal(skad_answer_at(bin, 1).item->u.number, 4);
    }
    assert_int_equal(all, PEERS);
}

static void flags_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        bool *flag;
    } flags[] = {
        {"joined", &stats.joined},
        {"loaded", &stats.loaded},
        {"secrets_locked", &stats.secrets_locked},
    };
    for (size_t i = 0; i < 3; i++) {
        stats.joined = stats.loaded = stats.secrets_locked = false;
        *flags[i].flag = true;
        skad_answer all = status();
        for (size_t j = 0; j < 3; j++) {
            test_result_expect(all, flags[j].key, i == j);
        }
    }
}

static void both_sockets_are_listed_and_their_counters_added(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 2; count++) {
        context.sockets_count = count;
        skad_answer all = status();
        skad_answer listen = skad_answer_get(all, "listen");
        assert_int_equal(skad_answer_count(listen), count);
        test_result_expect_text(skad_answer_at(listen, 0), "127.0.0.1:1");
        if (count == 2) {
            test_result_expect_text(skad_answer_at(listen, 1), "[::1]:2");
        }
        test_result_expect(all, "send_refused", count == 1 ? 10 : 30);
        test_result_expect(all, "send_congestion", count == 1 ? 100 : 300);
    }
}

static void observed_addresses_are_those_that_are_known(void **state)
{
    (void)state;
    assert_int_equal(skad_answer_count(skad_answer_get(status(), "observed")), 0);
    stats.observed[1] = sockets[1].bound;
    skad_answer observed = skad_answer_get(status(), "observed");
    assert_int_equal(skad_answer_count(observed), 1);
    test_result_expect_text(skad_answer_at(observed, 0), "[::1]:2");
    stats.observed[0] = sockets[0].bound;
    assert_int_equal(skad_answer_count(skad_answer_get(status(), "observed")), 2);
}

static void requests_refusals_and_drops_are_told_by_kind(void **state)
{
    (void)state;
    static const char *const kinds[] = {"ping", "find_node", "find_value", "store", "announce"};
    for (size_t i = 0; i < 5; i++) {
        stats.requests[i + 1] = 50 + i;
    }
    for (size_t i = 0; i < SKAD_REFUSALS; i++) {
        stats.refused[i] = 60 + i;
    }
    for (size_t i = 0; i < SKAD_VERDICT_COUNT; i++) {
        stats.verdicts[i] = 80 + i;
    }
    skad_answer all = status();
    for (size_t i = 0; i < 5; i++) {
        test_result_expect(skad_answer_get(all, "requests"), kinds[i], 50 + i);
    }
    for (size_t i = 0; i < SKAD_REFUSALS; i++) {
        test_result_expect(skad_answer_get(all, "refused"), skad_refusals_name(i), 60 + i);
    }
    skad_answer drops = skad_answer_get(all, "drops");
    for (size_t i = 1; i < SKAD_VERDICT_COUNT; i++) {
        test_result_expect(drops, skad_verdict_name((skad_verdict)i), 80 + i);
    }
    assert_null(skad_answer_get(drops, "accept").item);
    test_result_expect(drops, "queue", 904);
}

static void caps_are_told_with_use_and_bound(void **state)
{
    (void)state;
    skad_answer caps = skad_answer_get(status(), "caps");
    for (size_t i = 0; i < SKAD_CAP_COUNT; i++) {
        skad_answer cap = skad_answer_get(caps, skad_cap_name((skad_cap)i));
        bool rate = i >= SKAD_CAP_CHECKS_UNVALIDATED;
        assert_int_equal(skad_answer_count(cap), rate ? 3 : 2);
        assert_int_equal(skad_answer_at(cap, 0).item->u.number, 1000 + i);
        assert_int_equal(skad_answer_at(cap, 1).item->u.number, 2000 + i);
        if (rate) {
            assert_int_equal(skad_answer_at(cap, 2).item->u.number, 3000 + i);
        }
    }
    skad_answer clients = skad_answer_get(caps, "clients");
    assert_int_equal(skad_answer_at(clients, 0).item->u.number, 905);
    assert_int_equal(skad_answer_at(clients, 1).item->u.number, 64);
    skad_answer queue = skad_answer_get(caps, "queue");
    assert_int_equal(skad_answer_at(queue, 0).item->u.number, 902);
    assert_int_equal(skad_answer_at(queue, 1).item->u.number, 903);
}

static void the_store_tells_its_numbers_and_its_last_error(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        uint64_t *value;
    } totals[] = {
        {"records", &stats.store.records},
        {"records_max", &stats.store.records_max},
        {"bytes", &stats.store.bytes},
        {"bytes_max", &stats.store.bytes_max},
        {"cached", &stats.store.cached},
        {"published", &stats.store.published},
        {"published_max", &stats.store.published_max},
        {"published_bytes", &stats.store.published_bytes},
        {"published_bytes_max", &stats.store.published_bytes_max},
        {"waiting", &stats.store.waiting},
        {"failures", &stats.store.failures},
    };
    size_t count = sizeof totals / sizeof totals[0];
    for (size_t i = 0; i < count; i++) {
        *totals[i].value = 110 + i;
    }
    skad_answer store = skad_answer_get(status(), "store");
    for (size_t i = 0; i < count; i++) {
        test_result_expect(store, totals[i].key, 110 + i);
    }
    assert_int_equal(skad_answer_get(store, "error").item->type, SKAD_ITEM_NIL);
    stats.store.error = ENOSPC;
    store = skad_answer_get(status(), "store");
    test_result_expect_text(skad_answer_get(store, "error"), strerror(ENOSPC));
}

#define AT_NODE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_NODE(each_counter_stands_under_its_name),
        AT_NODE(the_state_of_the_node_stands_under_its_names),
        AT_NODE(mappings_are_by_family),
        AT_NODE(each_bin_tells_its_population_and_its_places),
        AT_NODE(flags_are_told_apart),
        AT_NODE(both_sockets_are_listed_and_their_counters_added),
        AT_NODE(observed_addresses_are_those_that_are_known),
        AT_NODE(requests_refusals_and_drops_are_told_by_kind),
        AT_NODE(caps_are_told_with_use_and_bound),
        AT_NODE(the_store_tells_its_numbers_and_its_last_error),
    };
    return cmocka_run_group_tests_name("status_result", tests, NULL, NULL);
}
