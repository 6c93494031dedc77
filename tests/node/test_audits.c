/* Audits in networks of real nodes: honest nodes agree and are blamed for nothing, what lost its
 * records fetches them, and all that read the ballots come to the same result. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/ballot.h"
#include "skad/audit.h"
#include "skad/records.h"
#include "tests/support/identities.h"
#include "tests/support/network.h"

#define NODES    24
#define PERIOD_S 60
#define VALUES   50
#define SECOND   SKAD_US_PER_S

static test_network *network;

static int begin(void **state)
{
    (void)state;
    test_network_audit_period_s = PERIOD_S;
    network = test_network_start(NODES, 7);
    test_network_audit_period_s = 0;
    test_network_join_all(network);
    for (uint32_t i = 0; i < VALUES; i++) {
        uint8_t value[200] = {(uint8_t)i};
        skad_op op;
        skad_id key;
        assert_int_equal(skad_node_put(network->nodes[0].node, value, sizeof value,
                                       test_network_time(network), &op, &key),
                         SKAD_OK);
        const skad_event event = test_network_await(network, 0, op, NULL);
        assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_network_stop(network);
    return 0;
}

static skad_node_audit audit_of(size_t node)
{
    skad_node_audit out;
    skad_node_audit_get(network->nodes[node].node, &out);
    return out;
}

/* Runs to a tenth of the next round; returns its number. */
static uint64_t run_to(unsigned tenth)
{
    const uint64_t now_s = test_network_time(network).unix_s;
    const uint64_t until_s = (now_s / PERIOD_S + 1) * PERIOD_S + PERIOD_S / 10 * tenth;
    (void)test_network_run(network, (until_s - now_s) * SECOND, NULL, NULL);
    return until_s / PERIOD_S;
}

static skad_audit_statement statement;
static uint8_t ballots[SKAD_AUDIT_BALLOTS_MAX][SKAD_RECORD_BYTES_MAX];

/* Takes the ballots of a round as node `from` holds them. */
static void collect(size_t from, uint64_t number)
{
    const skad_store *store = &network->nodes[from].store;
    skad_store_record found[SKAD_AUDIT_BALLOTS_MAX];
    skad_id key;
    memset(&statement, 0, sizeof statement);
    statement.round = (skad_audit_round){
        .network = *skad_node_network(network->nodes[from].node),
        .period_s = PERIOD_S,
        .number = number,
    };
    skad_audit_key(&statement.round, &key);
    const size_t count =
        store->ops->list(store->self, &key, SKAD_RECORD_ANNOUNCEMENT, 0,
                         test_network_time(network).unix_s, found, SKAD_AUDIT_BALLOTS_MAX);
    for (size_t i = 0; i < count; i++) {
        memcpy(ballots[i], found[i].data, found[i].len);
        statement.ballots[statement.ballots_count++] = (skad_span){ballots[i], found[i].len};
    }
}

/* A node that holds the ballots of a round. */
static size_t holder(uint64_t number)
{
    size_t best = 0;
    size_t most = 0;
    for (size_t i = 0; i < network->count; i++) {
        collect(i, number);
        if (statement.ballots_count > most) {
            most = statement.ballots_count;
            best = i;
        }
    }
    return best;
}

static skad_audit_result tally(size_t from, uint64_t number)
{
    skad_audit_result result;
    collect(from, number);
    assert_int_equal(skad_audit_tally(&statement, network->profile, &result), SKAD_OK);
    return result;
}

static const skad_audit_voter *voter_of(const skad_audit_result *result, size_t node)
{
    for (size_t i = 0; i < result->voters_count; i++) {
        if (memcmp(result->voters[i].key, network->nodes[node].identity.public_key, 32) == 0) {
            return &result->voters[i];
        }
    }
    return NULL;
}

