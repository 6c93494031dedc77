/* The second half of a put: what each answer of a holder means, who is asked once more, and what is
 * reported in the end. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "skad/records.h"
#include "src/core/operations/storing.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/lookup_script.h"

#define DAY_S   86400U
#define HOLDERS 4

/* ---- A put by itself ---- */

static skad_holder holders[SKAD_HOLDERS_MAX];
static skad_operation operation;

/* All holders have been asked once, and nothing came yet. */
static int begin(void **state)
{
    (void)state;
    memset(holders, 0, sizeof holders);
    operation = (skad_operation){.kind = SKAD_OPERATION_PUT,
                                 .stage = SKAD_STAGE_STORING,
                                 .lookup = script_make(1, 1, 4, 2),
                                 .holders = holders,
                                 .holders_count = HOLDERS};
    script_seed(operation.lookup, NUMBERS(5));
    for (size_t i = 0; i < HOLDERS; i++) {
        holders[i].state = SKAD_HOLDER_ASKED;
        holders[i].tries = 1;
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    skad_lookup_free(operation.lookup);
    return 0;
}

static void stores(uint16_t step, uint32_t life_s)
{
    const skad_message answer = {.kind = SKAD_KIND_STORED, .u.reply.u.stored.life_s = life_s};
    skad_storing_answered(&operation, step, &answer, NULL);
}

static void refuses(uint16_t step, uint32_t code, uint64_t detail)
{
    const skad_message answer = {.kind = SKAD_KIND_ERROR,
                                 .u.reply.u.error = {.code = code, .detail = detail}};
    skad_storing_answered(&operation, step, &answer, NULL);
}

static skad_put_report reported(void)
{
    skad_put_report report;
    skad_storing_report(&operation, &report);
    return report;
}

static void whoever_has_not_answered_counts_as_unresponsive(void **state)
{
    (void)state;
    const skad_put_report report = reported();
    assert_int_equal(report.holders, 4);
    assert_int_equal(report.unresponsive, 4);
    assert_int_equal(report.stored + report.refused, 0);
    assert_int_equal(report.life_s, 0);
}

static void for_want_of_a_token_a_holder_is_asked_once_more_with_the_fresh_one(void **state)
{
    static const uint8_t fresh[SKAD_TOKEN_BYTES] = {1, 2, 3};
    const skad_message wants_token = {.kind = SKAD_KIND_ERROR,
                                      .u.reply.u.error.code = SKAD_ERROR_TOKEN};
    const skad_candidate *candidate = &operation.lookup->candidates.all[0];
    (void)state;
    skad_storing_answered(&operation, 0, &wants_token, fresh);
    assert_int_equal(holders[0].state, SKAD_HOLDER_WAITS);
    assert_true(candidate->has_token);
    assert_memory_equal(candidate->token, fresh, sizeof fresh);
    holders[0].state = SKAD_HOLDER_ASKED;
    holders[0].tries = 2;
    skad_storing_answered(&operation, 0, &wants_token, NULL);
    assert_int_equal(holders[0].state, SKAD_HOLDER_REFUSED);
    assert_int_equal(reported().refusals[SKAD_ERROR_TOKEN], 1);
    assert_false(candidate->has_token); /* the old one is good no more */
}

static void after_a_silence_a_holder_is_asked_once_more(void **state)
{
    (void)state;
    skad_storing_failed(&operation, 2);
    assert_int_equal(holders[2].state, SKAD_HOLDER_WAITS);
    holders[2].state = SKAD_HOLDER_ASKED;
    holders[2].tries = 2;
    skad_storing_failed(&operation, 2);
    assert_int_equal(holders[2].state, SKAD_HOLDER_UNRESPONSIVE);
}

static void any_other_refusal_is_final_and_counted_by_its_code(void **state)
{
    (void)state;
    refuses(0, SKAD_ERROR_FULL, 0);
    refuses(1, SKAD_ERROR_BUSY, 0);
    refuses(2, SKAD_REFUSALS, 0); /* of a later version */
    refuses(3, UINT32_MAX, 0);
    const skad_put_report report = reported();
    assert_int_equal(report.refused, 4);
    assert_int_equal(report.refusals[SKAD_ERROR_FULL], 1);
    assert_int_equal(report.refusals[11], 1);
    assert_int_equal(report.refusals[0], 2);
}

static void only_refusals_that_name_a_sequence_tell_one_and_the_highest_counts(void **state)
{
    (void)state;
    refuses(0, SKAD_ERROR_QUOTA, 99);
    assert_int_equal(reported().sequence_seen, 0);
    refuses(1, SKAD_ERROR_OLDER, 7);
    assert_int_equal(reported().sequence_seen, 7);
    refuses(2, SKAD_ERROR_CAS, 9);
    refuses(3, SKAD_ERROR_CONFLICT, 8);
    assert_int_equal(reported().sequence_seen, 9);
}

static void the_life_is_what_at_least_half_of_the_stored_grant(void **state)
{
    (void)state;
    stores(0, 100);
    assert_int_equal(reported().life_s, 100);
    stores(1, 10);
    assert_int_equal(reported().life_s, 100);
    stores(2, 50);
    assert_int_equal(reported().life_s, 50);
    stores(3, 40);
    assert_int_equal(reported().life_s, 50);
    operation.payload.asked_here = true;
    operation.payload.life_here_s = 5;
    assert_int_equal(reported().life_s, 40);
    operation.payload.refusal_here = SKAD_ERROR_FULL; /* then ours does not count */
    assert_int_equal(reported().life_s, 50);
}

static void our_own_store_is_a_holder_like_the_others(void **state)
{
    (void)state;
    operation.payload.asked_here = true;
    assert_int_equal(reported().holders, 5);
    assert_int_equal(reported().stored, 1);
    assert_true(reported().alone);
    stores(2, 100);
    assert_false(reported().alone);
    operation.payload.refusal_here = SKAD_ERROR_QUOTA;
    assert_int_equal(reported().stored, 1);
    assert_false(reported().alone);
    assert_int_equal(reported().refused, 1);
    assert_int_equal(reported().refusals[SKAD_ERROR_QUOTA], 1);
}

static void it_is_placed_once_one_who_is_responsible_answered(void **state)
{
    static const struct {
        const char *label;
        uint8_t state;
        uint32_t life_s;
        uint64_t ends_s; /* from now */
        bool placed;
    } cases[] = {
        {"silent", SKAD_HOLDER_UNRESPONSIVE, 0, 2 * DAY_S, false},
        {"refused", SKAD_HOLDER_REFUSED, 0, 2 * DAY_S, true},
        {"kept for half a life", SKAD_HOLDER_STORED, DAY_S / 2, 2 * DAY_S, false},
        {"kept for longer", SKAD_HOLDER_STORED, DAY_S / 2 + 1, 2 * DAY_S, true},
        {"ends in half a life", SKAD_HOLDER_UNRESPONSIVE, 0, DAY_S / 2, true},
        {"ends a second later", SKAD_HOLDER_UNRESPONSIVE, 0, DAY_S / 2 + 1, false},
        {"ended", SKAD_HOLDER_UNRESPONSIVE, 0, 0, true},
    };
    (void)state;
    skad_env env = {.profile = {.record_life_s = DAY_S}, .now = {.unix_s = TEST_UNIX_S}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_record record = {.type = SKAD_RECORD_MUTABLE,
                                    .expiry_unix_s = TEST_UNIX_S + cases[i].ends_s};
        holders[3].state = cases[i].state;
        holders[3].life_s = cases[i].life_s;
        if (skad_storing_placed(&env, &operation, &record) != cases[i].placed) {
            fail_msg("%s", cases[i].label);
        }
    }
    const skad_record immutable = {.type = SKAD_RECORD_IMMUTABLE}; /* it has no expiry */
    assert_false(skad_storing_placed(&env, &operation, &immutable));
    operation.payload.asked_here = true;
    operation.payload.life_here_s = DAY_S; /* alone, it has placed nothing */
    assert_false(skad_storing_placed(&env, &operation, &immutable));
}

/* The region is what shares eight bits with the target, so a stratum is the third hexadecimal digit
 * of a number. A group is a /24, so it is all but the last two digits. */
static void the_report_tells_strata_and_groups_of_those_that_hold_it(void **state)
{
    static const uint32_t numbers[] = {0x00100001, 0x00100002, 0x00f00100, 0x01200000};
    (void)state;
    operation.lookup->region_bits = 8;
    script_seed(operation.lookup, numbers, HOLDERS);
    for (uint16_t i = 0; i < HOLDERS; i++) {
        holders[i].candidate = script_index_of(operation.lookup, numbers[i]);
    }
    assert_int_equal(reported().strata, 0);
    assert_int_equal(reported().groups, 0);
    static const struct {
        uint8_t strata;
        uint8_t groups;
    } after[HOLDERS] = {{1, 1}, {1, 1}, {2, 2}, {2, 3}}; /* the last is outside of the region */
    for (uint16_t i = 0; i < HOLDERS; i++) {
        stores(i, DAY_S);
        assert_int_equal(reported().strata, after[i].strata);
        assert_int_equal(reported().groups, after[i].groups);
    }
    refuses(2, SKAD_ERROR_FULL, 0);
    assert_int_equal(reported().strata, 1);
    assert_int_equal(reported().groups, 2);
}

/* Where the closest stand dense, a record has to be in four of the sixteen strata. */
static void a_put_whose_holders_look_like_a_cluster_does_not_count(void **state)
{
    static const struct {
        const char *label;
        bool dense;
        bool neighbourhoods;
        unsigned strata;
        bool stands;
    } cases[] = {
        {"three strata", true, true, 3, false},
        {"four strata", true, true, 4, true},
        {"not dense", false, true, 1, true},
        {"neighbourhoods are off", true, false, 1, true},
    };
    (void)state;
    skad_lookup *lookup = operation.lookup;
    lookup->region_bits = 8;
    for (uint32_t i = 0; i < HOLDERS; i++) {
        const uint32_t number = 0x00000001 | i << 20;
        script_seed(lookup, &number, 1);
        holders[i].candidate = script_index_of(lookup, number);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lookup->dense = cases[i].dense;
        lookup->for_record = cases[i].neighbourhoods;
        for (uint16_t j = 0; j < HOLDERS; j++) {
            holders[j].state = SKAD_HOLDER_UNRESPONSIVE;
        }
        assert_false(reported().clustered); /* no node took it: that is another failure */
        for (uint16_t j = 0; j < cases[i].strata; j++) {
            stores(j, DAY_S);
        }
        const skad_put_report report = reported();
        if (report.clustered == cases[i].stands ||
            skad_storing_stands(&report) != cases[i].stands) {
            fail_msg("%s", cases[i].label);
        }
    }
}

/* ---- A put of a whole node ---- */

static test_fixture fixture;

/* How the holders behave, and how often each kind of request came. */
typedef struct play {
    bool silent;
    unsigned token_refusals; /* of the first so many requests */
    unsigned stores;
    unsigned announces;
} play;

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    play *self = made->user;
    (void)who;
    unsigned *count = request->kind == SKAD_KIND_STORE ? &self->stores : &self->announces;
    if (request->kind != SKAD_KIND_STORE && request->kind != SKAD_KIND_ANNOUNCE) {
        return true;
    }
    answer->u.reply.u.stored.life_s = DAY_S;
    if ((*count)++ < self->token_refusals) {
        answer->kind = SKAD_KIND_ERROR;
        answer->u.reply.u.error.code = SKAD_ERROR_TOKEN;
        answer->u.reply.u.error.detail = 0;
    }
    return !self->silent;
}

