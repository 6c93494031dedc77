/* A peer that says by turns that it is a client, that it is guarded, and that it is neither: what
 * each turn costs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "proto/message.h"
#include "tests/support/handover_script.h"

static int begin(void **state)
{
    (void)state;
    return handover_begin_with(16, 2);
}

/* A ping with a mark in its kind, or none. */
static void write(const test_remote *who, unsigned mark, skad_datagram *out)
{
    static uint64_t said;
    uint8_t token[SKAD_TOKEN_BYTES];
    static const uint8_t empty[] = {0x90};
    said++;
    test_fixture_token(&handover_fixture, who, token);
    skad_wire_craft craft = test_fixture_craft(
        &handover_fixture, who, (skad_kind)(SKAD_KIND_PING + mark), (skad_span){empty, 1});
    uint8_t rpc_id[SKAD_RPC_ID_BYTES] = {0};
    memcpy(rpc_id, &said, sizeof said);
    craft.rpc_id = (skad_span){rpc_id, sizeof rpc_id};
    craft.id = (skad_span){who->identity.id.bytes, SKAD_ID_BYTES};
    craft.token = (skad_span){token, sizeof token};
    test_fixture_craft_write(&handover_fixture, &craft, out);
}

static void say(const test_remote *who, unsigned mark)
{
    skad_datagram datagram;
    write(who, mark, &datagram);
    assert_int_equal(test_fixture_deliver(&handover_fixture, &who->address, &datagram),
                     SKAD_VERDICT_ACCEPT);
}

/* It is forgotten as a client, and back at once as a server. Returns how many requests it got. */
static unsigned flap(test_remote *who, uint64_t then_us)
{
    const unsigned asked = who->asked;
    say(who, SKAD_KIND_CLIENT);
    assert_null(test_fixture_peer(&handover_fixture, who));
    say(who, 0);
    test_fixture_run(&handover_fixture, then_us);
    assert_non_null(test_fixture_peer(&handover_fixture, who));
    return who->asked - asked;
}

static void it_has_a_store_sent_once(void **state)
{
    (void)state;
    test_remote *who = &handover_fixture.remotes[0];
    handover_hold_some();
    test_fixture_run(&handover_fixture, 60 * SKAD_US_PER_S);
    handover_walk_for(who);
    assert_int_equal(handover_counts.handed, HANDOVER_RECORDS_HELD);
    unsigned asked = 0;
    for (unsigned i = 0; i < 20; i++) { /* its answers grant another token than it did */
        asked += flap(who, 30 * SKAD_US_PER_S);
    }
    print_message("20 turns: %u requests, %u records\n", asked, handover_counts.handed);
    assert_int_equal(handover_counts.handed, HANDOVER_RECORDS_HELD);
    assert_true(asked <= 2 * 20);
}

/* As of another process it is taken for one that has lost its records, but for two minutes. */
static void another_token_counts_after_two_minutes(void **state)
{
    (void)state;
    test_remote *who = &handover_fixture.remotes[0];
    handover_hold_some();
    test_fixture_run(&handover_fixture, 60 * SKAD_US_PER_S);
    handover_walk_for(who);
    test_fixture_run(&handover_fixture, 120 * SKAD_US_PER_S);
    for (unsigned i = 0; i < 3; i++) {
        (void)flap(who, 130 * SKAD_US_PER_S); /* of these only the first is another one */
        assert_int_equal(handover_counts.handed, 2 * HANDOVER_RECORDS_HELD);
    }
}

static void by_calling_itself_guarded_it_costs_nothing(void **state)
{
    (void)state;
    test_remote *who = &handover_fixture.remotes[0];
    const unsigned asked = who->asked;
    for (unsigned i = 0; i < 20; i++) {
        say(who, SKAD_KIND_GUARDED);
        assert_int_equal(test_fixture_peer(&handover_fixture, who)->guarded, SKAD_FAMILY_IPV4);
        say(who, 0);
        assert_int_equal(test_fixture_peer(&handover_fixture, who)->guarded, 0);
        test_fixture_play(&handover_fixture);
    }
    assert_int_equal(who->asked, asked);
}

/* The kind, with its mark, is signed. */
static void a_mark_is_not_changed_on_the_way_or_said_twice(void **state)
{
    (void)state;
    const test_remote *who = &handover_fixture.remotes[0];
    for (unsigned mark = SKAD_KIND_GUARDED; mark <= SKAD_KIND_CLIENT; mark *= 2) {
        skad_datagram datagram;
        write(who, 0, &datagram);
        const size_t kind = SKAD_TAG_BYTES + 2; /* behind the array and the version */
        assert_int_equal(datagram.bytes[kind], SKAD_KIND_PING);
        datagram.bytes[kind] = (uint8_t)(SKAD_KIND_PING + mark);
        test_fixture_retag(&handover_fixture, datagram.bytes, datagram.len);
        assert_int_equal(test_fixture_deliver(&handover_fixture, &who->address, &datagram),
                         SKAD_VERDICT_SIGNATURE);
        assert_int_equal(test_fixture_peer(&handover_fixture, who)->guarded, 0);
    }
    skad_datagram once;
    write(who, SKAD_KIND_GUARDED, &once);
    assert_int_equal(test_fixture_deliver(&handover_fixture, &who->address, &once),
                     SKAD_VERDICT_ACCEPT);
    say(who, 0);
    assert_int_equal(test_fixture_deliver(&handover_fixture, &who->address, &once),
                     SKAD_VERDICT_DUPLICATE);
    assert_int_equal(test_fixture_peer(&handover_fixture, who)->guarded, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_has_a_store_sent_once, begin, handover_end),
        cmocka_unit_test_setup_teardown(another_token_counts_after_two_minutes, begin,
                                        handover_end),
        cmocka_unit_test_setup_teardown(a_mark_is_not_changed_on_the_way_or_said_twice, begin,
                                        handover_end),
        cmocka_unit_test_setup_teardown(by_calling_itself_guarded_it_costs_nothing, begin,
                                        handover_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
