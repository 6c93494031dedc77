/* The file of peers as bytes: what is written is read back, and nothing else is read. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/keys.h"
#include "proto/peer_file.h"

#define AT_VERSION     14
#define NO_PROOF_BYTES 2 /* the list of proofs of one contact that has none */
#define CHECKSUM_BYTES (2 + SKAD_HASH_BYTES)

static const uint8_t OURS[SKAD_HASH_BYTES] = {1, 2, 3};
static const uint8_t THEIRS[SKAD_HASH_BYTES] = {1, 2, 4};

static skad_contact contact(size_t i, unsigned families)
{
    skad_contact out = {.id.bytes = {(uint8_t)(i >> 8), (uint8_t)i, 7}};
    if ((families & SKAD_FAMILY_IPV4) != 0) {
        out.ipv4 = (skad_address){SKAD_FAMILY_IPV4, 4700, {192, 0, 2, (uint8_t)i}};
    }
    if ((families & SKAD_FAMILY_IPV6) != 0) {
        out.ipv6 = (skad_address){SKAD_FAMILY_IPV6, 4701, {0x20, 1, 0xd, 0xb8, [15] = (uint8_t)i}};
    }
    return out;
}

static void fill(skad_peer_file *file, size_t count, unsigned families)
{
    memset(file, 0, sizeof *file);
    file->written_s = 1700000000;
    file->count = count;
    for (size_t i = 0; i < count; i++) {
        file->contacts[i] = contact(i, families == 0 ? 1 + (unsigned)(i % 3) : families);
    }
}

static void fill_proofs(skad_peer_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        file->proofs[i] = (skad_peer_proof){.known = i % 3 != 1,
                                            .public_key = {(uint8_t)i, 4},
                                            .nonce = {UINT32_MAX - (uint32_t)i, {(uint8_t)i, 5}}};
        if (!file->proofs[i].known) {
            memset(&file->proofs[i], 0, sizeof file->proofs[i]);
        }
    }
}

/* Makes the checksum right again after somebody changed what is before it. */
static void sum_up(uint8_t *bytes, size_t len)
{
    skad_hash_one(SKAD_HASH_FILE, bytes, len - CHECKSUM_BYTES, bytes + len - SKAD_HASH_BYTES);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 3, 15, 16, 17, 255, SKAD_PEER_FILE_CONTACTS_MAX};
    skad_peer_file file;
    skad_peer_file back;
    uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX];

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        fill(&file, counts[i], 0);
        fill_proofs(&file);
        size_t len = skad_peer_file_encode(&file, OURS, bytes);
        memset(&back, 0xff, sizeof back);
        assert_int_equal(skad_peer_file_decode(bytes, len, OURS, &back), SKAD_OK);
        assert_int_equal(back.written_s, file.written_s);
        assert_int_equal(back.count, counts[i]);
        assert_memory_equal(back.contacts, file.contacts, counts[i] * sizeof file.contacts[0]);
        for (size_t j = 0; j < counts[i]; j++) {
            const skad_peer_proof *wanted = &file.proofs[j];
            assert_int_equal(back.proofs[j].known, wanted->known);
            assert_memory_equal(back.proofs[j].public_key, wanted->public_key, 32);
            assert_int_equal(back.proofs[j].nonce.epoch, wanted->nonce.epoch);
            assert_memory_equal(back.proofs[j].nonce.bytes, wanted->nonce.bytes, SKAD_NONCE_BYTES);
        }
    }
}

static void the_largest_file_has_exactly_the_bytes_that_are_reserved(void **state)
{
    (void)state;
    skad_peer_file file;
    uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX];

    fill(&file, SKAD_PEER_FILE_CONTACTS_MAX, SKAD_FAMILIES_ALL);
    file.written_s = UINT64_MAX;
    for (size_t i = 0; i < file.count; i++) {
        file.proofs[i] = (skad_peer_proof){.known = true, .nonce.epoch = UINT32_MAX};
    }
    assert_int_equal(skad_peer_file_encode(&file, OURS, bytes), SKAD_PEER_FILE_BYTES_MAX);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    skad_peer_file file;
    skad_peer_file back;
    uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX];

    fill(&file, 5, 0);
    size_t len = skad_peer_file_encode(&file, OURS, bytes);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(skad_peer_file_decode(bytes, cut, OURS, &back), SKAD_ERR_FORMAT);
        assert_int_equal(back.count, 0);
    }
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    skad_peer_file file;
    skad_peer_file back;
    uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX];

    fill(&file, 5, 0);
    fill_proofs(&file);
    size_t len = skad_peer_file_encode(&file, OURS, bytes);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        uint8_t mask = (uint8_t)(1 << bit % 8);
        bytes[bit / 8] ^= mask;
        skad_status want = bit / 8 == AT_VERSION ? SKAD_ERR_VERSION : SKAD_ERR_FORMAT;
        assert_int_equal(skad_peer_file_decode(bytes, len, OURS, &back), want);
        assert_int_equal(back.count, 0);
        bytes[bit / 8] ^= mask;
    }
    assert_int_equal(skad_peer_file_decode(bytes, len, OURS, &back), SKAD_OK);
}

