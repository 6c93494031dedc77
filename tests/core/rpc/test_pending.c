/* Requests that wait for an answer: how an answer finds its request, and what time does to them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/rpc/pending.h"
#include "tests/support/prng.h"

#define SLOTS    20
#define SOFT_US  400000
#define PAUSE_US (SOFT_US / 4)
#define NOW_US   1000

typedef struct bench {
    skad_pending pending;
    skad_random random;
} bench;

static int begin(void **state)
{
    static bench made;
    static const uint8_t seed[SKAD_SEED_BYTES] = {7};
    skad_random_init(&made.random, seed);
    *state = &made;
    return skad_pending_init(&made.pending, SLOTS, false) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    bench *made = *state;
    skad_pending_free(&made->pending);
    return 0;
}

static skad_pending_rpc *open_at(bench *made, uint64_t soft_timeout_us, uint64_t now_us)
{
    skad_pending_rpc *rpc =
        skad_pending_open(&made->pending, &made->random, soft_timeout_us, now_us);
    assert_non_null(rpc);
    rpc->kind = SKAD_KIND_FIND_NODE;
    rpc->address = test_prng_address(1);
    return rpc;
}

static void an_rpc_id_carries_its_slot_and_randomness(void **state)
{
    bench *made = *state;
    uint8_t first[SKAD_RPC_ID_BYTES];
    for (size_t slot = 0; slot < SLOTS; slot++) {
        const skad_pending_rpc *rpc = open_at(made, SOFT_US, NOW_US);
        assert_int_equal(rpc->rpc_id[0] << 8 | rpc->rpc_id[1], slot);
        if (slot == 0) {
            memcpy(first, rpc->rpc_id, sizeof first);
        } else {
            assert_memory_not_equal(rpc->rpc_id + 2, first + 2, sizeof first - 2);
        }
    }
}

static void a_slot_never_gives_the_same_id_twice(void **state)
{
    bench *made = *state;
    skad_pending_rpc *rpc = open_at(made, SOFT_US, NOW_US);
    uint8_t old[SKAD_RPC_ID_BYTES];
    memcpy(old, rpc->rpc_id, sizeof old);
    skad_address from = rpc->address;
    skad_pending_close(&made->pending, rpc);
    assert_null(skad_pending_match(&made->pending, old, &from, SKAD_KIND_NODES));
    rpc = open_at(made, SOFT_US, NOW_US);
    assert_memory_equal(rpc->rpc_id, old, 2);
    assert_null(skad_pending_match(&made->pending, old, &from, SKAD_KIND_NODES));
    assert_ptr_equal(skad_pending_match(&made->pending, rpc->rpc_id, &from, SKAD_KIND_NODES), rpc);
}

static void only_the_right_id_address_and_kind_match(void **state)
{
    static const struct {
        const char *label;
        size_t id_byte; /* flipped where id_flip is not 0 */
        uint8_t id_flip;
        uint16_t port;
        uint8_t ip_last;
        skad_kind answer;
        bool matches;
    } cases[] = {
        {"its answer", 0, 0, 4000, 1, SKAD_KIND_NODES, true},
        {"an error answers anything", 0, 0, 4000, 1, SKAD_KIND_ERROR, true},
        {"another kind of answer", 0, 0, 4000, 1, SKAD_KIND_PONG, false},
        {"another kind of answer", 0, 0, 4000, 1, SKAD_KIND_VALUE, false},
        {"a request", 0, 0, 4000, 1, SKAD_KIND_FIND_NODE, false},
        {"another port", 0, 0, 4001, 1, SKAD_KIND_NODES, false},
        {"another host", 0, 0, 4000, 2, SKAD_KIND_NODES, false},
        {"a slot that is free", 1, 1, 4000, 1, SKAD_KIND_NODES, false},
        {"a slot beyond the table", 0, 0xff, 4000, 1, SKAD_KIND_NODES, false},
        {"the first random byte", 2, 0x80, 4000, 1, SKAD_KIND_NODES, false},
        {"the last random byte", 7, 0x01, 4000, 1, SKAD_KIND_NODES, false},
    };
    bench *made = *state;
    const skad_pending_rpc *rpc = open_at(made, SOFT_US, NOW_US);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t id[SKAD_RPC_ID_BYTES];
        memcpy(id, rpc->rpc_id, sizeof id);
        id[cases[i].id_byte] ^= cases[i].id_flip;
        skad_address from = test_prng_address(cases[i].ip_last);
        from.port = cases[i].port;
        const skad_pending_rpc *match =
            skad_pending_match(&made->pending, id, &from, cases[i].answer);
        if (match != (cases[i].matches ? rpc : NULL)) {
            fail_msg("%s", cases[i].label);
        }
    }
}

