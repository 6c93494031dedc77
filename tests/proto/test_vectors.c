/* The committed test vectors: they are what the code makes, and what they promise holds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/keys.h"
#include "proto/profile.h"
#include "proto/statement.h"
#include "proto/tree.h"
#include "skad/record.h"
#include "tests/support/vector_reader.h"
#include "tests/support/vectors.h"
#include "tests/support/wire.h"

#define DATAGRAM_BYTES_READ 1500 /* some vectors are too long */
#define POINT_BYTES         32

static void committed_files_are_what_the_code_makes(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKAD_VECTOR_FILES; i++) {
        char *made = NULL;
        size_t made_len = 0;
        size_t committed_len;
        FILE *out = open_memstream(&made, &made_len);
        assert_non_null(out);
        skad_vectors_write(&skad_vector_files[i], out);
        fclose(out);
        char name[256];
        snprintf(name, sizeof name, "tests/vectors/%s", skad_vector_files[i].name);
        char *committed = test_read_whole(test_open_source(SKAD_SOURCE_DIR, name), &committed_len);
        if (made_len != committed_len || memcmp(made, committed, made_len) != 0) {
            fail_msg("%s differs: build the target vectors, then review the change",
                     skad_vector_files[i].name);
        }
        free(committed);
        free(made);
    }
}

static skad_verdict receive(const test_vector *self)
{
    uint8_t datagram[DATAGRAM_BYTES_READ];
    uint8_t request_digest[SKAD_HASH_BYTES];
    skad_id receiver;
    skad_id responder;
    skad_opened opened;

    size_t len = test_vector_hex(self, "datagram", datagram, sizeof datagram);
    const char *to = test_vector_has(self, "receiver") ? "receiver" : "recipient";
    test_vector_hex(self, to, receiver.bytes, SKAD_ID_BYTES);
    bool awaited = test_vector_hex(self, "request_digest", request_digest, SKAD_HASH_BYTES) > 0;
    bool known = test_vector_hex(self, "responder", responder.bytes, SKAD_ID_BYTES) > 0;
    if (!known && test_vector_has(self, "id") && *test_vector_text(self, "id") == '\0') {
        known = test_vector_hex(self, "sender_id", responder.bytes, SKAD_ID_BYTES) > 0;
    }
    const skad_open_awaited request = {request_digest, known ? &responder : NULL};
    return skad_wire_receive(datagram, len, &receiver, SKAD_WIRE_UNIX_S, awaited ? &request : NULL,
                             &opened);
}

static void every_envelope_is_accepted(void **state)
{
    (void)state;
    test_vectors file;
    test_vector next;
    size_t count = 0;

    test_vectors_open(&file, SKAD_SOURCE_DIR, "envelopes.json");
    while (test_vectors_next(&file, &next)) {
        if (receive(&next) != SKAD_VERDICT_ACCEPT) {
            fail_msg("envelope %zu (%s): %s", count, test_vector_text(&next, "description"),
                     skad_verdict_name(receive(&next)));
        }
        count++;
    }
    assert_int_equal(count, 2 + SKAD_WIRE_KINDS + 1 + 2 + 2 + 3 + 3 + 2 * 2 + 4);
}

static void every_datagram_with_a_flaw_or_two_gets_its_verdict(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t least;
    } files[] = {{"invalid.json", 105}, {"order.json", 30}};

    for (size_t i = 0; i < 2; i++) {
        test_vectors file;
        test_vector next;
        size_t count = 0;
        test_vectors_open(&file, SKAD_SOURCE_DIR, files[i].name);
        while (test_vectors_next(&file, &next)) {
            const char *verdict = skad_verdict_name(receive(&next));
            if (strcmp(verdict, test_vector_text(&next, "verdict")) != 0) {
                fail_msg("%s: %s instead of %s", test_vector_text(&next, "description"), verdict,
                         test_vector_text(&next, "verdict"));
            }
            count++;
        }
        assert_true(count >= files[i].least);
    }
}

