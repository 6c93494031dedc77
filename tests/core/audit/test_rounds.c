/* Rounds: when what happens, who plays, what is refused, and the ballot that comes of it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/core/node/parts.h"
#include "tests/support/audit_script.h"
#include "tests/support/failing_allocation.h"
#include "tests/support/identities.h"

#define TENTH_US (AUDIT_PERIOD_S * SKAD_US_PER_S / 10)

static uint32_t error_of(const skad_message *answer)
{
    assert_int_equal(answer->kind, SKAD_KIND_ERROR);
    return answer->u.reply.u.error.code;
}

/* We may have forgotten what we said in it. */
static void the_round_that_began_before_us_is_not_played(void **state)
{
    (void)state;
    skad_node_tick(audit_fixture.node, audit_fixture.now);
    assert_false(audit_state()->plays);
    const skad_message answer = audit_challenge(0, 1);
    assert_int_equal(error_of(&answer), SKAD_ERROR_UNSUPPORTED);
    audit_run_to(9);
    assert_int_equal(audit_saw.audits, 0);
    audit_next_round();
    assert_true(audit_state()->plays);
    assert_int_equal(audit_state()->verifier.count, AUDIT_PEERS);
}

static void the_others_are_challenged_in_the_second_tenth(void **state)
{
    (void)state;
    audit_next_round();
    const uint64_t begin_us = audit_fixture.now.mono_us;
    audit_run_to(5);
    assert_int_equal(audit_saw.audits, AUDIT_PEERS);
    assert_int_equal(audit_saw.proves, AUDIT_PEERS);
    assert_in_range(audit_saw.first_us, begin_us + TENTH_US - 2 * SKAD_US_PER_S,
                    begin_us + 2 * TENTH_US);
    assert_in_range(audit_saw.last_us, audit_saw.first_us + TENTH_US / 4, begin_us + 2 * TENTH_US);
    assert_int_equal(audit_saw.announced, 0);
}

/* The last ballot that the peers were brought. */
static skad_audit_ballot ballot_read(void)
{
    skad_record record;
    skad_audit_ballot ballot;
    skad_id key;
    assert_true(skad_record_decode(audit_saw.ballot, audit_saw.ballot_len, &record));
    assert_int_equal(record.type, SKAD_RECORD_ANNOUNCEMENT);
    skad_audit_key(&audit_state()->round, &key);
    assert_memory_equal(record.key.bytes, key.bytes, sizeof key.bytes);
    assert_memory_equal(record.publisher, audit_fixture.identity.public_key, 32);
    assert_true(skad_record_verify(&record, &audit_state()->round.network));
    assert_true(skad_audit_ballot_decode(record.value, &ballot));
    return ballot;
}

static uint8_t verdict_in(const skad_audit_ballot *ballot, size_t peer)
{
    uint8_t lot[SKAD_AUDIT_LOT_BYTES];
    skad_audit_lot(&audit_state()->round, &audit_fixture.remotes[peer].identity.id, lot);
    for (size_t i = 0; i < ballot->count; i++) {
        if (memcmp(ballot->players[i].name, lot, SKAD_AUDIT_NAME_BYTES) == 0) {
            return ballot->players[i].verdict;
        }
    }
    return UINT8_MAX;
}

static void a_ballot_tells_what_was_found_and_where_the_evidence_is(void **state)
{
    (void)state;
    audit_how[0] = AUDIT_LACKS_MOST;
    audit_how[1] = AUDIT_FORGES_LEAVES;
    audit_how[2] = AUDIT_WITHHOLDS;
    audit_how[3] = AUDIT_SILENT;
    audit_next_round();
    audit_run_to(7);
    const skad_audit_ballot ballot = ballot_read();
    assert_int_equal(ballot.count, AUDIT_PEERS - 1);
    assert_int_equal(verdict_in(&ballot, 0), SKAD_AUDIT_LACKS);
    assert_int_equal(verdict_in(&ballot, 1), SKAD_AUDIT_CONTRADICTS);
    assert_int_equal(verdict_in(&ballot, 2), SKAD_AUDIT_WITHHELD);
    assert_int_equal(verdict_in(&ballot, 3), UINT8_MAX);
    assert_int_equal(verdict_in(&ballot, 4), SKAD_AUDIT_AGREES);
    assert_int_equal(audit_counts().ballots, 1);

    skad_record record;
    skad_audit_evidence evidence;
    assert_true(ballot.has_evidence);
    assert_true(audit_saw.stored > 0);
    assert_true(skad_record_decode(audit_saw.evidence, audit_saw.evidence_len, &record));
    assert_memory_equal(record.key.bytes, ballot.evidence.bytes, sizeof record.key.bytes);
    assert_true(skad_audit_evidence_decode(record.value.data, record.value.len,
                                           &audit_state()->round.network, &evidence));
    assert_true(skad_audit_evidence_holds(&evidence));
    assert_memory_equal(evidence.of.prover, audit_fixture.remotes[1].identity.public_key, 32);
}

