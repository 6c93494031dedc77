/* Statements: what is signed, for what network and subject, and that nothing else is taken. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "crypto/keys.h"
#include "proto/statement.h"

static skad_identity identity;
static skad_publisher signer;
static uint8_t subject[SKAD_HASH_BYTES];
static uint8_t bytes[SKAD_STATEMENT_BYTES_MAX];

static int begin(void **state)
{
    static const uint8_t seed[32] = {3};
    (void)state;
    assert_int_equal(skad_identity_from_seed(seed, 0, &identity), SKAD_OK);
    signer = (skad_publisher){&identity, {{1, 2, 3}}};
    const skad_forward forward = {.aim = SKAD_FORWARD_NODES, .target = {{9}}};
    skad_statement_subject(&forward, subject);
    return 0;
}

static skad_statement full(size_t count)
{
    skad_statement stated = {
        .aim = SKAD_FORWARD_NODES, .unix_s = 1800000000, .contacts_count = count};
    for (size_t i = 0; i < count; i++) {
        stated.contacts[i] = (skad_contact){
            .id = {{(uint8_t)(i + 1)}},
            .ipv4 = {SKAD_FAMILY_IPV4, 7, {8, 1, 2, (uint8_t)i}},
            .ipv6 = {SKAD_FAMILY_IPV6, 7, {0x20, 1, (uint8_t)i}},
            .guarded = SKAD_FAMILY_IPV6,
        };
    }
    return stated;
}

static void it_comes_back_as_it_was_signed(void **state)
{
    (void)state;
    skad_statement opened;
    const skad_statement stated = full(5);
    const size_t len = skad_statement_encode(signer, subject, &stated, bytes);
    assert_true(skad_statement_open(&signer.network, subject, (skad_span){bytes, len}, &opened));
    assert_memory_equal(opened.public_key, identity.public_key, SKAD_PUBLIC_KEY_BYTES);
    assert_int_equal(opened.aim, SKAD_FORWARD_NODES);
    assert_int_equal(opened.unix_s, 1800000000);
    assert_int_equal(opened.holders, 0);
    assert_int_equal(opened.contacts_count, 5);
    assert_memory_equal(opened.contacts[4].id.bytes, stated.contacts[4].id.bytes, SKAD_ID_BYTES);
    assert_int_equal(opened.contacts[4].guarded, SKAD_FAMILY_IPV6);
}

/* Sixteen contacts with both families are more than fit; the farthest are left out. */
static void the_largest_fits_an_answer(void **state)
{
    (void)state;
    skad_statement opened;
    const skad_statement stated = full(SKAD_CONTACTS_MAX);
    skad_message message = {.kind = SKAD_KIND_FORWARDED};
    uint8_t body[SKAD_BODY_BYTES_MAX];
    const size_t len = skad_statement_encode(signer, subject, &stated, bytes);
    assert_true(len <= SKAD_STATEMENT_BYTES_MAX);
    assert_true(skad_statement_open(&signer.network, subject, (skad_span){bytes, len}, &opened));
    assert_in_range(opened.contacts_count, 13, SKAD_CONTACTS_MAX);
    message.u.reply.observed = stated.contacts[0].ipv6;
    message.u.reply.u.forwarded.statement = (skad_span){bytes, len};
    assert_true(skad_message_encode(&message, body, sizeof body) > 0);
}

static void it_is_of_one_network_and_one_subject(void **state)
{
    (void)state;
    skad_statement opened;
    const skad_statement stated = full(1);
    const size_t len = skad_statement_encode(signer, subject, &stated, bytes);
    const skad_network_id other = {{7}};
    uint8_t elsewhere[SKAD_HASH_BYTES];
    const skad_forward forward = {.aim = SKAD_FORWARD_IMMUTABLE, .target = {{9}}};
    skad_statement_subject(&forward, elsewhere); /* the same target, another aim */
    assert_false(skad_statement_open(&other, subject, (skad_span){bytes, len}, &opened));
    assert_false(skad_statement_open(&signer.network, elsewhere, (skad_span){bytes, len}, &opened));
}

/* Each bit of it is covered, and no shorter or longer one is taken. */
static void nothing_of_it_can_be_changed(void **state)
{
    (void)state;
    skad_statement opened;
    const skad_statement stated = full(2);
    const size_t len = skad_statement_encode(signer, subject, &stated, bytes);
    for (size_t i = 0; i < len; i++) {
        bytes[i] ^= (uint8_t)(1U << i % 8);
        assert_false(
            skad_statement_open(&signer.network, subject, (skad_span){bytes, len}, &opened));
        bytes[i] ^= (uint8_t)(1U << i % 8);
        assert_false(skad_statement_open(&signer.network, subject, (skad_span){bytes, i}, &opened));
    }
    bytes[len] = 0xc0;
    assert_false(
        skad_statement_open(&signer.network, subject, (skad_span){bytes, len + 1}, &opened));
    assert_true(skad_statement_open(&signer.network, subject, (skad_span){bytes, len}, &opened));
}

/* Holders are of what is stored, contacts of a list of nodes, and there is no aim 3. */
static void it_says_nothing_of_another_aim(void **state)
{
    (void)state;
    skad_statement opened;
    for (unsigned aim = 0; aim <= SKAD_FORWARD_STORE; aim++) {
        for (size_t contacts = 0; contacts <= 1; contacts++) {
            for (uint8_t holders = 0; holders <= 1; holders++) {
                skad_statement stated = full(contacts);
                stated.aim = (skad_forward_aim)aim;
                stated.holders = holders;
                const size_t len = skad_statement_encode(signer, subject, &stated, bytes);
                const bool fits = aim != 3 && (contacts == 0 || aim == SKAD_FORWARD_NODES) &&
                                  (holders == 0 || aim == SKAD_FORWARD_STORE);
                assert_int_equal(
                    skad_statement_open(&signer.network, subject, (skad_span){bytes, len}, &opened),
                    fits);
            }
        }
    }
}

static void the_subject_of_a_record_is_all_of_it(void **state)
{
    (void)state;
    uint8_t one[SKAD_HASH_BYTES];
    uint8_t other[SKAD_HASH_BYTES];
    uint8_t record[] = {1, 2, 3};
    const skad_forward forward = {
        .aim = SKAD_FORWARD_STORE, .target = {{9}}, .record = {record, sizeof record}};
    skad_statement_subject(&forward, one);
    record[2] = 4;
    skad_statement_subject(&forward, other);
    assert_memory_not_equal(one, other, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_back_as_it_was_signed),
        cmocka_unit_test(the_largest_fits_an_answer),
        cmocka_unit_test(it_is_of_one_network_and_one_subject),
        cmocka_unit_test(nothing_of_it_can_be_changed),
        cmocka_unit_test(it_says_nothing_of_another_aim),
        cmocka_unit_test(the_subject_of_a_record_is_all_of_it),
    };
    return cmocka_run_group_tests_name("statement", tests, begin, NULL);
}