static void a_full_table_refuses_and_a_closed_slot_is_given_again(void **state)
{
    bench *made = *state;
    skad_pending_rpc *rpcs[SLOTS];
    for (size_t i = 0; i < SLOTS; i++) {
        assert_int_equal(skad_pending_count(&made->pending), i);
        rpcs[i] = open_at(made, SOFT_US, NOW_US);
    }
    assert_int_equal(skad_pending_count(&made->pending), SLOTS);
    assert_null(skad_pending_open(&made->pending, &made->random, SOFT_US, NOW_US));
    skad_pending_close(&made->pending, rpcs[4]);
    assert_int_equal(skad_pending_count(&made->pending), SLOTS - 1);
    assert_ptr_equal(open_at(made, SOFT_US, NOW_US), rpcs[4]);
}

static void a_request_is_slow_first_and_unanswered_at_three_times_that(void **state)
{
    bench *made = *state;
    const skad_pending_rpc *rpc = open_at(made, SOFT_US, NOW_US);
    skad_address from = rpc->address;
    uint8_t id[SKAD_RPC_ID_BYTES];
    memcpy(id, rpc->rpc_id, sizeof id);
    skad_pending_rpc out;
    uint64_t soft_us = NOW_US + SOFT_US;
    uint64_t hard_us = NOW_US + 3 * SOFT_US;
    assert_int_equal(skad_pending_deadline(&made->pending), soft_us);
    assert_int_equal(skad_pending_expire(&made->pending, soft_us - 1, &out), SKAD_TIMEOUT_NONE);
    assert_int_equal(skad_pending_expire(&made->pending, soft_us, &out), SKAD_TIMEOUT_SOFT);
    assert_memory_equal(out.rpc_id, id, sizeof id);
    assert_true(out.slow);
    assert_int_equal(skad_pending_expire(&made->pending, soft_us, &out), SKAD_TIMEOUT_NONE);
    assert_int_equal(skad_pending_deadline(&made->pending), hard_us);
    assert_non_null(skad_pending_match(&made->pending, id, &from, SKAD_KIND_NODES));
    assert_int_equal(skad_pending_expire(&made->pending, hard_us - 1, &out), SKAD_TIMEOUT_NONE);
    assert_int_equal(skad_pending_expire(&made->pending, hard_us, &out), SKAD_TIMEOUT_HARD);
    assert_memory_equal(out.rpc_id, id, sizeof id);
    assert_null(skad_pending_match(&made->pending, id, &from, SKAD_KIND_NODES));
    assert_int_equal(skad_pending_count(&made->pending), 0);
    assert_int_equal(skad_pending_deadline(&made->pending), UINT64_MAX);
}

/* Expects one timeout at an instant, and none a microsecond before. */
static void expect(bench *made, uint64_t at_us, skad_timeout timeout)
{
    skad_pending_rpc out;
    assert_int_equal(skad_pending_deadline(&made->pending), at_us);
    assert_int_equal(skad_pending_expire(&made->pending, at_us - 1, &out), SKAD_TIMEOUT_NONE);
    assert_int_equal(skad_pending_expire(&made->pending, at_us, &out), timeout);
}

/* Where round trips are short, an operation stops waiting long before the peer is given up. */
static void a_fast_peer_is_overdue_long_before_it_is_given_up(void **state)
{
    bench *made = *state;
    const skad_pending_rpc *rpc = open_at(made, 30000, NOW_US);
    expect(made, NOW_US + 30000, SKAD_TIMEOUT_SOFT);
    assert_true(rpc->slow && !rpc->overdue);
    expect(made, NOW_US + 90000, SKAD_TIMEOUT_OVERDUE);
    assert_true(rpc->slow && rpc->overdue);
    expect(made, NOW_US + SKAD_RTO_HARD_MIN_US, SKAD_TIMEOUT_HARD);
}

