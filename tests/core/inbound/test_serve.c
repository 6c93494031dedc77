/* Answers to each kind of request: what they say, how large they are, and what needs a token.
 * tests/node/test_abuse.c has what bad intentions gain. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "proto/address.h"
#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#define PEERS 20
#define DAY_S 86400U

static test_fixture fixture;
static test_remote *who; /* asks; we do not know it */

static int begin_with(uint8_t k)
{
    skad_profile profile = test_fixture_profile();
    profile.k = k;
    profile.siblings = k;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, PEERS);
    who = test_fixture_remote(&fixture);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    return begin_with(16);
}

static int begin_with_small_buckets(void **state)
{
    (void)state;
    return begin_with(4);
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

/* Records that can be stored now. */
static uint8_t bytes[SKAD_RECORD_BYTES_MAX];

static skad_span immutable(size_t len)
{
    static const uint8_t value[SKAD_VALUE_BYTES_MAX] = {1, 2, 3};
    return (skad_span){bytes, skad_record_encode_immutable(value, len, bytes, sizeof bytes)};
}

static skad_span announcement(uint32_t publisher, const skad_id *key)
{
    static const uint8_t metadata[SKAD_METADATA_BYTES_MAX] = {1};
    const skad_identity identity = test_identity(&fixture.profile, 1000 + publisher);
    const skad_address none = {0};
    return (skad_span){bytes,
                       skad_record_encode_announcement(
                           test_plain_publisher(&identity), key, 1, TEST_UNIX_S + DAY_S, &none,
                           (skad_span){metadata, sizeof metadata}, bytes, sizeof bytes)};
}

static skad_message question(skad_kind kind)
{
    static const skad_id target = {{7}};
    skad_message message = {.kind = kind};
    switch (kind) {
    case SKAD_KIND_FIND_NODE:
        message.u.find_node.target = target;
        message.u.find_node.want = SKAD_FAMILIES_ALL;
        break;
    case SKAD_KIND_FIND_VALUE:
        message.u.find_value.key = target;
        message.u.find_value.want = SKAD_FAMILIES_ALL;
        message.u.find_value.type = SKAD_RECORD_ANNOUNCEMENT;
        break;
    case SKAD_KIND_STORE:
        message.u.store.record = immutable(10);
        message.u.store.life_s = 100;
        break;
    case SKAD_KIND_ANNOUNCE:
        message.u.announce.record = announcement(1, &target);
        break;
    case SKAD_KIND_COMPARE: {
        static const uint8_t held[2 * SKAD_COMPARE_ITEM_BYTES] = {7};
        message.u.compare.held = (skad_span){held, sizeof held};
        break;
    }
    case SKAD_KIND_MATCH: {
        static const uint8_t digests[SKAD_MATCH_BYTES];
        message.u.match.digests = (skad_span){digests, sizeof digests};
        break;
    }
    case SKAD_KIND_CALL:
        message.u.call.id = target;
        message.u.call.endpoint = (skad_address){SKAD_FAMILY_IPV4, 5, {20, 1, 2, 3}};
        break;
    case SKAD_KIND_INTRODUCE:
        message.u.introduce.id = target;
        break;
    case SKAD_KIND_FORWARD:
        message.u.forward = (skad_forward){.aim = SKAD_FORWARD_NODES,
                                           .target = target,
                                           .want = SKAD_FAMILIES_ALL,
                                           .budget = 8,
                                           .life_ms = 1000};
        break;
    case SKAD_KIND_PING:
    case SKAD_KIND_PROBE:
    case SKAD_KIND_AUDIT: /* tests/core/audit */
    case SKAD_KIND_PROVE:
    case SKAD_KIND_AUDITED:
    case SKAD_KIND_PROVEN:
    case SKAD_KIND_PROBED:
    case SKAD_KIND_CALLED:
    case SKAD_KIND_INTRODUCED:
    case SKAD_KIND_FORWARDED:
    case SKAD_KIND_PONG:
    case SKAD_KIND_NODES:
    case SKAD_KIND_VALUE:
    case SKAD_KIND_STORED:
    case SKAD_KIND_ANNOUNCED:
    case SKAD_KIND_COMPARED:
    case SKAD_KIND_MATCHED:
    case SKAD_KIND_ERROR:
        break;
    }
    return message;
}

static void ask(const skad_message *message, bool shows_token, test_exchange *out)
{
    uint8_t token[SKAD_TOKEN_BYTES];
    test_fixture_token(&fixture, who, token);
    test_fixture_ask(&fixture, who, message, shows_token ? token : NULL, out);
}

static const skad_kind kinds[] = {SKAD_KIND_PING,  SKAD_KIND_FIND_NODE, SKAD_KIND_FIND_VALUE,
                                  SKAD_KIND_STORE, SKAD_KIND_ANNOUNCE,  SKAD_KIND_COMPARE,
                                  SKAD_KIND_MATCH};

static void each_request_has_its_answer_with_a_token_and_the_askers_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const skad_message message = question(kinds[i]);
        test_exchange asked;
        uint8_t token[SKAD_TOKEN_BYTES];
        ask(&message, true, &asked);
        assert_int_equal(asked.opened.message.kind, kinds[i] + 16);
        assert_true(skad_address_equal(&asked.opened.message.u.reply.observed, &who->address));
        test_fixture_token(&fixture, who, token);
        assert_non_null(asked.envelope.token);
        assert_memory_equal(asked.envelope.token, token, sizeof token);
        assert_int_equal(stats().requests[kinds[i]], kinds[i] == SKAD_KIND_PING ? PEERS + 1 : 1);
    }
    assert_int_equal(stats().refusals, 0);
}