static void without_a_word_from_others_there_is_no_ballot(void **state)
{
    (void)state;
    for (size_t i = 0; i < AUDIT_PEERS; i++) {
        audit_how[i] = AUDIT_REFUSES;
    }
    audit_next_round();
    audit_state()->verifier.count = 0;
    audit_run_to(7);
    assert_int_equal(audit_saw.announced, 0);
    assert_int_equal(audit_counts().ballots, 0);
}

/* ---- What is refused ---- */

static skad_message challenge_of(uint64_t number)
{
    static const uint8_t challenge[SKAD_AUDIT_CHALLENGE_BYTES] = {1};
    skad_message request = {.kind = SKAD_KIND_AUDIT};
    request.u.audit.round = number;
    request.u.audit.challenge = (skad_span){challenge, sizeof challenge};
    return audit_ask(5, &request);
}

static void rounds_of_the_past_and_the_future_are_refused(void **state)
{
    (void)state;
    audit_next_round();
    const uint64_t number = audit_state()->round.number;
    skad_message answer = challenge_of(number - 1);
    assert_int_equal(error_of(&answer), SKAD_ERROR_EXPIRED);
    answer = challenge_of(number + 1);
    assert_int_equal(error_of(&answer), SKAD_ERROR_TOO_FAR);
    answer = challenge_of(UINT64_MAX);
    assert_int_equal(error_of(&answer), SKAD_ERROR_TOO_FAR);
    answer = challenge_of(number);
    assert_int_equal(answer.kind, SKAD_KIND_AUDITED);
    audit_run_to(6); /* the ballots are being written */
    answer = audit_prove(5, 0, 1);
    assert_int_equal(error_of(&answer), SKAD_ERROR_EXPIRED);
    assert_int_equal(audit_counts().refused[0], 2);
    assert_int_equal(audit_counts().refused[1], 2);
}

static void after_a_round_it_is_forgotten(void **state)
{
    (void)state;
    audit_next_round();
    (void)audit_challenge(5, 1);
    audit_run_to(9);
    assert_false(audit_state()->plays);
    assert_int_equal(audit_state()->prover.count, 0);
    assert_int_equal(audit_state()->verifier.count, 0);
    const skad_message answer = audit_challenge(5, 1);
    assert_int_equal(error_of(&answer), SKAD_ERROR_UNSUPPORTED);
}

/* ---- Who plays ---- */

static void a_round_that_is_noticed_late_is_not_played(void **state)
{
    (void)state;
    audit_fixture.now.mono_us += 2 * AUDIT_PERIOD_S * SKAD_US_PER_S - 3 * TENTH_US;
    audit_fixture.now.unix_s += 2 * AUDIT_PERIOD_S - 3 * AUDIT_PERIOD_S / 10;
    skad_node_tick(audit_fixture.node, audit_fixture.now);
    assert_false(audit_state()->plays);
    assert_int_equal(audit_state()->round.number, TEST_UNIX_S / AUDIT_PERIOD_S + 1);
}

static void a_clock_that_goes_back_repeats_no_round(void **state)
{
    (void)state;
    audit_next_round();
    const uint64_t number = audit_state()->round.number;
    audit_fixture.now.unix_s -= AUDIT_PERIOD_S;
    audit_fixture.now.mono_us += AUDIT_PERIOD_S * SKAD_US_PER_S;
    skad_node_tick(audit_fixture.node, audit_fixture.now);
    assert_int_equal(audit_state()->round.number, number);
    assert_int_equal(audit_counts().played, 1);
}

static void the_nineteen_nearest_to_the_anchor_play(void **state)
{
    (void)state;
    (void)audit_end(state);
    (void)audit_begin_with(74);
    unsigned played = 0;
    const unsigned rounds = 60;
    for (unsigned i = 0; i < rounds; i++) {
        audit_next_round();
        played += audit_state()->plays;
        assert_in_range(audit_state()->verifier.count, 0, SKAD_AUDIT_PLAYERS_MAX);
    }
    assert_in_range(played, rounds * 19 / 75 - 12, rounds * 19 / 75 + 14);
}

static void a_client_does_not_play(void **state)
{
    (void)state;
    skad_node_parts_of(audit_fixture.node).env->clients = SKAD_FAMILIES_ALL;
    audit_next_round();
    assert_false(audit_state()->plays);
    assert_int_equal(audit_counts().played, 0);
}

