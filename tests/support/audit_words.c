#include "tests/support/audit_words.h"

#include <string.h>

#include "crypto/assert.h"
#include "tests/support/identities.h"

#define RECORDS_MAX  300
#define VALUE_BYTES  40
#define RECORD_BYTES (VALUE_BYTES + 8)

skad_span audit_record_bytes(uint32_t number)
{
    static uint8_t bytes[RECORDS_MAX][RECORD_BYTES];
    uint8_t value[VALUE_BYTES] = {(uint8_t)(number >> 8), (uint8_t)number};
    SKAD_ASSERT(number < RECORDS_MAX);
    return (skad_span){bytes[number], skad_record_encode_immutable(value, sizeof value,
                                                                   bytes[number], RECORD_BYTES)};
}

skad_record audit_record(uint32_t number)
{
    const skad_span bytes = audit_record_bytes(number);
    skad_record record;
    const bool decodes = skad_record_decode(bytes.data, bytes.len, &record);
    SKAD_ASSERT(decodes);
    return record;
}

void audit_words_sign(audit_words *words)
{
    skad_audit_commit(&words->of, &words->commitment, words->prover.secret_key);
    skad_audit_commitment_write(&words->commitment, words->committed);
}

void audit_words_commit(audit_words *words, uint32_t identity, uint16_t count)
{
    memset(words, 0, sizeof *words);
    words->prover = test_identity(test_plain_profile(), identity);
    words->of = (skad_audit_case){
        .round = {.network = {{1, 2, 3}}, .period_s = 600, .number = 3000000},
        .verifier = {{9, 9}},
        .challenge = {7, 7, 7},
    };
    memcpy(words->of.prover, words->prover.public_key, sizeof words->of.prover);
    for (uint16_t i = 0; i < count; i++) {
        const skad_record record = audit_record(i);
        skad_audit_leaf(&words->of, &record, words->leaves.bytes[i]);
    }
    words->leaves.count = count;
    words->commitment.bits = 3;
    words->commitment.count = count;
    skad_audit_root(&words->leaves, words->commitment.root);
    audit_words_sign(words);
}

void audit_words_sign_reveal(audit_words *words, size_t count)
{
    skad_audit_reveal_of(words->points, count, words->openings, &words->reveal);
    skad_audit_reveal_sign(&words->of, &words->commitment, &words->reveal, words->prover.secret_key,
                           words->signature);
}

void audit_words_reveal(audit_words *words, uint32_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const skad_record record = audit_record(first + (uint32_t)i);
        uint8_t *point = words->points + i * SKAD_AUDIT_POINT_BYTES;
        skad_audit_point(&record, point);
        skad_audit_open(&words->leaves, point, words->openings + i * SKAD_AUDIT_OPENING_BYTES);
    }
    audit_words_sign_reveal(words, count);
}
