/* Publications that nobody near their key took: when they are announced again, and when not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "skad/records.h"
#include "src/core/node/parts.h"
#include "src/core/storage/store_retries.h"
#include "tests/support/fixture.h"

#define MINUTE_US (60 * SKAD_US_PER_S)
#define PEERS     16

/* What all holders answer, and how often they were asked. */
typedef struct play {
    uint32_t life_s;       /* granted; 0: an error instead */
    uint32_t first_life_s; /* by the first who is asked, where it is not 0 */
    bool unresponsive;
    unsigned stores;
} play;

static bool act(test_fixture *fixture, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    play *self = fixture->user;
    (void)who;
    if (request->kind != SKAD_KIND_STORE) {
        return true;
    }
    bool first = self->stores++ == 0 && self->first_life_s != 0;
    answer->u.reply.u.stored.life_s = first ? self->first_life_s : self->life_s;
    if (self->life_s == 0) {
        answer->kind = SKAD_KIND_ERROR;
        answer->u.reply.u.error.code = SKAD_ERROR_QUOTA;
        answer->u.reply.u.error.detail = 0;
    }
    return !self->unresponsive;
}

static int begin(void **state)
{
    static test_fixture fixture;
    static play self;
    skad_profile profile = test_fixture_profile();
    profile.siblings = 2;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, PEERS);
    self = (play){0};
    fixture.script = act;
    fixture.user = &self;
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    test_fixture_free(*state);
    return 0;
}

/* Publishes under a key that is not near the node's own; returns it. */
static skad_id publish(test_fixture *fixture, uint32_t life_s, uint8_t number)
{
    const skad_publish_request request = {.salt = {&number, 1},
                                          .value = {(const uint8_t *)"value", 5},
                                          .sequence = 1,
                                          .life_s = life_s,
                                          .keep = true};
    skad_id key;
    skad_op op;
    skad_event event = {0};
    assert_int_equal(skad_node_publish(fixture->node, &request, fixture->now, &op, &key), SKAD_OK);
    test_fixture_run(fixture, MINUTE_US);
    while (event.kind != SKAD_EVENT_PUT) {
        assert_true(skad_node_poll_event(fixture->node, &event));
    }
    assert_true(event.u.put.kept);
    return key;
}

static void what_only_the_far_took_is_announced_again_soon(void **state)
{
    test_fixture *fixture = *state;
    play *self = fixture->user;
    const uint32_t life_s = fixture->profile.record_life_s;
    self->life_s = life_s / 2;
    (void)publish(fixture, life_s, 1);
    assert_int_equal(self->stores, 2);
    test_fixture_run(fixture, 4 * MINUTE_US);
    assert_int_equal(self->stores, 4);
    self->life_s = life_s; /* it has found its holders */
    test_fixture_run(fixture, 5 * MINUTE_US);
    assert_int_equal(self->stores, 6);
    test_fixture_run(fixture, 20 * MINUTE_US);
    assert_int_equal(self->stores, 6);
    assert_true(skad_store_retries_deadline(skad_node_parts_of(fixture->node).store_retries) ==
                UINT64_MAX);
}

/* Nor can one liar among honest holders have us come again, nor those whose shares are full. */
static void one_who_owes_it_or_refuses_it_is_enough(void **state)
{
    test_fixture *fixture = *state;
    play *self = fixture->user;
    const uint32_t life_s = fixture->profile.record_life_s;
    self->life_s = life_s / 2;
    self->first_life_s = life_s;
    (void)publish(fixture, life_s, 1);
    assert_true(skad_store_retries_deadline(skad_node_parts_of(fixture->node).store_retries) ==
                UINT64_MAX);

    self->stores = 0;
    self->first_life_s = 0;
    (void)publish(fixture, life_s, 2);
    assert_true(skad_store_retries_deadline(skad_node_parts_of(fixture->node).store_retries) !=
                UINT64_MAX);
    self->life_s = 0;
    test_fixture_run(fixture, 5 * MINUTE_US);
    assert_true(skad_store_retries_deadline(skad_node_parts_of(fixture->node).store_retries) ==
                UINT64_MAX);
}

/* Whoever holds it at all holds it until then. */
static void what_ends_soon_tells_nothing(void **state)
{
    test_fixture *fixture = *state;
    play *self = fixture->user;
    const uint32_t life_s = fixture->profile.record_life_s / 2;
    self->life_s = life_s;
    (void)publish(fixture, life_s, 1);
    assert_true(skad_store_retries_deadline(skad_node_parts_of(fixture->node).store_retries) ==
                UINT64_MAX);
}

