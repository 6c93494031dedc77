/* Records in a whole network: publishing and resolving, announcing and finding providers; and
 * holders that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/message.h"
#include "src/core/routing/distance.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/record_script.h"
#include "tests/support/wire.h"

/* ---- Mutable records ---- */

static void a_published_record_is_resolved_from_everywhere(void **state)
{
    (void)state;
    test_network *network = test_records_start(24, 1);
    skad_id key;
    skad_event put =
        test_publish(network, 3, (test_edition){.sequence = 7, .value = "hello"}, &key);
    assert_int_equal(put.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(put.u.put.stored, 16);
    assert_int_equal(put.u.put.life_s, DAY_S);
    assert_false(put.u.put.kept);
    for (size_t i = 0; i < network->count; i++) {
        test_assert_resolves(network, i, &key, 7, "hello");
    }
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    skad_event got = test_fetch(network, 5, SKAD_RECORD_MUTABLE, &key, value);
    assert_memory_equal(got.u.get.publisher, network->nodes[3].identity.public_key,
                        SKAD_PUBLIC_KEY_BYTES);
    assert_true(got.u.get.tally.agreed >= 14); /* the asker may be a holder itself */
    assert_int_equal(got.u.get.tally.invalid + got.u.get.tally.stale, 0);
    test_records_stop(network);
}

static void a_new_sequence_replaces_the_old_everywhere(void **state)
{
    (void)state;
    test_network *network = test_records_start(24, 2);
    skad_id key;
    (void)test_publish(network, 3, (test_edition){.sequence = 1, .value = "one"}, &key);
    skad_event put = test_publish(network, 3, (test_edition){.sequence = 2, .value = "two"}, &key);
    assert_int_equal(put.u.put.stored, 16);
    test_assert_resolves(network, 9, &key, 2, "two");
    put = test_publish(network, 3, (test_edition){.sequence = 1, .value = "one"}, &key);
    assert_int_equal(put.outcome, SKAD_OUTCOME_NOT_FOUND);
    assert_int_equal(put.u.put.stored, 0);
    assert_int_equal(put.u.put.refusals[SKAD_ERROR_OLDER], put.u.put.refused);
    assert_int_equal(put.u.put.sequence_seen, 2);
    test_assert_resolves(network, 9, &key, 2, "two");
    test_records_stop(network);
}

/* The first so many of those that hold a record lose it. */
static void lose(test_network *network, const skad_id *key, const uint8_t *publisher, size_t count)
{
    skad_store_name name = {.key = *key, .type = SKAD_RECORD_MUTABLE};
    memcpy(name.publisher, publisher, SKAD_PUBLIC_KEY_BYTES);
    for (size_t i = 0; i < network->count && count > 0; i++) {
        const skad_store *store = &network->nodes[i].store;
        count -= store->ops->drop(store->self, SKAD_STORE_REPLICAS, &name) == SKAD_OK;
    }
    assert_int_equal(count, 0);
}

/* Those who lost their records take an old one, but it counts only where they are not outnumbered.
 */
static void an_old_sequence_that_few_take_is_refused(void **state)
{
    (void)state;
    test_network *network = test_records_start(24, 7);
    const uint8_t *publisher = network->nodes[3].identity.public_key;
    const test_edition old = {.sequence = 1, .value = "one", .keep = true};
    const test_edition new = {.sequence = 2, .value = "two"};
    skad_id key;
    (void)test_publish(network, 3, new, &key);
    lose(network, &key, publisher, 7);
    skad_event put = test_publish(network, 3, old, &key);
    assert_int_equal(put.outcome, SKAD_OUTCOME_NOT_FOUND);
    assert_int_equal(put.u.put.stored, 7);
    assert_int_equal(put.u.put.refusals[SKAD_ERROR_OLDER], 9);
    assert_int_equal(put.u.put.sequence_seen, 2);
    assert_false(put.u.put.kept);
    test_assert_resolves(network, 9, &key, 2, "two");
    (void)test_publish(network, 3, new, &key);
    lose(network, &key, publisher, 8);
    put = test_publish(network, 3, old, &key);
    assert_int_equal(put.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(put.u.put.stored, 8);
    assert_true(put.u.put.kept);
    test_records_stop(network);
}

static void compare_and_swap_lets_one_of_two_win(void **state)
{
    (void)state;
    test_network *network = test_records_start(24, 3);
    skad_id key;
    (void)test_publish(network, 3, (test_edition){.sequence = 1, .value = "one"}, &key);
    test_edition mine = {.sequence = 2, .value = "mine", .has_cas = true, .cas = 1, .keep = true};
    test_edition late = {.sequence = 3, .value = "late", .has_cas = true, .cas = 1, .keep = true};
    skad_event won = test_publish(network, 3, mine, &key);
    assert_int_equal(won.u.put.stored, 16);
    assert_true(won.u.put.kept);
    skad_event lost = test_publish(network, 3, late, &key);
    assert_int_equal(lost.outcome, SKAD_OUTCOME_NOT_FOUND);
    assert_true(lost.u.put.refusals[SKAD_ERROR_CAS] >= 15);
    assert_int_equal(lost.u.put.sequence_seen, 2);
    assert_false(lost.u.put.kept); /* what all refused must not come again by itself */
    test_assert_resolves(network, 9, &key, 2, "mine");
    test_records_stop(network);
}

/* What is out of its limits is told before anything is sent. */
static void requests_out_of_their_limits_are_refused(void **state)
{
    (void)state;
    test_network *network = test_records_start(3, 4);
    static const uint8_t bytes[SKAD_VALUE_BYTES_MAX + 1];
    const skad_publish_request good = {.salt = {bytes, SKAD_SALT_BYTES_MAX},
                                       .value = {bytes, SKAD_MUTABLE_VALUE_BYTES_MAX},
                                       .life_s = 2 * DAY_S};
    skad_time now = test_network_time(network);
    skad_id key;
    skad_op op;
    skad_node *node = test_node_of(network, 1);
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
    request.life_s = 4 * HOUR_S - 1;
    assert_int_equal(skad_node_publish(node, &request, now, &op, &key), SKAD_ERR_INPUT);
    request.life_s = 4 * HOUR_S;
    assert_int_equal(skad_node_publish(node, &request, now, &op, &key), SKAD_OK);
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
    test_records_stop(network);
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
    assert_int_equal(
        store->ops->put(store->self, SKAD_STORE_REPLICAS, &record, record.stored_unix_s), SKAD_OK);
}

/* Twenty-four nodes, one key; all but one holder say something else than the truth. */
static void one_honest_holder_is_enough(void **state)
{
    (void)state;
    test_network *network = test_records_start(24, 5);
    const skad_identity *publisher = &network->nodes[3].identity;
    uint64_t expiry = test_network_time(network).unix_s + DAY_S;
    uint8_t stale[SKAD_RECORD_BYTES_MAX];
    uint8_t broken[SKAD_RECORD_BYTES_MAX];
    size_t stale_len =
        skad_record_encode_mutable(test_plain_publisher(publisher), test_text("salt"), 1, expiry,
                                   test_text("old"), stale, sizeof stale);
    size_t broken_len =
        skad_record_encode_mutable(test_plain_publisher(publisher), test_text("salt"), 99, expiry,
                                   test_text("fake"), broken, sizeof broken);
    broken[broken_len - 1] ^= 1;
    skad_id key;
    (void)test_publish(network, 3, (test_edition){.sequence = 2, .value = "new"}, &key);
    size_t honest = 0;
    for (size_t i = 0; i < network->count; i++) {
        if (test_holders_of(network, &key, SKAD_RECORD_MUTABLE) == 0) {
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
        skad_event event = test_fetch(network, i, SKAD_RECORD_MUTABLE, &key, value);
        assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
        assert_int_equal(event.u.get.sequence, 2);
        assert_memory_equal(value, "new", 3);
        if (askers++ == 0) { /* later ones meet what this get has mended */
            assert_true(event.u.get.tally.stale > 0);
            assert_true(event.u.get.tally.invalid > 0);
        }
    }
    test_records_stop(network);
}

/* A publisher who signs two values under one sequence is found out by whoever sees both. */
static void two_values_of_one_sequence_are_a_conflict(void **state)
{
    (void)state;
    test_network *network = test_records_start(24, 6);
    const skad_identity *publisher = &network->nodes[3].identity;
    uint64_t expiry = test_network_time(network).unix_s + DAY_S;
    uint8_t other[SKAD_RECORD_BYTES_MAX];
    size_t other_len =
        skad_record_encode_mutable(test_plain_publisher(publisher), test_text("salt"), 2, expiry,
                                   test_text("two"), other, sizeof other);
    skad_id key;
    (void)test_publish(network, 3, (test_edition){.sequence = 2, .value = "one"}, &key);
    for (size_t i = 0; i < network->count; i += 2) {
        plant(network, i, other, other_len, &key, publisher->public_key, 2);
    }
    uint8_t first[SKAD_VALUE_BYTES_MAX];
    for (size_t i = 0; i < network->count; i++) {
        uint8_t value[SKAD_VALUE_BYTES_MAX];
        skad_event event = test_fetch(network, i, SKAD_RECORD_MUTABLE, &key, value);
        assert_true(event.u.get.conflict);
        if (i == 0) {
            memcpy(first, value, sizeof first);
        }
        assert_memory_equal(value, first, 3); /* all take the same one */
    }
    test_records_stop(network);
}

/* ---- Announcements ---- */

static void providers_are_found_by_the_key_they_announced(void **state)
{
    (void)state;
    test_network *network = test_records_start(24, 7);
    for (size_t i = 0; i < 20; i++) {
        test_announce(network, i, 9, false);
    }
    test_awaited awaited = {.index = 22};
    assert_int_equal(skad_node_get(test_node_of(network, 22), SKAD_RECORD_ANNOUNCEMENT,
                                   &(skad_id){{9}}, test_network_time(network), &awaited.op),
                     SKAD_OK);
    assert_true(test_network_run(network, 60 * SKAD_US_PER_S, test_poll_awaited, &awaited));
    const skad_get_report *report = &awaited.event.u.get;
    assert_int_equal(awaited.event.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(report->providers_count, 20); /* no answer holds more than five of them */
    for (size_t i = 0; i < 20; i++) {
        assert_true(awaited.seen[i]);
    }
    assert_int_equal(report->providers[0].endpoint.port, 8080);
    assert_int_equal(report->providers[0].endpoint.family, SKAD_FAMILY_IPV4);
    assert_int_equal(report->providers[0].metadata_len, 3);
    test_records_stop(network);
}

static void who_knows_no_own_address_says_so(void **state)
{
    (void)state;
    test_network *network = malloc(sizeof *network);
    assert_non_null(network);
    test_network_init(network, test_plain_profile(), 1, 8);
    skad_announce_request request = {.key = {{1}}, .endpoint = {.port = 80}, .life_s = DAY_S};
    skad_op op;
    assert_int_equal(
        skad_node_announce(test_node_of(network, 0), &request, test_network_time(network), &op),
        SKAD_ERR_MISSING);
    request.endpoint.port = 0; /* without an endpoint, the publisher is found by its node ID */
    assert_int_equal(
        skad_node_announce(test_node_of(network, 0), &request, test_network_time(network), &op),
        SKAD_OK);
    test_records_stop(network);
}

/* The sequence of an announcement is the time, or one more than that of the last one. By itself, a
 * node keeps it at once. */
static void announcements_of_one_second_follow_each_other(void **state)
{
    (void)state;
    static test_fixture fixture;
    const skad_profile profile = test_fixture_profile();
    const skad_announce_request request = {.key = {{1}}, .life_s = DAY_S, .keep = true};
    test_fixture_init(&fixture, &profile);
    for (uint64_t i = 0; i < 3; i++) {
        skad_op op;
        skad_store_name from = {.type = 0};
        skad_store_record kept;
        assert_int_equal(skad_node_announce(fixture.node, &request, fixture.now, &op), SKAD_OK);
        skad_node_tick(fixture.node, fixture.now);
        assert_true(
            fixture.store.ops->next(fixture.store.self, SKAD_STORE_PUBLICATIONS, &from, &kept));
        assert_int_equal(kept.sequence, fixture.now.unix_s + i);
    }
    test_fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_record_is_resolved_from_everywhere),
        cmocka_unit_test(a_new_sequence_replaces_the_old_everywhere),
        cmocka_unit_test(an_old_sequence_that_few_take_is_refused),
        cmocka_unit_test(compare_and_swap_lets_one_of_two_win),
        cmocka_unit_test(requests_out_of_their_limits_are_refused),
        cmocka_unit_test(one_honest_holder_is_enough),
        cmocka_unit_test(two_values_of_one_sequence_are_a_conflict),
        cmocka_unit_test(providers_are_found_by_the_key_they_announced),
        cmocka_unit_test(announcements_of_one_second_follow_each_other),
        cmocka_unit_test(who_knows_no_own_address_says_so),
    };
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
