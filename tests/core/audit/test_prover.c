/* The prover: who may ask, that it never contradicts itself, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/table.h"
#include "tests/support/audit_script.h"
#include "tests/support/prng.h"

static int begin(void **state)
{
    (void)audit_begin(state);
    audit_next_round();
    assert_true(audit_state()->plays);
    return 0;
}

/* The case of a peer whose challenge begins with a byte. */
static skad_audit_case case_of(size_t peer, uint8_t first)
{
    skad_audit_case of = {.round = audit_state()->round,
                          .verifier = audit_fixture.remotes[peer].identity.id,
                          .challenge = {first}};
    memcpy(of.prover, audit_fixture.identity.public_key, sizeof of.prover);
    return of;
}

static uint32_t error_of(const skad_message *answer)
{
    assert_int_equal(answer->kind, SKAD_KIND_ERROR);
    return answer->u.reply.u.error.code;
}

static void what_it_commits_to_it_reveals(void **state)
{
    (void)state;
    const skad_audit_case of = case_of(2, 7);
    skad_audit_commitment commitment;
    skad_audit_reveal reveal;
    uint8_t points[4 * SKAD_AUDIT_POINT_BYTES];
    const skad_message audited = audit_challenge(2, 7);
    assert_int_equal(audited.kind, SKAD_KIND_AUDITED);
    assert_true(
        skad_audit_commitment_read(&of, audited.u.reply.u.audited.commitment.data, &commitment));
    assert_int_equal(commitment.count, AUDIT_RECORDS);
    assert_int_equal(commitment.bits, 0);

    const skad_message proven = audit_prove(2, AUDIT_RECORDS - 3, 4); /* three, and one it lacks */
    assert_int_equal(proven.kind, SKAD_KIND_PROVEN);
    const uint8_t *openings = proven.u.reply.u.proven.openings.data;
    assert_int_equal(proven.u.reply.u.proven.openings.len, 4 * SKAD_AUDIT_OPENING_BYTES);
    for (uint32_t i = 0; i < 4; i++) {
        const skad_record record = audit_record(AUDIT_RECORDS - 3 + i);
        uint8_t leaf[SKAD_AUDIT_LEAF_BYTES];
        const uint8_t *opening = openings + i * SKAD_AUDIT_OPENING_BYTES;
        skad_audit_leaf(&of, &record, leaf);
        memcpy(points + i * SKAD_AUDIT_POINT_BYTES, leaf, SKAD_AUDIT_POINT_BYTES);
        assert_int_equal(skad_audit_opening_check(opening, leaf, commitment.root),
                         i < 3 ? SKAD_AUDIT_OPENED_LEAF : SKAD_AUDIT_OPENED_NOTHING);
        if (i < 3) {
            assert_memory_equal(skad_audit_opening_leaf(opening), leaf, sizeof leaf);
        }
    }
    skad_audit_reveal_of(points, 4, openings, &reveal);
    assert_true(skad_audit_reveal_verify(&of, &commitment, &reveal,
                                         proven.u.reply.u.proven.signature.data));
    assert_int_equal(audit_counts().committed, 1);
    assert_int_equal(audit_counts().revealed, 1);
    assert_int_equal(audit_counts().lacking, 1);
}

/* Whatever happens to the store meanwhile. */
static void asked_again_it_says_the_same(void **state)
{
    (void)state;
    uint8_t commitment[SKAD_AUDIT_COMMITMENT_BYTES];
    const skad_message first = audit_challenge(2, 7);
    memcpy(commitment, first.u.reply.u.audited.commitment.data, sizeof commitment);
    audit_hold(200, 0);
    const skad_message second = audit_challenge(2, 7);
    assert_memory_equal(second.u.reply.u.audited.commitment.data, commitment, sizeof commitment);
    const skad_message proven = audit_prove(2, 200, 1);
    assert_memory_equal(proven.u.reply.u.proven.commitment.data, commitment, sizeof commitment);
    uint8_t openings[SKAD_AUDIT_OPENING_BYTES];
    memcpy(openings, proven.u.reply.u.proven.openings.data, sizeof openings);
    const skad_message again = audit_prove(2, 200, 1);
    assert_memory_equal(again.u.reply.u.proven.openings.data, openings, sizeof openings);
    assert_int_equal(audit_counts().committed, 1);
    assert_int_equal(audit_counts().revealed, 1);
}

