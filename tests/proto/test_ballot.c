/* Ballots and statements as bytes, and the tally: who counts, who agrees, who has won. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/ballot.h"
#include "proto/profile.h"
#include "tests/support/audit_words.h"
#include "tests/support/identities.h"

#define NODES_MAX 60

/* ---- Ballots ---- */

static skad_audit_ballot full_ballot(void)
{
    skad_audit_ballot ballot = {.bits = 9, .count = SKAD_AUDIT_PLAYERS_MAX, .has_evidence = true};
    for (uint8_t i = 0; i < SKAD_AUDIT_PLAYERS_MAX; i++) {
        ballot.players[i].name[0] = i;
        ballot.players[i].verdict = i % 5;
    }
    memset(ballot.evidence.bytes, 7, SKAD_ID_BYTES);
    return ballot;
}

static void ballots_go_both_ways(void **state)
{
    (void)state;
    skad_audit_ballot ballots[] = {{0}, full_ballot(), full_ballot()};
    ballots[2].has_evidence = false;
    memset(ballots[2].evidence.bytes, 0, SKAD_ID_BYTES);
    for (size_t i = 0; i < 3; i++) {
        uint8_t bytes[SKAD_METADATA_BYTES_MAX];
        skad_audit_ballot read;
        const size_t len = skad_audit_ballot_encode(&ballots[i], bytes);
        assert_true(skad_audit_ballot_decode((skad_span){bytes, len}, &read));
        assert_memory_equal(&read, &ballots[i], sizeof read);
    }
}

static void what_is_no_ballot_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[SKAD_METADATA_BYTES_MAX + 1] = {0};
    skad_audit_ballot read;
    const skad_audit_ballot ballot = full_ballot();
    const size_t len = skad_audit_ballot_encode(&ballot, bytes);
    for (size_t cut = 0; cut < len; cut++) { /* without its evidence it is one */
        assert_int_equal(skad_audit_ballot_decode((skad_span){bytes, cut}, &read),
                         cut == len - SKAD_ID_BYTES);
    }
    assert_false(skad_audit_ballot_decode((skad_span){bytes, len + 1}, &read));
    static const struct {
        size_t at;
        uint8_t value;
    } flaws[] = {
        {0, 2},                          /* version */
        {1, SKAD_AUDIT_BITS_MAX + 1},    /* bits */
        {2, SKAD_AUDIT_PLAYERS_MAX + 1}, /* players */
        {7, 5},                          /* a verdict that there is not */
        {8, 0},                          /* the first player once more */
    };
    for (size_t i = 0; i < sizeof flaws / sizeof flaws[0]; i++) {
        const uint8_t before = bytes[flaws[i].at];
        bytes[flaws[i].at] = flaws[i].value;
        assert_false(skad_audit_ballot_decode((skad_span){bytes, len}, &read));
        bytes[flaws[i].at] = before;
    }
    assert_true(skad_audit_ballot_decode((skad_span){bytes, len}, &read));
}

static void each_verdict_has_its_name(void **state)
{
    (void)state;
    static const char *const names[] = {"unjudged", "agrees", "lacks", "withheld", "contradicts"};
    for (int i = 0; i < 5; i++) {
        assert_string_equal(skad_audit_verdict_name((skad_audit_verdict)i), names[i]);
    }
    assert_string_equal(skad_audit_verdict_name((skad_audit_verdict)9), "unknown");
}

/* ---- A neighbourhood that votes ---- */

static skad_audit_round round_now;
static skad_identity nodes[NODES_MAX];
static uint8_t records[NODES_MAX][SKAD_RECORD_BYTES_MAX];
static skad_audit_statement statement;
static skad_audit_result result;

/* What a node says of another. */
typedef skad_audit_verdict (*opinion)(size_t from, size_t of);

static void announce(size_t from, const skad_audit_ballot *ballot)
{
    const skad_publisher publisher = {&nodes[from], round_now.network};
    const skad_address nowhere = {0};
    uint8_t metadata[SKAD_METADATA_BYTES_MAX];
    skad_id key;
    skad_audit_key(&round_now, &key);
    const skad_span words = {metadata, skad_audit_ballot_encode(ballot, metadata)};
    const size_t len =
        skad_record_encode_announcement(publisher, &key, TEST_UNIX_S, TEST_UNIX_S + 86400, &nowhere,
                                        words, records[from], SKAD_RECORD_BYTES_MAX);
    assert_true(len > 0);
    statement.ballots[statement.ballots_count++] = (skad_span){records[from], len};
}

