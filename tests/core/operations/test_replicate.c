/* Copies that are sent unasked: when there is room for them, what they say, and which nodes a
 * get leaves some with. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "skad/records.h"
#include "src/core/node/parts.h"
#include "src/core/operations/replicate.h"
#include "src/core/routing/distance.h"
#include "src/core/rpc/request.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#define PEERS  16
#define HOUR_S 3600U
#define DAY_S  86400U

static test_fixture fixture;

/* One who has the record, and who was sent a copy. */
typedef struct play {
    const test_remote *holder;
    const test_remote *liar; /* gives a record that is none of this key */
    bool all_have_it;
    skad_span record;
    const test_remote *copied[PEERS];
    size_t copies;
    uint32_t life_s; /* of the last copy */
    bool has_cas;
    bool announced;
} play;

static uint8_t bytes[SKAD_RECORD_BYTES_MAX];

/* A record of another key. */
static skad_span forged(void)
{
    static uint8_t other[SKAD_RECORD_BYTES_MAX];
    return (skad_span){
        other, skad_record_encode_immutable((const uint8_t *)"other", 5, other, sizeof other)};
}

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    play *self = made->user;
    if (request->kind == SKAD_KIND_FIND_VALUE && (self->all_have_it || who == self->holder)) {
        answer->u.reply.u.value.records_count = 1;
        answer->u.reply.u.value.records[0] = self->record;
    }
    if (request->kind == SKAD_KIND_FIND_VALUE && who == self->liar) {
        answer->u.reply.u.value.records_count = 1;
        answer->u.reply.u.value.records[0] = forged();
    }
    if (request->kind == SKAD_KIND_STORE || request->kind == SKAD_KIND_ANNOUNCE) {
        assert_true(self->copies < PEERS);
        self->copied[self->copies++] = who;
        self->announced = request->kind == SKAD_KIND_ANNOUNCE;
        self->life_s = self->announced ? 0 : request->u.store.life_s;
        self->has_cas = !self->announced && request->u.store.has_cas;
        answer->u.reply.u.stored.life_s = 1;
    }
    return true;
}

static int begin(void **state)
{
    static play self;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, PEERS);
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

static skad_node_stats stats(void)
{
    skad_node_stats out;
    skad_node_stats_get(fixture.node, fixture.now, &out);
    return out;
}

static skad_replica replica_of(skad_record_type type)
{
    size_t len = skad_record_encode_immutable((const uint8_t *)"value", 5, bytes, sizeof bytes);
    if (type == SKAD_RECORD_ANNOUNCEMENT) {
        const skad_id key = {{7}};
        const skad_address none = {0};
        len = skad_record_encode_announcement(test_plain_publisher(&fixture.identity), &key, 1,
                                              TEST_UNIX_S + DAY_S, &none, (skad_span){0}, bytes,
                                              sizeof bytes);
    }
    return (skad_replica){.type = type, .bytes = {bytes, len}, .life_s = 123};
}

static bool send_to(const test_remote *who, const skad_replica *replica)
{
    return skad_replicate(fixture.node, replica, &who->identity.id, &who->address, NULL);
}

static void a_copy_is_stored_for_its_life_whatever_the_receiver_has(void **state)
{
    const play *self = *state;
    const skad_replica replica = replica_of(SKAD_RECORD_IMMUTABLE);
    assert_true(send_to(&fixture.remotes[3], &replica));
    test_fixture_run(&fixture, SKAD_US_PER_S);
    assert_int_equal(self->copies, 1);
    assert_ptr_equal(self->copied[0], &fixture.remotes[3]);
    assert_int_equal(self->life_s, 123);
    assert_false(self->has_cas);
    assert_false(self->announced);
}

static void a_copy_of_an_announcement_is_announced(void **state)
{
    const play *self = *state;
    const skad_replica replica = replica_of(SKAD_RECORD_ANNOUNCEMENT);
    assert_true(send_to(&fixture.remotes[3], &replica));
    test_fixture_run(&fixture, SKAD_US_PER_S);
    assert_int_equal(self->copies, 1);
    assert_true(self->announced);
}

/* Of 1024 places in the outbox half are for what can wait. */
static void copies_are_shed_where_the_outbox_is_half_full(void **state)
{
    (void)state;
    const skad_replica replica = replica_of(SKAD_RECORD_IMMUTABLE);
    for (unsigned i = 0; i < 512; i++) {
        assert_true(skad_replicate_may(fixture.node));
        assert_true(send_to(&fixture.remotes[3], &replica));
    }
    assert_false(skad_replicate_may(fixture.node));
    assert_false(send_to(&fixture.remotes[3], &replica));
    assert_false(send_to(&fixture.remotes[3], &replica));
    assert_int_equal(stats().replicas_shed, 2);
    assert_int_equal(test_fixture_drain(&fixture), 512);
    assert_true(skad_replicate_may(fixture.node));
}

/* And of 2048 requests that wait for an answer. */
static void copies_are_shed_where_many_requests_wait(void **state)
{
    (void)state;
    const skad_replica replica = replica_of(SKAD_RECORD_IMMUTABLE);
    for (unsigned i = 0; i < 1024; i++) {
        assert_true(skad_replicate_may(fixture.node));
        assert_true(
            skad_request_ping(fixture.node, NULL, &fixture.remotes[3].address, SKAD_PURPOSE_HELLO));
        (void)test_fixture_drain(&fixture);
    }
    assert_false(send_to(&fixture.remotes[3], &replica));
    assert_int_equal(stats().replicas_shed, 1);
    assert_int_equal(test_fixture_drain(&fixture), 0);
}