static void every_signature_is_what_its_array_says(void **state)
{
    (void)state;
    static const struct {
        const char *prefix;
        skad_sign_purpose purpose;
    } purposes[] = {
        {"skad1 datagram", SKAD_SIGN_DATAGRAM},
        {"skad1 record", SKAD_SIGN_RECORD},
        {"skad1 announce", SKAD_SIGN_ANNOUNCE},
        {"skad1 stated", SKAD_SIGN_STATEMENT},
    };
    uint8_t digest[SKAD_HASH_BYTES];
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
    uint8_t signature[SKAD_SIGNATURE_BYTES];
    test_vectors file;
    test_vector next;
    size_t counts[2] = {0};

    test_vectors_open(&file, SKAD_SOURCE_DIR, "signatures.json");
    while (test_vectors_next(&file, &next)) {
        test_vector_hex(&next, "digest", digest, sizeof digest);
        test_vector_hex(&next, "public_key", public_key, sizeof public_key);
        test_vector_hex(&next, "signature", signature, sizeof signature);
        for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
            const char *prefix = test_vector_text(&next, "prefix");
            bool meant = strcmp(purposes[i].prefix, prefix) == 0 && !next.invalid;
            if (skad_verify(purposes[i].purpose, digest, public_key, signature) != meant) {
                fail_msg("%s, as %s", test_vector_text(&next, "description"), purposes[i].prefix);
            }
        }
        counts[next.invalid]++;
    }
    assert_int_equal(counts[0], 4);
    assert_int_equal(counts[1], 6);
}

/* ---- Components of small order ---- */

/* Multiplies any point, which libsodium does only for points of the main group. */
static void multiply(const uint8_t scalar[static POINT_BYTES],
                     const uint8_t point[static POINT_BYTES], uint8_t out[static POINT_BYTES])
{
    memset(out, 0, POINT_BYTES);
    out[0] = 1; /* the neutral element */
    for (size_t bit = 8 * POINT_BYTES; bit-- > 0;) {
        assert_int_equal(crypto_core_ed25519_add(out, out, out), 0);
        if ((scalar[bit / 8] >> (bit % 8) & 1) != 0) {
            assert_int_equal(crypto_core_ed25519_add(out, out, point), 0);
        }
    }
}

/* Whether S B = R + h A, or the same times 8. */
static bool equation_holds(const test_vector *self, bool cofactor)
{
    static const uint8_t factors[2][POINT_BYTES] = {{1}, {8}};
    uint8_t input[2 * POINT_BYTES + 16 + SKAD_HASH_BYTES] = {0}; /* R, A, prefix, digest */
    uint8_t signature[SKAD_SIGNATURE_BYTES];
    uint8_t hash[crypto_hash_sha512_BYTES];
    uint8_t h[POINT_BYTES];
    uint8_t left[2][POINT_BYTES];
    uint8_t right[2][POINT_BYTES];

    test_vector_hex(self, "signature", signature, sizeof signature);
    memcpy(input, signature, POINT_BYTES);
    test_vector_hex(self, "public_key", input + POINT_BYTES, POINT_BYTES);
    const char *prefix = test_vector_text(self, "prefix");
    memcpy(input + 2 * POINT_BYTES, prefix, strlen(prefix));
    test_vector_hex(self, "digest", input + 2 * POINT_BYTES + 16, SKAD_HASH_BYTES);
    crypto_hash_sha512(hash, input, sizeof input);
    crypto_core_ed25519_scalar_reduce(h, hash);
    multiply(h, input + POINT_BYTES, right[0]);
    assert_int_equal(crypto_core_ed25519_add(right[0], right[0], input), 0);
    assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(left[0], signature + POINT_BYTES), 0);
    multiply(factors[cofactor], left[0], left[1]);
    multiply(factors[cofactor], right[0], right[1]);
    return memcmp(left[1], right[1], POINT_BYTES) == 0;
}

