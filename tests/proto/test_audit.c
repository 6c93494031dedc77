/* What is said in an audit, and what can be proven from it: leaves, trees, signed words, evidence.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/core/routing/distance.h"
#include "tests/support/audit_words.h"
#include "tests/support/identities.h"

static audit_words words;

/* ---- The draw ---- */

static void each_round_of_each_network_and_period_has_another_anchor_and_key(void **state)
{
    (void)state;
    const skad_audit_round round = {.network = {{1}}, .period_s = 600, .number = 7};
    skad_audit_round others[] = {round, round, round};
    skad_id anchor;
    skad_id key;
    others[0].network.bytes[31] = 1;
    others[1].period_s = 601;
    others[2].number = 8;
    skad_audit_anchor(&round, &anchor);
    skad_audit_key(&round, &key);
    assert_memory_not_equal(anchor.bytes, key.bytes, sizeof key.bytes);
    for (size_t i = 0; i < 3; i++) {
        skad_id other;
        skad_audit_anchor(&others[i], &other);
        assert_memory_not_equal(anchor.bytes, other.bytes, sizeof other.bytes);
        skad_audit_key(&others[i], &other);
        assert_memory_not_equal(key.bytes, other.bytes, sizeof other.bytes);
    }
}

static void a_lot_is_of_the_round_and_the_id(void **state)
{
    (void)state;
    skad_audit_round round = {.network = {{1}}, .period_s = 600, .number = 7};
    const skad_id ids[] = {{{1}}, {{2}}};
    uint8_t a[SKAD_AUDIT_LOT_BYTES];
    uint8_t b[SKAD_AUDIT_LOT_BYTES];
    skad_audit_lot(&round, &ids[0], a);
    skad_audit_lot(&round, &ids[1], b);
    assert_memory_not_equal(a, b, sizeof a);
    round.number++;
    skad_audit_lot(&round, &ids[0], b);
    assert_memory_not_equal(a, b, sizeof a);
}

static void the_place_that_a_challenge_draws_lies_in_the_region(void **state)
{
    (void)state;
    skad_id anchor;
    audit_words_commit(&words, 5, 1);
    memset(anchor.bytes, 0xa5, sizeof anchor.bytes);
    for (unsigned bits = 0; bits <= SKAD_AUDIT_BITS_MAX; bits++) {
        skad_id start;
        words.of.challenge[0] = (uint8_t)bits;
        skad_audit_start(&words.of, &anchor, bits, &start);
        assert_in_range(skad_common_prefix(&start, &anchor), bits, bits + 30);
    }
}

/* ---- Leaves ---- */

static void a_leaf_is_of_the_challenge_the_prover_and_the_contents(void **state)
{
    (void)state;
    audit_words_commit(&words, 5, 0);
    skad_audit_case others[] = {words.of, words.of};
    const skad_record record = audit_record(1);
    const skad_record another = audit_record(2);
    uint8_t leaf[SKAD_AUDIT_LEAF_BYTES];
    uint8_t other[SKAD_AUDIT_LEAF_BYTES];
    others[0].challenge[15] ^= 1;
    others[1].prover[0] ^= 1;
    skad_audit_leaf(&words.of, &record, leaf);
    for (size_t i = 0; i < 2; i++) {
        skad_audit_leaf(&others[i], &record, other);
        assert_memory_equal(leaf, other, SKAD_AUDIT_POINT_BYTES);
        assert_memory_not_equal(leaf + SKAD_AUDIT_POINT_BYTES, other + SKAD_AUDIT_POINT_BYTES, 16);
    }
    skad_audit_leaf(&words.of, &another, other);
    assert_memory_not_equal(leaf, other, SKAD_AUDIT_POINT_BYTES);
}

/* Encodes a mutable record of a sequence, expiry and value. */
static void make_mutable(uint64_t sequence, uint64_t expiry, const char *value, const char *salt,
                         uint8_t bytes[static SKAD_RECORD_BYTES_MAX], skad_record *out)
{
    const skad_identity identity = test_identity(test_plain_profile(), 6);
    const size_t len = skad_record_encode_mutable(
        test_plain_publisher(&identity), (skad_span){(const uint8_t *)salt, strlen(salt)}, sequence,
        expiry, (skad_span){(const uint8_t *)value, strlen(value)}, bytes, SKAD_RECORD_BYTES_MAX);
    assert_true(skad_record_decode(bytes, len, out));
}