static void name(skad_audit_ballot *ballot, const skad_id *id, skad_audit_verdict verdict)
{
    uint8_t lot[SKAD_AUDIT_LOT_BYTES];
    skad_audit_lot(&round_now, id, lot);
    memcpy(ballot->players[ballot->count].name, lot, SKAD_AUDIT_NAME_BYTES);
    ballot->players[ballot->count++].verdict = (uint8_t)verdict;
}

/* Nodes `first` to `end` - 1 vote about each other. */
static void vote(size_t first, size_t end, opinion says)
{
    for (size_t i = first; i < end; i++) {
        skad_audit_ballot ballot = {.bits = 3};
        for (size_t j = first; j < end && ballot.count < SKAD_AUDIT_PLAYERS_MAX; j++) {
            if (j != i) {
                name(&ballot, &nodes[j].id, says(i, j));
            }
        }
        announce(i, &ballot);
    }
}

static void tally(void)
{
    assert_int_equal(skad_audit_tally(&statement, test_plain_profile(), &result), SKAD_OK);
}

static int begin(void **state)
{
    (void)state;
    memset(&statement, 0, sizeof statement);
    round_now = (skad_audit_round){.period_s = 600, .number = 3000000};
    skad_profile_network_id(test_plain_profile(), &round_now.network);
    statement.round = round_now;
    for (uint32_t i = 0; i < NODES_MAX; i++) {
        nodes[i] = test_identity(test_plain_profile(), 100 + i);
    }
    return 0;
}

/* Sorts the nodes by their distance from the anchor. */
static void sort_by_nearness(void)
{
    skad_id anchor;
    skad_audit_anchor(&round_now, &anchor);
    for (size_t i = 0; i < NODES_MAX; i++) {
        for (size_t j = i + 1; j < NODES_MAX; j++) {
            for (size_t at = 0; at < SKAD_ID_BYTES; at++) {
                const uint8_t a = nodes[i].id.bytes[at] ^ anchor.bytes[at];
                const uint8_t b = nodes[j].id.bytes[at] ^ anchor.bytes[at];
                if (b < a) {
                    const skad_identity other = nodes[i];
                    nodes[i] = nodes[j];
                    nodes[j] = other;
                }
                if (a != b) {
                    break;
                }
            }
        }
    }
}

static const skad_audit_voter *voter(size_t node)
{
    for (size_t i = 0; i < result.voters_count; i++) {
        if (memcmp(result.voters[i].key, nodes[node].public_key, SKAD_PUBLIC_KEY_BYTES) == 0) {
            return &result.voters[i];
        }
    }
    return NULL;
}

static size_t lowest_lot(size_t first, size_t end)
{
    uint8_t lowest[SKAD_AUDIT_LOT_BYTES];
    size_t best = first;
    memset(lowest, 0xff, sizeof lowest);
    for (size_t i = first; i < end; i++) {
        uint8_t lot[SKAD_AUDIT_LOT_BYTES];
        skad_audit_lot(&round_now, &nodes[i].id, lot);
        if (memcmp(lot, lowest, sizeof lot) < 0) {
            memcpy(lowest, lot, sizeof lot);
            best = i;
        }
    }
    return best;
}

static skad_audit_verdict all_agree(size_t from, size_t of)
{
    (void)from;
    (void)of;
    return SKAD_AUDIT_AGREES;
}

static void of_nodes_that_agree_the_lowest_lot_wins(void **state)
{
    (void)state;
    vote(0, 16, all_agree);
    tally();
    assert_int_equal(result.voters_count, 16);
    assert_int_equal(result.confirmed, 16);
    assert_int_equal(result.agreeing, 16);
    assert_int_equal(result.invalid, 0);
    assert_ptr_equal(&result.voters[result.winner], voter(lowest_lot(0, 16)));
    assert_int_equal(voter(3)->agree, 15);
}

/* Whatever the order in which the ballots were read. */
static void the_result_does_not_depend_on_the_order_of_ballots(void **state)
{
    (void)state;
    vote(0, 16, all_agree);
    tally();
    const skad_audit_result before = result;
    for (size_t i = 0; i < 8; i++) {
        const skad_span other = statement.ballots[i];
        statement.ballots[i] = statement.ballots[15 - i];
        statement.ballots[15 - i] = other;
    }
    tally();
    assert_memory_equal(&before, &result, sizeof result);
}

static size_t denied; /* the one that lacks what the others hold */

static skad_audit_verdict one_lacks(size_t from, size_t of)
{
    (void)from;
    return of == denied ? SKAD_AUDIT_LACKS : SKAD_AUDIT_AGREES;
}

static void what_lacks_does_not_win_and_is_not_blamed(void **state)
{
    (void)state;
    denied = lowest_lot(0, 16);
    vote(0, 16, one_lacks);
    tally();
    assert_true(voter(denied)->confirmed);
    assert_false(voter(denied)->agrees);
    assert_int_equal(result.agreeing, 15);
    assert_int_equal(result.blamed_count, 0);
    assert_ptr_not_equal(&result.voters[result.winner], voter(denied));
}