/* A simulator's node has memory for a round while it plays. */
static void without_memory_a_round_is_not_played(void **state)
{
    (void)state;
    const skad_node_parts parts = skad_node_parts_of(audit_fixture.node);
    *parts.lazy_allocation = true;
    audit_run_to(9);
    for (unsigned denied = 1; denied <= 3; denied++) {
        skad_rounds_free(audit_fixture.node);
        audit_state()->round.number = TEST_UNIX_S / AUDIT_PERIOD_S;
        audit_state()->due_us = 0;
        parts.env->now.unix_s = TEST_UNIX_S + AUDIT_PERIOD_S;
        test_allocation_fail(denied);
        skad_rounds_tick(audit_fixture.node);
        assert_int_equal(test_allocation_failed(), denied <= 2);
        assert_int_equal(audit_state()->plays, denied == 3);
        test_allocation_fail(0);
    }
}

static void without_a_period_there_are_no_audits(void **state)
{
    (void)state;
    const skad_profile profile = test_fixture_profile();
    (void)audit_end(state);
    test_fixture_init_roomy(&audit_fixture, &profile);
    test_fixture_populate(&audit_fixture, AUDIT_PEERS);
    test_fixture_run(&audit_fixture, 3 * AUDIT_PERIOD_S * SKAD_US_PER_S);
    const skad_message answer = audit_challenge(0, 1);
    assert_int_equal(error_of(&answer), SKAD_ERROR_UNSUPPORTED);
    assert_int_equal(audit_counts().period_s, 0);
    assert_int_equal(audit_counts().played, 0);
    assert_int_equal(audit_counts().refused[2], 1);
    assert_null(audit_state()->prover.places);
}

/* ---- Fetching what is lacking ---- */

static skad_handover_state *handover(void)
{
    return skad_node_parts_of(audit_fixture.node).handover;
}

static void before_a_round_that_draws_us_we_compare_what_we_hold(void **state)
{
    (void)state;
    audit_run_to(7);
    handover()->round_us = audit_fixture.now.mono_us + 3600 * SKAD_US_PER_S;
    audit_run_to(9);
    assert_true(audit_state()->pulled);
    assert_in_range(handover()->walked_us, 8 * TENTH_US, 8 * TENTH_US + 10 * SKAD_US_PER_S);
}

static void asked_twice_for_what_we_lack_we_look_for_it(void **state)
{
    (void)state;
    audit_next_round();
    audit_run_to(3);
    handover()->round_us = audit_fixture.now.mono_us + 3600 * SKAD_US_PER_S;
    for (size_t peer = 0; peer < 2; peer++) {
        assert_false(audit_state()->pulled);
        (void)audit_challenge(peer, 1);
        (void)audit_prove(peer, 200, 2);
    }
    audit_run_to(6);
    assert_true(audit_state()->pulled);
    assert_in_range(handover()->walked_us, 3 * TENTH_US, audit_fixture.now.mono_us);
}

static void what_is_asked_of_a_node(void **state)
{
    (void)state;
    audit_next_round();
    const skad_node_audit counts = audit_counts();
    skad_id anchor;
    skad_id key;
    skad_audit_anchor(&audit_state()->round, &anchor);
    skad_audit_key(&audit_state()->round, &key);
    assert_int_equal(counts.period_s, AUDIT_PERIOD_S);
    assert_int_equal(counts.round, TEST_UNIX_S / AUDIT_PERIOD_S + 1);
    assert_memory_equal(&counts.anchor, &anchor, sizeof anchor);
    assert_memory_equal(&counts.key, &key, sizeof key);
    assert_true(counts.plays);
    assert_int_equal(counts.players, AUDIT_PEERS);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, audit_begin, audit_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_round_that_began_before_us_is_not_played),
        CASE(the_others_are_challenged_in_the_second_tenth),
        CASE(a_ballot_tells_what_was_found_and_where_the_evidence_is),
        CASE(without_a_word_from_others_there_is_no_ballot),
        CASE(rounds_of_the_past_and_the_future_are_refused),
        CASE(after_a_round_it_is_forgotten),
        CASE(a_round_that_is_noticed_late_is_not_played),
        CASE(a_clock_that_goes_back_repeats_no_round),
        CASE(the_nineteen_nearest_to_the_anchor_play),
        CASE(a_client_does_not_play),
        CASE(without_memory_a_round_is_not_played),
        CASE(without_a_period_there_are_no_audits),
        CASE(before_a_round_that_draws_us_we_compare_what_we_hold),
        CASE(asked_twice_for_what_we_lack_we_look_for_it),
        CASE(what_is_asked_of_a_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