static void a_renewal_has_the_same_leaf_and_another_edition_another_point(void **state)
{
    (void)state;
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    uint8_t others[SKAD_RECORD_BYTES_MAX];
    uint8_t leaf[SKAD_AUDIT_LEAF_BYTES];
    uint8_t other[SKAD_AUDIT_LEAF_BYTES];
    skad_record record;
    audit_words_commit(&words, 5, 0);
    make_mutable(1, TEST_UNIX_S, "value", "s", bytes, &record);
    skad_audit_leaf(&words.of, &record, leaf);
    make_mutable(1, TEST_UNIX_S + 5, "value", "s", others, &record);
    skad_audit_leaf(&words.of, &record, other);
    assert_memory_equal(leaf, other, sizeof leaf);
    make_mutable(1, TEST_UNIX_S, "other", "s", others, &record);
    skad_audit_leaf(&words.of, &record, other);
    assert_memory_equal(leaf, other, SKAD_AUDIT_POINT_BYTES);
    assert_memory_not_equal(leaf, other, sizeof leaf);
    make_mutable(2, TEST_UNIX_S, "value", "s", others, &record);
    skad_audit_leaf(&words.of, &record, other);
    assert_memory_not_equal(leaf, other, SKAD_AUDIT_POINT_BYTES);
}

static void an_announcement_is_its_endpoint_and_its_metadata(void **state)
{
    (void)state;
    const skad_identity identity = test_identity(test_plain_profile(), 6);
    const skad_address endpoints[] = {{SKAD_FAMILY_IPV4, 5, {20, 1, 2, 3}},
                                      {SKAD_FAMILY_IPV4, 6, {20, 1, 2, 3}},
                                      {SKAD_FAMILY_IPV4, 5, {20, 1, 2, 4}}};
    const skad_id key = {{1}};
    uint8_t leaves[3][SKAD_AUDIT_LEAF_BYTES];
    audit_words_commit(&words, 5, 0);
    for (size_t i = 0; i < 3; i++) {
        uint8_t bytes[SKAD_RECORD_BYTES_MAX];
        skad_record record;
        const size_t len = skad_record_encode_announcement(
            test_plain_publisher(&identity), &key, 1, TEST_UNIX_S, &endpoints[i],
            (skad_span){key.bytes, 3}, bytes, sizeof bytes);
        assert_true(skad_record_decode(bytes, len, &record));
        skad_audit_leaf(&words.of, &record, leaves[i]);
    }
    assert_memory_not_equal(leaves[0], leaves[1], SKAD_AUDIT_LEAF_BYTES);
    assert_memory_not_equal(leaves[0], leaves[2], SKAD_AUDIT_LEAF_BYTES);
}

/* ---- Trees ---- */

static void every_leaf_of_every_tree_leads_to_its_root(void **state)
{
    (void)state;
    static const uint16_t counts[] = {1, 2, 3, 7, 128, 200, 255, 256};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        audit_words_commit(&words, 5, counts[i]);
        for (uint16_t at = 0; at < counts[i]; at++) {
            uint8_t opening[SKAD_AUDIT_OPENING_BYTES];
            const uint8_t *point = words.leaves.bytes[at];
            skad_audit_open(&words.leaves, point, opening);
            assert_int_equal(skad_audit_opening_check(opening, point, words.commitment.root),
                             SKAD_AUDIT_OPENED_LEAF);
            assert_memory_equal(skad_audit_opening_leaf(opening), point, SKAD_AUDIT_LEAF_BYTES);
        }
    }
}

static void an_opening_with_any_byte_changed_is_wrong(void **state)
{
    (void)state;
    uint8_t opening[SKAD_AUDIT_OPENING_BYTES];
    audit_words_commit(&words, 5, 200);
    const uint8_t *point = words.leaves.bytes[77];
    skad_audit_open(&words.leaves, point, opening);
    for (size_t i = 0; i < sizeof opening; i++) {
        opening[i] ^= 1;
        assert_int_equal(skad_audit_opening_check(opening, point, words.commitment.root),
                         SKAD_AUDIT_OPENED_WRONG);
        opening[i] ^= 1;
    }
    assert_int_equal(
        skad_audit_opening_check(opening, words.leaves.bytes[78], words.commitment.root),
        SKAD_AUDIT_OPENED_WRONG);
}

static void what_is_not_held_is_opened_as_nothing(void **state)
{
    (void)state;
    uint8_t opening[SKAD_AUDIT_OPENING_BYTES];
    uint8_t point[SKAD_AUDIT_POINT_BYTES];
    const skad_record record = audit_record(20);
    audit_words_commit(&words, 5, 20);
    skad_audit_point(&record, point);
    skad_audit_open(&words.leaves, point, opening);
    assert_int_equal(skad_audit_opening_check(opening, point, words.commitment.root),
                     SKAD_AUDIT_OPENED_NOTHING);
    opening[100] = 1;
    assert_int_equal(skad_audit_opening_check(opening, point, words.commitment.root),
                     SKAD_AUDIT_OPENED_WRONG);
}

