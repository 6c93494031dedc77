/* Evidence is one strict array: version, fault, period, round, prover, verifier, challenge,
 * commitment, then what the fault needs. Tested by tests/proto/test_audit.c. */
#include <string.h>

#include "proto/audit.h"
#include "proto/reader.h"
#include "proto/writer.h"

#define VERSION           1
#define HEAD_ELEMENTS     8
#define TWICE_ELEMENTS    9
#define REVEAL_ELEMENTS   13
#define LEAF_ELEMENTS     10
#define EVIDENCE_ITEMS    (1 + REVEAL_ELEMENTS)
#define SIGNED_BYTES_SIZE (SKAD_AUDIT_COMMITMENT_BYTES - SKAD_SIGNATURE_BYTES)

const char *skad_audit_fault_name(skad_audit_fault fault)
{
    switch (fault) {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a case and a string cannot stand in parentheses. */
#define FAULT_NAME(name, code, text)                                                               \
    case SKAD_AUDIT_FAULT_##name:                                                                  \
        return text;
        SKAD_AUDIT_FAULTS(FAULT_NAME)
#undef FAULT_NAME
    case SKAD_AUDIT_FAULT_NONE:
        break;
    }
    return "none";
}

size_t skad_audit_evidence_encode(const skad_audit_evidence *evidence,
                                  uint8_t out[static SKAD_VALUE_BYTES_MAX])
{
    const skad_audit_case *of = &evidence->of;
    const skad_audit_reveal *reveal = &evidence->reveal;
    skad_writer writer;
    skad_writer_init(&writer, out, SKAD_VALUE_BYTES_MAX);
    skad_write_array(&writer, evidence->fault == SKAD_AUDIT_FAULT_TWICE    ? TWICE_ELEMENTS
                              : evidence->fault == SKAD_AUDIT_FAULT_REVEAL ? REVEAL_ELEMENTS
                                                                           : LEAF_ELEMENTS);
    skad_write_uint(&writer, VERSION);
    skad_write_uint(&writer, evidence->fault);
    skad_write_uint(&writer, of->round.period_s);
    skad_write_uint(&writer, of->round.number);
    skad_write_bin(&writer, of->prover, sizeof of->prover);
    skad_write_bin(&writer, of->verifier.bytes, sizeof of->verifier.bytes);
    skad_write_bin(&writer, of->challenge, sizeof of->challenge);
    skad_write_bin(&writer, evidence->commitment, SKAD_AUDIT_COMMITMENT_BYTES);
    if (evidence->fault == SKAD_AUDIT_FAULT_TWICE) {
        skad_write_bin(&writer, evidence->second, SKAD_AUDIT_COMMITMENT_BYTES);
    } else if (evidence->fault == SKAD_AUDIT_FAULT_REVEAL) {
        skad_write_bin(&writer, reveal->points, (size_t)reveal->count * SKAD_AUDIT_POINT_BYTES);
        skad_write_bin(&writer, reveal->hashes, (size_t)reveal->count * SKAD_HASH_BYTES);
        skad_write_bin(&writer, evidence->signature, SKAD_SIGNATURE_BYTES);
        skad_write_uint(&writer, evidence->index);
        skad_write_bin(&writer, evidence->opening, SKAD_AUDIT_OPENING_BYTES);
    } else {
        skad_write_bin(&writer, evidence->opening, SKAD_AUDIT_OPENING_BYTES);
        skad_write_bin(&writer, evidence->record.data, evidence->record.len);
    }
    return writer.overflow ? 0 : writer.len;
}

static const uint8_t *read_exact(skad_reader *reader, size_t exact)
{
    return skad_read_bin(reader, exact, exact).data;
}

static void read_reveal(skad_reader *reader, skad_audit_evidence *out)
{
    const skad_span points = skad_read_bin(reader, SKAD_AUDIT_POINT_BYTES,
                                           (size_t)SKAD_AUDIT_POINTS_MAX * SKAD_AUDIT_POINT_BYTES);
    const size_t count = points.len / SKAD_AUDIT_POINT_BYTES;
    const uint8_t *hashes = read_exact(reader, count * SKAD_HASH_BYTES);
    out->signature = read_exact(reader, SKAD_SIGNATURE_BYTES);
    out->index = (uint8_t)skad_read_uint(reader, SKAD_AUDIT_POINTS_MAX - 1);
    out->opening = read_exact(reader, SKAD_AUDIT_OPENING_BYTES);
    reader->failed =
        reader->failed || points.len % SKAD_AUDIT_POINT_BYTES != 0 || out->index >= count;
    if (!reader->failed) {
        out->reveal.count = (uint8_t)count;
        out->reveal.points = points.data;
        memcpy(out->reveal.hashes, hashes, count * SKAD_HASH_BYTES);
    }
}

