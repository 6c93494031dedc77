/* The invariants of audits, each broken by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/node/invariants.h"
#include "tests/support/audit_script.h"

#define PLACES    "an audit keeps to its places"
#define PLAYERS   "only players of a round are asked and answered"
#define PROVEN    "no player is blamed without a signed contradiction"
#define SOMETHING "a player is asked to reveal something"
#define LEAVES    "a commitment is to the leaves that are kept"

static void check(const char *expected)
{
    const char *broken = skad_audits_broken(audit_state());
    if (expected == NULL ? broken != NULL : broken == NULL || strcmp(broken, expected) != 0) {
        fail_msg("%s", broken == NULL ? "sound" : broken);
    }
}

/* A round in which one peer has contradicted itself, and another has challenged us. */
static int begin(void **state)
{
    (void)audit_begin(state);
    audit_how[0] = AUDIT_COMMITS_TWICE;
    audit_next_round();
    audit_run_to(4);
    (void)audit_challenge(1, 1);
    check(NULL);
    return 0;
}

static skad_player *blamed(void)
{
    skad_verifier *verifier = &audit_state()->verifier;
    for (size_t i = 0; i < verifier->count; i++) {
        if (verifier->players[i].verdict == SKAD_AUDIT_CONTRADICTS) {
            return &verifier->players[i];
        }
    }
    fail();
    return NULL;
}

static void counts_beyond_their_places_are_seen(void **state)
{
    (void)state;
    const size_t players = audit_state()->verifier.count;
    audit_state()->verifier.count = SKAD_AUDIT_PLAYERS_MAX + 1;
    check(PLACES);
    audit_state()->verifier.count = players;
    audit_state()->prover.count = SKAD_PROVER_PLACES + 1;
    check(PLACES);
    audit_state()->prover.count = 1;
    check(NULL);
}

static void players_without_a_round_are_seen(void **state)
{
    (void)state;
    audit_state()->plays = false;
    check(PLAYERS);
    audit_state()->verifier.count = 0;
    check(PLAYERS);
    audit_state()->prover.count = 0;
    check(NULL);
}

static void blame_without_evidence_is_seen(void **state)
{
    (void)state;
    skad_player *player = blamed();
    const skad_player before = *player;
    player->evidence_len = 0;
    check(PROVEN);
    *player = before;
    player->evidence[player->evidence_len - 1] ^= 1;
    check(PROVEN);
    *player = before;
    player->of.prover[0] ^= 1; /* it is evidence against another */
    check(PROVEN);
    *player = before;
    audit_state()->round.number++;
    check(PROVEN);
    audit_state()->round.number--;
    check(NULL);
    skad_player *other = player == audit_state()->verifier.players ? player + 1 : player - 1;
    other->verdict = SKAD_AUDIT_CONTRADICTS;
    check(PROVEN);
}

static void a_reveal_of_nothing_is_seen(void **state)
{
    (void)state;
    skad_player *player = blamed();
    player->state = SKAD_PLAYER_COMMITTED;
    check(NULL);
    player->picks_count = 0;
    check(SOMETHING);
}

static void a_commitment_to_other_leaves_is_seen(void **state)
{
    (void)state;
    skad_prover_place *place = &audit_state()->prover.places[0];
    place->leaves.count--;
    check(LEAVES);
    place->leaves.count = SKAD_AUDIT_LEAVES_MAX + 1;
    place->commitment.count = SKAD_AUDIT_LEAVES_MAX + 1;
    check(LEAVES);
    place->leaves.count = SKAD_AUDIT_LEAVES_MAX;
    place->commitment.count = SKAD_AUDIT_LEAVES_MAX;
    check(NULL);
}

/* A whole node tells of it as well. */
static void the_node_says_so(void **state)
{
    (void)state;
    assert_null(skad_node_broken(audit_fixture.node, audit_fixture.now));
    blamed()->evidence_len = 0;
    assert_string_equal(skad_node_broken(audit_fixture.node, audit_fixture.now), PROVEN);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, audit_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(counts_beyond_their_places_are_seen),  CASE(players_without_a_round_are_seen),
        CASE(blame_without_evidence_is_seen),       CASE(a_reveal_of_nothing_is_seen),
        CASE(a_commitment_to_other_leaves_is_seen), CASE(the_node_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
