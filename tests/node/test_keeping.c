/* Records over days: announced again, signed anew, withdrawn; handed to newcomers, demoted,
 * and left with others by gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/message.h"
#include "src/core/routing/distance.h"
#include "tests/support/identities.h"
#include "tests/support/record_script.h"
#include "tests/support/wire.h"

/* ---- Keeping ---- */

static uint64_t renewed(test_network *network, size_t index)
{
    skad_node_stats stats;
    skad_node_stats_get(test_node_of(network, index), test_network_time(network), &stats);
    return stats.republished;
}

static void kept_records_outlive_a_day_and_others_do_not(void **state)
{
    (void)state;
    test_network *network = test_records_start(12, 13);
    skad_id kept;
    skad_id put;
    skad_op op;
    skad_event event = test_publish(
        network, 3, (test_edition){.sequence = 1, .value = "kept", .keep = true}, &kept);
    assert_true(event.u.put.kept);
    assert_int_equal(skad_node_put(test_node_of(network, 4), (const uint8_t *)"once", 4,
                                   test_network_time(network), &op, &put),
                     SKAD_OK);
    (void)test_network_await(network, 4, op, NULL);
    uint64_t first_expiry = 0;
    for (unsigned hour = 0; hour < 60; hour++) { /* beyond the record's expiry of two days */
        (void)test_network_run(network, HOUR_US, NULL, NULL);
        uint8_t value[SKAD_VALUE_BYTES_MAX];
        if (hour % 10 == 9) {
            event = test_fetch(network, 7, SKAD_RECORD_MUTABLE, &kept, value);
            assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
            assert_int_equal(event.u.get.sequence, 1); /* renewed, not another test_edition */
            first_expiry = first_expiry == 0 ? event.u.get.expiry_unix_s : first_expiry;
            assert_false(event.u.get.conflict);
        }
    }
    assert_true(renewed(network, 3) >= 45 && renewed(network, 3) <= 85);
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    skad_event gone = test_fetch(network, 7, SKAD_RECORD_IMMUTABLE, &put, value);
    assert_int_equal(gone.outcome, SKAD_OUTCOME_NOT_FOUND);
    event = test_fetch(network, 7, SKAD_RECORD_MUTABLE, &kept, value);
    assert_true(event.u.get.expiry_unix_s > first_expiry + DAY_S);
    test_records_stop(network);
}

static void withdrawn_records_end_with_their_holders_time(void **state)
{
    (void)state;
    test_network *network = test_records_start(12, 14);
    skad_id key;
    (void)test_publish(network, 3, (test_edition){.sequence = 1, .value = "v", .keep = true}, &key);
    assert_int_equal(skad_node_withdraw(test_node_of(network, 3), &key, SKAD_RECORD_IMMUTABLE), 0);
    assert_int_equal(skad_node_withdraw(test_node_of(network, 3), &key, 0), 1);
    assert_int_equal(skad_node_withdraw(test_node_of(network, 3), &key, 0), 0);
    (void)test_network_run(network, 25 * HOUR_US, NULL, NULL);
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    skad_event gone = test_fetch(network, 7, SKAD_RECORD_MUTABLE, &key, value);
    assert_int_equal(gone.outcome, SKAD_OUTCOME_NOT_FOUND);
    assert_int_equal(renewed(network, 3), 0);
    test_records_stop(network);
}

/* Somebody else's record can be kept, but not signed anew: it ends with its expiry. */
static void a_foreign_record_is_kept_until_it_expires(void **state)
{
    (void)state;
    test_network *network = test_records_start(12, 15);
    skad_identity publisher = test_identity(network->profile, 5000);
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    uint64_t expiry = test_network_time(network).unix_s + 40 * HOUR_S;
    size_t len = skad_record_encode_mutable(test_plain_publisher(&publisher), test_text(""), 1,
                                            expiry, test_text("foreign"), record, sizeof record);
    const skad_store_request request = {.record = record, .len = len, .keep = true};
    skad_op op;
    skad_id key;
    assert_int_equal(
        skad_node_store(test_node_of(network, 3), &request, test_network_time(network), &op, &key),
        SKAD_OK);
    skad_event event = test_network_await(network, 3, op, NULL);
    assert_true(event.u.put.kept);
    (void)test_network_run(network, 35 * HOUR_US, NULL, NULL);
    test_assert_resolves(network, 7, &key, 1, "foreign");
    (void)test_network_run(network, 6 * HOUR_US, NULL, NULL);
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    assert_int_equal(test_fetch(network, 7, SKAD_RECORD_MUTABLE, &key, value).outcome,
                     SKAD_OUTCOME_NOT_FOUND);
    skad_node_stats stats;
    skad_node_stats_get(test_node_of(network, 3), test_network_time(network), &stats);
    assert_int_equal(stats.store.published, 0); /* and then it is forgotten */
    test_records_stop(network);
}

