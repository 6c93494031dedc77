/* Announcements on a link: which are believed, what they cost, and that none changes what the node
 * knows of others. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "crypto/tag.h"
#include "proto/address.h"
#include "proto/seal.h"
#include "src/core/inbound/overhear.h"
#include "src/core/node/driver.h"
#include "src/core/routing/distance.h"
#include "tests/support/fixture.h"

static test_fixture fixture;

static const skad_address from = {.family = SKAD_FAMILY_IPV4, .port = 4700, .ip = {8, 1, 2, 3}};

typedef struct announcement {
    uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX];
    size_t len;
} announcement;

static int begin(void **state)
{
    (void)state;
    const skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

/* What a remote peer announces, or sends to one node alone. */
static announcement make(const test_remote *who, const skad_id *recipient)
{
    static uint8_t rpc_id[SKAD_RPC_ID_BYTES];
    const skad_message ping = {.kind = SKAD_KIND_PING};
    const skad_sealer sealer = {&who->identity, &who->identity.nonces[0], fixture.network_key};
    skad_draft draft;
    skad_draft *const drafts[] = {&draft};
    rpc_id[0]++;
    const skad_draft_fields fields = {.message = &ping, .rpc_id = rpc_id, .recipient = recipient};
    assert_int_equal(skad_draft_write(&sealer, &fields, &draft), SKAD_OK);
    skad_seal(&sealer, drafts, 1);
    announcement made = {.len = draft.len};
    memcpy(made.bytes, draft.bytes, draft.len);
    return made;
}

static announcement announce(const test_remote *who)
{
    static const skad_id any_node = {{0}};
    return make(who, &any_node);
}

static skad_verdict overhear(const announcement *heard)
{
    skad_id sender;
    return skad_node_overhear(fixture.node, heard->bytes, heard->len, &from, fixture.now, &sender);
}

static void an_announcement_names_its_sender(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    const announcement heard = announce(who);
    skad_id sender;
    assert_int_equal(
        skad_node_overhear(fixture.node, heard.bytes, heard.len, &from, fixture.now, &sender),
        SKAD_VERDICT_ACCEPT);
    assert_true(skad_id_equal(&sender, &who->identity.id));
}

/* It is neither answered nor pinged, nor counted as one that is known. */
static void an_announcement_changes_nothing(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    const announcement heard = announce(who);
    assert_int_equal(overhear(&heard), SKAD_VERDICT_ACCEPT);
    fixture.now.mono_us += SKAD_US_PER_S;
    skad_node_tick(fixture.node, fixture.now);
    assert_int_equal(test_fixture_drain(&fixture), 0);
    assert_int_equal(test_fixture_stats(&fixture).peers, 0);
    assert_false(skad_node_knows(fixture.node, &who->identity.id, &from));
}

/* One datagram that is shorter than what was heard, and no copy if the node is silent. */
static void asking_the_sender_sends_one_short_datagram(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    const announcement heard = announce(who);
    skad_datagram datagram;
    assert_int_equal(overhear(&heard), SKAD_VERDICT_ACCEPT);
    assert_true(skad_node_ask(fixture.node, &who->identity.id, &from, fixture.now));
    assert_true(skad_node_poll_datagram(fixture.node, &datagram));
    assert_true(skad_address_equal(&datagram.to, &from));
    assert_in_range(datagram.len, SKAD_DATAGRAM_BYTES_MIN, heard.len - 1);
    for (unsigned i = 0; i < 60; i++) {
        fixture.now.mono_us += 100 * SKAD_US_PER_MS;
        skad_node_tick(fixture.node, fixture.now);
        assert_int_equal(test_fixture_drain(&fixture), 0);
    }
}

static void a_copy_is_known_as_such(void **state)
{
    (void)state;
    const announcement heard = announce(test_fixture_remote(&fixture));
    assert_int_equal(overhear(&heard), SKAD_VERDICT_ACCEPT);
    const uint64_t verifications = test_fixture_stats(&fixture).verifications;
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(overhear(&heard), SKAD_VERDICT_DUPLICATE);
    }
    assert_int_equal(test_fixture_stats(&fixture).verifications, verifications);
}

