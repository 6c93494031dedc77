/* Every valid message, changed in one byte, cut short anywhere, or with a byte more: nothing that
 * differs from what was signed is ever accepted. Two programs come of this file: one with real
 * signatures, which tries every bit, and one with modelled ones, which tries every value of every
 * byte (tests/CMakeLists.txt). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "crypto/identity_file.h"
#include "proto/peer_file.h"
#include "skad/record.h"
#include "tests/support/prng.h"
#include "tests/support/vectors_identities.h"
#include "tests/support/wire.h"

#ifdef SKAD_TEST_MODELLED
#define CHANGES 255
#else
#define CHANGES 8
#endif

/* The n-th other value of a byte. */
static uint8_t changed(uint8_t byte, unsigned n)
{
#ifdef SKAD_TEST_MODELLED
    return (uint8_t)(byte + 1 + n);
#else
    return (uint8_t)(byte ^ 1U << n);
#endif
}

/* Whether bytes are taken for a valid message. */
typedef bool (*accepts)(const void *user, const uint8_t *bytes, size_t len);

/* Asserts that the original is accepted, and nothing that differs from it by one step. */
static void refuse_all_others(accepts accept, const void *user, const uint8_t *original, size_t len)
{
    static uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX + 1];
    memcpy(bytes, original, len);
    assert_true(accept(user, bytes, len));
    for (size_t at = 0; at < len; at++) {
        for (unsigned n = 0; n < CHANGES; n++) {
            bytes[at] = changed(original[at], n);
            if (accept(user, bytes, len)) {
                fail_msg("byte %zu of %zu may be %02x instead of %02x", at, len, bytes[at],
                         original[at]);
            }
        }
        bytes[at] = original[at];
    }
    for (size_t cut = 0; cut < len; cut++) {
        memcpy(bytes, original, len);
        if (accept(user, bytes, cut)) {
            fail_msg("%zu of %zu bytes are enough", cut, len);
        }
    }
    memcpy(bytes, original, len);
    bytes[len] = 0;
    assert_false(accept(user, bytes, len + 1));
}

/* ---- Datagrams ---- */

typedef struct reception {
    const skad_vector_identities *identities;
    const skad_id *recipient; /* whom the tag is made for */
    bool reply;
} reception;

static bool accepts_datagram(const void *user, const uint8_t *bytes, size_t len)
{
    const reception *self = user;
    const skad_open_awaited awaited = {self->identities->request_digest,
                                       &self->identities->sender.id};
    skad_opened opened;
    return skad_wire_receive(bytes, len, &self->identities->receiver.id, SKAD_WIRE_UNIX_S,
                             self->reply ? &awaited : NULL, &opened) == SKAD_VERDICT_ACCEPT;
}

/* The same for whoever knows the network and puts the tag right again: it is the signature and the
 * strict decoding that have to refuse. */
static bool accepts_retagged(const void *user, const uint8_t *bytes, size_t len)
{
    const reception *self = user;
    uint8_t tagged[SKAD_DATAGRAM_BYTES_MAX + 1];
    if (len <= SKAD_TAG_BYTES || len > SKAD_DATAGRAM_BYTES_MAX) {
        return false;
    }
    memcpy(tagged, bytes, len);
    skad_wire_retag(tagged, len, self->recipient);
    return accepts_datagram(user, tagged, len);
}

static void each_datagram_is_accepted_as_it_was_signed_only(void **state)
{
    (void)state;
    static skad_vector_identities identities;
    static const skad_id anybody;
    skad_vector_identities_init(&identities);
    for (size_t i = 0; i < SKAD_WIRE_KINDS; i++) {
        skad_kind kind = skad_wire_kinds[i];
        bool reply = skad_kind_is_reply(kind);
        const skad_id *recipient = kind == SKAD_KIND_PING ? &anybody : &identities.receiver.id;
        reception self = {&identities, recipient, reply};
        skad_draft draft;
        skad_vector_draft(&identities, kind, recipient, reply ? identities.request_digest : NULL,
                          kind == SKAD_KIND_PING ? NULL : SKAD_VECTOR_TOKEN, &draft);
        skad_seal(&identities.sealer, &(skad_draft *){&draft}, 1);
        print_message("%s, %u bytes\n", skad_wire_kind_name(kind), draft.len);
        refuse_all_others(accepts_datagram, &self, draft.bytes, draft.len);
        /* The tag itself is put right again: only what is behind it may change. */
        uint8_t tag[SKAD_TAG_BYTES];
        memcpy(tag, draft.bytes, sizeof tag);
        assert_true(accepts_retagged(&self, draft.bytes, draft.len));
        for (size_t at = SKAD_TAG_BYTES; at < draft.len; at++) {
            uint8_t original = draft.bytes[at];
            for (unsigned n = 0; n < CHANGES; n++) {
                draft.bytes[at] = changed(original, n);
                assert_false(accepts_retagged(&self, draft.bytes, draft.len));
            }
            draft.bytes[at] = original;
        }
        for (size_t len = 0; len < draft.len; len++) {
            assert_false(accepts_retagged(&self, draft.bytes, len));
        }
    }
}