/* A damaged store must not stop the round of renewals. */
static void rubbish_among_the_publications_is_thrown_out(void **state)
{
    (void)state;
    test_network *network = test_records_start(8, 21);
    const skad_store *store = &network->nodes[3].store;
    static const uint8_t rubbish[40] = {0x93, 1, 2, 3};
    skad_store_record row = {
        .name = {.key = {{1}}, .type = SKAD_RECORD_MUTABLE},
        .expires_unix_s = UINT64_MAX,
        .data = rubbish,
        .len = sizeof rubbish,
    };
    assert_int_equal(store->ops->put(store->self, SKAD_STORE_PUBLICATIONS, &row, 1), SKAD_OK);
    skad_id key;
    (void)test_publish(network, 3, (test_edition){.sequence = 1, .value = "v", .keep = true}, &key);
    (void)test_network_run(network, 3 * HOUR_US, NULL, NULL);
    skad_node_stats stats;
    skad_node_stats_get(test_node_of(network, 3), test_network_time(network), &stats);
    assert_int_equal(stats.store.published, 1);
    assert_true(stats.republished >= 2);
    test_records_stop(network);
}

static void publications_survive_a_restart(void **state)
{
    (void)state;
    test_network *network = test_records_start(12, 16);
    skad_id key;
    (void)test_publish(network, 3, (test_edition){.sequence = 1, .value = "v", .keep = true}, &key);
    test_network_vanish(network, 3, false);
    (void)test_network_run(network, 30 * HOUR_US, NULL, NULL);
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    assert_int_equal(test_fetch(network, 7, SKAD_RECORD_MUTABLE, &key, value).outcome,
                     SKAD_OUTCOME_NOT_FOUND);
    test_network_revive(network, 3);
    const skad_address *through = &network->nodes[0].address;
    assert_int_equal(
        skad_node_join(test_node_of(network, 3), through, 1, test_network_time(network)), SKAD_OK);
    (void)test_network_run(network, HOUR_US / 4, NULL, NULL); /* the first round takes 10 minutes */
    test_assert_resolves(network, 7, &key, 1, "v");
    test_records_stop(network);
}

/* ---- Moving ---- */

static void newcomers_are_handed_what_they_owe(void **state)
{
    (void)state;
    test_network *network = test_records_start(20, 17);
    skad_id keys[10];
    for (uint8_t i = 0; i < 10; i++) {
        skad_op op;
        assert_int_equal(skad_node_put(test_node_of(network, 2), &i, 1, test_network_time(network),
                                       &op, &keys[i]),
                         SKAD_OK);
        (void)test_network_await(network, 2, op, NULL);
    }
    /* Ten newcomers, then ten of the old ones go: only what was handed over can be found. */
    for (uint32_t i = 0; i < 10; i++) {
        skad_identity identity = test_identity(network->profile, 7000 + i);
        size_t index = test_network_add(network, &identity);
        assert_int_equal(skad_node_join(test_node_of(network, index), &network->nodes[0].address, 1,
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
                closer += skad_distance_compare(&keys[i], skad_node_self(test_node_of(network, k)),
                                                skad_node_self(test_node_of(network, j))) < 0;
            }
            bool has = store->ops->find(store->self, SKAD_STORE_REPLICAS, &name,
                                        test_network_time(network).unix_s, &found);
            if (closer < 16 && !has) {
                fail_msg("newcomer %zu is %zu closest to key %zu and lacks it", j, closer, i);
            }
            newcomers += has;
        }
        assert_true(newcomers > 0);
    }
    test_records_stop(network);
}

static void a_record_without_our_responsibility_is_dropped_in_time(void **state)
{
    (void)state;
    test_network *network = test_records_start(17, 18);
    uint8_t value = 1;
    skad_id key;
    skad_op op;
    assert_int_equal(
        skad_node_put(test_node_of(network, 2), &value, 1, test_network_time(network), &op, &key),
        SKAD_OK);
    (void)test_network_await(network, 2, op, NULL);
    for (uint32_t i = 0; i < 20; i++) {
        skad_identity identity = test_identity(network->profile, 8000 + i);
        size_t index = test_network_add(network, &identity);
        assert_int_equal(skad_node_join(test_node_of(network, index), &network->nodes[0].address, 1,
                                        test_network_time(network)),
                         SKAD_OK);
        (void)test_network_run(network, 20 * SKAD_US_PER_S, NULL, NULL);
    }
    size_t before = test_holders_of(network, &key, SKAD_RECORD_IMMUTABLE);
    assert_true(before > 20); /* the old ones, and the newcomers that were handed it */
    (void)test_network_run(network, 5 * HOUR_US, NULL, NULL);
    /* The sixteen closest, and the rest of the region: a power of two of the key space. */
    assert_in_range(test_holders_of(network, &key, SKAD_RECORD_IMMUTABLE), 16, 24);
    test_records_stop(network);
}