static void another_network_has_other_peers(void **state)
{
    (void)state;
    skad_peer_file file;
    skad_peer_file back;
    uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX];

    fill(&file, 5, 0);
    size_t len = skad_peer_file_encode(&file, THEIRS, bytes);
    assert_int_equal(skad_peer_file_decode(bytes, len, OURS, &back), SKAD_ERR_INPUT);
    assert_int_equal(back.count, 0);
}

static void a_newer_version_is_known_as_such_whatever_its_size(void **state)
{
    (void)state;
    skad_peer_file file;
    skad_peer_file back;
    uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX + 100] = {0};

    fill(&file, 0, 0);
    (void)skad_peer_file_encode(&file, OURS, bytes);
    bytes[0]++; /* one more element */
    bytes[AT_VERSION] = 3;
    assert_int_equal(skad_peer_file_decode(bytes, sizeof bytes, OURS, &back), SKAD_ERR_VERSION);
    assert_int_equal(skad_peer_file_decode(bytes, AT_VERSION + 1, OURS, &back), SKAD_ERR_VERSION);
}

static void too_many_contacts_are_refused_though_the_checksum_is_right(void **state)
{
    (void)state;
    skad_peer_file file;
    skad_peer_file back;
    uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX + 100];

    fill(&file, SKAD_PEER_FILE_CONTACTS_MAX, SKAD_FAMILY_IPV4);
    size_t len = skad_peer_file_encode(&file, OURS, bytes);
    size_t one = 1 + SKAD_BIN8(SKAD_ID_BYTES) + SKAD_BIN8(SKAD_ADDRESS4_BYTES);
    const size_t proofs = 3 + SKAD_PEER_FILE_CONTACTS_MAX; /* none of any */
    size_t contacts = len - CHECKSUM_BYTES - proofs - SKAD_PEER_FILE_CONTACTS_MAX * one;
    assert_int_equal(bytes[contacts - 3], 0xdc); /* an array with a count of two bytes */
    assert_int_equal(bytes[contacts - 2], SKAD_PEER_FILE_CONTACTS_MAX >> 8);
    bytes[contacts - 1]++;
    memmove(bytes + contacts + one, bytes + contacts, len - contacts);
    len += one;
    sum_up(bytes, len);
    assert_int_equal(skad_peer_file_decode(bytes, len, OURS, &back), SKAD_ERR_FORMAT);
    assert_int_equal(back.count, 0);
}

static void a_file_beyond_the_size_bound_is_refused(void **state)
{
    (void)state;
    skad_peer_file file;
    skad_peer_file back;
    uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX + 1] = {0};

    fill(&file, SKAD_PEER_FILE_CONTACTS_MAX, SKAD_FAMILIES_ALL);
    file.written_s = UINT64_MAX;
    for (size_t i = 0; i < file.count; i++) {
        file.proofs[i] = (skad_peer_proof){.known = true, .nonce.epoch = UINT32_MAX};
    }
    size_t len = skad_peer_file_encode(&file, OURS, bytes);
    assert_int_equal(skad_peer_file_decode(bytes, len, OURS, &back), SKAD_OK);
    assert_int_equal(skad_peer_file_decode(bytes, len + 1, OURS, &back), SKAD_ERR_FORMAT);
}

/* Changes that a checksum does not show: whoever makes them can compute one. */
static void lax_encodings_are_refused_though_the_checksum_is_right(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        size_t at; /* from the first contact's header */
        uint8_t byte;
    } cases[] = {
        {"a contact without an address", 0, 0x91},
        {"a contact of three with one address", 0, 0x93},
        {"a shorter ID", 2, SKAD_ID_BYTES - 1},
        {"an ID as text", 1, 0xd9},
        {"an address of seven bytes", 1 + 34 + 1, 7},
    };
    skad_peer_file file;
    skad_peer_file back;
    uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX];

    fill(&file, 1, SKAD_FAMILY_IPV4);
    size_t len = skad_peer_file_encode(&file, OURS, bytes);
    size_t first = len - CHECKSUM_BYTES - NO_PROOF_BYTES - (1 + 34 + 8);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t before = bytes[first + cases[i].at];
        bytes[first + cases[i].at] = cases[i].byte;
        sum_up(bytes, len);
        if (skad_peer_file_decode(bytes, len, OURS, &back) != SKAD_ERR_FORMAT || back.count != 0) {
            fail_msg("taken: %s", cases[i].label);
        }
        bytes[first + cases[i].at] = before;
    }
    sum_up(bytes, len);
    assert_int_equal(skad_peer_file_decode(bytes, len, OURS, &back), SKAD_OK);
}