static void trees_of_other_leaves_or_in_another_order_have_other_roots(void **state)
{
    (void)state;
    uint8_t root[SKAD_AUDIT_HASH_BYTES];
    uint8_t other[SKAD_AUDIT_HASH_BYTES];
    const uint8_t zero[SKAD_AUDIT_HASH_BYTES] = {0};
    audit_words_commit(&words, 5, 40);
    memcpy(root, words.commitment.root, sizeof root);
    words.leaves.count = 39;
    skad_audit_root(&words.leaves, other);
    assert_memory_not_equal(root, other, sizeof root);
    words.leaves.count = 40;
    memcpy(words.leaves.bytes[0], words.leaves.bytes[1], SKAD_AUDIT_LEAF_BYTES);
    skad_audit_root(&words.leaves, other);
    assert_memory_not_equal(root, other, sizeof root);
    words.leaves.count = 0;
    skad_audit_root(&words.leaves, other);
    assert_memory_equal(other, zero, sizeof zero);
}

/* ---- Signed words ---- */

static void a_commitment_is_signed_for_its_case_alone(void **state)
{
    (void)state;
    skad_audit_commitment read;
    audit_words_commit(&words, 5, 40);
    assert_true(skad_audit_commitment_read(&words.of, words.committed, &read));
    assert_int_equal(read.bits, 3);
    assert_int_equal(read.count, 40);
    for (size_t i = 0; i < SKAD_AUDIT_COMMITMENT_BYTES; i++) {
        words.committed[i] ^= 1;
        assert_false(skad_audit_commitment_read(&words.of, words.committed, &read));
        words.committed[i] ^= 1;
    }
    skad_audit_case others[] = {words.of, words.of, words.of, words.of, words.of, words.of};
    others[0].round.number++;
    others[1].round.period_s++;
    others[2].round.network.bytes[0] ^= 1;
    others[3].verifier.bytes[0] ^= 1;
    others[4].challenge[0] ^= 1;
    others[5].prover[0] ^= 1;
    for (size_t i = 0; i < 6; i++) {
        assert_false(skad_audit_commitment_read(&others[i], words.committed, &read));
    }
}

static void a_commitment_out_of_its_limits_is_none_though_it_is_signed(void **state)
{
    (void)state;
    skad_audit_commitment read;
    audit_words_commit(&words, 5, 40);
    words.commitment.bits = SKAD_AUDIT_BITS_MAX + 1;
    audit_words_sign(&words);
    assert_false(skad_audit_commitment_read(&words.of, words.committed, &read));
    words.commitment.bits = SKAD_AUDIT_BITS_MAX;
    words.commitment.count = SKAD_AUDIT_LEAVES_MAX + 1;
    audit_words_sign(&words);
    assert_false(skad_audit_commitment_read(&words.of, words.committed, &read));
    words.commitment.count = SKAD_AUDIT_LEAVES_MAX;
    audit_words_sign(&words);
    assert_true(skad_audit_commitment_read(&words.of, words.committed, &read));
}

static void a_reveal_is_signed_for_its_commitment_points_and_openings(void **state)
{
    (void)state;
    skad_audit_reveal other;
    audit_words_commit(&words, 5, 40);
    audit_words_reveal(&words, 10, 4);
    assert_true(
        skad_audit_reveal_verify(&words.of, &words.commitment, &words.reveal, words.signature));
    words.openings[3 * SKAD_AUDIT_OPENING_BYTES] ^= 1;
    skad_audit_reveal_of(words.points, 4, words.openings, &other);
    assert_false(skad_audit_reveal_verify(&words.of, &words.commitment, &other, words.signature));
    words.openings[3 * SKAD_AUDIT_OPENING_BYTES] ^= 1;
    skad_audit_reveal_of(words.points, 3, words.openings, &other);
    assert_false(skad_audit_reveal_verify(&words.of, &words.commitment, &other, words.signature));
    words.points[0] ^= 1;
    assert_false(
        skad_audit_reveal_verify(&words.of, &words.commitment, &words.reveal, words.signature));
    words.points[0] ^= 1;
    words.commitment.root[0] ^= 1;
    assert_false(
        skad_audit_reveal_verify(&words.of, &words.commitment, &words.reveal, words.signature));
}

/* ---- Evidence ---- */

