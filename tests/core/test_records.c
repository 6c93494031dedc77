/* Records in a whole network: publishing and resolving, announcing and finding providers, watching,
 * keeping, handing over; and holders that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/message.h"
#include "skad/records.h"
#include "src/core/distance.h"
#include "src/core/state.h"
#include "tests/support/identities.h"
#include "tests/support/network.h"

#define DAY_S    86400U
#define HOUR_S   3600U
#define HOUR_US  (HOUR_S * SKAD_US_PER_S)
#define MINUTE_S 60U

static test_network *start(size_t count, uint64_t seed)
{
    test_network *network = malloc(sizeof *network);
    assert_non_null(network);
    test_network_init(network, skad_profile_builtin("test"), count, seed);
    test_network_join_all(network);
    return network;
}

static void stop(test_network *network)
{
    test_network_free(network);
    free(network);
}

static skad_span text(const char *words)
{
    return (skad_span){(const uint8_t *)words, strlen(words)};
}

static skad_node *node_of(test_network *network, size_t index)
{
    return network->nodes[index].node;
}

typedef struct edition {
    uint64_t sequence;
    const char *value;
    bool has_cas;
    uint64_t cas;
    bool keep;
    uint32_t life_s; /* 0: two days */
} edition;

static skad_event publish(test_network *network, size_t index, edition what, skad_id *key)
{
    const skad_publish_request request = {
        .salt = text("salt"),
        .value = text(what.value),
        .sequence = what.sequence,
        .life_s = what.life_s == 0 ? 2 * DAY_S : what.life_s,
        .has_cas = what.has_cas,
        .cas = what.cas,
        .keep = what.keep,
    };
    skad_op op;
    assert_int_equal(
        skad_node_publish(node_of(network, index), &request, test_network_time(network), &op, key),
        SKAD_OK);
    return test_network_await(network, index, op, NULL);
}

static skad_event fetch(test_network *network, size_t index, skad_record_type type,
                        const skad_id *key, uint8_t value[static SKAD_VALUE_BYTES_MAX])
{
    skad_op op;
    memset(value, 0, SKAD_VALUE_BYTES_MAX);
    assert_int_equal(
        skad_node_get(node_of(network, index), type, key, test_network_time(network), &op),
        SKAD_OK);
    return test_network_await(network, index, op, value);
}

static void assert_resolves(test_network *network, size_t index, const skad_id *key,
                            uint64_t sequence, const char *expected)
{
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    skad_event event = fetch(network, index, SKAD_RECORD_MUTABLE, key, value);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(event.u.get.sequence, sequence);
    assert_int_equal(event.u.get.len, strlen(expected));
    assert_memory_equal(value, expected, strlen(expected));
}

/* How many living nodes hold something under a key and type. */
static size_t holders_of(const test_network *network, const skad_id *key, skad_record_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < network->count; i++) {
        const skad_store *store = &network->nodes[i].store;
        skad_store_record found;
        count += !network->nodes[i].dead &&
                 store->ops->list(store->self, key, (uint8_t)type, 0,
                                  test_network_time(network).unix_s, &found, 1) > 0;
    }
    return count;
}

/* ---- Mutable records ---- */