/* Of a batch each datagram carries its place and its path under a common signature. */
static void neither_place_nor_path_in_a_batch_can_change(void **state)
{
    (void)state;
    static skad_vector_identities identities;
    static skad_draft drafts[3];
    skad_draft *batch[3] = {&drafts[0], &drafts[1], &drafts[2]};
    skad_vector_identities_init(&identities);
    static const skad_kind kinds[3] = {SKAD_KIND_FIND_NODE, SKAD_KIND_STORE, SKAD_KIND_FIND_VALUE};
    for (size_t i = 0; i < 3; i++) {
        skad_vector_draft(&identities, kinds[i], &identities.receiver.id, NULL, SKAD_VECTOR_TOKEN,
                          &drafts[i]);
    }
    skad_seal(&identities.sealer, batch, 3);
    reception self = {&identities, &identities.receiver.id, false};
    for (size_t i = 0; i < 3; i++) {
        for (size_t at = SKAD_TAG_BYTES; at < drafts[i].len; at++) {
            uint8_t original = drafts[i].bytes[at];
            for (unsigned n = 0; n < CHANGES; n++) {
                drafts[i].bytes[at] = changed(original, n);
                assert_false(accepts_retagged(&self, drafts[i].bytes, drafts[i].len));
            }
            drafts[i].bytes[at] = original;
        }
        assert_true(accepts_datagram(&self, drafts[i].bytes, drafts[i].len));
    }
}

/* ---- Records and files ---- */

static bool accepts_record(const void *user, const uint8_t *bytes, size_t len)
{
    (void)user;
    const skad_network_id network = skad_wire_publisher(NULL).network;
    skad_record record;
    return skad_record_decode(bytes, len, &record) && skad_record_verify(&record, &network) &&
           record.type != SKAD_RECORD_IMMUTABLE; /* whose key proves it */
}

static void each_signed_record_is_accepted_as_it_was_signed_only(void **state)
{
    (void)state;
    static skad_identity publisher;
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    const uint8_t value[] = "the value";
    const skad_span span = {value, sizeof value};
    const skad_address endpoint = {.family = SKAD_FAMILY_IPV4, .port = 80, .ip = {8, 8, 8, 8}};
    const skad_id key = {{5}};
    skad_wire_identity(1, &publisher);
    size_t len = skad_record_encode_mutable(skad_wire_publisher(&publisher), span, 300, 1790000000,
                                            span, bytes, sizeof bytes);
    refuse_all_others(accepts_record, NULL, bytes, len);
    len = skad_record_encode_announcement(skad_wire_publisher(&publisher), &key, 300, 1790000000,
                                          &endpoint, span, bytes, sizeof bytes);
    refuse_all_others(accepts_record, NULL, bytes, len);
}

/* An immutable record is what its key says: whatever else decodes has another key. */
static bool accepts_under_key(const void *user, const uint8_t *bytes, size_t len)
{
    const skad_network_id network = skad_wire_publisher(NULL).network;
    skad_record record;
    return skad_record_decode(bytes, len, &record) && skad_record_verify(&record, &network) &&
           memcmp(&record.key, user, sizeof record.key) == 0;
}

static void an_immutable_record_has_its_key_alone(void **state)
{
    (void)state;
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    uint8_t value[300];
    skad_id key;
    skad_wire_fill(value, sizeof value, 1);
    skad_value_key(value, sizeof value, &key);
    size_t len = skad_record_encode_immutable(value, sizeof value, bytes, sizeof bytes);
    refuse_all_others(accepts_under_key, &key, bytes, len);
}

static bool accepts_identity(const void *user, const uint8_t *bytes, size_t len)
{
    (void)user;
    skad_identity identity;
    return skad_identity_decode(bytes, len, &identity) == SKAD_OK;
}

static bool accepts_peers(const void *user, const uint8_t *bytes, size_t len)
{
    static skad_peer_file file;
    return skad_peer_file_decode(bytes, len, user, &file) == SKAD_OK;
}

static void each_file_is_accepted_as_it_was_written_only(void **state)
{
    (void)state;
    static skad_identity identity;
    static uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX];
    static skad_peer_file peers = {.written_s = 1800000000, .count = 3};
    static const uint8_t hash[SKAD_HASH_BYTES] = {1, 2, 3};
    skad_wire_identity(1, &identity);
    skad_identity_encode(&identity, bytes);
    refuse_all_others(accepts_identity, NULL, bytes, SKAD_IDENTITY_FILE_BYTES);
    for (uint32_t i = 0; i < peers.count; i++) {
        peers.contacts[i].ipv4 = test_prng_address(i);
    }
    refuse_all_others(accepts_peers, hash, bytes, skad_peer_file_encode(&peers, hash, bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_datagram_is_accepted_as_it_was_signed_only),
        cmocka_unit_test(neither_place_nor_path_in_a_batch_can_change),
        cmocka_unit_test(each_signed_record_is_accepted_as_it_was_signed_only),
        cmocka_unit_test(an_immutable_record_has_its_key_alone),
        cmocka_unit_test(each_file_is_accepted_as_it_was_written_only),
    };
    return cmocka_run_group_tests_name("mutations", tests, NULL, NULL);
}