static void each_verifier_has_leaves_of_its_own(void **state)
{
    (void)state;
    uint8_t commitment[SKAD_AUDIT_COMMITMENT_BYTES];
    const skad_message first = audit_challenge(2, 7);
    memcpy(commitment, first.u.reply.u.audited.commitment.data, sizeof commitment);
    const skad_message second = audit_challenge(3, 8);
    assert_memory_not_equal(second.u.reply.u.audited.commitment.data + 3, commitment + 3,
                            SKAD_AUDIT_HASH_BYTES);
}

static void a_second_challenge_and_other_points_are_refused(void **state)
{
    (void)state;
    skad_message answer = audit_prove(2, 0, 1);
    assert_int_equal(error_of(&answer), SKAD_ERROR_INVALID); /* nothing was committed */
    (void)audit_challenge(2, 7);
    answer = audit_challenge(2, 8);
    assert_int_equal(error_of(&answer), SKAD_ERROR_INVALID);
    (void)audit_prove(2, 0, 2);
    answer = audit_prove(2, 1, 2);
    assert_int_equal(error_of(&answer), SKAD_ERROR_INVALID);
    answer = audit_prove(2, 0, 1); /* fewer are others, too */
    assert_int_equal(error_of(&answer), SKAD_ERROR_INVALID);
    assert_int_equal(audit_counts().refused[3], 4);
}

static void a_stranger_is_refused(void **state)
{
    (void)state;
    test_remote *stranger = test_fixture_remote(&audit_fixture);
    const skad_message answer = audit_challenge((size_t)(stranger - audit_fixture.remotes), 7);
    assert_int_equal(error_of(&answer), SKAD_ERROR_UNSUPPORTED);
    assert_int_equal(audit_counts().refused[2], 1);
    assert_int_equal(audit_state()->prover.count, 0);
}

static void without_a_token_nothing_is_told(void **state)
{
    (void)state;
    static test_exchange asked;
    uint8_t challenge[SKAD_AUDIT_CHALLENGE_BYTES] = {1};
    skad_message request = {.kind = SKAD_KIND_AUDIT};
    request.u.audit.round = audit_state()->round.number;
    request.u.audit.challenge = (skad_span){challenge, sizeof challenge};
    (void)test_fixture_drain(&audit_fixture);
    test_fixture_ask(&audit_fixture, &audit_fixture.remotes[2], &request, NULL, &asked);
    assert_int_equal(error_of(&asked.opened.message), SKAD_ERROR_TOKEN);
    assert_int_equal(audit_state()->prover.count, 0);
}

/* Of many, the twenty that are nearest to the anchor. */
static void when_places_are_short_the_nearest_have_them(void **state)
{
    (void)state;
    skad_table *table = skad_node_parts_of(audit_fixture.node).table;
    const skad_id *anchor = &audit_state()->anchor;
    const uint8_t challenge[SKAD_AUDIT_CHALLENGE_BYTES] = {1};
    uint8_t out[SKAD_AUDIT_COMMITMENT_BYTES];
    test_prng prng = {5};
    unsigned refused = 0;
    for (uint32_t i = 0; i < 60; i++) {
        const skad_id id = test_prng_id(&prng);
        const skad_address address = test_prng_address(5000 + 256 * i);
        (void)skad_table_answered(table, &id, &address, 1000, audit_fixture.now.mono_us);
        const skad_error_code code = skad_prover_commit(audit_fixture.node, &id, challenge, out);
        const bool full = audit_state()->prover.count == SKAD_PROVER_PLACES;
        assert_true(code == SKAD_ERROR_NONE || code == SKAD_ERROR_UNSUPPORTED || full);
        refused += code == SKAD_ERROR_BUSY;
        for (size_t j = 0; j < audit_state()->prover.count && code == SKAD_ERROR_BUSY; j++) {
            assert_true(skad_distance_compare(anchor, &audit_state()->prover.places[j].of.verifier,
                                              &id) < 0);
        }
    }
    assert_int_equal(audit_state()->prover.count, SKAD_PROVER_PLACES);
    assert_true(refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_it_commits_to_it_reveals, begin, audit_end),
        cmocka_unit_test_setup_teardown(asked_again_it_says_the_same, begin, audit_end),
        cmocka_unit_test_setup_teardown(each_verifier_has_leaves_of_its_own, begin, audit_end),
        cmocka_unit_test_setup_teardown(a_second_challenge_and_other_points_are_refused, begin,
                                        audit_end),
        cmocka_unit_test_setup_teardown(a_stranger_is_refused, begin, audit_end),
        cmocka_unit_test_setup_teardown(without_a_token_nothing_is_told, begin, audit_end),
        cmocka_unit_test_setup_teardown(when_places_are_short_the_nearest_have_them, begin,
                                        audit_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
