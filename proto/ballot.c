#include "proto/ballot.h"

#include <string.h>

#include "crypto/assert.h"
#include "crypto/puzzle.h"
#include "proto/reader.h"
#include "proto/writer.h"

#define VERSION            1
#define HEAD_BYTES         3 /* version, bits, count */
#define PLAYER_BYTES       (SKAD_AUDIT_NAME_BYTES + 1)
#define STATEMENT_ELEMENTS 6
#define STATEMENT_ITEMS_MAX                                                                        \
    (3 + STATEMENT_ELEMENTS + SKAD_AUDIT_BALLOTS_MAX + SKAD_AUDIT_PROOFS_MAX)

_Static_assert(HEAD_BYTES + SKAD_AUDIT_PLAYERS_MAX * PLAYER_BYTES + SKAD_ID_BYTES <=
                   SKAD_METADATA_BYTES_MAX,
               "a ballot fits an announcement");

const char *skad_audit_verdict_name(skad_audit_verdict verdict)
{
    switch (verdict) {
    case SKAD_AUDIT_UNJUDGED:
        return "unjudged";
    case SKAD_AUDIT_AGREES:
        return "agrees";
    case SKAD_AUDIT_LACKS:
        return "lacks";
    case SKAD_AUDIT_WITHHELD:
        return "withheld";
    case SKAD_AUDIT_CONTRADICTS:
        return "contradicts";
    }
    return "unknown";
}

size_t skad_audit_ballot_encode(const skad_audit_ballot *ballot,
                                uint8_t out[static SKAD_METADATA_BYTES_MAX])
{
    size_t len = 0;
    SKAD_ASSERT(ballot->count <= SKAD_AUDIT_PLAYERS_MAX);
    out[len++] = VERSION;
    out[len++] = ballot->bits;
    out[len++] = ballot->count;
    for (size_t i = 0; i < ballot->count; i++) {
        memcpy(out + len, ballot->players[i].name, SKAD_AUDIT_NAME_BYTES);
        out[len + SKAD_AUDIT_NAME_BYTES] = ballot->players[i].verdict;
        len += PLAYER_BYTES;
    }
    if (ballot->has_evidence) {
        memcpy(out + len, ballot->evidence.bytes, SKAD_ID_BYTES);
        len += SKAD_ID_BYTES;
    }
    return len;
}

static bool names(const skad_audit_ballot *ballot, const uint8_t *name, uint8_t *verdict)
{
    for (size_t i = 0; i < ballot->count; i++) {
        if (memcmp(ballot->players[i].name, name, SKAD_AUDIT_NAME_BYTES) == 0) {
            *verdict = ballot->players[i].verdict;
            return true;
        }
    }
    return false;
}

bool skad_audit_ballot_decode(skad_span metadata, skad_audit_ballot *out)
{
    const uint8_t *at = metadata.data;
    memset(out, 0, sizeof *out);
    if (metadata.len < HEAD_BYTES || at[0] != VERSION || at[1] > SKAD_AUDIT_BITS_MAX ||
        at[2] > SKAD_AUDIT_PLAYERS_MAX) {
        return false;
    }
    const size_t count = at[2];
    const size_t bare = HEAD_BYTES + count * PLAYER_BYTES;
    out->bits = at[1];
    out->has_evidence = metadata.len == bare + SKAD_ID_BYTES;
    if (metadata.len != bare && !out->has_evidence) {
        return false;
    }
    at += HEAD_BYTES;
    for (size_t i = 0; i < count; i++) {
        uint8_t verdict = at[SKAD_AUDIT_NAME_BYTES];
        if (verdict > SKAD_AUDIT_CONTRADICTS || names(out, at, &verdict)) {
            return false;
        }
        memcpy(out->players[i].name, at, SKAD_AUDIT_NAME_BYTES);
        out->players[i].verdict = verdict;
        out->count++;
        at += PLAYER_BYTES;
    }
    if (out->has_evidence) {
        memcpy(out->evidence.bytes, at, SKAD_ID_BYTES);
    }
    return true;
}

/* ---- Statements ---- */