static void who_refuses_a_copy_is_not_blamed(void **state)
{
    (void)state;
    const skad_replica replica = replica_of(SKAD_RECORD_IMMUTABLE);
    assert_true(send_to(&fixture.remotes[3], &replica));
    skad_datagram datagram;
    skad_datagram reply;
    assert_true(skad_node_poll_datagram(fixture.node, &datagram));
    skad_message error = {.kind = SKAD_KIND_ERROR};
    error.u.reply.observed = fixture.remotes[3].address;
    error.u.reply.u.error.code = SKAD_ERROR_FULL;
    test_fixture_answer(&fixture, &fixture.remotes[3], &datagram, &error, &reply);
    assert_int_equal(test_fixture_deliver(&fixture, &fixture.remotes[3].address, &reply),
                     SKAD_VERDICT_ACCEPT);
    assert_int_equal(test_fixture_peer(&fixture, &fixture.remotes[3])->failures, 0);
    assert_int_equal(stats().violations, 0);
}

/* ---- After a get ---- */

static skad_id sort_key;

/* The number of peers closer to the key than one is. */
static size_t rank(const test_remote *who)
{
    size_t closer = 0;
    for (size_t i = 0; i < PEERS; i++) {
        closer += skad_distance_compare(&sort_key, &fixture.remotes[i].identity.id,
                                        &who->identity.id) < 0;
    }
    return closer;
}

static const test_remote *ranked(size_t wanted)
{
    size_t i = 0;
    while (rank(&fixture.remotes[i]) != wanted) {
        i++;
    }
    return &fixture.remotes[i];
}

static void get(skad_record_type type)
{
    skad_op op;
    skad_event event;
    assert_int_equal(skad_node_get(fixture.node, type, &sort_key, fixture.now, &op), SKAD_OK);
    test_fixture_run(&fixture, 30 * SKAD_US_PER_S);
    do {
        assert_true(skad_node_poll_event(fixture.node, &event));
    } while (event.op != op);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
}

static size_t encode_mutable(void)
{
    const skad_span value = {(const uint8_t *)"value", 5};
    skad_mutable_key(fixture.identity.public_key, (skad_span){0}, &sort_key);
    return skad_record_encode_mutable(test_plain_publisher(&fixture.identity), (skad_span){0}, 1,
                                      TEST_UNIX_S + DAY_S, value, bytes, sizeof bytes);
}

/* Each for an hour of a day. */
static void a_mutable_record_is_left_with_the_four_closest_that_lacked_it(void **state)
{
    play *self = *state;
    self->record = (skad_span){bytes, encode_mutable()};
    self->holder = ranked(1);
    get(SKAD_RECORD_MUTABLE);
    assert_int_equal(self->copies, 4);
    bool copied[PEERS] = {false};
    for (size_t i = 0; i < self->copies; i++) {
        copied[rank(self->copied[i])] = true;
    }
    assert_true(copied[0] && copied[2] && copied[3] && copied[4]);
    assert_int_equal(self->life_s, HOUR_S);
    assert_int_equal(stats().cached, 4);
}

static void who_gave_something_invalid_gets_no_copy(void **state)
{
    play *self = *state;
    self->record = (skad_span){bytes, encode_mutable()};
    self->holder = ranked(1);
    self->liar = ranked(0);
    get(SKAD_RECORD_MUTABLE);
    assert_int_equal(self->copies, 4);
    for (size_t i = 0; i < self->copies; i++) {
        assert_true(self->copied[i] != self->liar);
    }
}

/* The search ends with the first copy, so only some were asked. */
static void an_immutable_value_is_left_with_one(void **state)
{
    play *self = *state;
    self->record = replica_of(SKAD_RECORD_IMMUTABLE).bytes;
    skad_value_key((const uint8_t *)"value", 5, &sort_key);
    self->holder = ranked(PEERS - 1);
    get(SKAD_RECORD_IMMUTABLE);
    assert_int_equal(self->copies, 1);
    assert_int_equal(rank(self->copied[0]), 0);
    assert_int_equal(self->life_s, HOUR_S);
    assert_int_equal(stats().cached, 1);
}

static void what_all_have_is_left_with_nobody(void **state)
{
    play *self = *state;
    self->record = (skad_span){bytes, encode_mutable()};
    self->all_have_it = true;
    get(SKAD_RECORD_MUTABLE);
    assert_int_equal(self->copies, 0);
    assert_int_equal(stats().cached, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_copy_is_stored_for_its_life_whatever_the_receiver_has,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_copy_of_an_announcement_is_announced, begin, end),
        cmocka_unit_test_setup_teardown(copies_are_shed_where_the_outbox_is_half_full, begin, end),
        cmocka_unit_test_setup_teardown(copies_are_shed_where_many_requests_wait, begin, end),
        cmocka_unit_test_setup_teardown(who_refuses_a_copy_is_not_blamed, begin, end),
        cmocka_unit_test_setup_teardown(
            a_mutable_record_is_left_with_the_four_closest_that_lacked_it, begin, end),
        cmocka_unit_test_setup_teardown(who_gave_something_invalid_gets_no_copy, begin, end),
        cmocka_unit_test_setup_teardown(an_immutable_value_is_left_with_one, begin, end),
        cmocka_unit_test_setup_teardown(what_all_have_is_left_with_nobody, begin, end),
    };
    return cmocka_run_group_tests_name("replicate", tests, NULL, NULL);
}
