/* Inputs of fuzz/audit.c: evidence of each kind, a ballot, a statement, and rounds of a node whose
 * peers are all of one manner. */
#include <string.h>

#include "fuzz/seeds.h"
#include "proto/ballot.h"
#include "tests/support/audit_words.h"

enum { EVIDENCE, BALLOT, STATEMENT, NODE };

static void write_evidence(const skad_audit_evidence *evidence)
{
    uint8_t bytes[SKAD_VALUE_BYTES_MAX];
    const size_t len = skad_audit_evidence_encode(evidence, bytes);
    fuzz_seed_write("audit", "audit", EVIDENCE, bytes, len);
}

void fuzz_seeds_audit(void)
{
    static audit_words words;
    static uint8_t file[SKAD_AUDIT_STATEMENT_BYTES_MAX];
    skad_audit_ballot ballot = {.bits = 3, .count = 2, .has_evidence = true};
    uint8_t bytes[SKAD_METADATA_BYTES_MAX];
    audit_words_commit(&words, 5, 8);
    audit_words_reveal(&words, 2, 4);
    skad_audit_evidence evidence = {.of = words.of,
                                    .commitment = words.committed,
                                    .second = words.committed,
                                    .reveal = words.reveal,
                                    .signature = words.signature,
                                    .index = 1,
                                    .opening = words.openings,
                                    .record = audit_record_bytes(2)};
    for (int fault = SKAD_AUDIT_FAULT_TWICE; fault <= SKAD_AUDIT_FAULT_LEAF; fault++) {
        evidence.fault = (skad_audit_fault)fault;
        write_evidence(&evidence);
    }
    ballot.players[1].name[0] = 1;
    fuzz_seed_write("audit", "audit", BALLOT, bytes, skad_audit_ballot_encode(&ballot, bytes));
    const skad_audit_statement statement = {.round = {.period_s = 600, .number = 3000000},
                                            .ballots_count = 1,
                                            .ballots = {audit_record_bytes(1)},
                                            .proofs_count = 1,
                                            .proofs = {audit_record_bytes(2)}};
    fuzz_seed_write("audit", "audit", STATEMENT, file,
                    skad_audit_statement_encode(&statement, file, sizeof file));
    for (uint8_t manner = 0; manner < 15; manner++) {
        uint8_t choices[120];
        for (size_t i = 0; i < sizeof choices; i++) {
            choices[i] = i < 14 ? manner : (uint8_t)(37 * i + manner);
        }
        fuzz_seed_write("audit", "audit", NODE, choices, sizeof choices);
    }
}
