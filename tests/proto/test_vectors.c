/* The committed test vectors: they are what the code makes, and what they promise holds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/keys.h"
#include "proto/profile.h"
#include "skad/record.h"
#include "tests/support/vectors.h"
#include "tests/support/wire.h"

#define HEX_BYTES_MAX 1500

/* `name` is relative to the root of the source tree. */
static FILE *open_source(const char *name)
{
    char path[4096];

    assert_true(snprintf(path, sizeof path, SKAD_SOURCE_DIR "/%s", name) < (int)sizeof path);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    return file;
}

static FILE *open_vectors(const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "tests/vectors/%s", name);
    return open_source(path);
}

static char *read_whole(FILE *file, size_t *len)
{
    size_t cap = (size_t)1 << 20;
    char *text = malloc(cap);

    assert_non_null(text);
    *len = fread(text, 1, cap, file);
    assert_true(*len < cap);
    fclose(file);
    text[*len] = '\0';
    return text;
}

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
        char *committed = read_whole(open_vectors(skad_vector_files[i].name), &committed_len);
        if (made_len != committed_len || memcmp(made, committed, made_len) != 0) {
            fail_msg("%s differs: build the target vectors, then review the change",
                     skad_vector_files[i].name);
        }
        free(committed);
        free(made);
    }
}

/* What one vector says, as far as these tests need it. */
typedef struct vector {
    char description[128];
    char verdict[32]; /* of datagrams */
    char flaw[32];    /* of records; empty: none */
    char prefix[32];
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
    uint8_t digest[SKAD_HASH_BYTES];
    uint8_t signature[SKAD_SIGNATURE_BYTES];
    skad_id key;
    bool invalid; /* of the array "invalid" */
    skad_id receiver;
    uint8_t request_digest[SKAD_HASH_BYTES];
    bool awaited;
    skad_id responder;
    bool responder_known;
    size_t len;
    uint8_t bytes[HEX_BYTES_MAX]; /* the datagram or record */
} vector;

/* The text between the quotes of a line `"key": "text"`, or false. */
static bool line_text(const char *line, const char *key, char *out, size_t cap)
{
    char start[64];

    snprintf(start, sizeof start, "\"%s\": \"", key);
    const char *text = strstr(line, start);
    if (text == NULL) {
        return false;
    }
    text += strlen(start);
    size_t len = strcspn(text, "\"");
    assert_true(len < cap);
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

static bool line_hex(const char *line, const char *key, uint8_t *out, size_t cap, size_t *len)
{
    static char text[2 * HEX_BYTES_MAX + 1];

    if (!line_text(line, key, text, sizeof text)) {
        return false;
    }
    *len = strlen(text) / 2;
    assert_true(*len <= cap);
    for (size_t i = 0; i < *len; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return true;
}

static void take_datagram_line(const char *line, vector *out)
{
    size_t len = 0;

    line_text(line, "verdict", out->verdict, sizeof out->verdict);
    line_hex(line, "recipient", out->receiver.bytes, SKAD_ID_BYTES, &len);
    line_hex(line, "receiver", out->receiver.bytes, SKAD_ID_BYTES, &len);
    if (line_hex(line, "request_digest", out->request_digest, SKAD_HASH_BYTES, &len)) {
        out->awaited = len > 0;
    }
    if (line_hex(line, "responder", out->responder.bytes, SKAD_ID_BYTES, &len)) {
        out->responder_known = len > 0;
    }
    line_hex(line, "datagram", out->bytes, sizeof out->bytes, &out->len);
}

static void take_line(const char *line, vector *out)
{
    size_t len = 0;

    line_text(line, "description", out->description, sizeof out->description);
    line_text(line, "flaw", out->flaw, sizeof out->flaw);
    line_text(line, "prefix", out->prefix, sizeof out->prefix);
    line_hex(line, "public_key", out->public_key, sizeof out->public_key, &len);
    line_hex(line, "digest", out->digest, sizeof out->digest, &len);
    line_hex(line, "signature", out->signature, sizeof out->signature, &len);
    line_hex(line, "key", out->key.bytes, SKAD_ID_BYTES, &len);
    line_hex(line, "record", out->bytes, sizeof out->bytes, &out->len);
    take_datagram_line(line, out);
}

/* Reads up to the end of the next vector, of whichever array; false at the end of the file. */
static bool next_vector(FILE *file, vector *out)
{
    static char line[2 * HEX_BYTES_MAX + 100];
    bool invalid = out->invalid;

    memset(out, 0, sizeof *out);
    out->invalid = invalid;
    while (fgets(line, sizeof line, file) != NULL) {
        out->invalid |= strncmp(line, "  \"invalid\": [", 14) == 0;
        take_line(line, out);
        if (strncmp(line, "    }", 5) == 0) {
            return true;
        }
    }
    return false;
}

static skad_verdict receive(const vector *self)
{
    const skad_open_awaited awaited = {self->request_digest,
                                       self->responder_known ? &self->responder : NULL};
    skad_opened opened;

    return skad_wire_receive(self->bytes, self->len, &self->receiver, SKAD_WIRE_EPOCH,
                             self->awaited ? &awaited : NULL, &opened);
}

static void every_envelope_is_accepted(void **state)
{
    (void)state;
    FILE *file = open_vectors("envelopes.json");
    vector next = {0};
    size_t count = 0;

    while (next_vector(file, &next)) {
        if (receive(&next) != SKAD_VERDICT_ACCEPT) {
            fail_msg("envelope %zu (%s): %s", count, next.description,
                     skad_verdict_name(receive(&next)));
        }
        count++;
    }
    fclose(file);
    assert_int_equal(count, 2 + SKAD_WIRE_KINDS + 1 + 3);
}

static void every_invalid_datagram_gets_its_verdict(void **state)
{
    (void)state;
    FILE *file = open_vectors("invalid.json");
    vector next = {0};
    size_t count = 0;

    while (next_vector(file, &next)) {
        const char *verdict = skad_verdict_name(receive(&next));
        if (strcmp(verdict, next.verdict) != 0) {
            fail_msg("%s: %s instead of %s", next.description, verdict, next.verdict);
        }
        count++;
    }
    fclose(file);
    assert_true(count >= 86);
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
    };
    FILE *file = open_vectors("signatures.json");
    vector next = {0};
    size_t counts[2] = {0};

    while (next_vector(file, &next)) {
        for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
            bool meant = strcmp(purposes[i].prefix, next.prefix) == 0 && !next.invalid;
            if (skad_verify(purposes[i].purpose, next.digest, next.public_key, next.signature) !=
                meant) {
                fail_msg("%s, as %s", next.description, purposes[i].prefix);
            }
        }
        counts[next.invalid]++;
    }
    fclose(file);
    assert_int_equal(counts[0], 3);
    assert_int_equal(counts[1], 6);
}