static uint8_t second[SKAD_AUDIT_COMMITMENT_BYTES];
static uint8_t forged[SKAD_AUDIT_OPENING_BYTES];

static skad_audit_evidence evidence_of(skad_audit_fault fault)
{
    return (skad_audit_evidence){.fault = fault, .of = words.of, .commitment = words.committed};
}

/* Two commitments to one challenge. */
static skad_audit_evidence twice(void)
{
    uint8_t first[SKAD_AUDIT_COMMITMENT_BYTES];
    audit_words_commit(&words, 5, 40);
    memcpy(first, words.committed, sizeof first);
    words.commitment.root[0] ^= 1;
    audit_words_sign(&words);
    memcpy(second, words.committed, sizeof second);
    memcpy(words.committed, first, sizeof first);
    skad_audit_evidence evidence = evidence_of(SKAD_AUDIT_FAULT_TWICE);
    evidence.second = second;
    return evidence;
}

/* The third of four openings does not lead to the root. */
static skad_audit_evidence differs(void)
{
    audit_words_commit(&words, 5, 40);
    audit_words_reveal(&words, 10, 4);
    words.openings[2 * SKAD_AUDIT_OPENING_BYTES + 100] ^= 1;
    audit_words_sign_reveal(&words, 4);
    skad_audit_evidence evidence = evidence_of(SKAD_AUDIT_FAULT_REVEAL);
    evidence.reveal = words.reveal;
    evidence.signature = words.signature;
    evidence.index = 2;
    evidence.opening = words.openings + (size_t)2 * SKAD_AUDIT_OPENING_BYTES;
    return evidence;
}

/* A leaf of record 7 that was made without its contents. */
static skad_audit_evidence refuted(void)
{
    audit_words_commit(&words, 5, 40);
    memset(words.leaves.bytes[7] + SKAD_AUDIT_POINT_BYTES, 0x11, 16);
    skad_audit_root(&words.leaves, words.commitment.root);
    audit_words_sign(&words);
    skad_audit_open(&words.leaves, words.leaves.bytes[7], forged);
    skad_audit_evidence evidence = evidence_of(SKAD_AUDIT_FAULT_LEAF);
    evidence.opening = forged;
    evidence.record = audit_record_bytes(7);
    return evidence;
}

static skad_audit_evidence (*const faults[])(void) = {twice, differs, refuted};
#define FAULTS (sizeof faults / sizeof faults[0])

static void each_contradiction_holds_and_goes_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < FAULTS; i++) {
        skad_audit_evidence evidence = faults[i]();
        uint8_t bytes[SKAD_VALUE_BYTES_MAX];
        skad_audit_evidence read;
        assert_true(skad_audit_evidence_holds(&evidence));
        const size_t len = skad_audit_evidence_encode(&evidence, bytes);
        assert_in_range(len, 1, SKAD_VALUE_BYTES_MAX);
        assert_true(skad_audit_evidence_decode(bytes, len, &words.of.round.network, &read));
        assert_int_equal(read.fault, i + 1);
        assert_true(skad_audit_evidence_holds(&read));
        assert_memory_equal(read.of.prover, words.prover.public_key, SKAD_PUBLIC_KEY_BYTES);
    }
}

/* A byte changed anywhere, or one less, and it proves nothing; nor in another network. */
static void changed_evidence_proves_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < FAULTS; i++) {
        const skad_audit_evidence evidence = faults[i]();
        uint8_t bytes[SKAD_VALUE_BYTES_MAX];
        skad_audit_evidence read;
        const size_t len = skad_audit_evidence_encode(&evidence, bytes);
        for (size_t at = 0; at < len; at++) {
            bytes[at] ^= 4;
            if (skad_audit_evidence_decode(bytes, len, &words.of.round.network, &read)) {
                assert_false(skad_audit_evidence_holds(&read));
            }
            bytes[at] ^= 4;
        }
        for (size_t cut = 0; cut < len; cut++) {
            assert_false(skad_audit_evidence_decode(bytes, cut, &words.of.round.network, &read));
        }
        skad_network_id other = words.of.round.network;
        other.bytes[0] ^= 1;
        assert_true(skad_audit_evidence_decode(bytes, len, &other, &read));
        assert_false(skad_audit_evidence_holds(&read));
    }
}