static void honest_nodes_agree_and_one_wins(void **state)
{
    (void)state;
    (void)run_to(0);
    for (unsigned i = 0; i < 5; i++) {
        const uint64_t number = run_to(8);
        const skad_audit_result result = tally(holder(number), number);
        assert_in_range(result.confirmed, 10, SKAD_AUDIT_VOTERS_MAX);
        assert_int_equal(result.agreeing, result.confirmed);
        assert_int_equal(result.blamed_count, 0);
        assert_true(result.winner >= 0);
    }
    uint64_t agrees = 0;
    uint64_t lacks = 0; /* a record that came lately is at the s closest, of a larger region */
    for (size_t i = 0; i < NODES; i++) {
        const skad_node_audit audit = audit_of(i);
        agrees += audit.verdicts[SKAD_AUDIT_AGREES];
        assert_int_equal(audit.verdicts[SKAD_AUDIT_CONTRADICTS], 0);
        lacks += audit.verdicts[SKAD_AUDIT_LACKS];
        assert_int_equal(audit.invalid, 0);
    }
    assert_true(agrees > 500);
    assert_in_range(lacks, 0, agrees / 50);
}

/* Each holder of the ballots would tell the same. */
static void all_that_hold_the_ballots_tell_the_same_winner(void **state)
{
    (void)state;
    (void)run_to(0);
    const uint64_t number = run_to(8);
    const size_t first = holder(number);
    const skad_audit_result expected = tally(first, number);
    unsigned holders = 0;
    for (size_t i = 0; i < NODES; i++) {
        const skad_audit_result result = tally(i, number);
        if (result.voters_count == expected.voters_count) {
            assert_memory_equal(result.voters[result.winner].key,
                                expected.voters[expected.winner].key, 32);
            holders++;
        }
    }
    assert_in_range(holders, 10, NODES);
}

/* A player that lost all that it held is denied the round, is not blamed, and has it again. */
static void what_lost_its_records_is_denied_and_fetches_them(void **state)
{
    (void)state;
    (void)run_to(0);
    uint64_t number = run_to(0);
    size_t victim = 1;
    while (!audit_of(victim).plays) {
        victim++;
    }
    const skad_store *store = &network->nodes[victim].store;
    skad_store_name from = {.type = 0};
    skad_store_record record;
    while (store->ops->next(store->self, SKAD_STORE_REPLICAS, &from, &record)) {
        const skad_store_name name = record.name;
        assert_int_equal(store->ops->drop(store->self, SKAD_STORE_REPLICAS, &name), SKAD_OK);
    }
    (void)test_network_run(network, PERIOD_S * 8 / 10 * SECOND, NULL, NULL);
    const skad_audit_result result = tally(holder(number), number);
    assert_non_null(voter_of(&result, victim));
    assert_false(voter_of(&result, victim)->agrees);
    assert_int_equal(result.blamed_count, 0);
    assert_true(result.winner >= 0);
    assert_true(audit_of(victim).lacking >= 2);
    unsigned agrees = 0;
    for (unsigned i = 0; i < 12 && agrees == 0; i++) { /* others rest for five minutes first */
        number = run_to(8);
        const skad_audit_result later = tally(holder(number), number);
        const skad_audit_voter *voter = voter_of(&later, victim);
        agrees += voter != NULL && voter->agrees;
        assert_int_equal(later.blamed_count, 0);
    }
    assert_int_equal(agrees, 1);
}

/* It answers in the next round that draws it, and nothing that it says contradicts what it said
 * before it died. */
static void a_player_that_is_started_again_is_not_blamed(void **state)
{
    (void)state;
    (void)run_to(0);
    (void)run_to(3); /* the others have committed and revealed */
    for (size_t i = 1; i < NODES; i += 4) {
        test_network_vanish(network, i, i % 8 == 1);
        test_network_audit_period_s = PERIOD_S;
        test_network_revive(network, i);
        test_network_audit_period_s = 0;
        assert_int_equal(skad_node_join(network->nodes[i].node, &network->nodes[0].address, 1,
                                        test_network_time(network)),
                         SKAD_OK);
    }
    for (unsigned i = 0; i < 4; i++) {
        const uint64_t number = run_to(8);
        const skad_audit_result result = tally(holder(number), number);
        assert_int_equal(result.blamed_count, 0);
        assert_true(result.winner >= 0);
    }
    for (size_t i = 0; i < NODES; i++) {
        assert_int_equal(audit_of(i).verdicts[SKAD_AUDIT_CONTRADICTS], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(honest_nodes_agree_and_one_wins, begin, end),
        cmocka_unit_test_setup_teardown(all_that_hold_the_ballots_tell_the_same_winner, begin, end),
        cmocka_unit_test_setup_teardown(what_lost_its_records_is_denied_and_fetches_them, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_player_that_is_started_again_is_not_blamed, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