size_t skad_audit_statement_encode(const skad_audit_statement *statement, uint8_t *out, size_t cap)
{
    skad_writer writer;
    skad_writer_init(&writer, out, cap);
    skad_write_array(&writer, STATEMENT_ELEMENTS);
    skad_write_uint(&writer, VERSION);
    skad_write_bin(&writer, statement->round.network.bytes, sizeof statement->round.network.bytes);
    skad_write_uint(&writer, statement->round.period_s);
    skad_write_uint(&writer, statement->round.number);
    skad_write_array(&writer, statement->ballots_count);
    for (size_t i = 0; i < statement->ballots_count; i++) {
        skad_write_bin(&writer, statement->ballots[i].data, statement->ballots[i].len);
    }
    skad_write_array(&writer, statement->proofs_count);
    for (size_t i = 0; i < statement->proofs_count; i++) {
        skad_write_bin(&writer, statement->proofs[i].data, statement->proofs[i].len);
    }
    return writer.overflow ? 0 : writer.len;
}

bool skad_audit_statement_decode(const uint8_t *data, size_t len, skad_audit_statement *out)
{
    skad_item items[STATEMENT_ITEMS_MAX];
    size_t count;
    size_t consumed;
    skad_reader reader;
    if (len > SKAD_AUDIT_STATEMENT_BYTES_MAX ||
        skad_cut(data, len, SKAD_CUT_STRICT, items, STATEMENT_ITEMS_MAX, &count, &consumed) !=
            SKAD_CUT_OK) {
        return false;
    }
    memset(out, 0, sizeof *out);
    skad_reader_init(&reader, items, count);
    skad_read_array(&reader, STATEMENT_ELEMENTS, STATEMENT_ELEMENTS);
    const uint64_t version = skad_read_uint(&reader, VERSION);
    skad_read_bytes(&reader, out->round.network.bytes, sizeof out->round.network.bytes);
    out->round.period_s = skad_read_uint(&reader, SKAD_AUDIT_PERIOD_S_MAX);
    out->round.number = skad_read_uint(&reader, UINT64_MAX);
    out->ballots_count = skad_read_array(&reader, 0, SKAD_AUDIT_BALLOTS_MAX);
    for (size_t i = 0; i < out->ballots_count; i++) {
        out->ballots[i] = skad_read_bin(&reader, 1, SKAD_RECORD_ANNOUNCE_BYTES_MAX);
    }
    out->proofs_count = skad_read_array(&reader, 0, SKAD_AUDIT_PROOFS_MAX);
    for (size_t i = 0; i < out->proofs_count; i++) {
        out->proofs[i] = skad_read_bin(&reader, 1, SKAD_VALUE_BYTES_MAX);
    }
    return version == VERSION && out->round.period_s >= SKAD_AUDIT_PERIOD_S_MIN &&
           skad_reader_done(&reader);
}

/* ---- The tally ---- */

/* Reads a ballot; false if it is none of this round. */
static bool read_voter(const skad_audit_round *round, const skad_profile *profile, skad_span bytes,
                       skad_audit_voter *out, skad_status *status)
{
    skad_record record;
    skad_id key;
    memset(out, 0, sizeof *out);
    skad_audit_key(round, &key);
    if (!skad_record_decode(bytes.data, bytes.len, &record) ||
        record.type != SKAD_RECORD_ANNOUNCEMENT ||
        memcmp(record.key.bytes, key.bytes, sizeof key.bytes) != 0 ||
        !skad_audit_ballot_decode(record.value, &out->ballot) ||
        !skad_record_verify(&record, &round->network)) {
        return false;
    }
    memcpy(out->key, record.publisher, sizeof out->key);
    *status = skad_node_id(out->key, profile->memory_kib, &out->id);
    if (*status != SKAD_OK || !skad_puzzle_static_ok(&out->id, profile->static_bits)) {
        return false;
    }
    skad_audit_lot(round, &out->id, out->lot);
    return true;
}

/* Whether a is nearer to the anchor than b. */
static bool nearer(const skad_id *anchor, const skad_id *a, const skad_id *b)
{
    for (size_t i = 0; i < SKAD_ID_BYTES; i++) {
        const uint8_t from_a = a->bytes[i] ^ anchor->bytes[i];
        const uint8_t from_b = b->bytes[i] ^ anchor->bytes[i];
        if (from_a != from_b) {
            return from_a < from_b;
        }
    }
    return false;
}