/* Of sixteen the first `liars` say the opposite of the others about all. */
static size_t liars;

static skad_audit_verdict two_camps(size_t from, size_t of)
{
    return (from < liars) == (of < liars) ? SKAD_AUDIT_AGREES : SKAD_AUDIT_LACKS;
}

static void a_minority_denies_nothing_and_a_majority_does(void **state)
{
    (void)state;
    for (liars = 1; liars <= 16; liars++) {
        statement.ballots_count = 0;
        vote(0, 16, two_camps);
        tally();
        size_t honest = 0;
        for (size_t i = liars; i < 16; i++) {
            honest += voter(i)->agrees;
        }
        /* One of h honest nodes has h - 1 for it, and the liars against it. */
        assert_int_equal(honest, 16 - liars - 1 > liars && liars < 16 ? 16 - liars : 0);
        assert_int_equal(result.blamed_count, 0);
    }
}

/* Keys of nodes that do not run cost less than nodes. */
static void voters_that_the_others_do_not_name_do_not_count(void **state)
{
    (void)state;
    sort_by_nearness();
    vote(0, 12, all_agree);
    vote(12, 19, all_agree); /* name each other */
    tally();
    assert_int_equal(result.voters_count, 19);
    assert_int_equal(result.confirmed, 12);
    assert_int_equal(result.agreeing, 12);
    assert_false(voter(15)->confirmed);
}

static void of_many_voters_the_nineteen_nearest_to_the_anchor_count(void **state)
{
    (void)state;
    sort_by_nearness();
    vote(19, NODES_MAX, all_agree); /* more of them, but farther away */
    vote(0, 19, all_agree);
    tally();
    assert_int_equal(result.voters_count, SKAD_AUDIT_VOTERS_MAX);
    for (size_t i = 0; i < 19; i++) {
        assert_ptr_equal(voter(i), &result.voters[i]);
        assert_true(voter(i)->agrees);
    }
}

static void two_others_must_agree_with_a_winner(void **state)
{
    (void)state;
    vote(0, 2, all_agree);
    tally();
    assert_int_equal(result.winner, -1);
    statement.ballots_count = 0;
    vote(0, 3, all_agree);
    tally();
    assert_int_equal(result.agreeing, 3);
    statement.ballots_count = 0;
    tally();
    assert_int_equal(result.winner, -1);
    assert_int_equal(result.voters_count, 0);
}

static void a_ballot_of_another_round_network_or_hand_is_none(void **state)
{
    (void)state;
    skad_audit_ballot ballot = {0};
    vote(0, 3, all_agree);
    round_now.number++; /* announced under the key of the next round */
    announce(4, &ballot);
    round_now.number--;
    round_now.network.bytes[0] ^= 1;
    announce(5, &ballot);
    round_now.network.bytes[0] ^= 1;
    announce(6, &ballot);
    records[6][60] ^= 1; /* its publisher */
    statement.ballots[statement.ballots_count++] = (skad_span){records[0], 20};
    statement.ballots[statement.ballots_count++] = statement.ballots[0]; /* the same twice */
    tally();
    assert_int_equal(result.voters_count, 3);
    assert_int_equal(result.invalid, 4);
}

static void a_voter_without_the_static_puzzle_is_none(void **state)
{
    (void)state;
    skad_profile dear = *test_plain_profile();
    dear.static_bits = 200;
    vote(0, 3, all_agree);
    assert_int_equal(skad_audit_tally(&statement, &dear, &result), SKAD_OK);
    assert_int_equal(result.voters_count, 0);
    assert_int_equal(result.invalid, 3);
}

/* ---- Evidence in a statement ---- */

static uint8_t proof[2][SKAD_VALUE_BYTES_MAX];

/* Node number `node` has committed twice, in a round. */
static void prove(size_t which, uint32_t node, uint64_t number)
{
    static audit_words words;
    uint8_t first[SKAD_AUDIT_COMMITMENT_BYTES];
    audit_words_commit(&words, 100 + node, 8);
    words.of.round = round_now;
    words.of.round.number = number;
    audit_words_sign(&words);
    memcpy(first, words.committed, sizeof first);
    words.commitment.count = 7;
    audit_words_sign(&words);
    const skad_audit_evidence evidence = {.fault = SKAD_AUDIT_FAULT_TWICE,
                                          .of = words.of,
                                          .commitment = first,
                                          .second = words.committed};
    statement.proofs[statement.proofs_count++] =
        (skad_span){proof[which], skad_audit_evidence_encode(&evidence, proof[which])};
}

