/* Another node with our identity: what shows it, what does not, and how its address comes to us. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "proto/address.h"
#include "src/core/rpc/twin.h"
#include "tests/support/fixture.h"

static test_fixture fixture;
static test_remote twin; /* has the node's identity */

static const skad_message ping = {.kind = SKAD_KIND_PING};

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    test_fixture_init(&fixture, &profile);
    twin = (test_remote){.identity = fixture.identity,
                         .address = {SKAD_FAMILY_IPV4, 4700, {8, 200, 1, 1}}};
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

/* Delivers a datagram with the node's own key, which is dropped whatever it is. */
static void deliver(const skad_datagram *datagram, const skad_address *from)
{
    assert_int_equal(test_fixture_deliver(&fixture, from, datagram), SKAD_VERDICT_SELF);
}

/* How many TWIN events there are; the last one's address. */
static unsigned told(skad_address *where)
{
    skad_event event;
    unsigned count = 0;
    while (skad_node_poll_event(fixture.node, &event)) {
        if (event.kind == SKAD_EVENT_TWIN) {
            *where = event.u.twin;
            count++;
        }
    }
    return count;
}

static bool known(void)
{
    return test_fixture_stats(&fixture).twin.family != SKAD_FAMILY_NONE;
}

/* And the node pings it, which tells it of us. */
static void a_ping_of_another_with_our_key_shows_a_twin(void **state)
{
    (void)state;
    skad_datagram datagram;
    skad_address where;
    test_fixture_request(&fixture, &twin, &ping, NULL, &datagram);
    deliver(&datagram, &twin.address);
    assert_int_equal(told(&where), 1);
    assert_true(skad_address_equal(&where, &twin.address));
    assert_true(known());
    assert_true(skad_node_poll_datagram(fixture.node, &datagram));
    assert_true(skad_address_equal(&datagram.to, &twin.address));
    assert_int_equal(test_fixture_drain(&fixture), 0);

    fixture.now.mono_us += 2 * SKAD_TWIN_CHECK_US;
    test_fixture_request(&fixture, &twin, &ping, NULL, &datagram);
    deliver(&datagram, &twin.address);
    assert_int_equal(told(&where), 0); /* once for each address */
}

static void our_own_probe_that_comes_back_is_no_twin(void **state)
{
    (void)state;
    const skad_address mirror = {SKAD_FAMILY_IPV4, 9, {8, 200, 2, 2}};
    skad_datagram datagram;
    skad_address where;
    skad_node_tick(fixture.node, fixture.now);
    skad_twin_hint(fixture.node, &mirror);
    assert_true(skad_node_poll_datagram(fixture.node, &datagram));
    deliver(&datagram, &mirror);
    assert_int_equal(told(&where), 0);
    assert_false(known());
    fixture.now.mono_us += 3600 * SKAD_US_PER_S; /* nor is one that was kept for an hour */
    deliver(&datagram, &mirror);
    assert_int_equal(told(&where), 0);
    assert_false(known());
}

static void what_another_signed_or_any_node_may_get_is_no_twin(void **state)
{
    (void)state;
    skad_datagram datagram;
    skad_address where;
    test_remote *other = test_fixture_remote(&fixture);
    const uint8_t empty = 0x90;
    skad_wire_craft craft =
        test_fixture_craft(&fixture, other, SKAD_KIND_PING, (skad_span){&empty, 1});
    craft.public_key = (skad_span){fixture.identity.public_key, SKAD_PUBLIC_KEY_BYTES};
    test_fixture_craft_write(&fixture, &craft, &datagram);
    deliver(&datagram, &other->address);
    assert_int_equal(told(&where), 0);
    /* The check of this second is used up; a right one is seen in the next. */
    test_fixture_request(&fixture, &twin, &ping, NULL, &datagram);
    deliver(&datagram, &twin.address);
    assert_int_equal(told(&where), 0);
    fixture.now.mono_us += SKAD_TWIN_CHECK_US;
    deliver(&datagram, &twin.address);
    assert_int_equal(told(&where), 1);
}

/* A hello of ours, which any node that got it could send back to us. */
static void a_hello_is_no_twin(void **state)
{
    (void)state;
    skad_datagram hello;
    skad_address where;
    assert_int_equal(skad_node_join(fixture.node, &twin.address, 1, fixture.now), SKAD_OK);
    assert_true(skad_node_poll_datagram(fixture.node, &hello));
    fixture.now.mono_us += 60 * SKAD_US_PER_S;
    deliver(&hello, &twin.address);
    assert_int_equal(told(&where), 0);
    assert_false(known());
}