static void signatures_with_torsion_hold_as_they_say(void **state)
{
    (void)state;
    uint8_t digest[SKAD_HASH_BYTES];
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
    uint8_t signature[SKAD_SIGNATURE_BYTES];
    test_vectors file;
    test_vector next;
    size_t differ = 0;

    test_vectors_open(&file, SKAD_SOURCE_DIR, "torsion.json");
    while (test_vectors_next(&file, &next)) {
        bool holds = test_vector_bool(&next, "holds");
        bool with_cofactor = test_vector_bool(&next, "holds_with_cofactor");
        test_vector_hex(&next, "digest", digest, sizeof digest);
        test_vector_hex(&next, "public_key", public_key, sizeof public_key);
        test_vector_hex(&next, "signature", signature, sizeof signature);
        bool accepted = skad_verify(SKAD_SIGN_DATAGRAM, digest, public_key, signature);
        if (equation_holds(&next, false) != holds || equation_holds(&next, true) != with_cofactor ||
            accepted != holds) {
            fail_msg("%s", test_vector_text(&next, "description"));
        }
        differ += holds != with_cofactor;
    }
    assert_true(differ >= 7);
}

/* ---- Records and trees ---- */

static const char *record_flaw(const uint8_t *data, size_t len, skad_record *record)
{
    const skad_network_id network = skad_wire_publisher(NULL).network;
    if (!skad_record_decode(data, len, record)) {
        return "form";
    }
    return skad_record_verify(record, &network) ? "" : "signature";
}

static void every_record_has_the_key_or_flaw_that_it_says(void **state)
{
    (void)state;
    uint8_t data[SKAD_RECORD_BYTES_MAX + 100];
    test_vectors file;
    test_vector next;
    size_t counts[2] = {0};

    test_vectors_open(&file, SKAD_SOURCE_DIR, "records.json");
    while (test_vectors_next(&file, &next)) {
        skad_record record;
        skad_id key;
        size_t len = test_vector_hex(&next, "record", data, sizeof data);
        const char *flaw = record_flaw(data, len, &record);
        const char *told = test_vector_text(&next, "flaw");
        if (strcmp(flaw, told) != 0) {
            fail_msg("%s: flaw \"%s\" instead of \"%s\"", test_vector_text(&next, "description"),
                     flaw, told);
        }
        if (!next.invalid) {
            test_vector_hex(&next, "key", key.bytes, SKAD_ID_BYTES);
            assert_memory_equal(record.key.bytes, key.bytes, SKAD_ID_BYTES);
        }
        counts[next.invalid]++;
    }
    assert_int_equal(counts[0], 9);
    assert_true(counts[1] >= 28);
}

/* "proof" is not told apart here: tests/proto/test_vectors_states.c does it. */
static void every_statement_has_the_flaw_of_form_or_signature_that_it_says(void **state)
{
    (void)state;
    const skad_network_id network = skad_wire_publisher(NULL).network;
    uint8_t bytes[SKAD_BODY_BYTES_MAX + 100];
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    uint8_t subject[SKAD_HASH_BYTES];
    uint8_t made[SKAD_HASH_BYTES];
    test_vectors file;
    test_vector next;
    size_t counts[2] = {0};

    test_vectors_open(&file, SKAD_SOURCE_DIR, "statements.json");
    while (test_vectors_next(&file, &next)) {
        skad_statement stated;
        skad_forward forward = {.aim = (skad_forward_aim)test_vector_uint(&next, "aim")};
        forward.record = (skad_span){record, test_vector_hex(&next, "record", record, 1005)};
        test_vector_hex(&next, "target", forward.target.bytes, SKAD_ID_BYTES);
        test_vector_hex(&next, "subject", subject, sizeof subject);
        skad_statement_subject(&forward, made);
        assert_memory_equal(made, subject, sizeof subject);
        const size_t len = test_vector_hex(&next, "statement", bytes, sizeof bytes);
        const char *flaw = test_vector_text(&next, "flaw");
        const bool opens = strlen(flaw) == 0 || strcmp(flaw, "proof") == 0;
        if (skad_statement_open(&network, subject, (skad_span){bytes, len}, &stated) != opens) {
            fail_msg("%s", test_vector_text(&next, "description"));
        }
        if (!next.invalid) {
            assert_true(stated.unix_s == test_vector_uint(&next, "stated_unix_s"));
            assert_int_equal(stated.holders, test_vector_uint(&next, "holders"));
            assert_int_equal(stated.contacts_count, test_vector_uint(&next, "contacts"));
        }
        counts[next.invalid]++;
    }
    assert_int_equal(counts[0], 9);
    assert_int_equal(counts[1], 18 + 8 + 10);
}

