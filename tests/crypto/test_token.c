/* Address tokens: what they are bound to, and how long they live. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <sodium.h>

#include "crypto/hash.h"
#include "crypto/token.h"

/* A token and all that it is bound to. */
typedef struct issued {
    uint8_t key[SKAD_TOKEN_KEY_BYTES];
    skad_address address;
    skad_id id;
    uint64_t mono_us;
    uint8_t token[SKAD_TOKEN_BYTES];
} issued;

static void issue(uint64_t mono_us, issued *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < sizeof out->key; i++) {
        out->key[i] = (uint8_t)i;
    }
    out->address = (skad_address){.family = SKAD_FAMILY_IPV4, .port = 4000, .ip = {192, 0, 2, 1}};
    memset(out->id.bytes, 0x22, sizeof out->id.bytes);
    out->mono_us = mono_us;
    skad_token_make(out->key, &out->address, &out->id, mono_us, out->token);
}

static bool token_ok(const issued *made)
{
    return skad_token_ok(made->key, &made->address, &made->id, made->mono_us, made->token);
}

static void a_token_matches_an_independent_implementation(void **state)
{
    (void)state;
    issued made;
    issue(7 * SKAD_TOKEN_SLOT_US + 1, &made);
    char text[2 * SKAD_TOKEN_BYTES + 1];
    sodium_bin2hex(text, sizeof text, made.token, sizeof made.token);
    assert_string_equal(text, "48c3c3c34f96a55ef0b3be0ad31e0fcf");
}

static void a_token_lives_in_its_slot_and_the_next(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint64_t slot;
        uint64_t checked_us;
        bool ok;
    } cases[] = {
        {"at once", 7, 7 * SKAD_TOKEN_SLOT_US, true},
        {"end of its slot", 7, 8 * SKAD_TOKEN_SLOT_US - 1, true},
        {"start of the next", 7, 8 * SKAD_TOKEN_SLOT_US, true},
        {"end of the next", 7, 9 * SKAD_TOKEN_SLOT_US - 1, true},
        {"one slot too late", 7, 9 * SKAD_TOKEN_SLOT_US, false},
        {"before it was made", 7, 7 * SKAD_TOKEN_SLOT_US - 1, false},
        {"first slot", 0, 0, true},
        {"first slot, in the second", 0, SKAD_TOKEN_SLOT_US, true},
        {"first slot, in the third", 0, 2 * SKAD_TOKEN_SLOT_US, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        issued made;
        issue(cases[i].slot * SKAD_TOKEN_SLOT_US, &made);
        made.mono_us = cases[i].checked_us;
        if (token_ok(&made) != cases[i].ok) {
            fail_msg("%s: wrong verdict", cases[i].label);
        }
    }
}

static void the_first_slot_has_none_before_it(void **state)
{
    (void)state;
    /* The token of slot 2^64 - 1, made by hand, since no clock reaches it. */
    issued made;
    issue(0, &made);
    uint8_t bound[59] = {SKAD_FAMILY_IPV4, 4000 >> 8, 4000 & 0xff};
    memcpy(bound + 3, made.address.ip, 16);
    memcpy(bound + 19, made.id.bytes, 32);
    memset(bound + 51, 0xff, 8);
    const skad_span part = {bound, sizeof bound};
    skad_hash(SKAD_HASH_TOKEN, made.key, &part, 1, made.token, sizeof made.token);
    assert_false(token_ok(&made));

    memset(bound + 51, 0, 8); /* the same by hand for slot 0 is a valid token */
    skad_hash(SKAD_HASH_TOKEN, made.key, &part, 1, made.token, sizeof made.token);
    assert_true(token_ok(&made));
}

static void a_token_is_bound_to_key_address_and_id(void **state)
{
    (void)state;
    issued made;
    issue(7 * SKAD_TOKEN_SLOT_US, &made);
    const struct {
        const char *label;
        uint8_t *bytes;
        size_t len;
    } fields[] = {
        {"key", made.key, sizeof made.key},
        {"family", &made.address.family, 1},
        {"port", (uint8_t *)&made.address.port, 2},
        {"ip", made.address.ip, sizeof made.address.ip},
        {"id", made.id.bytes, sizeof made.id.bytes},
        {"token", made.token, sizeof made.token},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        for (size_t bit = 0; bit < 8 * fields[i].len; bit++) {
            fields[i].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (token_ok(&made)) {
                fail_msg("accepted with bit %zu of the %s flipped", bit, fields[i].label);
            }
            fields[i].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    assert_true(token_ok(&made));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_matches_an_independent_implementation),
        cmocka_unit_test(a_token_lives_in_its_slot_and_the_next),
        cmocka_unit_test(the_first_slot_has_none_before_it),
        cmocka_unit_test(a_token_is_bound_to_key_address_and_id),
    };
    return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
