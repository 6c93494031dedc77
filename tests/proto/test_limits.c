/* The figures that proto/PROTOCOL.md states, written out once more: a change of the derivations in
 * proto/limits.h must not pass unseen. And the largest messages, made and not only computed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/address.h"
#include "tests/support/wire.h"

static void derived_limits_are_the_documented_ones(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        size_t is;
        size_t documented;
    } cases[] = {
        {"datagram, least", SKAD_DATAGRAM_BYTES_MIN, 152},
        {"datagram, most", SKAD_DATAGRAM_BYTES_MAX, 1232},
        {"first contact", SKAD_FIRST_CONTACT_BYTES, 411},
        {"challenge; least for a PING without token", SKAD_CHALLENGE_BYTES_MAX, 194},
        {"PING in a batch", SKAD_PING_BYTES_MAX, 322},
        {"envelope", SKAD_ENVELOPE_BYTES_MAX, 1216},
        {"body of a reply", SKAD_BODY_BYTES_MAX, 1059},
        {"body of a request", SKAD_REQUEST_BYTES_MAX, 1027},
        {"padding", SKAD_PAD_BYTES_MAX, 512},
        {"datagrams under one signature", SKAD_MERKLE_LEAVES_MAX, 16},
        {"steps of a path", SKAD_MERKLE_DEPTH_MAX, 4},
        {"contacts in a reply", SKAD_CONTACTS_MAX, 16},
        {"records in a reply", SKAD_RECORDS_MAX, 8},
        {"value", SKAD_VALUE_BYTES_MAX, 1000},
        {"value of a mutable record", SKAD_MUTABLE_VALUE_BYTES_MAX, 800},
        {"salt", SKAD_SALT_BYTES_MAX, 64},
        {"metadata", SKAD_METADATA_BYTES_MAX, 128},
        {"nesting of a body", SKAD_DEPTH_MAX, 4},
        {"record", SKAD_RECORD_BYTES_MAX, 1005},
        {"mutable record", SKAD_RECORD_MUTABLE_BYTES_MAX, 989},
        {"announcement", SKAD_RECORD_ANNOUNCE_BYTES_MAX, 304},
        {"contact", SKAD_CONTACT_BYTES_MAX, 64},
        {"NODES", SKAD_NODES_BYTES_MAX, 1048},
        {"STORE", SKAD_STORE_BYTES_MAX, 1023},
        {"VALUE", SKAD_VALUE_REPLY_BYTES_MAX, 1036},
        {"items of a body", SKAD_BODY_ITEMS_MAX, 93},
        {"proof alone", SKAD_PROOF_BYTES(0), 69},
        {"proof in a batch of 16", SKAD_PROOF_BYTES(4), 197},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (cases[i].is != cases[i].documented) {
            fail_msg("%s: %zu, documented %zu", cases[i].label, cases[i].is, cases[i].documented);
        }
    }
}

/* Drafts a message to somebody, with a token and the longest epoch. */
static skad_status draft(const skad_message *message, skad_draft *out)
{
    static const uint8_t rpc_id[SKAD_RPC_ID_BYTES];
    static const uint8_t token[SKAD_TOKEN_BYTES];
    static const uint8_t key[SKAD_HASH_BYTES];
    static skad_identity identity;
    const skad_puzzle_nonce nonce = {.epoch = UINT32_MAX};
    const skad_sealer sealer = {&identity, &nonce, key};
    skad_id recipient;

    skad_wire_identity(1, &identity);
    skad_wire_fill(recipient.bytes, SKAD_ID_BYTES, 1);
    skad_status status = skad_draft_write(
        &sealer,
        &(skad_draft_fields){.message = message,
                             .rpc_id = rpc_id,
                             .recipient = &recipient,
                             .request_digest = skad_kind_is_reply(message->kind) ? key : NULL,
                             .token = token},
        out);
    if (status == SKAD_OK) {
        skad_draft *one = out;
        skad_seal(&sealer, &one, 1);
    }
    return status;
}

static size_t contacts_in(const skad_draft *sealed)
{
    skad_envelope envelope;
    static skad_message message;

    assert_int_equal(skad_envelope_decode(sealed->bytes + SKAD_TAG_BYTES,
                                          (size_t)(sealed->len - SKAD_TAG_BYTES), &envelope),
                     SKAD_VERDICT_ACCEPT);
    assert_true(
        skad_message_decode(envelope.kind, envelope.body.data, envelope.body.len, &message));
    return envelope.kind == SKAD_KIND_NODES ? message.u.reply.u.nodes.contacts_count
                                            : message.u.reply.u.value.contacts_count;
}

static void fill_contacts(skad_contact *contacts)
{
    for (uint8_t i = 0; i < SKAD_CONTACTS_MAX; i++) {
        memset(&contacts[i], 0, sizeof contacts[i]);
        skad_wire_fill(contacts[i].id.bytes, SKAD_ID_BYTES, i);
        assert_true(skad_address_parse("192.0.2.1:4001", &contacts[i].ipv4));
        assert_true(skad_address_parse("[2001:db8::1]:4001", &contacts[i].ipv6));
    }
}