static const char *record_flaw(const vector *self, skad_record *record)
{
    const skad_network_id network = skad_wire_publisher(NULL).network;
    if (!skad_record_decode(self->bytes, self->len, record)) {
        return "form";
    }
    return skad_record_verify(record, &network) ? "" : "signature";
}

static void every_record_has_the_key_or_flaw_that_it_says(void **state)
{
    (void)state;
    FILE *file = open_vectors("records.json");
    vector next = {0};
    size_t counts[2] = {0};

    while (next_vector(file, &next)) {
        skad_record record;
        const char *flaw = record_flaw(&next, &record);
        if (strcmp(flaw, next.flaw) != 0) {
            fail_msg("%s: flaw \"%s\" instead of \"%s\"", next.description, flaw, next.flaw);
        }
        if (!next.invalid) {
            assert_memory_equal(record.key.bytes, next.key.bytes, SKAD_ID_BYTES);
        }
        counts[next.invalid]++;
    }
    fclose(file);
    assert_int_equal(counts[0], 9);
    assert_true(counts[1] >= 25);
}

/* PROTOCOL.md, whole or without its white space. Free it. */
static char *read_protocol(bool packed)
{
    size_t len;
    char *text = read_whole(open_source("proto/PROTOCOL.md"), &len);
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
        if (i != SKAD_HASH_FILE && strstr(text, domains[i]) == NULL) {
            fail_msg("PROTOCOL.md has no row %s", domains[i]);
        }
    }
    free(text);
}

static void protocol_shows_the_encoding_behind_the_profile_hash(void **state)
{
    (void)state;
    static const char words[] = "9a01ab736b61642d746573742d310406ce0024ea0010100401ce00015180";
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

static void protocol_shows_the_exchange_of_the_vectors(void **state)
{
    (void)state;
    char *text = read_protocol(true);
    FILE *file = open_vectors("envelopes.json");
    vector next = {0};

    for (size_t i = 0; i < 2; i++) {
        static char hex[2 * HEX_BYTES_MAX + 1];
        assert_true(next_vector(file, &next));
        for (size_t byte = 0; byte < next.len; byte++) {
            snprintf(hex + 2 * byte, 3, "%02x", next.bytes[byte]);
        }
        if (strstr(text, hex) == NULL) {
            fail_msg("PROTOCOL.md shows other bytes than the vector: %s", next.description);
        }
    }
    fclose(file);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(committed_files_are_what_the_code_makes),
        cmocka_unit_test(every_envelope_is_accepted),
        cmocka_unit_test(every_invalid_datagram_gets_its_verdict),
        cmocka_unit_test(every_signature_is_what_its_array_says),
        cmocka_unit_test(every_record_has_the_key_or_flaw_that_it_says),
        cmocka_unit_test(protocol_names_every_reason_code_and_hash),
        cmocka_unit_test(protocol_shows_the_encoding_behind_the_profile_hash),
        cmocka_unit_test(protocol_shows_the_exchange_of_the_vectors),
    };
    skad_crypto_init();
    return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