static void a_request_may_be_overdue_later_but_no_sooner(void **state)
{
    bench *made = *state;
    skad_pending_rpc *rpc = open_at(made, 30000, NOW_US);
    skad_pending_overdue(&made->pending, rpc, 20000);
    assert_int_equal(rpc->overdue_us, NOW_US + 90000);
    skad_pending_overdue(&made->pending, rpc, 600000);
    expect(made, NOW_US + 30000, SKAD_TIMEOUT_SOFT);
    expect(made, NOW_US + 600000, SKAD_TIMEOUT_OVERDUE);
    expect(made, NOW_US + SKAD_RTO_HARD_MIN_US, SKAD_TIMEOUT_HARD);
}

static void who_waits_is_told_of_the_hard_timeout_alone(void **state)
{
    bench *made = *state;
    skad_pending_rpc out;
    uint64_t hard_us = NOW_US + 3 * SOFT_US;
    skad_pending_wait(&made->pending, open_at(made, SOFT_US, NOW_US));
    assert_int_equal(skad_pending_deadline(&made->pending), hard_us);
    assert_int_equal(skad_pending_expire(&made->pending, hard_us - 1, &out), SKAD_TIMEOUT_NONE);
    assert_int_equal(skad_pending_expire(&made->pending, hard_us, &out), SKAD_TIMEOUT_HARD);
    assert_int_equal(skad_pending_count(&made->pending), 0);
}

static void a_driver_that_slept_gets_the_hard_timeout_at_once(void **state)
{
    bench *made = *state;
    skad_pending_rpc out;
    static const uint64_t late_us[] = {NOW_US + 3 * SOFT_US, NOW_US + 100 * SOFT_US};
    for (size_t i = 0; i < 2; i++) {
        open_at(made, SOFT_US, NOW_US);
        assert_int_equal(skad_pending_expire(&made->pending, late_us[i], &out), SKAD_TIMEOUT_HARD);
        assert_int_equal(skad_pending_expire(&made->pending, late_us[i], &out), SKAD_TIMEOUT_NONE);
    }
}

/* The pauses double, but are never longer than the soft timeout, and the last copy leaves before
 * the request is over. */
static void a_request_is_sent_again_after_pauses_that_double(void **state)
{
    bench *made = *state;
    skad_pending_resend(&made->pending, open_at(made, SOFT_US, NOW_US), PAUSE_US, 4);
    expect(made, NOW_US + PAUSE_US, SKAD_TIMEOUT_COPY);
    expect(made, NOW_US + 3 * PAUSE_US, SKAD_TIMEOUT_COPY);
    expect(made, NOW_US + 4 * PAUSE_US, SKAD_TIMEOUT_SOFT);
    expect(made, NOW_US + 7 * PAUSE_US, SKAD_TIMEOUT_COPY);
    expect(made, NOW_US + 11 * PAUSE_US, SKAD_TIMEOUT_COPY);
    expect(made, NOW_US + 15 * PAUSE_US, SKAD_TIMEOUT_HARD); /* one pause after the last copy */
    assert_int_equal(skad_pending_deadline(&made->pending), UINT64_MAX);
}

static void no_more_copies_are_sent_than_asked_for(void **state)
{
    bench *made = *state;
    skad_pending_rpc *rpc = open_at(made, SOFT_US, NOW_US);
    skad_pending_resend(&made->pending, rpc, PAUSE_US, 1);
    skad_pending_wait(&made->pending, rpc);
    expect(made, NOW_US + PAUSE_US, SKAD_TIMEOUT_COPY);
    assert_int_equal(rpc->copies, 1);
    expect(made, NOW_US + 3 * SOFT_US, SKAD_TIMEOUT_HARD);
}

/* A copy that would leave when the request is over is not sent. */
static void a_slow_peer_is_sent_two_copies(void **state)
{
    bench *made = *state;
    skad_pending_resend(&made->pending, open_at(made, SOFT_US, NOW_US), SOFT_US, 3);
    expect(made, NOW_US + SOFT_US, SKAD_TIMEOUT_COPY);
    expect(made, NOW_US + SOFT_US, SKAD_TIMEOUT_SOFT);
    expect(made, NOW_US + 2 * SOFT_US, SKAD_TIMEOUT_COPY);
    expect(made, NOW_US + 3 * SOFT_US, SKAD_TIMEOUT_HARD);
}