bool skad_audit_evidence_decode(const uint8_t *data, size_t len, const skad_network_id *network,
                                skad_audit_evidence *out)
{
    skad_item items[EVIDENCE_ITEMS];
    size_t count;
    size_t consumed;
    skad_reader reader;
    if (len > SKAD_VALUE_BYTES_MAX || skad_cut(data, len, SKAD_CUT_STRICT, items, EVIDENCE_ITEMS,
                                               &count, &consumed) != SKAD_CUT_OK) {
        return false;
    }
    memset(out, 0, sizeof *out);
    skad_reader_init(&reader, items, count);
    const size_t elements = skad_read_array(&reader, HEAD_ELEMENTS + 1, REVEAL_ELEMENTS);
    const uint64_t version = skad_read_uint(&reader, VERSION);
    const uint64_t fault = skad_read_uint(&reader, SKAD_AUDIT_FAULT_LEAF);
    out->fault = (skad_audit_fault)fault;
    out->of.round.network = *network;
    out->of.round.period_s = skad_read_uint(&reader, SKAD_AUDIT_PERIOD_S_MAX);
    out->of.round.number = skad_read_uint(&reader, UINT64_MAX);
    skad_read_bytes(&reader, out->of.prover, sizeof out->of.prover);
    skad_read_bytes(&reader, out->of.verifier.bytes, sizeof out->of.verifier.bytes);
    skad_read_bytes(&reader, out->of.challenge, sizeof out->of.challenge);
    out->commitment = read_exact(&reader, SKAD_AUDIT_COMMITMENT_BYTES);
    size_t wanted = 0;
    if (fault == SKAD_AUDIT_FAULT_TWICE) {
        wanted = TWICE_ELEMENTS;
        out->second = read_exact(&reader, SKAD_AUDIT_COMMITMENT_BYTES);
    } else if (fault == SKAD_AUDIT_FAULT_REVEAL) {
        wanted = REVEAL_ELEMENTS;
        read_reveal(&reader, out);
    } else if (fault == SKAD_AUDIT_FAULT_LEAF) {
        wanted = LEAF_ELEMENTS;
        out->opening = read_exact(&reader, SKAD_AUDIT_OPENING_BYTES);
        out->record = skad_read_bin(&reader, 1, SKAD_RECORD_BYTES_MAX);
    }
    return version == VERSION && elements == wanted && skad_reader_done(&reader);
}

/* An opening that the prover signed, and that is not what its commitment demands. */
static bool reveal_differs(const skad_audit_evidence *evidence,
                           const skad_audit_commitment *commitment)
{
    skad_audit_reveal shown;
    const size_t at = evidence->index;
    const uint8_t *point = evidence->reveal.points + at * SKAD_AUDIT_POINT_BYTES;
    skad_audit_reveal_of(point, 1, evidence->opening, &shown);
    return memcmp(shown.hashes, &evidence->reveal.hashes[at * SKAD_HASH_BYTES], SKAD_HASH_BYTES) ==
               0 &&
           skad_audit_opening_check(evidence->opening, point, commitment->root) ==
               SKAD_AUDIT_OPENED_WRONG &&
           skad_audit_reveal_verify(&evidence->of, commitment, &evidence->reveal,
                                    evidence->signature);
}

/* A committed leaf of an immutable record whose contents give another one. The key proves what the
 * contents are; of other records a publisher may have signed two editions with one sequence. */
static bool leaf_refuted(const skad_audit_evidence *evidence,
                         const skad_audit_commitment *commitment)
{
    skad_record record;
    uint8_t leaf[SKAD_AUDIT_LEAF_BYTES];
    if (!skad_record_decode(evidence->record.data, evidence->record.len, &record) ||
        record.type != SKAD_RECORD_IMMUTABLE) {
        return false;
    }
    skad_audit_leaf(&evidence->of, &record, leaf);
    return skad_audit_opening_check(evidence->opening, leaf, commitment->root) ==
               SKAD_AUDIT_OPENED_LEAF &&
           memcmp(skad_audit_opening_leaf(evidence->opening), leaf, sizeof leaf) != 0;
}

bool skad_audit_evidence_holds(const skad_audit_evidence *evidence)
{
    skad_audit_commitment first;
    skad_audit_commitment second;
    if (!skad_audit_commitment_read(&evidence->of, evidence->commitment, &first)) {
        return false;
    }
    switch (evidence->fault) {
    case SKAD_AUDIT_FAULT_TWICE:
        return memcmp(evidence->commitment, evidence->second, SIGNED_BYTES_SIZE) != 0 &&
               skad_audit_commitment_read(&evidence->of, evidence->second, &second);
    case SKAD_AUDIT_FAULT_REVEAL:
        return reveal_differs(evidence, &first);
    case SKAD_AUDIT_FAULT_LEAF:
        return leaf_refuted(evidence, &first);
    case SKAD_AUDIT_FAULT_NONE:
        break;
    }
    return false;
}
