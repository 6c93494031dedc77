/* The verifier: what it makes of each manner of a prover, and that it blames by evidence alone. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/core/node/parts.h"
#include "tests/support/audit_script.h"

/* The verdict on a peer that does as it is told; fails unless it was judged. */
static skad_audit_verdict verdict_on(audit_manner how)
{
    audit_how[0] = how;
    audit_next_round();
    audit_run_to(5);
    const skad_player *player = audit_player(0);
    assert_non_null(player);
    assert_int_equal(player->state, SKAD_PLAYER_JUDGED);
    return (skad_audit_verdict)player->verdict;
}

static void each_manner_has_its_verdict(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        audit_manner how;
        skad_audit_verdict verdict;
        skad_audit_fault fault;
    } cases[] = {
        {"honest", AUDIT_HONEST, SKAD_AUDIT_AGREES, SKAD_AUDIT_FAULT_NONE},
        {"lacks most", AUDIT_LACKS_MOST, SKAD_AUDIT_LACKS, SKAD_AUDIT_FAULT_NONE},
        {"says far less", AUDIT_SAYS_FAR_LESS, SKAD_AUDIT_LACKS, SKAD_AUDIT_FAULT_NONE},
        {"withholds", AUDIT_WITHHOLDS, SKAD_AUDIT_WITHHELD, SKAD_AUDIT_FAULT_NONE},
        {"refuses", AUDIT_REFUSES, SKAD_AUDIT_WITHHELD, SKAD_AUDIT_FAULT_NONE},
        {"unsigned commitment", AUDIT_SIGNS_WRONGLY, SKAD_AUDIT_WITHHELD, SKAD_AUDIT_FAULT_NONE},
        {"unsigned reveal", AUDIT_REVEALS_WRONGLY, SKAD_AUDIT_WITHHELD, SKAD_AUDIT_FAULT_NONE},
        {"reveals fewer", AUDIT_REVEALS_FEWER, SKAD_AUDIT_WITHHELD, SKAD_AUDIT_FAULT_NONE},
        {"commits twice", AUDIT_COMMITS_TWICE, SKAD_AUDIT_CONTRADICTS, SKAD_AUDIT_FAULT_TWICE},
        {"no leaves", AUDIT_INVENTS_A_ROOT, SKAD_AUDIT_CONTRADICTS, SKAD_AUDIT_FAULT_REVEAL},
        {"names alone", AUDIT_FORGES_LEAVES, SKAD_AUDIT_CONTRADICTS, SKAD_AUDIT_FAULT_LEAF},
        {"another's", AUDIT_COPIES, SKAD_AUDIT_CONTRADICTS, SKAD_AUDIT_FAULT_LEAF},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_audit_evidence evidence;
        print_message("%s\n", cases[i].label);
        (void)audit_end(state);
        (void)audit_begin(state); /* our own ballots are records, too */
        assert_int_equal(verdict_on(cases[i].how), cases[i].verdict);
        const skad_player *player = audit_player(0);
        if (cases[i].fault != SKAD_AUDIT_FAULT_NONE) {
            assert_true(skad_audit_evidence_decode(player->evidence, player->evidence_len,
                                                   &audit_state()->round.network, &evidence));
            assert_int_equal(evidence.fault, cases[i].fault);
            assert_true(skad_audit_evidence_holds(&evidence));
        } else {
            assert_int_equal(player->evidence_len, 0);
        }
        for (size_t other = 1; other < AUDIT_PEERS; other++) {
            assert_int_equal(audit_player(other)->verdict, SKAD_AUDIT_AGREES);
        }
        assert_int_equal(audit_counts().verdicts[SKAD_AUDIT_AGREES],
                         AUDIT_PEERS - (cases[i].verdict != SKAD_AUDIT_AGREES));
        assert_int_equal(audit_counts().verdicts[cases[i].verdict] > 0, true);
        assert_int_equal(audit_counts().invalid, cases[i].how >= AUDIT_SIGNS_WRONGLY &&
                                                     cases[i].how <= AUDIT_REVEALS_FEWER);
    }
}

/* Of eight records it lacks one: at most one of four that are asked for, mostly. */
static void what_lacks_a_little_agrees_mostly(void **state)
{
    (void)state;
    unsigned agrees = 0;
    for (unsigned i = 0; i < 20; i++) {
        (void)audit_end(state);
        (void)audit_begin(state);
        skad_random *random = &skad_node_parts_of(audit_fixture.node).env->random;
        random->key[0] = (uint8_t)i; /* another draw */
        random->used = sizeof random->pool;
        agrees += verdict_on(AUDIT_LACKS_A_LITTLE) == SKAD_AUDIT_AGREES;
    }
    assert_in_range(agrees, 14, 20);
}