/* No peer is given up for a stall of our own: it is asked once more, and waited for. */
static void after_a_stall_a_copy_goes_first(void **state)
{
    bench *made = *state;
    const uint64_t late_us = NOW_US + 100 * SOFT_US;
    skad_pending_rpc out;
    skad_pending_resend(&made->pending, open_at(made, SOFT_US, NOW_US), PAUSE_US, 3);
    assert_int_equal(skad_pending_expire(&made->pending, late_us, &out), SKAD_TIMEOUT_COPY);
    assert_int_equal(skad_pending_expire(&made->pending, late_us, &out), SKAD_TIMEOUT_SOFT);
    assert_int_equal(skad_pending_expire(&made->pending, late_us, &out), SKAD_TIMEOUT_NONE);
    assert_int_equal(skad_pending_expire(&made->pending, late_us + PAUSE_US, &out),
                     SKAD_TIMEOUT_HARD);
}

static void timeouts_come_in_the_order_in_which_they_are_due(void **state)
{
    static const uint64_t timeouts[] = {500000, 100000, 300000, 200000, 400000};
    const uint64_t late_us = 10 * SKAD_US_PER_S;
    static const uint64_t order[] = {100000, 200000, 300000, 400000, 500000};
    bench *made = *state;
    for (size_t i = 0; i < 5; i++) {
        open_at(made, timeouts[i], 0);
    }
    for (size_t i = 0; i < 5; i++) {
        skad_pending_rpc out;
        assert_int_equal(skad_pending_expire(&made->pending, late_us, &out), SKAD_TIMEOUT_HARD);
        assert_int_equal(out.sent_us + out.timeout_us, order[i]);
    }
}

static void the_deadline_is_always_the_earliest_of_all(void **state)
{
    bench *made = *state;
    test_prng prng = {11};
    skad_pending_rpc *open[SLOTS] = {0};
    assert_int_equal(skad_pending_deadline(&made->pending), UINT64_MAX);
    for (unsigned step = 0; step < 5000; step++) {
        size_t slot = (size_t)test_prng_below(&prng, SLOTS);
        if (open[slot] != NULL) {
            skad_pending_close(&made->pending, open[slot]);
            open[slot] = NULL;
        } else {
            skad_pending_rpc *rpc = open_at(made, 1 + test_prng_below(&prng, 1000), step);
            open[rpc - made->pending.rpcs] = rpc;
        }
        uint64_t earliest_us = UINT64_MAX;
        size_t count = 0;
        for (size_t i = 0; i < SLOTS; i++) {
            count += open[i] != NULL;
            if (open[i] != NULL && open[i]->sent_us + open[i]->timeout_us < earliest_us) {
                earliest_us = open[i]->sent_us + open[i]->timeout_us;
            }
        }
        assert_int_equal(skad_pending_deadline(&made->pending), earliest_us);
        assert_int_equal(skad_pending_count(&made->pending), count);
    }
}

static void who_is_asked_where_is_known_until_the_answer(void **state)
{
    bench *made = *state;
    const skad_id id = {{3}};
    const skad_id other = {{4}};
    const skad_address here = test_prng_address(1);
    const skad_address elsewhere = test_prng_address(2);
    (void)open_at(made, SOFT_US, NOW_US); /* a hello, to whoever is there */
    skad_pending_rpc *rpc = open_at(made, SOFT_US, NOW_US);
    assert_false(skad_pending_asks(&made->pending, &id, &here));
    rpc->has_responder = true;
    rpc->responder = id;
    assert_true(skad_pending_asks(&made->pending, &id, &here));
    assert_false(skad_pending_asks(&made->pending, &id, &elsewhere));
    assert_false(skad_pending_asks(&made->pending, &other, &here));
    skad_pending_close(&made->pending, rpc);
    assert_false(skad_pending_asks(&made->pending, &id, &here));
}

