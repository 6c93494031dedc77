/* What a replier must not name: each rule alone, and that one contact counts once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "crypto/puzzle.h"
#include "proto/profile.h"
#include "src/core/lookup/reply_validation.h"
#include "tests/support/fixture.h"
#include "tests/support/prng.h"

#define CONTACTS 3

static const skad_id target = {{0}};
static const skad_id self = {{0xff, 1}};

/* At this distance of the target, with an ID that solved the static puzzle. */
static skad_contact contact_at(const skad_profile *profile, uint8_t distance)
{
    skad_contact contact = {.id = {{distance}}, .ipv4 = test_prng_address(distance)};
    for (uint16_t number = 0; !skad_puzzle_static_ok(&contact.id, profile->static_bits); number++) {
        memcpy(contact.id.bytes + 8, &number, sizeof number);
    }
    return contact;
}

static size_t violations(const skad_profile *profile, const skad_id *asked,
                         const skad_contact *contacts)
{
    bool solved[SKAD_CONTACTS_MAX];
    return skad_reply_violations(profile, &self, asked, contacts, CONTACTS, solved);
}

static void honest(const skad_profile *profile, skad_contact out[static CONTACTS])
{
    for (uint8_t i = 0; i < CONTACTS; i++) {
        out[i] = contact_at(profile, (uint8_t)(10 * (i + 1)));
    }
}

static void an_honest_answer_breaks_no_rule(void **state)
{
    (void)state;
    const skad_profile profile = test_fixture_profile();
    skad_contact contacts[CONTACTS];
    honest(&profile, contacts);
    assert_int_equal(violations(&profile, &target, contacts), 0);
    assert_int_equal(violations(&profile, NULL, contacts), 0);
    bool solved[SKAD_CONTACTS_MAX];
    assert_int_equal(skad_reply_violations(&profile, &self, &target, contacts, 0, solved), 0);
}

static void contacts_come_in_ascending_distance_and_once(void **state)
{
    (void)state;
    const skad_profile profile = test_fixture_profile();
    skad_contact contacts[CONTACTS];
    honest(&profile, contacts);
    contacts[2] = contacts[1]; /* the same one twice */
    assert_int_equal(violations(&profile, &target, contacts), 1);
    assert_int_equal(violations(&profile, NULL, contacts), 0);
    contacts[2] = contact_at(&profile, 5);
    assert_int_equal(violations(&profile, &target, contacts), 1);
    assert_int_equal(violations(&profile, NULL, contacts), 0);
    contacts[1] = contact_at(&profile, 7);
    assert_int_equal(violations(&profile, &target, contacts), 2);
}

static void we_are_never_named_to_ourselves(void **state)
{
    (void)state;
    skad_profile profile = test_fixture_profile();
    profile.static_bits = 0;
    skad_contact contacts[CONTACTS];
    honest(&profile, contacts);
    contacts[2].id = self;
    assert_int_equal(violations(&profile, &target, contacts), 1);
    assert_int_equal(violations(&profile, NULL, contacts), 1);
}

/* Where another node may have our identity. */
static void we_are_named_to_ourselves_when_we_ask_for_our_own_id(void **state)
{
    (void)state;
    skad_profile profile = test_fixture_profile();
    profile.static_bits = 0;
    skad_contact contacts[CONTACTS] = {{.id = self}, {.id = self}, {.id = self}};
    for (uint8_t i = 0; i < CONTACTS; i++) {
        contacts[i].ipv4 = test_prng_address(i);
        contacts[i].id.bytes[31] = i; /* in front: ourselves */
    }
    assert_int_equal(violations(&profile, &self, contacts), 0);
    contacts[2].id = self; /* in its place alone, and once */
    assert_int_equal(violations(&profile, &self, contacts), 1);
}

static void an_id_has_solved_the_static_puzzle(void **state)
{
    (void)state;
    const skad_profile profile = test_fixture_profile();
    skad_contact contacts[CONTACTS];
    honest(&profile, contacts);
    do {
        contacts[1].id.bytes[31]++;
    } while (skad_puzzle_static_ok(&contacts[1].id, profile.static_bits));
    assert_int_equal(violations(&profile, &target, contacts), 1);
}

static void one_endpoint_at_least_may_be_contacted(void **state)
{
    static const skad_address ipv6 = {.family = SKAD_FAMILY_IPV6, .port = 1, .ip = {0x2a, 1}};
    static const skad_address loopback = {.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {127, 1}};
    static const skad_address private = {.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {10, 1}};
    static const skad_address multicast = {.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {224, 1}};
    static const skad_address no_port = {.family = SKAD_FAMILY_IPV4, .ip = {8, 8, 8, 8}};
    static const struct {
        const char *label;
        const skad_address *ipv4;
        const skad_address *ipv6;
        bool allow_private;
        size_t violations;
    } cases[] = {
        {"IPv6 alone", NULL, &ipv6, false, 0},
        {"a private one beside a public one", &private, &ipv6, false, 0},
        {"a private one alone, which only our policy forbids", &private, NULL, false, 0},
        {"a private one where they are allowed", &private, NULL, true, 0},
        {"loopback, likewise", &loopback, NULL, false, 0},
        {"multicast", &multicast, NULL, true, 1},
        {"no port", &no_port, NULL, true, 1},
        {"none", NULL, NULL, true, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_profile profile = test_fixture_profile();
        profile.allow_private = cases[i].allow_private;
        skad_contact contacts[CONTACTS];
        honest(&profile, contacts);
        contacts[0].ipv4 = cases[i].ipv4 == NULL ? (skad_address){0} : *cases[i].ipv4;
        contacts[0].ipv6 = cases[i].ipv6 == NULL ? (skad_address){0} : *cases[i].ipv6;
        if (violations(&profile, &target, contacts) != cases[i].violations) {
            fail_msg("%s", cases[i].label);
        }
    }
}

/* Ourselves, out of order, unreachable, without a puzzle: still one contact. */
static void a_contact_that_breaks_every_rule_counts_once(void **state)
{
    (void)state;
    skad_profile profile = test_fixture_profile();
    skad_contact contacts[CONTACTS];
    honest(&profile, contacts);
    contacts[1] = (skad_contact){.id = {{1}}};
    bool solved[SKAD_CONTACTS_MAX];
    assert_int_equal(
        skad_reply_violations(&profile, &contacts[1].id, &target, contacts, CONTACTS, solved), 1);
    for (size_t i = 0; i < CONTACTS; i++) {
        assert_int_equal(solved[i], skad_puzzle_static_ok(&contacts[i].id, profile.static_bits));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_answer_breaks_no_rule),
        cmocka_unit_test(contacts_come_in_ascending_distance_and_once),
        cmocka_unit_test(we_are_never_named_to_ourselves),
        cmocka_unit_test(we_are_named_to_ourselves_when_we_ask_for_our_own_id),
        cmocka_unit_test(an_id_has_solved_the_static_puzzle),
        cmocka_unit_test(one_endpoint_at_least_may_be_contacted),
        cmocka_unit_test(a_contact_that_breaks_every_rule_counts_once),
    };
    return cmocka_run_group_tests_name("reply_validation", tests, NULL, NULL);
}