static void without_a_token_answers_are_within_three_times_and_nothing_is_stored(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const skad_message message = question(kinds[i]);
        bool writes = kinds[i] == SKAD_KIND_STORE || kinds[i] == SKAD_KIND_ANNOUNCE ||
                      kinds[i] == SKAD_KIND_COMPARE || kinds[i] == SKAD_KIND_MATCH;
        test_exchange asked;
        ask(&message, false, &asked);
        assert_in_range(asked.answer.len, 1, 3 * asked.request.len);
        assert_int_equal(asked.opened.message.kind, writes ? SKAD_KIND_ERROR : (int)kinds[i] + 16);
        if (writes) {
            assert_int_equal(asked.opened.message.u.reply.u.error.code, SKAD_ERROR_TOKEN);
        }
        assert_non_null(asked.envelope.token); /* to ask again with */
    }
    assert_int_equal(stats().refused[SKAD_ERROR_TOKEN], 4);
    assert_int_equal(stats().store.records, 0);
}

/* The closest are named as far as they fit. */
static void a_short_request_is_answered_by_fewer_contacts(void **state)
{
    (void)state;
    const skad_message message = question(SKAD_KIND_FIND_NODE);
    test_exchange full;
    test_exchange cut;
    ask(&message, true, &full);
    ask(&message, false, &cut);
    assert_int_equal(full.opened.message.u.reply.u.nodes.contacts_count, 16);
    size_t count = cut.opened.message.u.reply.u.nodes.contacts_count;
    assert_in_range(count, 1, 15);
    assert_memory_equal(cut.opened.message.u.reply.u.nodes.contacts,
                        full.opened.message.u.reply.u.nodes.contacts, count * sizeof(skad_contact));
}

static void a_token_is_good_for_this_slot_and_the_next(void **state)
{
    (void)state;
    const skad_message store = question(SKAD_KIND_STORE);
    const uint64_t slot_us = 2400 * SKAD_US_PER_S;
    uint8_t token[SKAD_TOKEN_BYTES];
    test_exchange asked;
    fixture.now.mono_us = (fixture.now.mono_us / slot_us + 1) * slot_us;
    test_fixture_token(&fixture, who, token);
    fixture.now.mono_us += 2 * slot_us - 1;
    test_fixture_ask(&fixture, who, &store, token, &asked);
    assert_int_equal(asked.opened.message.kind, SKAD_KIND_STORED);
    fixture.now.mono_us += 1;
    test_fixture_ask(&fixture, who, &store, token, &asked);
    assert_int_equal(asked.opened.message.kind, SKAD_KIND_ERROR);
    assert_memory_not_equal(asked.envelope.token, token, sizeof token);
}

