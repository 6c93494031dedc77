/* The second half of a get of announcements: all providers are found where there are no more than
 * are returned, each is as likely as any other where there are more, and liars cost little. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "skad/records.h"
#include "src/core/node/parts.h"
#include "src/core/operations/paging.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/network.h"
#include "tests/support/prng.h"

#define HOLDERS 4
#define PEERS   12
#define MANY    130
#define DAY_S   86400U

static const skad_id key = {{7}};

static test_fixture fixture;

typedef struct announcement {
    uint8_t bytes[SKAD_RECORD_ANNOUNCE_BYTES_MAX];
    size_t len;
    uint8_t publisher[SKAD_PUBLIC_KEY_BYTES];
} announcement;

/* Of publishers in ascending order of their keys, as long as can be: three fit an answer. */
static announcement all[MANY];

static int compare(const void *a, const void *b)
{
    return memcmp(((const announcement *)a)->publisher, ((const announcement *)b)->publisher,
                  SKAD_PUBLIC_KEY_BYTES);
}

static void make_all(const skad_network_id *network)
{
    static const uint8_t metadata[SKAD_METADATA_BYTES_MAX] = {1};
    for (uint32_t i = 0; i < MANY; i++) {
        const skad_identity identity = test_identity(test_plain_profile(), 1000 + i);
        const skad_address at = test_prng_address(i);
        all[i].len = skad_record_encode_announcement(
            (skad_publisher){&identity, *network}, &key, 1, TEST_UNIX_S + DAY_S, &at,
            (skad_span){metadata, sizeof metadata}, all[i].bytes, sizeof all[i].bytes);
        assert_true(all[i].len > 0);
        memcpy(all[i].publisher, identity.public_key, sizeof all[i].publisher);
    }
    qsort(all, MANY, sizeof all[0], compare);
}

/* What the peers do. */
typedef struct play {
    size_t have;    /* announcements that each of them has */
    uint32_t claim; /* that it says it has; 0: the truth */
    bool stuck;     /* they give the same ones again and again */
    bool silent;    /* they answer no question for a page */
    unsigned pages; /* questions for a page */
    unsigned draw;
} play;

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    play *self = made->user;
    (void)who;
    if (request->kind != SKAD_KIND_FIND_VALUE || self->have == 0) {
        return true;
    }
    size_t first = ++self->draw * 7 % self->have;
    if (request->u.find_value.has_from) {
        self->pages++;
        for (first = 0;
             first < self->have &&
             memcmp(all[first].publisher, request->u.find_value.from, SKAD_PUBLIC_KEY_BYTES) < 0;
             first++) {
        }
        first = self->stuck ? 0 : first;
    }
    size_t count = self->have < 3 ? self->have : 3;
    for (size_t i = 0; i < count; i++) {
        const announcement *one = &all[(first + i) % self->have];
        answer->u.reply.u.value.records[i] = (skad_span){one->bytes, one->len};
    }
    answer->u.reply.u.value.records_count = count;
    uint32_t total = self->claim > 0 ? self->claim : (uint32_t)self->have;
    answer->u.reply.u.value.total = total > count ? total : 0;
    return !(self->silent && request->u.find_value.has_from);
}

static int begin(void **state)
{
    static play self;
    skad_event event;
    skad_profile profile = test_fixture_profile();
    profile.siblings = HOLDERS;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, PEERS);
    while (skad_node_poll_event(fixture.node, &event)) { /* of joining */
    }
    make_all(skad_node_network(fixture.node));
    self = (play){0};
    fixture.script = act;
    fixture.user = &self;
    *state = &self;
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static skad_event get(void)
{
    skad_op op;
    skad_event event = {0};
    assert_int_equal(skad_node_get(fixture.node, SKAD_RECORD_ANNOUNCEMENT, &key, fixture.now, &op),
                     SKAD_OK);
    test_fixture_run(&fixture, 30 * SKAD_US_PER_S);
    while (event.op != op) {
        assert_true(skad_node_poll_event(fixture.node, &event));
    }
    return event;
}

static void of_up_to_sixty_four_providers_all_are_found(void **state)
{
    play *self = *state;
    for (self->have = 1; self->have <= SKAD_PROVIDERS_MAX; self->have++) {
        const skad_event event = get();
        assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
        assert_int_equal(event.u.get.providers_count, self->have);
        assert_int_equal(event.u.get.providers_total, self->have);
        assert_int_equal(event.u.get.tally.agreed, HOLDERS);
    }
    assert_in_range(self->pages, 100, SKAD_PROVIDERS_MAX * SKAD_PAGING_REQUESTS);
}

static void where_one_answer_holds_all_nothing_more_is_asked(void **state)
{
    play *self = *state;
    for (self->have = 0; self->have <= 3; self->have++) {
        (void)get();
    }
    assert_int_equal(self->pages, 0);
}

