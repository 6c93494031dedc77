/* Vectors of audits: a case from the draw to the reveal, and evidence of each kind against a prover
 * that is not honest. */
#include <string.h>

#include "proto/ballot.h"
#include "tests/support/audit_words.h"
#include "tests/support/identities.h"
#include "tests/support/vectors.h"

#define RECORDS 3

static audit_words words;

static void write_evidence(skad_json *json, const char *name, const skad_audit_evidence *evidence)
{
    uint8_t bytes[SKAD_VALUE_BYTES_MAX];
    const size_t len = skad_audit_evidence_encode(evidence, bytes);
    skad_json_hex(json, name, bytes, len);
}

static void write_case(skad_json *json)
{
    skad_id id;
    uint8_t lot[SKAD_AUDIT_LOT_BYTES];
    skad_json_hex(json, "network_id", words.of.round.network.bytes, 32);
    skad_json_uint(json, "period_s", words.of.round.period_s);
    skad_json_uint(json, "round", words.of.round.number);
    skad_audit_anchor(&words.of.round, &id);
    skad_json_hex(json, "anchor", id.bytes, sizeof id.bytes);
    skad_audit_key(&words.of.round, &id);
    skad_json_hex(json, "key", id.bytes, sizeof id.bytes);
    skad_json_hex(json, "prover_seed", words.prover.secret_key, 32);
    skad_json_hex(json, "prover", words.of.prover, sizeof words.of.prover);
    skad_json_hex(json, "prover_id", words.prover.id.bytes, SKAD_ID_BYTES);
    skad_audit_lot(&words.of.round, &words.prover.id, lot);
    skad_json_hex(json, "prover_lot", lot, sizeof lot);
    skad_json_hex(json, "verifier_id", words.of.verifier.bytes, SKAD_ID_BYTES);
    skad_json_hex(json, "challenge", words.of.challenge, sizeof words.of.challenge);
}

static void write_words(skad_json *json)
{
    skad_json_array(json, "records");
    for (uint32_t i = 0; i < RECORDS; i++) {
        const skad_span bytes = audit_record_bytes(i);
        skad_json_object(json, NULL);
        skad_json_hex(json, "record", bytes.data, bytes.len);
        skad_json_hex(json, "leaf", words.leaves.bytes[i], SKAD_AUDIT_LEAF_BYTES);
        skad_json_object_end(json);
    }
    skad_json_array_end(json);
    skad_json_hex(json, "root", words.commitment.root, sizeof words.commitment.root);
    skad_json_hex(json, "commitment", words.committed, sizeof words.committed);
    skad_json_hex(json, "points", words.points, 2 * SKAD_AUDIT_POINT_BYTES);
    skad_json_hex(json, "openings", words.openings, 2 * SKAD_AUDIT_OPENING_BYTES);
    skad_json_hex(json, "reveal_signature", words.signature, sizeof words.signature);
}

/* It commits to one more, opens a path that leads elsewhere, and a leaf that it made up. */
static void write_faults(skad_json *json)
{
    uint8_t first[SKAD_AUDIT_COMMITMENT_BYTES];
    uint8_t forged[SKAD_AUDIT_OPENING_BYTES];
    skad_audit_evidence evidence = {.of = words.of, .commitment = first};
    memcpy(first, words.committed, sizeof first);
    words.openings[SKAD_AUDIT_OPENING_BYTES - 1] ^= 1;
    audit_words_sign_reveal(&words, 2);
    evidence.fault = SKAD_AUDIT_FAULT_REVEAL;
    evidence.reveal = words.reveal;
    evidence.signature = words.signature;
    evidence.opening = words.openings;
    write_evidence(json, "reveal_differs", &evidence);
    words.commitment.count++;
    audit_words_sign(&words);
    evidence.fault = SKAD_AUDIT_FAULT_TWICE;
    evidence.second = words.committed;
    write_evidence(json, "two_commitments", &evidence);
    words.commitment.count--;
    memset(words.leaves.bytes[1] + SKAD_AUDIT_POINT_BYTES, 0x11, 16);
    skad_audit_root(&words.leaves, words.commitment.root);
    audit_words_sign(&words);
    skad_audit_open(&words.leaves, words.leaves.bytes[1], forged);
    evidence.fault = SKAD_AUDIT_FAULT_LEAF;
    evidence.commitment = words.committed;
    evidence.opening = forged;
    evidence.record = audit_record_bytes(1);
    write_evidence(json, "leaf_refuted", &evidence);
}

void skad_vectors_audit(skad_json *json)
{
    audit_words_commit(&words, 5, RECORDS);
    audit_words_reveal(&words, RECORDS - 1, 2); /* one that it holds, one that it lacks */
    skad_json_object(json, NULL);
    write_case(json);
    write_words(json);
    write_faults(json);
    skad_json_object_end(json);
}