/* Whether a reader that follows the rules takes a node or piece. */
static bool takes_node(const test_vector *self)
{
    uint8_t data[SKAD_VALUE_BYTES_MAX];
    skad_tree_node node;
    skad_id key;
    skad_id hash;

    size_t len = test_vector_hex(self, "node", data, sizeof data);
    test_vector_hex(self, "key", key.bytes, SKAD_ID_BYTES);
    skad_value_key(data, len, &hash);
    bool child = test_vector_bool(self, "child");
    uint64_t level = test_vector_uint(self, "expected_level");
    uint64_t size = test_vector_uint(self, "expected_size");
    if (memcmp(key.bytes, hash.bytes, SKAD_ID_BYTES) != 0) {
        return false;
    }
    if (child && level == 0) {
        return len == size; /* a piece */
    }
    return skad_tree_decode(data, len, !child, &node) &&
           (!child || (node.level == level && node.size == size));
}

static void every_tree_is_read_or_refused(void **state)
{
    (void)state;
    test_vectors file;
    test_vector next;
    size_t counts[2] = {0};

    test_vectors_open(&file, SKAD_SOURCE_DIR, "trees.json");
    while (test_vectors_next(&file, &next)) {
        if (takes_node(&next) == next.invalid) {
            fail_msg("%s", test_vector_text(&next, "description"));
        }
        counts[next.invalid]++;
    }
    assert_int_equal(counts[0], 7);
    assert_true(counts[1] >= 36);
}

/* PROTOCOL.md, whole or without its white space. Free it. */
static char *read_protocol(bool packed)
{
    size_t len;
    char *text = test_read_whole(test_open_source(SKAD_SOURCE_DIR, "proto/PROTOCOL.md"), &len);
    size_t kept = 0;

    for (size_t i = 0; packed && i <= len; i++) {
        if (text[i] != ' ' && text[i] != '\n') {
            text[kept++] = text[i];
        }
    }
    return text;
}

static void protocol_names_every_reason_code_and_hash(void **state)
{
    (void)state;
    static const char *const names[] = {
#define QUOTED_VERDICT(name, text)     "| " text " |",
#define QUOTED_ERROR(name, code, text) "| " #code " | " text " |",
        SKAD_VERDICTS(QUOTED_VERDICT) SKAD_ERROR_CODES(QUOTED_ERROR)};
    static const char *const domains[] = {
#define QUOTED_DOMAIN(name, personal) "| `" personal "` |",
        SKAD_HASH_DOMAINS(QUOTED_DOMAIN)};
    char *text = read_protocol(false);

    for (size_t i = 1; i < sizeof names / sizeof names[0]; i++) { /* accept is no reason */
        if (strstr(text, names[i]) == NULL) {
            fail_msg("PROTOCOL.md has no row %s", names[i]);
        }
    }
    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++) {
        const bool between_nodes = i != SKAD_HASH_FILE && i != SKAD_HASH_GATEWAY;
        if (between_nodes && strstr(text, domains[i]) == NULL) {
            fail_msg("PROTOCOL.md has no row %s", domains[i]);
        }
    }
    free(text);
}