static void a_twin_that_is_gone_is_forgotten(void **state)
{
    (void)state;
    skad_datagram datagram;
    test_fixture_request(&fixture, &twin, &ping, NULL, &datagram);
    deliver(&datagram, &twin.address);
    fixture.now.mono_us += SKAD_TWIN_FRESH_US - 1;
    assert_true(known());
    fixture.now.mono_us++;
    assert_false(known());
}

static void a_peers_word_costs_one_ping_in_two_seconds(void **state)
{
    (void)state;
    const skad_address private_one = {SKAD_FAMILY_IPV4, 9, {10, 0, 0, 1}};
    skad_node_tick(fixture.node, fixture.now);
    skad_twin_hint(fixture.node, &private_one); /* may not be contacted */
    assert_int_equal(test_fixture_drain(&fixture), 0);
    for (unsigned i = 0; i < 4; i++) {
        skad_twin_hint(fixture.node, &twin.address);
        assert_int_equal(test_fixture_drain(&fixture), i % 2 == 0);
        fixture.now.mono_us += SKAD_TWIN_PROBE_US / 2;
        skad_node_tick(fixture.node, fixture.now);
        (void)test_fixture_drain(&fixture);
    }
}

/* ---- How its address comes to us ---- */

/* Asks the node for a target from an address; whether it names the requester, and where. */
static bool names(const test_remote *who, const skad_address *from, const skad_id *target,
                  skad_address *where)
{
    const skad_message asked = {
        .kind = SKAD_KIND_FIND_NODE,
        .u.find_node = {.target = *target, .want = SKAD_FAMILIES_ALL},
    };
    test_exchange exchange;
    test_fixture_request(&fixture, who, &asked, NULL, &exchange.request);
    test_fixture_exchange(&fixture, who, from, &exchange);
    const skad_message *answer = &exchange.opened.message;
    bool named = false;
    for (size_t i = 0; i < answer->u.reply.u.nodes.contacts_count; i++) {
        const skad_contact *contact = &answer->u.reply.u.nodes.contacts[i];
        if (memcmp(&contact->id, &who->identity.id, sizeof contact->id) == 0) {
            *where = contact->ipv4;
            assert_int_equal(i, 0); /* it is closest to itself */
            named = true;
        }
    }
    return named;
}

static void a_requester_is_named_to_itself_where_it_is_alive_elsewhere(void **state)
{
    (void)state;
    const skad_address elsewhere = {SKAD_FAMILY_IPV4, 4700, {8, 200, 3, 3}};
    skad_address where;
    test_fixture_populate(&fixture, 5);
    const test_remote *who = &fixture.remotes[0];
    const skad_id *self = &who->identity.id;
    assert_false(names(who, &who->address, self, &where));
    assert_false(names(who, &elsewhere, &fixture.remotes[1].identity.id, &where));
    assert_true(names(who, &elsewhere, self, &where));
    assert_true(skad_address_equal(&where, &who->address));
}

static bool name_the_node(test_fixture *made, test_remote *who, const skad_message *request,
                          skad_message *answer)
{
    (void)who;
    if (request->kind == SKAD_KIND_FIND_NODE &&
        memcmp(&request->u.find_node.target, &made->identity.id, sizeof made->identity.id) == 0) {
        answer->u.reply.u.nodes.contacts[0] =
            (skad_contact){.id = made->identity.id, .ipv4 = twin.address};
        answer->u.reply.u.nodes.contacts_count = 1;
    }
    return true;
}

static void a_node_that_is_named_to_itself_looks_there(void **state)
{
    (void)state;
    fixture.script = name_the_node;
    test_fixture_populate(&fixture, 3); /* it looks up its own ID, and joins */
    test_fixture_run(&fixture, 5 * SKAD_US_PER_S);
    const skad_node_stats stats = test_fixture_stats(&fixture);
    assert_true(stats.joined);
    assert_true(fixture.lost >= 1);        /* a probe went to where no remote lives */
    assert_int_equal(stats.violations, 0); /* its peers did no wrong */
    assert_int_equal(stats.peers, 3);      /* it is no peer of its own */
    assert_int_equal(stats.twin.family, SKAD_FAMILY_NONE); /* hearsay shows none */
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_ping_of_another_with_our_key_shows_a_twin),
        CASE(our_own_probe_that_comes_back_is_no_twin),
        CASE(what_another_signed_or_any_node_may_get_is_no_twin),
        CASE(a_hello_is_no_twin),
        CASE(a_twin_that_is_gone_is_forgotten),
        CASE(a_peers_word_costs_one_ping_in_two_seconds),
        CASE(a_requester_is_named_to_itself_where_it_is_alive_elsewhere),
        CASE(a_node_that_is_named_to_itself_looks_there),
    };
    return cmocka_run_group_tests_name("twin", tests, NULL, NULL);
}
