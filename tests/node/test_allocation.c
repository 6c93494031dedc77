/* Nothing on the way of a datagram allocates: a joined node takes requests and answers, and what it
 * sends is polled, without one call of malloc, calloc, realloc, reallocarray or free. The linker
 * hands those calls to the functions here (tests/CMakeLists.txt). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>

#include "proto/address.h"
#include "tests/support/stage.h"

#define PEERS 20

/* ---- Counting ---- */

/* The linker's wrapping knows no instance to count in. Volatile, since compilers take it that
 * malloc changes nothing that they can see. */
static volatile size_t calls;

/* The linker's names; nothing else calls them. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *data, size_t size);
void *__real_reallocarray(void *data, size_t count, size_t size);
void __real_free(void *data);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *data, size_t size);
void *__wrap_reallocarray(void *data, size_t count, size_t size);
void __wrap_free(void *data);

void *__wrap_malloc(size_t size)
{
    calls++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    calls++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *data, size_t size)
{
    calls++;
    return __real_realloc(data, size);
}

void *__wrap_reallocarray(void *data, size_t count, size_t size)
{
    calls++;
    return __real_reallocarray(data, count, size);
}

void __wrap_free(void *data)
{
    calls++;
    __real_free(data);
}

/* ---- A joined node ---- */

static int begin(void **state)
{
    test_stage *stage = malloc(sizeof *stage);
    skad_profile profile = test_stage_profile();
    test_stage_init(stage, &profile);
    test_stage_populate(stage, PEERS);
    skad_event joined;
    while (skad_node_poll_event(stage->node, &joined)) {
    }
    *state = stage;
    return 0;
}

static int end(void **state)
{
    test_stage *stage = *state;
    test_stage_free(stage);
    free(stage);
    return 0;
}

/* Delivers, and polls all that follows; returns how many datagrams that was. */
static size_t pass(test_stage *stage, const skad_address *from, const skad_datagram *datagram)
{
    size_t before = calls;
    skad_verdict verdict = test_stage_deliver(stage, from, datagram);
    size_t sent = test_stage_drain(stage);
    assert_int_equal(calls, before);
    assert_int_equal(verdict, SKAD_VERDICT_ACCEPT);
    return sent;
}

static const test_stranger *stranger_at(const test_stage *stage, const skad_address *address)
{
    size_t i = 0;
    while (!skad_address_equal(&stage->strangers[i].address, address)) {
        i++;
        assert_true(i < stage->strangers_count);
    }
    return &stage->strangers[i];
}

static void answer(test_stage *stage, const skad_datagram *request, skad_kind kind)
{
    const test_stranger *who = stranger_at(stage, &request->to);
    skad_message message = {.kind = kind};
    message.u.reply.observed = who->address;
    if (kind == SKAD_KIND_NODES) {
        message.u.reply.u.nodes.contacts_count = SKAD_CONTACTS_MAX;
        for (size_t i = 0; i < SKAD_CONTACTS_MAX; i++) {
            message.u.reply.u.nodes.contacts[i].id = stage->strangers[i].identity.id;
            message.u.reply.u.nodes.contacts[i].ipv4 = stage->strangers[i].address;
        }
    }
    skad_datagram reply;
    test_stage_answer(stage, who, request, &message, &reply);
    pass(stage, &who->address, &reply);
}

static void the_counter_counts(void **state)
{
    (void)state;
    size_t before = calls;
    void *volatile data = malloc(10);
    data = realloc(data, 20);
    free(data);
    data = calloc(1, 10);
    data = reallocarray(data, 2, 10);
    free(data);
    assert_int_equal(calls, before + 6);
}

static void requests_are_answered_without_allocating(void **state)
{
    static const skad_kind kinds[] = {SKAD_KIND_PING, SKAD_KIND_FIND_NODE, SKAD_KIND_FIND_VALUE,
                                      SKAD_KIND_ANNOUNCE};
    test_stage *stage = *state;
    const test_stranger *stranger = test_stage_stranger(stage);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        skad_message message;
        skad_datagram datagram;
        skad_wire_message(kinds[i], &message);
        test_stage_request(stage, stranger, &message, NULL, &datagram);
        assert_int_equal(pass(stage, &stranger->address, &datagram), 1);
        test_stage_request(stage, &stage->strangers[i], &message, NULL, &datagram);
        assert_int_equal(pass(stage, &stage->strangers[i].address, &datagram), 1);
    }
}

static void a_pong_is_taken_without_allocating(void **state)
{
    test_stage *stage = *state;
    skad_op op;
    skad_datagram hello;
    assert_int_equal(skad_node_ping(stage->node, &stage->strangers[0].address, stage->now, &op),
                     SKAD_OK);
    assert_true(skad_node_poll_datagram(stage->node, &hello));
    answer(stage, &hello, SKAD_KIND_PONG);
    skad_event event;
    assert_true(skad_node_poll_event(stage->node, &event));
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
}

static void a_lookup_goes_on_by_its_answers_without_allocating(void **state)
{
    test_stage *stage = *state;
    skad_op op;
    skad_datagram requests[8];
    size_t count = 0;
    assert_int_equal(
        skad_node_lookup(stage->node, &stage->strangers[5].identity.id, stage->now, &op), SKAD_OK);
    while (count < 8 && skad_node_poll_datagram(stage->node, &requests[count])) {
        count++;
    }
    assert_int_equal(count, stage->profile.paths * stage->profile.alpha);
    for (size_t i = 0; i < count; i++) {
        answer(stage, &requests[i], SKAD_KIND_NODES);
    }
}

static void dropped_datagrams_cost_no_allocation(void **state)
{
    test_stage *stage = *state;
    const test_stranger *stranger = test_stage_stranger(stage);
    skad_message message;
    skad_datagram datagram;
    skad_wire_message(SKAD_KIND_FIND_NODE, &message);
    for (size_t at = SKAD_TAG_BYTES; at < SKAD_DATAGRAM_BYTES_MIN; at++) {
        test_stage_request(stage, stranger, &message, NULL, &datagram);
        datagram.bytes[at] ^= 0xff;
        test_stage_retag(stage, datagram.bytes, datagram.len);
        size_t before = calls;
        skad_verdict verdict = test_stage_deliver(stage, &stranger->address, &datagram);
        assert_int_equal(calls, before);
        assert_true(verdict != SKAD_VERDICT_ACCEPT);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_counter_counts),
        TEST(requests_are_answered_without_allocating),
        TEST(a_pong_is_taken_without_allocating),
        TEST(a_lookup_goes_on_by_its_answers_without_allocating),
        TEST(dropped_datagrams_cost_no_allocation),
    };
    return cmocka_run_group_tests_name("allocation", tests, NULL, NULL);
}