/* Each of 130 providers is returned in about half of all gets. */
static void of_more_each_is_as_likely_as_any_other(void **state)
{
    play *self = *state;
    unsigned met[MANY] = {0};
    const unsigned gets = 200;
    self->have = MANY;
    for (unsigned i = 0; i < gets; i++) {
        self->draw = 31 * i; /* where the first answers begin */
        const skad_event event = get();
        assert_int_equal(event.u.get.providers_count, SKAD_PROVIDERS_MAX);
        assert_int_equal(event.u.get.providers_total, MANY);
        for (size_t j = 0; j < SKAD_PROVIDERS_MAX; j++) {
            announcement one;
            memcpy(one.publisher, event.u.get.providers[j].publisher, sizeof one.publisher);
            const announcement *found = bsearch(&one, all, MANY, sizeof one, compare);
            assert_non_null(found);
            met[found - all]++;
        }
    }
    for (size_t i = 0; i < MANY; i++) { /* 98 on average; a deviation is 7 */
        assert_in_range(met[i], 60, 140);
    }
}

static void a_holder_that_claims_more_than_it_has_costs_some_requests(void **state)
{
    play *self = *state;
    self->have = 10;
    self->claim = UINT32_MAX;
    skad_event event = get();
    assert_int_equal(event.u.get.providers_count, 10);
    assert_in_range(self->pages, 1, SKAD_PAGING_REQUESTS);
    self->stuck = true;
    self->pages = 0;
    event = get();
    assert_in_range(event.u.get.providers_count, 3, 10);
    assert_in_range(self->pages, 1, SKAD_PAGING_REQUESTS);
}

static void holders_that_fall_silent_leave_what_they_gave(void **state)
{
    play *self = *state;
    self->have = 40;
    self->silent = true;
    const skad_event event = get();
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_in_range(event.u.get.providers_count, 3, 39);
    assert_int_equal(event.u.get.providers_total, 40); /* so the caller sees that some lack */
}

/* Found by a review: a holder that takes two seconds for each page of what it does not have had a
 * get last for a minute. */
static void pages_are_asked_for_during_five_seconds_at_most(void **state)
{
    play *self = *state;
    skad_op op;
    skad_event event;
    self->have = 3;
    self->claim = 64;
    self->silent = true;
    assert_int_equal(skad_node_get(fixture.node, SKAD_RECORD_ANNOUNCEMENT, &key, fixture.now, &op),
                     SKAD_OK);
    test_fixture_run(&fixture, 100 * SKAD_US_PER_MS);
    skad_operation *operation =
        skad_operations_find(skad_node_parts_of(fixture.node).operations, op);
    assert_non_null(operation);
    assert_int_equal(operation->stage, SKAD_STAGE_PAGING);
    assert_in_range(operation->deadline_us, fixture.now.mono_us,
                    fixture.now.mono_us + SKAD_PAGING_US);
    operation->deadline_us = fixture.now.mono_us + SKAD_US_PER_S; /* before silence is one */
    test_fixture_run(&fixture, 2 * SKAD_US_PER_S);
    assert_true(skad_node_poll_event(fixture.node, &event) && event.op == op);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(event.u.get.providers_count, 3);
}

/* ---- A network ---- */

/* Announcements of 64 nodes under one key, with real holders. */
static void a_network_finds_all_of_its_providers(void **state)
{
    static const size_t PROVIDERS[] = {1, 15, 16, 31, 64};
    (void)state;
    test_network *network = test_network_start(66, 9);
    test_network_stabilise(network);
    size_t announced = 0;
    for (size_t i = 0; i < sizeof PROVIDERS / sizeof PROVIDERS[0]; i++) {
        skad_op op;
        for (; announced < PROVIDERS[i]; announced++) {
            const skad_announce_request request = {
                .key = key, .life_s = DAY_S, .metadata = {(const uint8_t *)"some bytes", 10}};
            assert_int_equal(skad_node_announce(network->nodes[announced].node, &request,
                                                test_network_time(network), &op),
                             SKAD_OK);
            assert_int_equal(test_network_await(network, announced, op, NULL).outcome,
                             SKAD_OUTCOME_DONE);
        }
        for (size_t asker = 64; asker < 66; asker++) {
            assert_int_equal(skad_node_get(network->nodes[asker].node, SKAD_RECORD_ANNOUNCEMENT,
                                           &key, test_network_time(network), &op),
                             SKAD_OK);
            const skad_event event = test_network_await(network, asker, op, NULL);
            assert_int_equal(event.u.get.providers_count, PROVIDERS[i]);
            assert_int_equal(event.u.get.providers_total, PROVIDERS[i]);
        }
    }
    test_network_stop(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_up_to_sixty_four_providers_all_are_found, begin, end),
        cmocka_unit_test_setup_teardown(where_one_answer_holds_all_nothing_more_is_asked, begin,
                                        end),
        cmocka_unit_test_setup_teardown(of_more_each_is_as_likely_as_any_other, begin, end),
        cmocka_unit_test_setup_teardown(a_holder_that_claims_more_than_it_has_costs_some_requests,
                                        begin, end),
        cmocka_unit_test_setup_teardown(holders_that_fall_silent_leave_what_they_gave, begin, end),
        cmocka_unit_test_setup_teardown(pages_are_asked_for_during_five_seconds_at_most, begin,
                                        end),
        cmocka_unit_test(a_network_finds_all_of_its_providers),
    };
    return cmocka_run_group_tests_name("paging", tests, NULL, NULL);
}
