/* Answers to puts, and our own puts, that wait for a store which leaves writes for later. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "skad/records.h"
#include "src/core/inbound/parked.h"
#include "src/core/node/parts.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#define DAY_S 86400U

/* ---- A store that says when a write lasts ---- */

static struct late {
    skad_store inner;
    skad_store_ops ops;
    uint64_t ticket;  /* of the last write */
    uint64_t decided; /* all up to this one, */
    uint64_t failed;  /* of which this one failed; 0: none */
    uint64_t told;
} late;

static skad_status late_put(void *self, skad_store_section section, const skad_store_record *record,
                            uint64_t now_unix_s)
{
    (void)self;
    skad_status status = late.inner.ops->put(late.inner.self, section, record, now_unix_s);
    late.ticket += status == SKAD_OK;
    return status;
}

static uint64_t late_ticket(void *self)
{
    (void)self;
    return late.ticket > late.decided ? late.ticket : 0;
}

static bool late_settled(void *self, skad_store_settled *out)
{
    (void)self;
    *out = (skad_store_settled){late.decided, SKAD_OK};
    if (late.failed > late.told && late.failed <= late.decided) {
        *out = (skad_store_settled){late.failed, SKAD_ERR_IO};
    }
    bool any = late.told < out->ticket;
    late.told = out->ticket;
    return any;
}

static test_fixture fixture;
static test_remote *who;