bool skad_audit_add_voter(skad_audit_result *result, const skad_audit_voter *voter)
{
    size_t at = result->voters_count;
    for (size_t i = 0; i < result->voters_count; i++) {
        if (memcmp(result->voters[i].key, voter->key, sizeof voter->key) == 0) {
            return false; /* one ballot each */
        }
    }
    while (at > 0 && nearer(&result->anchor, &voter->id, &result->voters[at - 1].id)) {
        at--;
    }
    if (at == SKAD_AUDIT_VOTERS_MAX) {
        return false;
    }
    const size_t kept = result->voters_count < SKAD_AUDIT_VOTERS_MAX ? result->voters_count
                                                                     : SKAD_AUDIT_VOTERS_MAX - 1;
    memmove(&result->voters[at + 1], &result->voters[at], (kept - at) * sizeof result->voters[0]);
    result->voters[at] = *voter;
    result->voters_count = kept + 1;
    return true;
}

/* Takes a proof; false if it is none, or of another round. */
static bool take_proof(const skad_audit_round *round, skad_span bytes, skad_audit_result *result)
{
    skad_audit_evidence evidence;
    if (!skad_audit_evidence_decode(bytes.data, bytes.len, &round->network, &evidence) ||
        evidence.of.round.period_s != round->period_s ||
        evidence.of.round.number != round->number || !skad_audit_evidence_holds(&evidence)) {
        return false;
    }
    for (size_t i = 0; i < result->blamed_count; i++) {
        if (memcmp(result->blamed[i].key, evidence.of.prover, SKAD_PUBLIC_KEY_BYTES) == 0) {
            return true;
        }
    }
    skad_audit_blamed *blamed = &result->blamed[result->blamed_count++];
    memcpy(blamed->key, evidence.of.prover, sizeof blamed->key);
    blamed->fault = evidence.fault;
    return true;
}

static void confirm(skad_audit_result *result)
{
    for (size_t i = 0; i < result->voters_count; i++) {
        size_t named = 0;
        uint8_t verdict;
        for (size_t j = 0; j < result->voters_count; j++) {
            named += j != i && names(&result->voters[j].ballot, result->voters[i].lot, &verdict);
        }
        result->voters[i].confirmed = 2 * named > result->voters_count - 1;
        result->confirmed += result->voters[i].confirmed;
    }
}

static bool is_blamed(const skad_audit_result *result, const skad_audit_voter *voter)
{
    size_t i = 0;
    while (i < result->blamed_count &&
           memcmp(result->blamed[i].key, voter->key, sizeof voter->key) != 0) {
        i++;
    }
    return i < result->blamed_count;
}

static void count_votes(const skad_audit_result *result, skad_audit_voter *voter)
{
    for (size_t j = 0; j < result->voters_count; j++) {
        const skad_audit_voter *other = &result->voters[j];
        uint8_t verdict = SKAD_AUDIT_UNJUDGED;
        if (other != voter && other->confirmed && names(&other->ballot, voter->lot, &verdict)) {
            voter->agree = (uint8_t)(voter->agree + (verdict == SKAD_AUDIT_AGREES));
            voter->against = (uint8_t)(voter->against + (verdict > SKAD_AUDIT_AGREES));
        }
    }
}

void skad_audit_decide(skad_audit_result *result)
{
    result->winner = -1;
    result->confirmed = 0;
    result->agreeing = 0;
    confirm(result);
    for (size_t i = 0; i < result->voters_count; i++) {
        skad_audit_voter *voter = &result->voters[i];
        if (!voter->confirmed) {
            continue;
        }
        count_votes(result, voter);
        voter->agrees = voter->agree >= SKAD_AUDIT_AGREES_MIN && voter->agree > voter->against &&
                        !is_blamed(result, voter);
        result->agreeing += voter->agrees;
        if (voter->agrees &&
            (result->winner < 0 ||
             memcmp(voter->lot, result->voters[result->winner].lot, sizeof voter->lot) < 0)) {
            result->winner = (int)i;
        }
    }
}

skad_status skad_audit_tally(const skad_audit_statement *statement, const skad_profile *profile,
                             skad_audit_result *out)
{
    skad_status status = SKAD_OK;
    memset(out, 0, sizeof *out);
    skad_audit_anchor(&statement->round, &out->anchor);
    for (size_t i = 0; i < statement->proofs_count; i++) {
        out->invalid += !take_proof(&statement->round, statement->proofs[i], out);
    }
    for (size_t i = 0; i < statement->ballots_count && status == SKAD_OK; i++) {
        skad_audit_voter voter;
        if (read_voter(&statement->round, profile, statement->ballots[i], &voter, &status)) {
            (void)skad_audit_add_voter(out, &voter);
        } else {
            out->invalid++;
        }
    }
    skad_audit_decide(out);
    return status;
}