/* Four for each request; then a hundred a second for all. */
/* A node that was asked calls: the request is sent again at once, and once only. */
static void a_request_to_a_node_that_calls_is_sent_again_once(void **state)
{
    bench *made = *state;
    skad_pending_rpc *rpc = open_at(made, SOFT_US, NOW_US);
    skad_pending_rpc *other = open_at(made, SOFT_US, NOW_US);
    const skad_id asked = {{7}};
    const skad_address elsewhere = test_prng_address(2);
    skad_pending_rpc out;
    rpc->responder = asked;
    rpc->purpose = SKAD_PURPOSE_LOOKUP;
    other->responder = asked;
    other->purpose = SKAD_PURPOSE_CHECK; /* no operation waits for it */
    skad_pending_hurry(&made->pending, &asked, &elsewhere, NOW_US + 1);
    skad_pending_hurry(&made->pending, &(skad_id){{8}}, &rpc->address, NOW_US + 1);
    assert_int_equal(skad_pending_expire(&made->pending, NOW_US + 1, &out), SKAD_TIMEOUT_NONE);
    skad_pending_hurry(&made->pending, &asked, &rpc->address, NOW_US + 2);
    assert_int_equal(skad_pending_deadline(&made->pending), NOW_US + 2);
    assert_int_equal(skad_pending_expire(&made->pending, NOW_US + 2, &out), SKAD_TIMEOUT_COPY);
    assert_memory_equal(out.rpc_id, rpc->rpc_id, SKAD_RPC_ID_BYTES);
    assert_true(out.hurried);
    skad_pending_hurry(&made->pending, &asked, &rpc->address, NOW_US + 3);
    assert_int_equal(skad_pending_expire(&made->pending, NOW_US + 3, &out), SKAD_TIMEOUT_NONE);
}

static void wrong_answers_have_few_checks(void **state)
{
    bench *made = *state;
    const skad_pending_rpc *one = open_at(made, SOFT_US, NOW_US);
    const skad_pending_rpc *other = open_at(made, SOFT_US, NOW_US);
    unsigned allowed = 0;
    for (unsigned i = 0; i < 1000; i++) {
        allowed += skad_pending_may_check(&made->pending, one, NOW_US);
    }
    assert_int_equal(allowed, 4 + 100);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(skad_pending_may_check(&made->pending, other, NOW_US)); /* its own */
    }
    assert_false(skad_pending_may_check(&made->pending, other, NOW_US));
    assert_true(skad_pending_may_check(&made->pending, other, NOW_US + 10 * SKAD_US_PER_MS));
    assert_false(skad_pending_may_check(&made->pending, other, NOW_US + 10 * SKAD_US_PER_MS));
    skad_pending_close(&made->pending, one);
    const skad_pending_rpc *next = open_at(made, SOFT_US, NOW_US);
    assert_true(skad_pending_may_check(&made->pending, next, NOW_US)); /* in the same slot */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_rpc_id_carries_its_slot_and_randomness, begin, end),
        cmocka_unit_test_setup_teardown(a_slot_never_gives_the_same_id_twice, begin, end),
        cmocka_unit_test_setup_teardown(only_the_right_id_address_and_kind_match, begin, end),
        cmocka_unit_test_setup_teardown(who_is_asked_where_is_known_until_the_answer, begin, end),
        cmocka_unit_test_setup_teardown(a_request_to_a_node_that_calls_is_sent_again_once, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_full_table_refuses_and_a_closed_slot_is_given_again,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_request_is_slow_first_and_unanswered_at_three_times_that,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_fast_peer_is_overdue_long_before_it_is_given_up, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_request_may_be_overdue_later_but_no_sooner, begin, end),
        cmocka_unit_test_setup_teardown(who_waits_is_told_of_the_hard_timeout_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_driver_that_slept_gets_the_hard_timeout_at_once, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_request_is_sent_again_after_pauses_that_double, begin,
                                        end),
        cmocka_unit_test_setup_teardown(no_more_copies_are_sent_than_asked_for, begin, end),
        cmocka_unit_test_setup_teardown(a_slow_peer_is_sent_two_copies, begin, end),
        cmocka_unit_test_setup_teardown(after_a_stall_a_copy_goes_first, begin, end),
        cmocka_unit_test_setup_teardown(timeouts_come_in_the_order_in_which_they_are_due, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_deadline_is_always_the_earliest_of_all, begin, end),
        cmocka_unit_test_setup_teardown(wrong_answers_have_few_checks, begin, end),
    };
    return cmocka_run_group_tests_name("pending", tests, NULL, NULL);
}