static int begin(void **state)
{
    (void)state;
    static const skad_store_caps caps = {20000, 4000000, 10, 10000};
    const skad_node_rates rates = {0};
    skad_profile profile = test_fixture_profile();
    late = (struct late){.ticket = 0};
    assert_int_equal(skad_store_memory_new(&caps, &late.inner), SKAD_OK);
    late.ops = *late.inner.ops;
    late.ops.put = late_put;
    late.ops.ticket = late_ticket;
    late.ops.settled = late_settled;
    test_fixture_init_on(&fixture, &profile, &rates, (skad_store){&late.ops, late.inner.self});
    test_fixture_populate(&fixture, 3);
    who = test_fixture_remote(&fixture);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static void settle(uint64_t up_to, uint64_t failed)
{
    late.decided = up_to;
    late.failed = failed;
    skad_node_settle(fixture.node, fixture.now);
}

/* Asks the node to store a value that a number tells from others. */
static void ask(uint32_t number, skad_datagram *request)
{
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_message message = {.kind = SKAD_KIND_STORE};
    const size_t len =
        skad_record_encode_immutable((const uint8_t *)&number, sizeof number, bytes, sizeof bytes);
    message.u.store.record = (skad_span){bytes, len};
    message.u.store.life_s = DAY_S;
    test_fixture_token(&fixture, who, token);
    test_fixture_request(&fixture, who, &message, token, request);
    assert_int_equal(test_fixture_deliver(&fixture, &who->address, request), SKAD_VERDICT_ACCEPT);
}

/* The error code of the one answer; NONE: stored. */
static skad_error_code answer_to(const skad_datagram *request)
{
    skad_datagram answer;
    skad_envelope envelope;
    skad_opened opened;
    uint8_t digest[SKAD_HASH_BYTES];
    skad_envelope asked;
    assert_int_equal(skad_envelope_decode(request->bytes + SKAD_TAG_BYTES,
                                          request->len - SKAD_TAG_BYTES, &asked),
                     SKAD_VERDICT_ACCEPT);
    skad_envelope_digest(fixture.network_key, &fixture.identity.id, NULL, asked.signed_part,
                         digest);
    assert_true(skad_node_poll_datagram(fixture.node, &answer));
    test_fixture_open(&fixture, who, &answer, digest, &envelope, &opened);
    assert_int_equal(test_fixture_drain(&fixture), 0);
    if (opened.message.kind == SKAD_KIND_ERROR) {
        return opened.message.u.reply.u.error.code;
    }
    assert_int_equal(opened.message.kind, SKAD_KIND_STORED);
    assert_in_range(opened.message.u.reply.u.stored.life_s, 1, DAY_S);
    return SKAD_ERROR_NONE;
}

static void an_answer_waits_until_its_record_lasts(void **state)
{
    (void)state;
    skad_datagram first;
    skad_datagram second;
    ask(1, &first);
    ask(2, &second);
    assert_int_equal(test_fixture_drain(&fixture), 0);
    settle(1, 0);
    assert_int_equal(answer_to(&first), SKAD_ERROR_NONE);
    settle(2, 0);
    assert_int_equal(answer_to(&second), SKAD_ERROR_NONE);
    skad_node_settle(fixture.node, fixture.now);
    assert_int_equal(test_fixture_drain(&fixture), 0);
}

/* A tick looks for what was settled, too, so that a driver need not be woken. */
static void a_tick_settles_as_well(void **state)
{
    (void)state;
    skad_datagram request;
    ask(1, &request);
    late.decided = 1;
    skad_node_tick(fixture.node, fixture.now);
    assert_int_equal(answer_to(&request), SKAD_ERROR_NONE);
}

static void a_write_that_fails_is_answered_as_one(void **state)
{
    (void)state;
    skad_datagram first;
    skad_datagram second;
    ask(1, &first);
    ask(2, &second);
    settle(1, 1);
    assert_int_equal(answer_to(&first), SKAD_ERROR_FULL);
    settle(2, 0);
    assert_int_equal(answer_to(&second), SKAD_ERROR_NONE);
    assert_int_equal(test_fixture_stats(&fixture).refused[SKAD_ERROR_FULL], 1);
}

/* The same record again is not told to be stored while it does not last. */
static void a_record_that_is_held_but_does_not_last_yet_waits_as_well(void **state)
{
    (void)state;
    skad_datagram first;
    skad_datagram again;
    ask(1, &first);
    ask(1, &again);
    assert_int_equal(test_fixture_drain(&fixture), 0);
    settle(1, 0);
    if (late.ticket > 1) {
        assert_int_equal(answer_to(&first), SKAD_ERROR_NONE);
        settle(late.ticket, 0);
        assert_int_equal(answer_to(&again), SKAD_ERROR_NONE);
    } else {
        assert_int_equal(test_fixture_drain(&fixture), 2);
    }
}

static void what_waits_for_two_seconds_is_busy(void **state)
{
    (void)state;
    skad_datagram request;
    ask(1, &request);
    fixture.now.mono_us += SKAD_PARKED_US - 1;
    skad_node_tick(fixture.node, fixture.now);
    assert_int_equal(skad_node_parts_of(fixture.node).parked->count, 1);
    (void)test_fixture_drain(&fixture); /* pings */
    fixture.now.mono_us += 1;
    assert_true(skad_node_deadline(fixture.node) <= fixture.now.mono_us);
    skad_node_tick(fixture.node, fixture.now);
    assert_int_equal(answer_to(&request), SKAD_ERROR_BUSY);
    settle(1, 0); /* too late */
    assert_int_equal(test_fixture_drain(&fixture), 0);
}

static void more_than_may_wait_are_busy_before_they_are_written(void **state)
{
    (void)state;
    skad_datagram request;
    for (uint32_t i = 0; i < SKAD_PARKED_MAX; i++) {
        ask(i, &request);
    }
    assert_int_equal(test_fixture_drain(&fixture), 0);
    const uint64_t written = late.ticket;
    ask(SKAD_PARKED_MAX, &request);
    assert_int_equal(answer_to(&request), SKAD_ERROR_BUSY);
    assert_int_equal(late.ticket, written);
    settle(written, 0);
    assert_int_equal(skad_node_parts_of(fixture.node).parked->count, 0);
}

/* ---- Our own puts ---- */

static bool put_event(skad_put_report *out)
{
    skad_event event;
    bool ended = false;
    while (skad_node_poll_event(fixture.node, &event)) {
        if (event.kind == SKAD_EVENT_PUT) {
            *out = event.u.put;
            ended = true;
        }
    }
    return ended;
}

static void publish(void)
{
    const skad_publish_request request = {
        .sequence = 1, .value = {(const uint8_t *)"value", 5}, .life_s = DAY_S, .keep = true};
    skad_op op;
    skad_id key;
    assert_int_equal(skad_node_publish(fixture.node, &request, fixture.now, &op, &key), SKAD_OK);
    test_fixture_run(&fixture, SKAD_US_PER_S);
}

/* Held here, and kept: two writes, one after the other. */
static void our_own_put_ends_when_it_lasts_here(void **state)
{
    (void)state;
    skad_put_report report;
    publish();
    assert_false(put_event(&report));
    assert_int_equal(late.ticket, 1);
    settle(1, 0);
    assert_false(put_event(&report));
    assert_int_equal(late.ticket, 2);
    settle(2, 0);
    assert_true(put_event(&report));
    assert_true(report.kept);
    assert_int_equal(report.stored, report.holders);
}

static void our_own_put_tells_what_failed_here(void **state)
{
    (void)state;
    skad_put_report report;
    publish();
    settle(1, 1);
    settle(2, 2);
    assert_true(put_event(&report));
    assert_false(report.kept);
    assert_int_equal(report.refusals[SKAD_ERROR_FULL], 1);
    assert_int_equal(report.stored, report.holders - 1);
}

/* A disk that is stuck for ever ends nothing later than anything else would. */
static void our_own_put_does_not_wait_for_ever(void **state)
{
    (void)state;
    skad_put_report report;
    publish();
    test_fixture_run(&fixture, SKAD_OPERATION_US_MAX + SKAD_US_PER_S);
    assert_true(put_event(&report));
    assert_false(report.kept);
    assert_int_equal(report.unresponsive, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_waits_until_its_record_lasts, begin, end),
        cmocka_unit_test_setup_teardown(a_tick_settles_as_well, begin, end),
        cmocka_unit_test_setup_teardown(a_write_that_fails_is_answered_as_one, begin, end),
        cmocka_unit_test_setup_teardown(a_record_that_is_held_but_does_not_last_yet_waits_as_well,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_waits_for_two_seconds_is_busy, begin, end),
        cmocka_unit_test_setup_teardown(more_than_may_wait_are_busy_before_they_are_written, begin,
                                        end),
        cmocka_unit_test_setup_teardown(our_own_put_ends_when_it_lasts_here, begin, end),
        cmocka_unit_test_setup_teardown(our_own_put_tells_what_failed_here, begin, end),
        cmocka_unit_test_setup_teardown(our_own_put_does_not_wait_for_ever, begin, end),
    };
    return cmocka_run_group_tests_name("parked", tests, NULL, NULL);
}
