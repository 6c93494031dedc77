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
#include "tests/support/fixture.h"

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
    test_fixture *fixture = malloc(sizeof *fixture);
    skad_profile profile = test_fixture_profile();
    test_fixture_init(fixture, &profile);
    test_fixture_populate(fixture, PEERS);
    skad_event joined;
    while (skad_node_poll_event(fixture->node, &joined)) {
    }
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    test_fixture *fixture = *state;
    test_fixture_free(fixture);
    free(fixture);
    return 0;
}

/* Delivers, and polls all that follows; returns how many datagrams that was. */
static size_t pass(test_fixture *fixture, const skad_address *from, const skad_datagram *datagram)
{
    size_t before = calls;
    skad_verdict verdict = test_fixture_deliver(fixture, from, datagram);
    size_t sent = test_fixture_drain(fixture);
    assert_int_equal(calls, before);
    assert_int_equal(verdict, SKAD_VERDICT_ACCEPT);
    return sent;
}

static const test_remote *remote_at(const test_fixture *fixture, const skad_address *address)
{
    size_t i = 0;
    while (!skad_address_equal(&fixture->remotes[i].address, address)) {
        i++;
        assert_true(i < fixture->remotes_count);
    }
    return &fixture->remotes[i];
}

static void answer(test_fixture *fixture, const skad_datagram *request, skad_kind kind)
{
    const test_remote *who = remote_at(fixture, &request->to);
    skad_message message = {.kind = kind};
    message.u.reply.observed = who->address;
    if (kind == SKAD_KIND_NODES) {
        message.u.reply.u.nodes.contacts_count = SKAD_CONTACTS_MAX;
        for (size_t i = 0; i < SKAD_CONTACTS_MAX; i++) {
            message.u.reply.u.nodes.contacts[i].id = fixture->remotes[i].identity.id;
            message.u.reply.u.nodes.contacts[i].ipv4 = fixture->remotes[i].address;
        }
    }
    skad_datagram reply;
    test_fixture_answer(fixture, who, request, &message, &reply);
    pass(fixture, &who->address, &reply);
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
    static const skad_kind kinds[] = {SKAD_KIND_PING,     SKAD_KIND_FIND_NODE, SKAD_KIND_FIND_VALUE,
                                      SKAD_KIND_ANNOUNCE, SKAD_KIND_COMPARE,   SKAD_KIND_MATCH};
    test_fixture *fixture = *state;
    const test_remote *remote = test_fixture_remote(fixture);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        skad_message message;
        skad_datagram datagram;
        skad_wire_message(kinds[i], &message);
        test_fixture_request(fixture, remote, &message, NULL, &datagram);
        assert_int_equal(pass(fixture, &remote->address, &datagram), 1);
        test_fixture_request(fixture, &fixture->remotes[i], &message, NULL, &datagram);
        assert_int_equal(pass(fixture, &fixture->remotes[i].address, &datagram), 1);
    }
}

static void a_pong_is_taken_without_allocating(void **state)
{
    test_fixture *fixture = *state;
    skad_op op;
    skad_datagram hello;
    assert_int_equal(skad_node_ping(fixture->node, &fixture->remotes[0].address, fixture->now, &op),
                     SKAD_OK);
    assert_true(skad_node_poll_datagram(fixture->node, &hello));
    answer(fixture, &hello, SKAD_KIND_PONG);
    skad_event event;
    assert_true(skad_node_poll_event(fixture->node, &event));
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
}

static void a_lookup_goes_on_by_its_answers_without_allocating(void **state)
{
    test_fixture *fixture = *state;
    skad_op op;
    skad_datagram requests[8];
    size_t count = 0;
    assert_int_equal(
        skad_node_lookup(fixture->node, &fixture->remotes[5].identity.id, fixture->now, &op),
        SKAD_OK);
    while (count < 8 && skad_node_poll_datagram(fixture->node, &requests[count])) {
        count++;
    }
    assert_int_equal(count, fixture->profile.paths * fixture->profile.alpha);
    for (size_t i = 0; i < count; i++) {
        answer(fixture, &requests[i], SKAD_KIND_NODES);
    }
}

static void dropped_datagrams_cost_no_allocation(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *remote = test_fixture_remote(fixture);
    skad_message message;
    skad_datagram datagram;
    skad_wire_message(SKAD_KIND_FIND_NODE, &message);
    for (size_t at = SKAD_TAG_BYTES; at < SKAD_DATAGRAM_BYTES_MIN; at++) {
        test_fixture_request(fixture, remote, &message, NULL, &datagram);
        datagram.bytes[at] ^= 0xff;
        test_fixture_retag(fixture, datagram.bytes, datagram.len);
        size_t before = calls;
        skad_verdict verdict = test_fixture_deliver(fixture, &remote->address, &datagram);
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