/* Handing over passes on the time that is left. */
static void nothing_lives_longer_for_being_handed_over(void **state)
{
    (void)state;
    test_network *network = test_records_start(17, 19);
    uint8_t value = 1;
    skad_id key;
    skad_op op;
    assert_int_equal(
        skad_node_put(test_node_of(network, 2), &value, 1, test_network_time(network), &op, &key),
        SKAD_OK);
    (void)test_network_await(network, 2, op, NULL);
    for (uint32_t i = 0; i < 5; i++) {
        (void)test_network_run(network, 4 * HOUR_US, NULL, NULL);
        skad_identity identity = test_identity(network->profile, 9000 + i);
        size_t index = test_network_add(network, &identity);
        assert_int_equal(skad_node_join(test_node_of(network, index), &network->nodes[0].address, 1,
                                        test_network_time(network)),
                         SKAD_OK);
    }
    (void)test_network_run(network, 5 * HOUR_US, NULL, NULL);
    assert_int_equal(test_holders_of(network, &key, SKAD_RECORD_IMMUTABLE), 0);
    test_records_stop(network);
}

static void a_get_leaves_a_copy_with_the_closest_that_had_none(void **state)
{
    (void)state;
    test_network *network = test_records_start(30, 20);
    uint8_t value = 1;
    skad_id key;
    skad_op op;
    assert_int_equal(
        skad_node_put(test_node_of(network, 2), &value, 1, test_network_time(network), &op, &key),
        SKAD_OK);
    (void)test_network_await(network, 2, op, NULL);
    /* All forget it but one, and not the closest. */
    size_t left = SIZE_MAX;
    for (size_t i = 0; i < network->count; i++) {
        const skad_store *store = &network->nodes[i].store;
        const skad_store_name name = {.key = key, .type = SKAD_RECORD_IMMUTABLE};
        size_t closer = 0;
        for (size_t k = 0; k < network->count; k++) {
            closer += skad_distance_compare(&key, skad_node_self(test_node_of(network, k)),
                                            skad_node_self(test_node_of(network, i))) < 0;
        }
        if (closer == 8) {
            left = i;
        } else {
            (void)store->ops->drop(store->self, SKAD_STORE_REPLICAS, &name);
        }
    }
    assert_int_equal(test_holders_of(network, &key, SKAD_RECORD_IMMUTABLE), 1);
    uint8_t got[SKAD_VALUE_BYTES_MAX];
    size_t asker = left == 11 ? 12 : 11;
    assert_int_equal(test_fetch(network, asker, SKAD_RECORD_IMMUTABLE, &key, got).outcome,
                     SKAD_OUTCOME_DONE);
    (void)test_network_run(network, SKAD_US_PER_S, NULL, NULL);
    assert_int_equal(test_holders_of(network, &key, SKAD_RECORD_IMMUTABLE), 2);
    (void)test_network_run(network, HOUR_US + 2 * 60 * SKAD_US_PER_S, NULL, NULL);
    /* The copy was for an hour, but the nodes of the region have compared what they hold. */
    assert_true(test_holders_of(network, &key, SKAD_RECORD_IMMUTABLE) >= 12);
    test_records_stop(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_records_outlive_a_day_and_others_do_not),
        cmocka_unit_test(withdrawn_records_end_with_their_holders_time),
        cmocka_unit_test(a_foreign_record_is_kept_until_it_expires),
        cmocka_unit_test(rubbish_among_the_publications_is_thrown_out),
        cmocka_unit_test(publications_survive_a_restart),
        cmocka_unit_test(newcomers_are_handed_what_they_owe),
        cmocka_unit_test(a_record_without_our_responsibility_is_dropped_in_time),
        cmocka_unit_test(nothing_lives_longer_for_being_handed_over),
        cmocka_unit_test(a_get_leaves_a_copy_with_the_closest_that_had_none),
    };
    return cmocka_run_group_tests_name("keeping", tests, NULL, NULL);
}