static int begin_node(void **state)
{
    static play self;
    skad_profile profile = test_fixture_profile();
    profile.siblings = HOLDERS;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 12);
    self = (play){0};
    fixture.script = act;
    fixture.user = &self;
    *state = &self;
    return 0;
}

static int end_node(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

/* Announces under the key that is our own ID with its last bits flipped, or its first. */
static skad_event announce(bool near_us)
{
    skad_announce_request request = {.key = fixture.identity.id, .life_s = DAY_S};
    request.key.bytes[near_us ? SKAD_ID_BYTES - 1 : 0] ^= 0xff;
    skad_op op;
    skad_event event;
    assert_int_equal(skad_node_announce(fixture.node, &request, fixture.now, &op), SKAD_OK);
    test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    do {
        assert_true(skad_node_poll_event(fixture.node, &event));
    } while (event.kind != SKAD_EVENT_PUT);
    return event;
}

static void the_closest_few_are_asked_once_each(void **state)
{
    const play *self = *state;
    const skad_event event = announce(false);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(event.u.put.holders, HOLDERS);
    assert_int_equal(event.u.put.wanted, HOLDERS);
    assert_int_equal(event.u.put.stored, HOLDERS);
    assert_int_equal(self->announces, HOLDERS);
    assert_int_equal(self->stores, 0);
}

/* Then the farthest of the others need not. */
static void we_take_the_place_of_the_farthest_where_we_are_close(void **state)
{
    const play *self = *state;
    const skad_event event = announce(true);
    assert_int_equal(event.u.put.holders, HOLDERS);
    assert_int_equal(event.u.put.stored, HOLDERS);
    assert_int_equal(self->announces, HOLDERS - 1);
    skad_store_totals totals;
    fixture.store.ops->totals(fixture.store.self, &totals);
    assert_int_equal(totals.records, 1);
}

static void holders_that_want_a_token_are_asked_twice_and_take_it(void **state)
{
    play *self = *state;
    self->token_refusals = HOLDERS;
    const skad_event event = announce(false);
    assert_int_equal(event.u.put.stored, HOLDERS);
    assert_int_equal(self->announces, 2 * HOLDERS);
}

static void silent_holders_are_asked_twice_and_given_up(void **state)
{
    play *self = *state;
    self->silent = true;
    const skad_event event = announce(false);
    assert_int_equal(event.outcome, SKAD_OUTCOME_TIMED_OUT);
    assert_int_equal(event.u.put.unresponsive, HOLDERS);
    assert_int_equal(self->announces, 2 * 5 * HOLDERS); /* and four copies each time */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whoever_has_not_answered_counts_as_unresponsive, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            for_want_of_a_token_a_holder_is_asked_once_more_with_the_fresh_one, begin, end),
        cmocka_unit_test_setup_teardown(after_a_silence_a_holder_is_asked_once_more, begin, end),
        cmocka_unit_test_setup_teardown(any_other_refusal_is_final_and_counted_by_its_code, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            only_refusals_that_name_a_sequence_tell_one_and_the_highest_counts, begin, end),
        cmocka_unit_test_setup_teardown(the_life_is_what_at_least_half_of_the_stored_grant, begin,
                                        end),
        cmocka_unit_test_setup_teardown(our_own_store_is_a_holder_like_the_others, begin, end),
        cmocka_unit_test_setup_teardown(it_is_placed_once_one_who_is_responsible_answered, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_report_tells_strata_and_groups_of_those_that_hold_it,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_put_whose_holders_look_like_a_cluster_does_not_count,
                                        begin, end),
        cmocka_unit_test_setup_teardown(the_closest_few_are_asked_once_each, begin_node, end_node),
        cmocka_unit_test_setup_teardown(we_take_the_place_of_the_farthest_where_we_are_close,
                                        begin_node, end_node),
        cmocka_unit_test_setup_teardown(holders_that_want_a_token_are_asked_twice_and_take_it,
                                        begin_node, end_node),
        cmocka_unit_test_setup_teardown(silent_holders_are_asked_twice_and_given_up, begin_node,
                                        end_node),
    };
    return cmocka_run_group_tests_name("storing", tests, NULL, NULL);
}