/* Of a contact with both addresses: the first is IPv4, the second IPv6, and nothing else will do.
 */
static void both_addresses_of_a_contact_are_checked(void **state)
{
    (void)state;
    enum { AT_SECOND = 1 + 34 + 8, SECOND_BYTES = 20, FIRST_BYTES = 8 };
    static const struct {
        const char *label;
        size_t at; /* from the contact's header */
        uint8_t byte;
    } cases[] = {
        {"an ID as text before right addresses", 1, 0xd9},
        {"a first address of port 0", 1 + 34 + 2 + 5, 0},
        {"two addresses, one announced", 0, 0x92},
    };
    skad_peer_file file;
    skad_peer_file back;
    uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX];

    fill(&file, 1, SKAD_FAMILIES_ALL);
    uint8_t six[SKAD_PEER_FILE_BYTES_MAX];
    file.contacts[0].ipv4.port = 5;
    size_t len = skad_peer_file_encode(&file, OURS, bytes);
    size_t contact = len - CHECKSUM_BYTES - NO_PROOF_BYTES - (AT_SECOND + SECOND_BYTES);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t before = bytes[contact + cases[i].at];
        bytes[contact + cases[i].at] = cases[i].byte;
        sum_up(bytes, len);
        if (skad_peer_file_decode(bytes, len, OURS, &back) != SKAD_ERR_FORMAT || back.count != 0) {
            fail_msg("taken: %s", cases[i].label);
        }
        bytes[contact + cases[i].at] = before;
    }
    fill(&file, 1, SKAD_FAMILY_IPV6);
    size_t six_len = skad_peer_file_encode(&file, OURS, six);
    six[six_len - CHECKSUM_BYTES - NO_PROOF_BYTES - (1 + 34 + SECOND_BYTES) + 1] =
        0xd9; /* an ID as text */
    sum_up(six, six_len);
    assert_int_equal(skad_peer_file_decode(six, six_len, OURS, &back), SKAD_ERR_FORMAT);
    /* A second one behind an IPv6 address. */
    fill(&file, 1, SKAD_FAMILY_IPV6);
    six_len = skad_peer_file_encode(&file, OURS, six);
    size_t behind = six_len - CHECKSUM_BYTES - NO_PROOF_BYTES;
    assert_int_equal(six[behind - (1 + 34 + SECOND_BYTES)], 0x92);
    six[behind - (1 + 34 + SECOND_BYTES)] = 0x93;
    memmove(six + behind + SECOND_BYTES, six + behind, NO_PROOF_BYTES + CHECKSUM_BYTES);
    memcpy(six + behind, six + behind - SECOND_BYTES, SECOND_BYTES);
    six_len += SECOND_BYTES;
    sum_up(six, six_len);
    assert_int_equal(skad_peer_file_decode(six, six_len, OURS, &back), SKAD_ERR_FORMAT);
    assert_int_equal(back.count, 0);
    /* The IPv4 address once more in the place of the IPv6 one. */
    memcpy(bytes + contact + AT_SECOND, bytes + contact + AT_SECOND - FIRST_BYTES, FIRST_BYTES);
    memmove(bytes + contact + AT_SECOND + FIRST_BYTES, bytes + contact + AT_SECOND + SECOND_BYTES,
            NO_PROOF_BYTES + CHECKSUM_BYTES);
    len -= SECOND_BYTES - FIRST_BYTES;
    sum_up(bytes, len);
    assert_int_equal(skad_peer_file_decode(bytes, len, OURS, &back), SKAD_ERR_FORMAT);
    assert_int_equal(back.count, 0);
}

int main(void)
{
    skad_crypto_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(the_largest_file_has_exactly_the_bytes_that_are_reserved),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(both_addresses_of_a_contact_are_checked),
        cmocka_unit_test(another_network_has_other_peers),
        cmocka_unit_test(a_newer_version_is_known_as_such_whatever_its_size),
        cmocka_unit_test(too_many_contacts_are_refused_though_the_checksum_is_right),
        cmocka_unit_test(a_file_beyond_the_size_bound_is_refused),
        cmocka_unit_test(lax_encodings_are_refused_though_the_checksum_is_right),
    };
    return cmocka_run_group_tests_name("peer_file", tests, NULL, NULL);
}