static void a_silent_peer_is_absent_and_not_named(void **state)
{
    (void)state;
    skad_audit_ballot ballot;
    skad_span evidence;
    audit_how[0] = AUDIT_SILENT;
    audit_how[1] = AUDIT_WITHHOLDS;
    audit_next_round();
    audit_run_to(5);
    assert_int_equal(audit_player(0)->state, SKAD_PLAYER_ABSENT);
    skad_verifier_ballot(audit_fixture.node, &ballot, &evidence);
    assert_int_equal(ballot.count, AUDIT_PEERS - 1);
    assert_int_equal(evidence.len, 0);
}

static void a_refusal_for_a_token_is_answered_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < AUDIT_PEERS; i++) {
        audit_how[i] = AUDIT_WANTS_TOKENS;
    }
    audit_next_round();
    audit_run_to(5);
    assert_int_equal(audit_saw.audits, 2 * AUDIT_PEERS);
    assert_int_equal(audit_player(0)->state, SKAD_PLAYER_ABSENT);
}

static void with_nothing_to_compare_none_is_judged(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < AUDIT_RECORDS; i++) {
        const skad_record record = audit_record(i);
        const skad_store_name name = {.key = record.key, .type = SKAD_RECORD_IMMUTABLE};
        assert_int_equal(
            audit_fixture.store.ops->drop(audit_fixture.store.self, SKAD_STORE_REPLICAS, &name),
            SKAD_OK);
    }
    audit_next_round();
    audit_run_to(5);
    assert_int_equal(audit_saw.proves, 0);
    assert_int_equal(audit_player(0)->verdict, SKAD_AUDIT_UNJUDGED);
    assert_int_equal(audit_counts().verdicts[SKAD_AUDIT_UNJUDGED], AUDIT_PEERS);
}

/* An answer of the last round, and one that comes twice, change nothing. */
static void answers_that_come_late_or_again_are_not_taken(void **state)
{
    (void)state;
    audit_next_round();
    audit_run_to(5);
    const skad_player before = *audit_player(0);
    const skad_message answer = {.kind = SKAD_KIND_ERROR};
    skad_pending_rpc rpc = {.owner = audit_state()->round.number, .kind = SKAD_KIND_PROVE};
    skad_verifier_answered(audit_fixture.node, &rpc, &answer, audit_fixture.identity.public_key);
    skad_verifier_failed(audit_fixture.node, &rpc);
    rpc.owner--;
    skad_verifier_failed(audit_fixture.node, &rpc);
    rpc.owner++;
    rpc.step = SKAD_AUDIT_PLAYERS_MAX;
    skad_verifier_failed(audit_fixture.node, &rpc);
    assert_false(skad_verifier_again(audit_fixture.node, &rpc));
    assert_memory_equal(&before, audit_player(0), sizeof before);
}

static void a_ballot_points_to_evidence(void **state)
{
    (void)state;
    skad_audit_ballot ballot;
    skad_span evidence;
    audit_how[3] = AUDIT_FORGES_LEAVES;
    audit_how[4] = AUDIT_COMMITS_TWICE;
    audit_next_round();
    audit_run_to(4);
    skad_verifier_ballot(audit_fixture.node, &ballot, &evidence);
    assert_int_equal(ballot.count, AUDIT_PEERS);
    const bool third = evidence.data == audit_player(3)->evidence;
    assert_true(third || evidence.data == audit_player(4)->evidence);
    assert_int_equal(evidence.len, audit_player(third ? 3 : 4)->evidence_len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_manner_has_its_verdict, audit_begin, audit_end),
        cmocka_unit_test_setup_teardown(what_lacks_a_little_agrees_mostly, audit_begin, audit_end),
        cmocka_unit_test_setup_teardown(a_silent_peer_is_absent_and_not_named, audit_begin,
                                        audit_end),
        cmocka_unit_test_setup_teardown(a_refusal_for_a_token_is_answered_once, audit_begin,
                                        audit_end),
        cmocka_unit_test_setup_teardown(with_nothing_to_compare_none_is_judged, audit_begin,
                                        audit_end),
        cmocka_unit_test_setup_teardown(answers_that_come_late_or_again_are_not_taken, audit_begin,
                                        audit_end),
        cmocka_unit_test_setup_teardown(a_ballot_points_to_evidence, audit_begin, audit_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