static void evidence_outweighs_every_ballot(void **state)
{
    (void)state;
    vote(0, 16, all_agree);
    prove(0, 4, round_now.number);
    prove(1, 4, round_now.number); /* blamed once */
    tally();
    assert_int_equal(result.blamed_count, 1);
    assert_int_equal(result.blamed[0].fault, SKAD_AUDIT_FAULT_TWICE);
    assert_memory_equal(result.blamed[0].key, nodes[4].public_key, SKAD_PUBLIC_KEY_BYTES);
    assert_false(voter(4)->agrees);
    assert_int_equal(result.agreeing, 15);
}

static void evidence_of_another_round_blames_for_nothing(void **state)
{
    (void)state;
    vote(0, 16, all_agree);
    prove(0, 4, round_now.number + 1);
    prove(1, 5, round_now.number);
    proof[1][100] ^= 1;
    tally();
    assert_int_equal(result.blamed_count, 0);
    assert_int_equal(result.invalid, 2);
    assert_int_equal(result.agreeing, 16);
}

static void statements_go_both_ways(void **state)
{
    (void)state;
    static uint8_t bytes[SKAD_AUDIT_STATEMENT_BYTES_MAX];
    static skad_audit_statement read;
    vote(0, 16, all_agree);
    prove(0, 4, round_now.number);
    const size_t len = skad_audit_statement_encode(&statement, bytes, sizeof bytes);
    assert_true(skad_audit_statement_decode(bytes, len, &read));
    assert_memory_equal(&read.round, &statement.round, sizeof read.round);
    assert_int_equal(read.ballots_count, 16);
    assert_int_equal(read.proofs_count, 1);
    tally();
    const skad_audit_result before = result;
    statement = read;
    tally();
    assert_memory_equal(&before, &result, sizeof result);
    for (size_t cut = 0; cut < len; cut += 1 + cut / 20) {
        assert_false(skad_audit_statement_decode(bytes, cut, &read));
    }
    assert_int_equal(skad_audit_statement_encode(&statement, bytes, len - 1), 0);
    bytes[1] = 2; /* version */
    assert_false(skad_audit_statement_decode(bytes, len, &read));
}

static void a_full_statement_fits(void **state)
{
    (void)state;
    static uint8_t bytes[SKAD_AUDIT_STATEMENT_BYTES_MAX];
    static const uint8_t some[SKAD_RECORD_BYTES_MAX] = {1};
    static skad_audit_statement read;
    statement.round.number = UINT64_MAX;
    for (size_t i = 0; i < SKAD_AUDIT_BALLOTS_MAX; i++) {
        statement.ballots[i] = (skad_span){some, SKAD_RECORD_ANNOUNCE_BYTES_MAX};
    }
    for (size_t i = 0; i < SKAD_AUDIT_PROOFS_MAX; i++) {
        statement.proofs[i] = (skad_span){some, SKAD_VALUE_BYTES_MAX};
    }
    statement.ballots_count = SKAD_AUDIT_BALLOTS_MAX;
    statement.proofs_count = SKAD_AUDIT_PROOFS_MAX;
    const size_t len = skad_audit_statement_encode(&statement, bytes, sizeof bytes);
    assert_true(len > 0);
    assert_true(skad_audit_statement_decode(bytes, len, &read));
    assert_int_equal(read.ballots_count, SKAD_AUDIT_BALLOTS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ballots_go_both_ways),
        cmocka_unit_test(what_is_no_ballot_is_refused),
        cmocka_unit_test(each_verdict_has_its_name),
        cmocka_unit_test_setup(of_nodes_that_agree_the_lowest_lot_wins, begin),
        cmocka_unit_test_setup(the_result_does_not_depend_on_the_order_of_ballots, begin),
        cmocka_unit_test_setup(what_lacks_does_not_win_and_is_not_blamed, begin),
        cmocka_unit_test_setup(a_minority_denies_nothing_and_a_majority_does, begin),
        cmocka_unit_test_setup(voters_that_the_others_do_not_name_do_not_count, begin),
        cmocka_unit_test_setup(of_many_voters_the_nineteen_nearest_to_the_anchor_count, begin),
        cmocka_unit_test_setup(two_others_must_agree_with_a_winner, begin),
        cmocka_unit_test_setup(a_ballot_of_another_round_network_or_hand_is_none, begin),
        cmocka_unit_test_setup(a_voter_without_the_static_puzzle_is_none, begin),
        cmocka_unit_test_setup(evidence_outweighs_every_ballot, begin),
        cmocka_unit_test_setup(evidence_of_another_round_blames_for_nothing, begin),
        cmocka_unit_test_setup(statements_go_both_ways, begin),
        cmocka_unit_test_setup(a_full_statement_fits, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
