/* What tests of audits share: a case of a round, records that a prover holds, and its signed words,
 * true or false. */
#ifndef SKAD_TESTS_AUDIT_WORDS_H
#define SKAD_TESTS_AUDIT_WORDS_H

#include "proto/audit.h"

/* Immutable record number n: 40 bytes of value. Returns it decoded; the bytes stay. */
skad_record audit_record(uint32_t number);
skad_span audit_record_bytes(uint32_t number);

/* A prover's words in one case. */
typedef struct audit_words {
    skad_identity prover;
    skad_audit_case of;
    skad_audit_leaves leaves;
    skad_audit_commitment commitment;
    uint8_t committed[SKAD_AUDIT_COMMITMENT_BYTES];
    uint8_t points[SKAD_AUDIT_POINTS_MAX * SKAD_AUDIT_POINT_BYTES];
    uint8_t openings[SKAD_AUDIT_POINTS_MAX * SKAD_AUDIT_OPENING_BYTES];
    skad_audit_reveal reveal;
    uint8_t signature[SKAD_SIGNATURE_BYTES];
} audit_words;

/* Identity number n commits to records 0 to count - 1. */
void audit_words_commit(audit_words *words, uint32_t identity, uint16_t count);
/* Signs the commitment once more, as it is now. */
void audit_words_sign(audit_words *words);
/* Opens the points of so many records, beginning with one of them; signs that. */
void audit_words_reveal(audit_words *words, uint32_t first, size_t count);
void audit_words_sign_reveal(audit_words *words, size_t count);

#endif