static void who_falls_silent_later_is_tried_until_he_is_heard(void **state)
{
    test_fixture *fixture = *state;
    play *self = fixture->user;
    const uint32_t life_s = fixture->profile.record_life_s;
    self->life_s = life_s / 2;
    (void)publish(fixture, life_s, 1);
    self->unresponsive = true;
    test_fixture_run(fixture, 12 * MINUTE_US);
    assert_true(self->stores > 6);
    self->unresponsive = false;
    self->life_s = life_s;
    test_fixture_run(fixture, 6 * MINUTE_US);
    assert_true(skad_store_retries_deadline(skad_node_parts_of(fixture->node).store_retries) ==
                UINT64_MAX);
}

/* 225 seconds, give or take a quarter: never less, never more, and all of that range. */
static void a_retry_is_due_after_a_sixteenth_of_an_hour(void **state)
{
    test_fixture *fixture = *state;
    skad_env *env = skad_node_parts_of(fixture->node).env;
    skad_store_retries *retries = skad_node_parts_of(fixture->node).store_retries;
    const skad_store_name name = {.key = {{1}}, .type = SKAD_RECORD_MUTABLE};
    uint64_t least_us = UINT64_MAX;
    uint64_t most_us = 0;
    for (unsigned i = 0; i < 1000; i++) {
        skad_store_retries_note(retries, env, &name);
        uint64_t after_us = skad_store_retries_deadline(retries) - env->now.mono_us;
        least_us = after_us < least_us ? after_us : least_us;
        most_us = after_us > most_us ? after_us : most_us;
        skad_store_retries_drop(retries, &name);
    }
    assert_in_range(least_us, 168750 * SKAD_US_PER_MS, 171000 * SKAD_US_PER_MS);
    assert_in_range(most_us, 279000 * SKAD_US_PER_MS, 281250 * SKAD_US_PER_MS);
}

static void withdrawn_means_withdrawn(void **state)
{
    test_fixture *fixture = *state;
    play *self = fixture->user;
    const uint32_t life_s = fixture->profile.record_life_s;
    self->life_s = life_s / 2;
    const skad_id key = publish(fixture, life_s, 1);
    assert_int_equal(skad_node_withdraw(fixture->node, &key, 0), 1);
    unsigned before = self->stores;
    test_fixture_run(fixture, 10 * MINUTE_US);
    assert_int_equal(self->stores, before);
    assert_true(skad_store_retries_deadline(skad_node_parts_of(fixture->node).store_retries) ==
                UINT64_MAX);
}

/* Liars all around every key do not make us send without end. */
static void so_many_are_tried_again_and_no_more(void **state)
{
    test_fixture *fixture = *state;
    play *self = fixture->user;
    const uint32_t life_s = fixture->profile.record_life_s;
    self->life_s = life_s / 2;
    for (uint8_t i = 0; i < SKAD_STORE_RETRIES_MAX + 4; i++) { /* a few may be our own to hold */
        (void)publish(fixture, life_s, i);
        assert_true(skad_node_parts_of(fixture->node).store_retries->count <=
                    SKAD_STORE_RETRIES_MAX);
    }
    assert_int_equal(skad_node_parts_of(fixture->node).store_retries->count,
                     SKAD_STORE_RETRIES_MAX);
    self->stores = 0;
    test_fixture_run(fixture, 60 * MINUTE_US);
    unsigned again = SKAD_STORE_RETRIES_MAX * SKAD_STORE_RETRY_DIVISOR * 2;
    unsigned hourly = (SKAD_STORE_RETRIES_MAX + 4) * 2 * 2;
    assert_in_range(self->stores, again * 3 / 4, again * 5 / 4 + hourly);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_only_the_far_took_is_announced_again_soon, begin, end),
        cmocka_unit_test_setup_teardown(one_who_owes_it_or_refuses_it_is_enough, begin, end),
        cmocka_unit_test_setup_teardown(what_ends_soon_tells_nothing, begin, end),
        cmocka_unit_test_setup_teardown(who_falls_silent_later_is_tried_until_he_is_heard, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_retry_is_due_after_a_sixteenth_of_an_hour, begin, end),
        cmocka_unit_test_setup_teardown(withdrawn_means_withdrawn, begin, end),
        cmocka_unit_test_setup_teardown(so_many_are_tried_again_and_no_more, begin, end),
    };
    return cmocka_run_group_tests_name("store_retries", tests, NULL, NULL);
}