static void protocol_shows_the_encoding_behind_the_profile_hash(void **state)
{
    (void)state;
    static const char words[] = "9b01ab736b61642d746573742d31040608ce0012750010100401ce00015180";
    uint8_t encoding[sizeof words / 2];
    uint8_t shown[SKAD_HASH_BYTES];
    uint8_t hash[SKAD_HASH_BYTES];
    char *text = read_protocol(true);

    for (size_t i = 0; i < sizeof encoding; i++) {
        const char pair[3] = {words[2 * i], words[2 * i + 1], '\0'};
        encoding[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    skad_hash_one(SKAD_HASH_PROFILE, encoding, sizeof encoding, shown);
    skad_profile_hash(skad_profile_builtin("test"), hash);
    assert_memory_equal(shown, hash, sizeof hash);
    assert_non_null(strstr(text, words));
    free(text);
}

/* Fails unless PROTOCOL.md, without its white space, shows a field of a vector. */
static void demand_shown(const char *text, const test_vector *self, const char *field)
{
    const char *value = test_vector_text(self, field);
    if (strlen(value) == 0 || strstr(text, value) == NULL) {
        fail_msg("PROTOCOL.md does not show the %s of: %s", field,
                 test_vector_text(self, "description"));
    }
}

static void protocol_shows_the_worked_examples_of_the_vectors(void **state)
{
    (void)state;
    char *text = read_protocol(true);
    test_vectors file;
    test_vector next;
    size_t shown = 0;

    test_vectors_open(&file, SKAD_SOURCE_DIR, "envelopes.json");
    while (test_vectors_next(&file, &next)) {
        const char *description = test_vector_text(&next, "description");
        bool batched = strstr(description, "under one signature") != NULL;
        shown += batched;
        if (batched) {
            demand_shown(text, &next, "digest");
            demand_shown(text, &next, "path");
            demand_shown(text, &next, "root");
            demand_shown(text, &next, "signature");
        } else if (strstr(description, "hello") != NULL ||
                   strstr(description, "that STORE") != NULL ||
                   strncmp(description, "STORE without a token", 21) == 0 ||
                   strncmp(description, "the STORE once more", 19) == 0) {
            demand_shown(text, &next, "datagram");
            demand_shown(text, &next, "digest");
            shown++;
        }
    }
    assert_int_equal(shown, 2 + 3 + 4);
    test_vectors_open(&file, SKAD_SOURCE_DIR, "statements.json");
    while (test_vectors_next(&file, &next)) {
        if (strcmp(test_vector_text(&next, "description"), "stored by 1 node") == 0) {
            demand_shown(text, &next, "record");
            demand_shown(text, &next, "subject");
            demand_shown(text, &next, "digest");
            shown++;
        }
    }
    assert_int_equal(shown, 2 + 3 + 4 + 1);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(committed_files_are_what_the_code_makes),
        cmocka_unit_test(every_envelope_is_accepted),
        cmocka_unit_test(every_datagram_with_a_flaw_or_two_gets_its_verdict),
        cmocka_unit_test(every_signature_is_what_its_array_says),
        cmocka_unit_test(signatures_with_torsion_hold_as_they_say),
        cmocka_unit_test(every_record_has_the_key_or_flaw_that_it_says),
        cmocka_unit_test(every_statement_has_the_flaw_of_form_or_signature_that_it_says),
        cmocka_unit_test(every_tree_is_read_or_refused),
        cmocka_unit_test(protocol_names_every_reason_code_and_hash),
        cmocka_unit_test(protocol_shows_the_encoding_behind_the_profile_hash),
        cmocka_unit_test(protocol_shows_the_worked_examples_of_the_vectors),
    };
    skad_crypto_init();
    return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
