/* The network tag against an independent implementation; whatever differs is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <sodium.h>

#include "crypto/tag.h"

static void assert_hex(const uint8_t *data, size_t len, const char *hex)
{
    char text[2 * SKAD_HASH_BYTES + 1];
    sodium_bin2hex(text, sizeof text, data, len);
    assert_string_equal(text, hex);
}

static void count_up(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)i;
    }
}

/* A tagged envelope, to be broken. */
typedef struct tagged {
    uint8_t network_key[SKAD_HASH_BYTES];
    skad_id recipient;
    uint8_t envelope[SKAD_TAG_FRONT_BYTES + 8]; /* "envelope", then zeros: part of it is no front */
    uint8_t tag[SKAD_TAG_BYTES];
} tagged;

static void make_tagged(tagged *out)
{
    uint8_t profile_hash[SKAD_HASH_BYTES];
    count_up(profile_hash, sizeof profile_hash);
    skad_network_key(profile_hash, NULL, out->network_key);
    memset(out->recipient.bytes, 0x11, sizeof out->recipient.bytes);
    memset(out->envelope, 0, sizeof out->envelope);
    memcpy(out->envelope, "envelope", 8);
    skad_tag_make(out->network_key, &out->recipient, out->envelope, sizeof out->envelope, out->tag);
}

static bool tag_ok(const tagged *made, size_t envelope_len)
{
    return skad_tag_ok(made->network_key, &made->recipient, made->envelope, envelope_len,
                       made->tag);
}

static void network_key_and_tag_match_an_independent_implementation(void **state)
{
    (void)state;
    tagged made;
    make_tagged(&made);
    assert_hex(made.network_key, sizeof made.network_key,
               "c0b5d4cb6a5f13065c5d07c29769432bafc6a1e72239b46e4a7e66b133efed4e");
    assert_hex(made.tag, sizeof made.tag, "772362cfef9b457a02de484b2a317934");
}

static void a_pre_shared_key_makes_another_network(void **state)
{
    (void)state;
    uint8_t profile_hash[SKAD_HASH_BYTES];
    uint8_t psk[SKAD_HASH_KEY_BYTES];
    uint8_t key[SKAD_HASH_BYTES];
    count_up(profile_hash, sizeof profile_hash);
    memset(psk, 0x55, sizeof psk);
    skad_network_key(profile_hash, psk, key);
    assert_hex(key, sizeof key, "95d95f3dfaeb41459dc141d5d82d23985b69491adec44b79fcaefb6f7e5127e3");
}

static void a_tag_covers_network_recipient_envelope_and_length(void **state)
{
    (void)state;
    tagged made;
    make_tagged(&made);
    assert_true(tag_ok(&made, sizeof made.envelope));
    const struct {
        const char *label;
        uint8_t *bytes;
        size_t len;
    } fields[] = {
        {"network key", made.network_key, sizeof made.network_key},
        {"recipient", made.recipient.bytes, sizeof made.recipient.bytes},
        {"envelope", made.envelope, sizeof made.envelope},
        {"tag", made.tag, sizeof made.tag},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        for (size_t bit = 0; bit < 8 * fields[i].len; bit++) {
            fields[i].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (tag_ok(&made, sizeof made.envelope)) {
                fail_msg("accepted with bit %zu of the %s flipped", bit, fields[i].label);
            }
            fields[i].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    for (size_t len = 0; len < sizeof made.envelope; len++) {
        assert_false(tag_ok(&made, len));
    }
}

/* A bit of the end is the second half's business alone. */
static void the_halves_can_be_checked_one_after_the_other(void **state)
{
    (void)state;
    tagged made;
    make_tagged(&made);
    const size_t len = sizeof made.envelope;
    assert_true(skad_tag_front_ok(made.network_key, &made.recipient, made.envelope, len, made.tag));
    assert_true(skad_tag_rest_ok(made.network_key, &made.recipient, made.envelope, len, made.tag));
    made.envelope[len - 1] ^= 1;
    assert_true(skad_tag_front_ok(made.network_key, &made.recipient, made.envelope, len, made.tag));
    assert_false(skad_tag_rest_ok(made.network_key, &made.recipient, made.envelope, len, made.tag));
    made.envelope[0] ^= 1;
    assert_false(
        skad_tag_front_ok(made.network_key, &made.recipient, made.envelope, len, made.tag));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_key_and_tag_match_an_independent_implementation),
        cmocka_unit_test(a_pre_shared_key_makes_another_network),
        cmocka_unit_test(a_tag_covers_network_recipient_envelope_and_length),
        cmocka_unit_test(the_halves_can_be_checked_one_after_the_other),
    };
    return cmocka_run_group_tests_name("tag", tests, NULL, NULL);
}
