/* Contacts that an answer names: which of them a lookup hears of, and at which address it would ask
 * them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "proto/address.h"
#include "skad/simulator.h"
#include "src/core/node/parts.h"
#include "src/core/operations/named.h"
#include "src/core/routing/distance.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#define PEERS    8
#define STRANGER 500

static test_fixture fixture;
static skad_lookup *lookup;
static skad_id target;
static const skad_address public_host = {
    .family = SKAD_FAMILY_IPV4, .port = 4000, .ip = {20, 1, 1, 1}};

/* A lookup that has asked its first candidate, which is number 0. */
static int begin(void **state)
{
    (void)state;
    skad_profile profile = test_fixture_profile();
    skad_query query;
    skad_node_tuning tuning;
    skad_node_tuning_default(&tuning);
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, PEERS);
    target = test_identity(&profile, STRANGER + 1).id;
    const skad_lookup_plan plan = {.profile = &fixture.profile,
                                   .self = &fixture.identity.id,
                                   .target = &target,
                                   .now_us = fixture.now.mono_us,
                                   .tuning = &tuning};
    lookup = skad_lookup_new(&plan);
    assert_non_null(lookup);
    const skad_contact first = {.id = fixture.remotes[0].identity.id,
                                .ipv4 = fixture.remotes[0].address};
    skad_lookup_seed(lookup, 0, &first, &first.ipv4);
    assert_true(skad_lookup_next(lookup, &query));
    assert_int_equal(query.candidate, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    skad_lookup_free(lookup);
    test_fixture_free(&fixture);
    return 0;
}

/* Names one node at an address. Returns where the lookup would ask it; family NONE: not at all. */
static skad_address name(const skad_id *id, const skad_address *address)
{
    skad_contact contact = {.id = *id};
    *(address->family == SKAD_FAMILY_IPV6 ? &contact.ipv6 : &contact.ipv4) = *address;
    bool breaks = skad_id_equal(id, &fixture.identity.id) && !skad_id_equal(id, &target);
    assert_int_equal(
        skad_named_heard(fixture.node, lookup, 0, &target, (skad_named_contacts){&contact, 1}),
        breaks);
    uint16_t index = skad_candidates_first(&lookup->candidates, id);
    return index != SKAD_CANDIDATE_NONE ? lookup->candidates.all[index].address
                                        : (skad_address){.family = SKAD_FAMILY_NONE};
}

static void a_stranger_is_asked_where_it_is_named(void **state)
{
    (void)state;
    const skad_id id = test_identity(&fixture.profile, STRANGER).id;
    skad_address at = name(&id, &public_host);
    assert_true(skad_address_equal(&at, &public_host));
}

static void a_stranger_at_an_address_that_may_not_be_contacted_is_not_asked(void **state)
{
    (void)state;
    const skad_id id = test_identity(&fixture.profile, STRANGER).id;
    const skad_address at_home = {.family = SKAD_FAMILY_IPV4, .port = 4000, .ip = {10, 1, 1, 1}};
    assert_int_equal(name(&id, &at_home).family, SKAD_FAMILY_NONE);
}

static void a_peer_is_asked_where_it_answered_whatever_others_say(void **state)
{
    (void)state;
    const test_remote *peer = &fixture.remotes[3];
    skad_address at = name(&peer->identity.id, &public_host);
    assert_true(skad_address_equal(&at, &peer->address));
}

static void a_peer_that_is_unresponsive_is_not_asked(void **state)
{
    (void)state;
    const test_remote *peer = &fixture.remotes[3];
    skad_table *table = skad_node_parts_of(fixture.node).table;
    for (unsigned i = 0; i < SKAD_UNRESPONSIVE_FAILURES; i++) {
        skad_table_failed(table, &peer->identity.id, &peer->address, fixture.now.mono_us);
    }
    assert_non_null(test_fixture_peer(&fixture, peer));
    assert_int_equal(name(&peer->identity.id, &public_host).family, SKAD_FAMILY_NONE);
}

static void what_is_banned_is_not_asked(void **state)
{
    (void)state;
    const test_remote *peer = &fixture.remotes[3];
    const skad_id stranger = test_identity(&fixture.profile, STRANGER).id;
    const skad_ban bans[] = {{.scope = SKAD_BAN_ID, .id = peer->identity.id},
                             {.scope = SKAD_BAN_PREFIX, .address = public_host, .prefix_bits = 24}};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(skad_node_ban(fixture.node, &bans[i], 600, fixture.now), SKAD_OK);
    }
    assert_int_equal(name(&peer->identity.id, &peer->address).family, SKAD_FAMILY_NONE);
    assert_int_equal(name(&stranger, &public_host).family, SKAD_FAMILY_NONE);
}

/* Only a node that knows us at another address names us to ourselves. */
static void of_ourselves_the_lookup_does_not_hear(void **state)
{
    (void)state;
    assert_int_equal(name(&fixture.identity.id, &public_host).family, SKAD_FAMILY_NONE);
    assert_int_equal(test_fixture_drain(&fixture), 0); /* our ID was not asked for */
    target = fixture.identity.id;
    assert_int_equal(name(&fixture.identity.id, &public_host).family, SKAD_FAMILY_NONE);
    assert_int_equal(test_fixture_drain(&fixture), 1); /* a probe for a twin */
}

#define WITH_LOOKUP(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOOKUP(a_stranger_is_asked_where_it_is_named),
        WITH_LOOKUP(a_stranger_at_an_address_that_may_not_be_contacted_is_not_asked),
        WITH_LOOKUP(a_peer_is_asked_where_it_answered_whatever_others_say),
        WITH_LOOKUP(a_peer_that_is_unresponsive_is_not_asked),
        WITH_LOOKUP(what_is_banned_is_not_asked),
        WITH_LOOKUP(of_ourselves_the_lookup_does_not_hear),
    };
    return cmocka_run_group_tests_name("named", tests, NULL, NULL);
}