static void the_asker_is_told_of_others_alone_in_ascending_distance(void **state)
{
    (void)state;
    who = &fixture.remotes[3];
    skad_message message = question(SKAD_KIND_FIND_NODE);
    message.u.find_node.target = who->identity.id;
    message.u.find_node.target.bytes[31] ^= 1; /* its own would be for one that begins anew */
    test_exchange asked;
    ask(&message, true, &asked);
    const skad_contact *contacts = asked.opened.message.u.reply.u.nodes.contacts;
    size_t count = asked.opened.message.u.reply.u.nodes.contacts_count;
    assert_int_equal(count, 16);
    for (size_t i = 0; i < count; i++) {
        assert_false(skad_id_equal(&contacts[i].id, &who->identity.id));
        assert_false(skad_id_equal(&contacts[i].id, &fixture.identity.id));
        assert_true(i == 0 || skad_distance_compare(&who->identity.id, &contacts[i - 1].id,
                                                    &contacts[i].id) < 0);
    }
}

static void no_more_than_k_contacts_are_named(void **state)
{
    (void)state;
    const skad_message message = question(SKAD_KIND_FIND_NODE);
    test_exchange asked;
    ask(&message, true, &asked);
    assert_int_equal(asked.opened.message.u.reply.u.nodes.contacts_count, 4);
}

static void who_wants_ipv6_is_told_of_no_one_without_it(void **state)
{
    (void)state;
    skad_message message = question(SKAD_KIND_FIND_NODE);
    message.u.find_node.want = SKAD_FAMILY_IPV6;
    test_exchange asked;
    ask(&message, true, &asked);
    assert_int_equal(asked.opened.message.u.reply.u.nodes.contacts_count, 0);
}

static void an_asker_by_ipv6_is_answered_there(void **state)
{
    (void)state;
    const skad_address from = {.family = SKAD_FAMILY_IPV6, .port = 4000, .ip = {0x2a, 1, 2}};
    const skad_message ping = {.kind = SKAD_KIND_PING};
    test_exchange asked;
    test_fixture_request(&fixture, who, &ping, NULL, &asked.request);
    test_fixture_exchange(&fixture, who, &from, &asked);
    assert_true(skad_address_equal(&asked.opened.message.u.reply.observed, &from));
}

static void a_record_of_the_other_kind_or_none_is_invalid(void **state)
{
    (void)state;
    const skad_id key = {{7}};
    skad_message store = question(SKAD_KIND_STORE);
    skad_message announce = question(SKAD_KIND_ANNOUNCE);
    test_exchange asked;
    store.u.store.record = announcement(1, &key);
    ask(&store, true, &asked);
    assert_int_equal(asked.opened.message.u.reply.u.error.code, SKAD_ERROR_INVALID);
    announce.u.announce.record = immutable(10);
    ask(&announce, true, &asked);
    assert_int_equal(asked.opened.message.u.reply.u.error.code, SKAD_ERROR_INVALID);
    announce.u.announce.record = (skad_span){bytes, 3};
    ask(&announce, true, &asked);
    assert_int_equal(asked.opened.message.u.reply.u.error.code, SKAD_ERROR_INVALID);
    assert_int_equal(stats().refused[SKAD_ERROR_INVALID], 3);
    assert_int_equal(stats().store.records, 0);
}