static void a_published_record_is_resolved_from_everywhere(void **state)
{
    (void)state;
    test_network *network = start(24, 1);
    skad_id key;
    skad_event put = publish(network, 3, (edition){.sequence = 7, .value = "hello"}, &key);
    assert_int_equal(put.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(put.u.put.stored, 16);
    assert_int_equal(put.u.put.life_s, DAY_S);
    assert_false(put.u.put.kept);
    for (size_t i = 0; i < network->count; i++) {
        assert_resolves(network, i, &key, 7, "hello");
    }
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    skad_event got = fetch(network, 5, SKAD_RECORD_MUTABLE, &key, value);
    assert_memory_equal(got.u.get.publisher, network->nodes[3].identity.public_key,
                        SKAD_PUBLIC_KEY_BYTES);
    assert_true(got.u.get.tally.agreed >= 14); /* the asker may be a holder itself */
    assert_int_equal(got.u.get.tally.invalid + got.u.get.tally.stale, 0);
    stop(network);
}

static void a_new_sequence_replaces_the_old_everywhere(void **state)
{
    (void)state;
    test_network *network = start(24, 2);
    skad_id key;
    (void)publish(network, 3, (edition){.sequence = 1, .value = "one"}, &key);
    skad_event put = publish(network, 3, (edition){.sequence = 2, .value = "two"}, &key);
    assert_int_equal(put.u.put.stored, 16);
    assert_resolves(network, 9, &key, 2, "two");
    put = publish(network, 3, (edition){.sequence = 1, .value = "one"}, &key);
    assert_int_equal(put.outcome, SKAD_OUTCOME_NOT_FOUND);
    assert_int_equal(put.u.put.stored, 0);
    assert_int_equal(put.u.put.refusals[SKAD_ERROR_OLDER], put.u.put.refused);
    assert_int_equal(put.u.put.sequence_seen, 2);
    assert_resolves(network, 9, &key, 2, "two");
    stop(network);
}

static void compare_and_swap_lets_one_of_two_win(void **state)
{
    (void)state;
    test_network *network = start(24, 3);
    skad_id key;
    (void)publish(network, 3, (edition){.sequence = 1, .value = "one"}, &key);
    edition mine = {.sequence = 2, .value = "mine", .has_cas = true, .cas = 1, .keep = true};
    edition late = {.sequence = 3, .value = "late", .has_cas = true, .cas = 1, .keep = true};
    skad_event won = publish(network, 3, mine, &key);
    assert_int_equal(won.u.put.stored, 16);
    assert_true(won.u.put.kept);
    skad_event lost = publish(network, 3, late, &key);
    assert_int_equal(lost.outcome, SKAD_OUTCOME_NOT_FOUND);
    assert_true(lost.u.put.refusals[SKAD_ERROR_CAS] >= 15);
    assert_int_equal(lost.u.put.sequence_seen, 2);
    assert_false(lost.u.put.kept); /* what all refused must not come again by itself */
    assert_resolves(network, 9, &key, 2, "mine");
    stop(network);
}

/* What is out of its limits is told before anything is sent. */
static void requests_out_of_their_limits_are_refused(void **state)
{
    (void)state;
    test_network *network = start(3, 4);
    static const uint8_t bytes[SKAD_VALUE_BYTES_MAX + 1];
    const skad_publish_request good = {.salt = {bytes, SKAD_SALT_BYTES_MAX},
                                       .value = {bytes, SKAD_MUTABLE_VALUE_BYTES_MAX},
                                       .life_s = 2 * DAY_S};
    skad_time now = test_network_time(network);
    skad_id key;
    skad_op op;
    skad_node *node = node_of(network, 1);
    skad_publish_request request = good;
    assert_int_equal(skad_node_publish(node, &request, now, &op, &key), SKAD_OK);
    request.salt.len++;
    assert_int_equal(skad_node_publish(node, &request, now, &op, &key), SKAD_ERR_INPUT);
    request = good;
    request.value.len++;
    assert_int_equal(skad_node_publish(node, &request, now, &op, &key), SKAD_ERR_INPUT);
    request = good;
    request.life_s = 0;
    assert_int_equal(skad_node_publish(node, &request, now, &op, &key), SKAD_ERR_INPUT);
    request.life_s = 2 * DAY_S + 1;
    assert_int_equal(skad_node_publish(node, &request, now, &op, &key), SKAD_ERR_INPUT);
    request.life_s = HOUR_S;
    assert_int_equal(skad_node_publish(node, &request, now, &op, &key), SKAD_OK);
    request.keep = true; /* it would expire between two announcements */
    assert_int_equal(skad_node_publish(node, &request, now, &op, &key), SKAD_ERR_INPUT);
    assert_int_equal(skad_node_put(node, bytes, 0, now, &op, &key), SKAD_ERR_INPUT);
    assert_int_equal(skad_node_put(node, bytes, SKAD_VALUE_BYTES_MAX + 1, now, &op, &key),
                     SKAD_ERR_INPUT);
    const skad_store_request rubbish = {.record = bytes, .len = 10};
    assert_int_equal(skad_node_store(node, &rubbish, now, &op, &key), SKAD_ERR_FORMAT);
    const skad_id some = {{1}};
    assert_int_equal(skad_node_get(node, (skad_record_type)9, &some, now, &op), SKAD_ERR_INPUT);
    assert_int_equal(skad_node_watch(node, SKAD_RECORD_IMMUTABLE, &some, 60, now, &op),
                     SKAD_ERR_INPUT);
    assert_int_equal(skad_node_watch(node, SKAD_RECORD_MUTABLE, &some, 1, now, &op),
                     SKAD_ERR_INPUT);
    stop(network);
}

/* ---- Holders that lie ---- */

/* Overwrites what a node holds under a record's key, as one with a stale or broken store would. */
static void plant(test_network *network, size_t index, const uint8_t *bytes, size_t len,
                  const skad_id *key, const uint8_t *publisher, uint64_t sequence)
{
    const skad_store *store = &network->nodes[index].store;
    skad_store_record record = {
        .name = {.key = *key, .type = SKAD_RECORD_MUTABLE},
        .sequence = sequence,
        .stored_unix_s = test_network_time(network).unix_s,
        .expires_unix_s = test_network_time(network).unix_s + DAY_S,
        .data = bytes,
        .len = len,
    };
    memcpy(record.name.publisher, publisher, SKAD_PUBLIC_KEY_BYTES);
    assert_int_equal(store->ops->put(store->self, SKAD_SHELF_HELD, &record, record.stored_unix_s),
                     SKAD_OK);
}

/* Twenty-four nodes, one key; all but one holder say something else than the truth. */
static void one_honest_holder_is_enough(void **state)
{
    (void)state;
    test_network *network = start(24, 5);
    const skad_identity *publisher = &network->nodes[3].identity;
    uint64_t expiry = test_network_time(network).unix_s + DAY_S;
    uint8_t stale[SKAD_RECORD_BYTES_MAX];
    uint8_t broken[SKAD_RECORD_BYTES_MAX];
    size_t stale_len = skad_record_encode_mutable(publisher, text("salt"), 1, expiry, text("old"),
                                                  stale, sizeof stale);
    size_t broken_len = skad_record_encode_mutable(publisher, text("salt"), 99, expiry,
                                                   text("fake"), broken, sizeof broken);
    broken[broken_len - 1] ^= 1;
    skad_id key;
    (void)publish(network, 3, (edition){.sequence = 2, .value = "new"}, &key);
    size_t honest = 0;
    for (size_t i = 0; i < network->count; i++) {
        if (holders_of(network, &key, SKAD_RECORD_MUTABLE) == 0) {
            break;
        }
        const skad_store *store = &network->nodes[i].store;
        skad_store_record found;
        if (store->ops->list(store->self, &key, SKAD_RECORD_MUTABLE, 0, expiry - 1, &found, 1) ==
            0) {
            continue;
        }
        if (honest++ > 0) { /* the first stays honest */
            bool old = i % 2 == 0;
            plant(network, i, old ? stale : broken, old ? stale_len : broken_len, &key,
                  publisher->public_key, old ? 1 : 99);
        }
    }
    assert_int_equal(honest, 16);
    unsigned askers = 0;
    for (size_t i = 0; i < network->count; i += 5) {
        uint8_t value[SKAD_VALUE_BYTES_MAX];
        skad_event event = fetch(network, i, SKAD_RECORD_MUTABLE, &key, value);
        assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
        assert_int_equal(event.u.get.sequence, 2);
        assert_memory_equal(value, "new", 3);
        if (askers++ == 0) { /* later ones meet what this get has mended */
            assert_true(event.u.get.tally.stale > 0);
            assert_true(event.u.get.tally.invalid > 0);
        }
    }
    stop(network);
}

/* A publisher who signs two values under one sequence is found out by whoever sees both. */
static void two_values_of_one_sequence_are_a_conflict(void **state)
{
    (void)state;
    test_network *network = start(24, 6);
    const skad_identity *publisher = &network->nodes[3].identity;
    uint64_t expiry = test_network_time(network).unix_s + DAY_S;
    uint8_t other[SKAD_RECORD_BYTES_MAX];
    size_t other_len = skad_record_encode_mutable(publisher, text("salt"), 2, expiry, text("two"),
                                                  other, sizeof other);
    skad_id key;
    (void)publish(network, 3, (edition){.sequence = 2, .value = "one"}, &key);
    for (size_t i = 0; i < network->count; i += 2) {
        plant(network, i, other, other_len, &key, publisher->public_key, 2);
    }
    uint8_t first[SKAD_VALUE_BYTES_MAX];
    for (size_t i = 0; i < network->count; i++) {
        uint8_t value[SKAD_VALUE_BYTES_MAX];
        skad_event event = fetch(network, i, SKAD_RECORD_MUTABLE, &key, value);
        assert_true(event.u.get.conflict);
        if (i == 0) {
            memcpy(first, value, sizeof first);
        }
        assert_memory_equal(value, first, 3); /* all take the same one */
    }
    stop(network);
}

/* ---- Announcements ---- */

static void announce(test_network *network, size_t index, uint8_t key, bool keep)
{
    const skad_announce_request request = {
        .key = {{key}},
        .endpoint = {.port = 8080},
        .metadata = text("web"),
        .life_s = DAY_S,
        .keep = keep,
    };
    skad_op op;
    assert_int_equal(
        skad_node_announce(node_of(network, index), &request, test_network_time(network), &op),
        SKAD_OK);
    skad_event event = test_network_await(network, index, op, NULL);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(event.u.put.stored, 16);
}

typedef struct awaited_event {
    size_t index;
    skad_op op;
    bool came;
    skad_event event;
    bool seen[64]; /* by the last byte of their address: providers' endpoints */
    uint8_t value[SKAD_VALUE_BYTES_MAX];
} awaited_event;

static bool poll(test_network *network, void *user)
{
    awaited_event *awaited = user;
    skad_event event;
    while (skad_node_poll_event(node_of(network, awaited->index), &event)) {
        if (event.op != awaited->op) {
            continue;
        }
        awaited->came = true;
        awaited->event = event;
        for (size_t i = 0; i < event.u.get.providers_count; i++) {
            for (size_t j = 0; j < network->count; j++) {
                awaited->seen[j] |= memcmp(event.u.get.providers[i].publisher,
                                           network->nodes[j].identity.public_key, 32) == 0;
            }
        }
        if (event.u.get.value != NULL) {
            memcpy(awaited->value, event.u.get.value, event.u.get.len);
        }
        return true;
    }
    return false;
}

static void providers_are_found_by_the_key_they_announced(void **state)
{
    (void)state;
    test_network *network = start(24, 7);
    for (size_t i = 0; i < 20; i++) {
        announce(network, i, 9, false);
    }
    awaited_event awaited = {.index = 22};
    assert_int_equal(skad_node_get(node_of(network, 22), SKAD_RECORD_ANNOUNCEMENT, &(skad_id){{9}},
                                   test_network_time(network), &awaited.op),
                     SKAD_OK);
    assert_true(test_network_run(network, 60 * SKAD_US_PER_S, poll, &awaited));
    const skad_get_report *report = &awaited.event.u.get;
    assert_int_equal(awaited.event.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(report->providers_count, 20); /* no answer holds more than five of them */
    for (size_t i = 0; i < 20; i++) {
        assert_true(awaited.seen[i]);
    }
    assert_int_equal(report->providers[0].endpoint.port, 8080);
    assert_int_equal(report->providers[0].endpoint.family, SKAD_FAMILY_IPV4);
    assert_int_equal(report->providers[0].metadata_len, 3);
    stop(network);
}

static void who_knows_no_own_address_says_so(void **state)
{
    (void)state;
    test_network *network = malloc(sizeof *network);
    assert_non_null(network);
    test_network_init(network, skad_profile_builtin("test"), 1, 8);
    skad_announce_request request = {.key = {{1}}, .endpoint = {.port = 80}, .life_s = DAY_S};
    skad_op op;
    assert_int_equal(
        skad_node_announce(node_of(network, 0), &request, test_network_time(network), &op),
        SKAD_ERR_MISSING);
    request.endpoint.port = 0; /* without an endpoint, the publisher is found by its node ID */
    assert_int_equal(
        skad_node_announce(node_of(network, 0), &request, test_network_time(network), &op),
        SKAD_OK);
    stop(network);
}

/* ---- Watching ---- */

static void a_watch_tells_each_change_once(void **state)
{
    (void)state;
    test_network *network = start(24, 9);
    skad_id key;
    skad_mutable_key(network->nodes[3].identity.public_key, text("salt"), &key);
    awaited_event awaited = {.index = 20};
    assert_int_equal(skad_node_watch(node_of(network, 20), SKAD_RECORD_MUTABLE, &key, MINUTE_S,
                                     test_network_time(network), &awaited.op),
                     SKAD_OK);
    assert_false(test_network_run(network, 200 * SKAD_US_PER_S, poll, &awaited));
    for (uint64_t sequence = 1; sequence < 4; sequence++) {
        skad_id published;
        const char *values[] = {"", "one", "two", "three"};
        (void)publish(network, 3, (edition){.sequence = sequence, .value = values[sequence]},
                      &published);
        assert_true(skad_id_equal(&key, &published));
        assert_true(test_network_run(network, 70 * SKAD_US_PER_S, poll, &awaited));
        assert_int_equal(awaited.event.kind, SKAD_EVENT_CHANGED);
        assert_int_equal(awaited.event.u.get.sequence, sequence);
        assert_memory_equal(awaited.value, values[sequence], strlen(values[sequence]));
        assert_false(test_network_run(network, 130 * SKAD_US_PER_S, poll, &awaited));
    }
    skad_node_cancel(node_of(network, 20), awaited.op);
    skad_id published;
    (void)publish(network, 3, (edition){.sequence = 9, .value = "nine"}, &published);
    assert_false(test_network_run(network, 130 * SKAD_US_PER_S, poll, &awaited));
    skad_node_stats stats;
    skad_node_stats_get(node_of(network, 20), test_network_time(network), &stats);
    assert_int_equal(stats.watches, 0);
    assert_int_equal(stats.operations, 0);
    stop(network);
}

/* A holder need not wait for its next look. */
static void a_watching_holder_is_told_at_once(void **state)
{
    (void)state;
    test_network *network = start(8, 10); /* all hold everything */
    skad_id key;
    skad_mutable_key(network->nodes[3].identity.public_key, text("salt"), &key);
    awaited_event awaited = {.index = 5};
    assert_int_equal(skad_node_watch(node_of(network, 5), SKAD_RECORD_MUTABLE, &key, HOUR_S,
                                     test_network_time(network), &awaited.op),
                     SKAD_OK);
    assert_false(test_network_run(network, 10 * SKAD_US_PER_S, poll, &awaited));
    skad_id published;
    (void)publish(network, 3, (edition){.sequence = 1, .value = "one"}, &published);
    assert_true(test_network_run(network, 2 * SKAD_US_PER_S, poll, &awaited));
    stop(network);
}

static void watched_announcements_are_told_when_there_are_new_ones(void **state)
{
    (void)state;
    test_network *network = start(24, 11);
    awaited_event awaited = {.index = 20};
    announce(network, 1, 9, false);
    assert_int_equal(skad_node_watch(node_of(network, 20), SKAD_RECORD_ANNOUNCEMENT,
                                     &(skad_id){{9}}, MINUTE_S, test_network_time(network),
                                     &awaited.op),
                     SKAD_OK);
    assert_true(test_network_run(network, 10 * SKAD_US_PER_S, poll, &awaited));
    assert_int_equal(awaited.event.u.get.providers_count, 1);
    assert_false(test_network_run(network, 130 * SKAD_US_PER_S, poll, &awaited));
    announce(network, 2, 9, false);
    assert_true(test_network_run(network, 70 * SKAD_US_PER_S, poll, &awaited));
    assert_int_equal(awaited.event.u.get.providers_count, 2);
    stop(network);
}

static void watches_are_bounded_and_their_names_go_stale(void **state)
{
    (void)state;
    test_network *network = start(3, 12);
    skad_node *node = node_of(network, 1);
    skad_time now = test_network_time(network);
    skad_op ops[300];
    size_t count = 0;
    skad_status status = SKAD_OK;
    while (count < 300 && status == SKAD_OK) {
        skad_id key = {{(uint8_t)count, 1, (uint8_t)(count >> 8)}};
        status = skad_node_watch(node, SKAD_RECORD_MUTABLE, &key, 60, now, &ops[count]);
        count += status == SKAD_OK;
    }
    assert_int_equal(status, SKAD_ERR_FULL);
    assert_int_equal(count, 256);
    (void)test_network_run(network, 100 * SKAD_US_PER_S, NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        skad_node_cancel(node, ops[i]);
    }
    skad_node_cancel(node, ops[0]); /* stale by now: ignored */
    skad_id key = {{1}};
    assert_int_equal(skad_node_watch(node, SKAD_RECORD_MUTABLE, &key, 60, now, &ops[1]), SKAD_OK);
    assert_true(ops[1] != ops[0]);
    skad_node_cancel(node, ops[0]);
    skad_node_stats stats;
    skad_node_stats_get(node, test_network_time(network), &stats);
    assert_int_equal(stats.watches, 1);
    stop(network);
}

/* ---- Keeping ---- */

static uint64_t renewed(test_network *network, size_t index)
{
    skad_node_stats stats;
    skad_node_stats_get(node_of(network, index), test_network_time(network), &stats);
    return stats.renewed;
}

static void kept_records_outlive_a_day_and_others_do_not(void **state)
{
    (void)state;
    test_network *network = start(12, 13);
    skad_id kept;
    skad_id put;
    skad_op op;
    skad_event event =
        publish(network, 3, (edition){.sequence = 1, .value = "kept", .keep = true}, &kept);
    assert_true(event.u.put.kept);
    assert_int_equal(skad_node_put(node_of(network, 4), (const uint8_t *)"once", 4,
                                   test_network_time(network), &op, &put),
                     SKAD_OK);
    (void)test_network_await(network, 4, op, NULL);
    uint64_t first_expiry = 0;
    for (unsigned hour = 0; hour < 60; hour++) { /* beyond the record's expiry of two days */
        (void)test_network_run(network, HOUR_US, NULL, NULL);
        uint8_t value[SKAD_VALUE_BYTES_MAX];
        if (hour % 10 == 9) {
            event = fetch(network, 7, SKAD_RECORD_MUTABLE, &kept, value);
            assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
            assert_int_equal(event.u.get.sequence, 1); /* renewed, not another edition */
            first_expiry = first_expiry == 0 ? event.u.get.expiry_unix_s : first_expiry;
            assert_false(event.u.get.conflict);
        }
    }
    assert_true(renewed(network, 3) >= 45 && renewed(network, 3) <= 85);
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    skad_event gone = fetch(network, 7, SKAD_RECORD_IMMUTABLE, &put, value);
    assert_int_equal(gone.outcome, SKAD_OUTCOME_NOT_FOUND);
    event = fetch(network, 7, SKAD_RECORD_MUTABLE, &kept, value);
    assert_true(event.u.get.expiry_unix_s > first_expiry + DAY_S);
    stop(network);
}

static void withdrawn_records_end_with_their_holders_time(void **state)
{
    (void)state;
    test_network *network = start(12, 14);
    skad_id key;
    (void)publish(network, 3, (edition){.sequence = 1, .value = "v", .keep = true}, &key);
    assert_int_equal(skad_node_withdraw(node_of(network, 3), &key, SKAD_RECORD_IMMUTABLE), 0);
    assert_int_equal(skad_node_withdraw(node_of(network, 3), &key, 0), 1);
    assert_int_equal(skad_node_withdraw(node_of(network, 3), &key, 0), 0);
    (void)test_network_run(network, 25 * HOUR_US, NULL, NULL);
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    skad_event gone = fetch(network, 7, SKAD_RECORD_MUTABLE, &key, value);
    assert_int_equal(gone.outcome, SKAD_OUTCOME_NOT_FOUND);
    assert_int_equal(renewed(network, 3), 0);
    stop(network);
}

/* Somebody else's record can be kept, but not signed anew: it ends with its expiry. */
static void a_foreign_record_is_kept_until_it_expires(void **state)
{
    (void)state;
    test_network *network = start(12, 15);
    skad_identity publisher = test_identity(network->profile, 5000);
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    uint64_t expiry = test_network_time(network).unix_s + 40 * HOUR_S;
    size_t len = skad_record_encode_mutable(&publisher, text(""), 1, expiry, text("foreign"),
                                            record, sizeof record);
    const skad_store_request request = {.record = record, .len = len, .keep = true};
    skad_op op;
    skad_id key;
    assert_int_equal(
        skad_node_store(node_of(network, 3), &request, test_network_time(network), &op, &key),
        SKAD_OK);
    skad_event event = test_network_await(network, 3, op, NULL);
    assert_true(event.u.put.kept);
    (void)test_network_run(network, 35 * HOUR_US, NULL, NULL);
    assert_resolves(network, 7, &key, 1, "foreign");
    (void)test_network_run(network, 6 * HOUR_US, NULL, NULL);
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    assert_int_equal(fetch(network, 7, SKAD_RECORD_MUTABLE, &key, value).outcome,
                     SKAD_OUTCOME_NOT_FOUND);
    skad_node_stats stats;
    skad_node_stats_get(node_of(network, 3), test_network_time(network), &stats);
    assert_int_equal(stats.store.published, 0); /* and then it is forgotten */
    stop(network);
}

/* A damaged store must not stop the round of renewals. */
static void rubbish_on_the_shelf_is_thrown_out(void **state)
{
    (void)state;
    test_network *network = start(8, 21);
    const skad_store *store = &network->nodes[3].store;
    static const uint8_t rubbish[40] = {0x93, 1, 2, 3};
    skad_store_record row = {
        .name = {.key = {{1}}, .type = SKAD_RECORD_MUTABLE},
        .expires_unix_s = UINT64_MAX,
        .data = rubbish,
        .len = sizeof rubbish,
    };
    assert_int_equal(store->ops->put(store->self, SKAD_SHELF_PUBLISHED, &row, 1), SKAD_OK);
    skad_id key;
    (void)publish(network, 3, (edition){.sequence = 1, .value = "v", .keep = true}, &key);
    (void)test_network_run(network, 3 * HOUR_US, NULL, NULL);
    skad_node_stats stats;
    skad_node_stats_get(node_of(network, 3), test_network_time(network), &stats);
    assert_int_equal(stats.store.published, 1);
    assert_true(stats.renewed >= 2);
    stop(network);
}

static void publications_survive_a_restart(void **state)
{
    (void)state;
    test_network *network = start(12, 16);
    skad_id key;
    (void)publish(network, 3, (edition){.sequence = 1, .value = "v", .keep = true}, &key);
    test_network_vanish(network, 3, false);
    (void)test_network_run(network, 30 * HOUR_US, NULL, NULL);
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    assert_int_equal(fetch(network, 7, SKAD_RECORD_MUTABLE, &key, value).outcome,
                     SKAD_OUTCOME_NOT_FOUND);
    test_network_revive(network, 3);
    const skad_address *through = &network->nodes[0].address;
    assert_int_equal(skad_node_join(node_of(network, 3), through, 1, test_network_time(network)),
                     SKAD_OK);
    (void)test_network_run(network, HOUR_US / 4, NULL, NULL); /* the first round takes 10 minutes */
    assert_resolves(network, 7, &key, 1, "v");
    stop(network);
}

/* ---- Moving ---- */

static void newcomers_are_handed_what_they_owe(void **state)
{
    (void)state;
    test_network *network = start(20, 17);
    skad_id keys[10];
    for (uint8_t i = 0; i < 10; i++) {
        skad_op op;
        assert_int_equal(
            skad_node_put(node_of(network, 2), &i, 1, test_network_time(network), &op, &keys[i]),
            SKAD_OK);
        (void)test_network_await(network, 2, op, NULL);
    }
    /* Ten newcomers, then ten of the old ones go: only what was handed over can be found. */
    for (uint32_t i = 0; i < 10; i++) {
        skad_identity identity = test_identity(network->profile, 7000 + i);
        size_t index = test_network_add(network, &identity);
        assert_int_equal(skad_node_join(node_of(network, index), &network->nodes[0].address, 1,
                                        test_network_time(network)),
                         SKAD_OK);
        (void)test_network_run(network, 30 * SKAD_US_PER_S, NULL, NULL);
    }
    (void)test_network_run(network, 60 * SKAD_US_PER_S, NULL, NULL);
    for (size_t i = 0; i < 10; i++) {
        size_t newcomers = 0;
        for (size_t j = 20; j < network->count; j++) {
            const skad_store *store = &network->nodes[j].store;
            const skad_store_name name = {.key = keys[i], .type = SKAD_RECORD_IMMUTABLE};
            skad_store_record found;
            size_t closer = 0;
            for (size_t k = 0; k < network->count; k++) {
                closer += skad_distance_compare(&keys[i], skad_node_self(node_of(network, k)),
                                                skad_node_self(node_of(network, j))) < 0;
            }
            bool has = store->ops->find(store->self, SKAD_SHELF_HELD, &name,
                                        test_network_time(network).unix_s, &found);
            if (closer < 16 && !has) {
                fail_msg("newcomer %zu is %zu closest to key %zu and lacks it", j, closer, i);
            }
            newcomers += has;
        }
        assert_true(newcomers > 0);
    }
    stop(network);
}

static void what_is_no_longer_owed_is_dropped_in_time(void **state)
{
    (void)state;
    test_network *network = start(17, 18);
    uint8_t value = 1;
    skad_id key;
    skad_op op;
    assert_int_equal(
        skad_node_put(node_of(network, 2), &value, 1, test_network_time(network), &op, &key),
        SKAD_OK);
    (void)test_network_await(network, 2, op, NULL);
    for (uint32_t i = 0; i < 20; i++) {
        skad_identity identity = test_identity(network->profile, 8000 + i);
        size_t index = test_network_add(network, &identity);
        assert_int_equal(skad_node_join(node_of(network, index), &network->nodes[0].address, 1,
                                        test_network_time(network)),
                         SKAD_OK);
        (void)test_network_run(network, 20 * SKAD_US_PER_S, NULL, NULL);
    }
    size_t before = holders_of(network, &key, SKAD_RECORD_IMMUTABLE);
    assert_true(before > 20); /* the old ones, and the newcomers that were handed it */
    (void)test_network_run(network, 5 * HOUR_US, NULL, NULL);
    assert_int_equal(holders_of(network, &key, SKAD_RECORD_IMMUTABLE), 16);
    stop(network);
}

/* Handing over passes on the time that is left. */
static void nothing_lives_longer_for_being_handed_over(void **state)
{
    (void)state;
    test_network *network = start(17, 19);
    uint8_t value = 1;
    skad_id key;
    skad_op op;
    assert_int_equal(
        skad_node_put(node_of(network, 2), &value, 1, test_network_time(network), &op, &key),
        SKAD_OK);
    (void)test_network_await(network, 2, op, NULL);
    for (uint32_t i = 0; i < 5; i++) {
        (void)test_network_run(network, 4 * HOUR_US, NULL, NULL);
        skad_identity identity = test_identity(network->profile, 9000 + i);
        size_t index = test_network_add(network, &identity);
        assert_int_equal(skad_node_join(node_of(network, index), &network->nodes[0].address, 1,
                                        test_network_time(network)),
                         SKAD_OK);
    }
    (void)test_network_run(network, 5 * HOUR_US, NULL, NULL);
    assert_int_equal(holders_of(network, &key, SKAD_RECORD_IMMUTABLE), 0);
    stop(network);
}

static void a_get_leaves_a_copy_with_the_closest_that_had_none(void **state)
{
    (void)state;
    test_network *network = start(30, 20);
    uint8_t value = 1;
    skad_id key;
    skad_op op;
    assert_int_equal(
        skad_node_put(node_of(network, 2), &value, 1, test_network_time(network), &op, &key),
        SKAD_OK);
    (void)test_network_await(network, 2, op, NULL);
    /* All forget it but one, and not the closest. */
    size_t left = SIZE_MAX;
    for (size_t i = 0; i < network->count; i++) {
        const skad_store *store = &network->nodes[i].store;
        const skad_store_name name = {.key = key, .type = SKAD_RECORD_IMMUTABLE};
        size_t closer = 0;
        for (size_t k = 0; k < network->count; k++) {
            closer += skad_distance_compare(&key, skad_node_self(node_of(network, k)),
                                            skad_node_self(node_of(network, i))) < 0;
        }
        if (closer == 8) {
            left = i;
        } else {
            (void)store->ops->drop(store->self, SKAD_SHELF_HELD, &name);
        }
    }
    assert_int_equal(holders_of(network, &key, SKAD_RECORD_IMMUTABLE), 1);
    uint8_t got[SKAD_VALUE_BYTES_MAX];
    size_t asker = left == 11 ? 12 : 11;
    assert_int_equal(fetch(network, asker, SKAD_RECORD_IMMUTABLE, &key, got).outcome,
                     SKAD_OUTCOME_DONE);
    (void)test_network_run(network, SKAD_US_PER_S, NULL, NULL);
    assert_int_equal(holders_of(network, &key, SKAD_RECORD_IMMUTABLE), 2);
    (void)test_network_run(network, HOUR_US + 2 * 60 * SKAD_US_PER_S, NULL, NULL);
    assert_int_equal(holders_of(network, &key, SKAD_RECORD_IMMUTABLE), 1); /* for an hour */
    stop(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_record_is_resolved_from_everywhere),
        cmocka_unit_test(a_new_sequence_replaces_the_old_everywhere),
        cmocka_unit_test(compare_and_swap_lets_one_of_two_win),
        cmocka_unit_test(requests_out_of_their_limits_are_refused),
        cmocka_unit_test(one_honest_holder_is_enough),
        cmocka_unit_test(two_values_of_one_sequence_are_a_conflict),
        cmocka_unit_test(providers_are_found_by_the_key_they_announced),
        cmocka_unit_test(who_knows_no_own_address_says_so),
        cmocka_unit_test(a_watch_tells_each_change_once),
        cmocka_unit_test(a_watching_holder_is_told_at_once),
        cmocka_unit_test(watched_announcements_are_told_when_there_are_new_ones),
        cmocka_unit_test(watches_are_bounded_and_their_names_go_stale),
        cmocka_unit_test(kept_records_outlive_a_day_and_others_do_not),
        cmocka_unit_test(withdrawn_records_end_with_their_holders_time),
        cmocka_unit_test(a_foreign_record_is_kept_until_it_expires),
        cmocka_unit_test(rubbish_on_the_shelf_is_thrown_out),
        cmocka_unit_test(publications_survive_a_restart),
        cmocka_unit_test(newcomers_are_handed_what_they_owe),
        cmocka_unit_test(what_is_no_longer_owed_is_dropped_in_time),
        cmocka_unit_test(nothing_lives_longer_for_being_handed_over),
        cmocka_unit_test(a_get_leaves_a_copy_with_the_closest_that_had_none),
    };
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