static void our_own_comes_back(void **state)
{
    (void)state;
    announcement own;
    own.len = skad_node_announcement(fixture.node, SKAD_FAMILY_IPV4, fixture.now, own.bytes);
    assert_int_equal(own.len, SKAD_FIRST_CONTACT_BYTES);
    assert_int_equal(overhear(&own), SKAD_VERDICT_SELF);
}

static void each_of_ours_is_another_datagram(void **state)
{
    (void)state;
    announcement one;
    announcement two;
    one.len = skad_node_announcement(fixture.node, SKAD_FAMILY_IPV4, fixture.now, one.bytes);
    two.len = skad_node_announcement(fixture.node, SKAD_FAMILY_IPV4, fixture.now, two.bytes);
    assert_int_equal(one.len, two.len);
    assert_memory_not_equal(one.bytes, two.bytes, SKAD_TAG_BYTES);
}

static void what_is_for_one_node_alone_is_none(void **state)
{
    (void)state;
    const announcement heard = make(test_fixture_remote(&fixture), skad_node_self(fixture.node));
    assert_int_equal(overhear(&heard), SKAD_VERDICT_KIND);
}

static void of_a_changed_one_nothing_is_believed(void **state)
{
    (void)state;
    const announcement right = announce(test_fixture_remote(&fixture));
    for (size_t i = 0; i < right.len; i++) {
        announcement wrong = right;
        wrong.bytes[i] ^= 1;
        assert_int_equal(overhear(&wrong), SKAD_VERDICT_TAG);
    }
    announcement cut = right;
    cut.len--;
    assert_int_equal(overhear(&cut), SKAD_VERDICT_TAG);
    assert_int_equal(test_fixture_stats(&fixture).verifications, 0);
    assert_int_equal(overhear(&right), SKAD_VERDICT_ACCEPT);
}

/* A sender that has the network's key, which is public where there is no pre-shared one. */
static void wrong_signatures_cost_little(void **state)
{
    (void)state;
    static const skad_id any_node = {{0}};
    const announcement right = announce(test_fixture_remote(&fixture));
    unsigned checked = 0;
    for (unsigned i = 0; i < 1000; i++) {
        announcement wrong = right;
        wrong.bytes[wrong.len - 1 - i % 32] ^= (uint8_t)(1 + i / 32); /* of the signature */
        skad_tag_make(fixture.network_key, &any_node, wrong.bytes + SKAD_TAG_BYTES,
                      wrong.len - SKAD_TAG_BYTES, wrong.bytes);
        const skad_verdict verdict = overhear(&wrong);
        assert_int_not_equal(verdict, SKAD_VERDICT_ACCEPT);
        checked += verdict == SKAD_VERDICT_SIGNATURE;
    }
    assert_in_range(checked, 1, SKAD_OVERHEAR_BURST);
    assert_in_range(test_fixture_stats(&fixture).verifications, 1, SKAD_OVERHEAR_BURST);
    fixture.now.mono_us += 4 * SKAD_US_PER_S;
    assert_int_equal(overhear(&right), SKAD_VERDICT_ACCEPT);
}

static void a_banned_node_is_not_heard(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    const announcement heard = announce(who);
    const skad_ban ban = {.scope = SKAD_BAN_ID, .id = who->identity.id};
    assert_int_equal(skad_node_ban(fixture.node, &ban, 60, fixture.now), SKAD_OK);
    assert_int_equal(overhear(&heard), SKAD_VERDICT_BANNED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_announcement_names_its_sender),
        TEST(an_announcement_changes_nothing),
        TEST(asking_the_sender_sends_one_short_datagram),
        TEST(a_copy_is_known_as_such),
        TEST(our_own_comes_back),
        TEST(each_of_ours_is_another_datagram),
        TEST(what_is_for_one_node_alone_is_none),
        TEST(of_a_changed_one_nothing_is_believed),
        TEST(wrong_signatures_cost_little),
        TEST(a_banned_node_is_not_heard),
    };
    return cmocka_run_group_tests_name("overhear", tests, NULL, NULL);
}