static void honest_words_are_no_contradiction(void **state)
{
    (void)state;
    skad_audit_evidence evidence = twice();
    evidence.second = evidence.commitment;
    assert_false(skad_audit_evidence_holds(&evidence));

    audit_words_commit(&words, 5, 40);
    audit_words_reveal(&words, 38, 4); /* two that it has, two that it lacks and says so */
    for (uint8_t i = 0; i < 4; i++) {
        evidence = evidence_of(SKAD_AUDIT_FAULT_REVEAL);
        evidence.reveal = words.reveal;
        evidence.signature = words.signature;
        evidence.index = i;
        evidence.opening = words.openings + (size_t)i * SKAD_AUDIT_OPENING_BYTES;
        assert_false(skad_audit_evidence_holds(&evidence));
    }
    skad_audit_open(&words.leaves, words.leaves.bytes[7], forged);
    evidence = evidence_of(SKAD_AUDIT_FAULT_LEAF);
    evidence.opening = forged;
    evidence.record = audit_record_bytes(7);
    assert_false(skad_audit_evidence_holds(&evidence));
    evidence.record = audit_record_bytes(8); /* of another record */
    assert_false(skad_audit_evidence_holds(&evidence));
}

/* Its publisher may have signed two contents with one sequence, and given one to each. */
static void a_mutable_record_refutes_no_leaf(void **state)
{
    (void)state;
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    uint8_t others[SKAD_RECORD_BYTES_MAX];
    skad_record record;
    audit_words_commit(&words, 5, 0);
    make_mutable(1, TEST_UNIX_S, "value", "s", bytes, &record);
    skad_audit_leaf(&words.of, &record, words.leaves.bytes[0]);
    words.leaves.count = 1;
    skad_audit_root(&words.leaves, words.commitment.root);
    audit_words_sign(&words);
    skad_audit_open(&words.leaves, words.leaves.bytes[0], forged);
    make_mutable(1, TEST_UNIX_S, "other", "s", others, &record);
    skad_audit_evidence evidence = evidence_of(SKAD_AUDIT_FAULT_LEAF);
    evidence.opening = forged;
    evidence.record =
        (skad_span){others, (size_t)(record.signature + SKAD_SIGNATURE_BYTES - others)};
    assert_false(skad_audit_evidence_holds(&evidence));
}

static void a_record_that_does_not_fit_makes_no_evidence(void **state)
{
    (void)state;
    static const uint8_t value[SKAD_VALUE_BYTES_MAX];
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    uint8_t bytes[SKAD_VALUE_BYTES_MAX];
    skad_audit_evidence evidence = refuted();
    evidence.record = (skad_span){
        record, skad_record_encode_immutable(value, sizeof value, record, sizeof record)};
    assert_int_equal(skad_audit_evidence_encode(&evidence, bytes), 0);
}

static void each_fault_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(skad_audit_fault_name(SKAD_AUDIT_FAULT_NONE), "none");
    assert_string_equal(skad_audit_fault_name(SKAD_AUDIT_FAULT_TWICE), "two-commitments");
    assert_string_equal(skad_audit_fault_name(SKAD_AUDIT_FAULT_REVEAL), "reveal-differs");
    assert_string_equal(skad_audit_fault_name(SKAD_AUDIT_FAULT_LEAF), "leaf-refuted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_round_of_each_network_and_period_has_another_anchor_and_key),
        cmocka_unit_test(a_lot_is_of_the_round_and_the_id),
        cmocka_unit_test(the_place_that_a_challenge_draws_lies_in_the_region),
        cmocka_unit_test(a_leaf_is_of_the_challenge_the_prover_and_the_contents),
        cmocka_unit_test(a_renewal_has_the_same_leaf_and_another_edition_another_point),
        cmocka_unit_test(an_announcement_is_its_endpoint_and_its_metadata),
        cmocka_unit_test(every_leaf_of_every_tree_leads_to_its_root),
        cmocka_unit_test(an_opening_with_any_byte_changed_is_wrong),
        cmocka_unit_test(what_is_not_held_is_opened_as_nothing),
        cmocka_unit_test(trees_of_other_leaves_or_in_another_order_have_other_roots),
        cmocka_unit_test(a_commitment_is_signed_for_its_case_alone),
        cmocka_unit_test(a_commitment_out_of_its_limits_is_none_though_it_is_signed),
        cmocka_unit_test(a_reveal_is_signed_for_its_commitment_points_and_openings),
        cmocka_unit_test(each_contradiction_holds_and_goes_both_ways),
        cmocka_unit_test(changed_evidence_proves_nothing),
        cmocka_unit_test(honest_words_are_no_contradiction),
        cmocka_unit_test(a_mutable_record_refutes_no_leaf),
        cmocka_unit_test(a_record_that_does_not_fit_makes_no_evidence),
        cmocka_unit_test(each_fault_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