static void a_value_is_given_as_it_was_stored(void **state)
{
    (void)state;
    skad_message store = question(SKAD_KIND_STORE);
    skad_message find = question(SKAD_KIND_FIND_VALUE);
    skad_record record;
    test_exchange asked;
    store.u.store.record = immutable(SKAD_VALUE_BYTES_MAX);
    assert_true(skad_record_decode(bytes, store.u.store.record.len, &record));
    find.u.find_value.key = record.key;
    find.u.find_value.type = SKAD_RECORD_IMMUTABLE;
    ask(&store, true, &asked);
    assert_int_equal(asked.opened.message.u.reply.u.stored.life_s, 100);
    ask(&find, true, &asked);
    assert_int_equal(asked.opened.message.u.reply.u.value.records_count, 1);
    const skad_span *given = &asked.opened.message.u.reply.u.value.records[0];
    assert_int_equal(given->len, store.u.store.record.len);
    assert_memory_equal(given->data, bytes, given->len);
    find.u.find_value.type = SKAD_RECORD_MUTABLE; /* there is none of this type */
    ask(&find, true, &asked);
    assert_int_equal(asked.opened.message.u.reply.u.value.records_count, 0);
    assert_int_equal(asked.opened.message.u.reply.u.value.contacts_count, 16);
}

/* Three of the largest announcements fit a datagram, and each time others are chosen. */
static void of_many_announcements_as_many_as_fit_are_given(void **state)
{
    (void)state;
    const skad_message find = question(SKAD_KIND_FIND_VALUE);
    skad_message announce = question(SKAD_KIND_ANNOUNCE);
    test_exchange asked;
    for (uint32_t publisher = 1; publisher <= 12; publisher++) {
        announce.u.announce.record = announcement(publisher, &find.u.find_value.key);
        ask(&announce, true, &asked);
        assert_int_equal(asked.opened.message.kind, SKAD_KIND_ANNOUNCED);
    }
    const size_t fit = 1005 / (announce.u.announce.record.len + 3);
    ask(&find, true, &asked);
    assert_in_range(fit, 2, 7);
    assert_int_equal(asked.opened.message.u.reply.u.value.records_count, fit);
}

static void without_room_in_the_outbox_an_answer_is_lost_and_counted(void **state)
{
    (void)state;
    const skad_message ping = {.kind = SKAD_KIND_PING};
    skad_node_limits limits;
    skad_node_limits_default(&limits);
    for (size_t i = 0; i < limits.outbox + 2U; i++) {
        skad_datagram request;
        test_fixture_request(&fixture, who, &ping, NULL, &request);
        assert_int_equal(test_fixture_deliver(&fixture, &who->address, &request),
                         SKAD_VERDICT_ACCEPT);
    }
    assert_int_equal(stats().outbox_dropped, 2);
    assert_int_equal(test_fixture_drain(&fixture), limits.outbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            each_request_has_its_answer_with_a_token_and_the_askers_address, begin, end),
        cmocka_unit_test_setup_teardown(
            without_a_token_answers_are_within_three_times_and_nothing_is_stored, begin, end),
        cmocka_unit_test_setup_teardown(a_short_request_is_answered_by_fewer_contacts, begin, end),
        cmocka_unit_test_setup_teardown(a_token_is_good_for_this_slot_and_the_next, begin, end),
        cmocka_unit_test_setup_teardown(the_asker_is_told_of_others_alone_in_ascending_distance,
                                        begin, end),
        cmocka_unit_test_setup_teardown(no_more_than_k_contacts_are_named, begin_with_small_buckets,
                                        end),
        cmocka_unit_test_setup_teardown(who_wants_ipv6_is_told_of_no_one_without_it, begin, end),
        cmocka_unit_test_setup_teardown(an_asker_by_ipv6_is_answered_there, begin, end),
        cmocka_unit_test_setup_teardown(a_record_of_the_other_kind_or_none_is_invalid, begin, end),
        cmocka_unit_test_setup_teardown(a_value_is_given_as_it_was_stored, begin, end),
        cmocka_unit_test_setup_teardown(of_many_announcements_as_many_as_fit_are_given, begin, end),
        cmocka_unit_test_setup_teardown(without_room_in_the_outbox_an_answer_is_lost_and_counted,
                                        begin, end),
    };
    return cmocka_run_group_tests_name("serve", tests, NULL, NULL);
}