static void sixteen_contacts_of_both_families_fit(void **state)
{
    (void)state;
    skad_message message = {.kind = SKAD_KIND_NODES};
    skad_draft sealed;

    assert_true(skad_address_parse("[2001:db8::1]:65535", &message.u.reply.observed));
    message.u.reply.u.nodes.contacts_count = SKAD_CONTACTS_MAX;
    fill_contacts(message.u.reply.u.nodes.contacts);
    assert_int_equal(draft(&message, &sealed), SKAD_OK);
    assert_int_equal(contacts_in(&sealed), SKAD_CONTACTS_MAX);
}

static void the_longest_challenge_is_made(void **state)
{
    (void)state;
    skad_message message = {.kind = SKAD_KIND_ERROR};
    skad_draft sealed;

    message.u.reply.u.error.code = SKAD_ERROR_TOKEN;
    assert_true(skad_address_parse("[2001:db8::1]:65535", &message.u.reply.observed));
    assert_int_equal(draft(&message, &sealed), SKAD_OK);
    assert_int_equal(sealed.len, SKAD_CHALLENGE_BYTES_MAX);
}

/* The list's header grows at sixteen. A draft is as long as its own contacts need; one byte less,
 * and the last of them is left out. */
static void contacts_are_left_out_where_they_do_not_fit(void **state)
{
    (void)state;
    static const uint8_t rpc_id[SKAD_RPC_ID_BYTES];
    static const uint8_t key[SKAD_HASH_BYTES];
    static skad_identity identity;
    const skad_puzzle_nonce nonce = {.epoch = UINT32_MAX};
    const skad_sealer sealer = {&identity, &nonce, key};
    const skad_id recipient = {{1}};
    skad_message message = {.kind = SKAD_KIND_NODES};
    skad_draft whole;
    skad_wire_identity(1, &identity);
    assert_true(skad_address_parse("192.0.2.1:4001", &message.u.reply.observed));
    fill_contacts(message.u.reply.u.nodes.contacts);
    for (size_t count = 1; count <= SKAD_CONTACTS_MAX; count++) {
        skad_draft_fields fields = {
            .message = &message, .rpc_id = rpc_id, .recipient = &recipient, .request_digest = key};
        message.u.reply.u.nodes.contacts_count = (uint8_t)count;
        assert_int_equal(skad_draft_write(&sealer, &fields, &whole), SKAD_OK);
        for (size_t less = 0; less < 2; less++) {
            skad_draft cut;
            fields.bytes_max = whole.len + SKAD_PROOF_BYTES(0) - less;
            assert_int_equal(skad_draft_write(&sealer, &fields, &cut), SKAD_OK);
            assert_int_equal(cut.len == whole.len, less == 0);
        }
    }
}

static void largest_record_fits_a_store_and_a_value(void **state)
{
    (void)state;
    static uint8_t value[SKAD_VALUE_BYTES_MAX];
    static uint8_t record[SKAD_RECORD_BYTES_MAX];
    skad_message store = {.kind = SKAD_KIND_STORE};
    skad_message reply = {.kind = SKAD_KIND_VALUE};
    skad_draft sealed;

    size_t len = skad_record_encode_immutable(value, sizeof value, record, sizeof record);
    assert_int_equal(len, SKAD_RECORD_BYTES_MAX);
    store.u.store.record = (skad_span){record, len};
    store.u.store.has_cas = true;
    store.u.store.cas = UINT64_MAX;
    store.u.store.life_s = UINT32_MAX;
    assert_int_equal(draft(&store, &sealed), SKAD_OK);
    assert_true(sealed.len <= SKAD_DATAGRAM_BYTES_MAX);
    assert_true(skad_address_parse("[2001:db8::1]:65535", &reply.u.reply.observed));
    reply.u.reply.u.value.records_count = 1;
    reply.u.reply.u.value.total = UINT32_MAX;
    reply.u.reply.u.value.records[0] = (skad_span){record, len};
    reply.u.reply.u.value.contacts_count = SKAD_CONTACTS_MAX;
    fill_contacts(reply.u.reply.u.value.contacts);
    assert_int_equal(draft(&reply, &sealed), SKAD_OK);
    assert_true(sealed.len <= SKAD_DATAGRAM_BYTES_MAX);
    assert_int_equal(contacts_in(&sealed), 0);
}

static void smallest_datagram_has_the_least_size(void **state)
{
    (void)state;
    uint8_t datagram[SKAD_DATAGRAM_BYTES_MAX];
    skad_identity sender;
    skad_wire_craft craft;

    skad_wire_identity(1, &sender);
    skad_wire_craft_init(&craft, &sender, &sender.id, SKAD_KIND_PONG,
                         (skad_span){(const uint8_t *)"\x90", 1});
    craft.epoch = 0;
    assert_int_equal(skad_wire_craft_write(&craft, datagram, sizeof datagram),
                     SKAD_DATAGRAM_BYTES_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derived_limits_are_the_documented_ones),
        cmocka_unit_test(sixteen_contacts_of_both_families_fit),
        cmocka_unit_test(contacts_are_left_out_where_they_do_not_fit),
        cmocka_unit_test(the_longest_challenge_is_made),
        cmocka_unit_test(largest_record_fits_a_store_and_a_value),
        cmocka_unit_test(smallest_datagram_has_the_least_size),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
