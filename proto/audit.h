/* Storage audits: what nodes of a neighbourhood commit to and reveal to each other, as bytes, and
 * what can be told from these bytes alone (proto/PROTOCOL.md, "Audits"). The node's part in it is
 * src/core/audit; ballot.h has what comes of a round.
 *
 * A round is a number, the wall clock divided by a period that all nodes agree on. Its anchor, a
 * hash that any node computes, draws the neighbourhood. One node, the verifier, challenges another,
 * the prover:
 *
 *   AUDIT   round, challenge   ->  AUDITED  the prover's signed commitment: the root of a tree of
 *                                           up to 256 leaves, one for each record that it holds
 *                                           from a drawn place of its region on
 *   PROVE   round, points      ->  PROVEN   the leaves of up to four records that the verifier
 *                                           holds, with their paths to that root, signed
 *
 * - A leaf hashes the record's contents with the challenge and the prover's key. So it cannot be
 *   made before the challenge came, nor without the bytes, nor serve another node.
 *
 * - The points are told after the commitment came: what is fetched for them comes too late. */
#ifndef SKAD_PROTO_AUDIT_H
#define SKAD_PROTO_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/keys.h"
#include "proto/limits.h"
#include "skad/record.h"
#include "skad/types.h"

/* A round of a network. */
typedef struct skad_audit_round {
    skad_network_id network;
    uint64_t period_s; /* at least 1 */
    uint64_t number;
} skad_audit_round;

#define SKAD_AUDIT_PERIOD_S_MIN 30
#define SKAD_AUDIT_PERIOD_S_MAX 86400

/* The anchor: nodes whose region has it play. The key under which the round's ballots are announced
 * lies elsewhere, so those that were audited do not hold what is said about them. The lot of a
 * node decides who wins; of its bytes the first four name the node in ballots. */
void skad_audit_anchor(const skad_audit_round *round, skad_id *out);
void skad_audit_key(const skad_audit_round *round, skad_id *out);
#define SKAD_AUDIT_LOT_BYTES 8
void skad_audit_lot(const skad_audit_round *round, const skad_id *id,
                    uint8_t out[static SKAD_AUDIT_LOT_BYTES]);

/* One verifier's challenge to one prover. */
typedef struct skad_audit_case {
    skad_audit_round round;
    uint8_t prover[SKAD_PUBLIC_KEY_BYTES];
    skad_id verifier;
    uint8_t challenge[SKAD_AUDIT_CHALLENGE_BYTES];
} skad_audit_case;

/* The place in a region of so many bits from which on records are committed to. */
void skad_audit_start(const skad_audit_case *of, const skad_id *anchor, unsigned bits,
                      skad_id *out);

/* ---- Leaves ---- */

/* A point names a record in an edition: the first 8 bytes of its key, 8 bytes of a hash over key,
 * type, publisher and sequence. A leaf is a point and 16 bytes of a hash over the contents. What a
 * publisher's renewal changes, expiry and signature, is not in it. */
void skad_audit_point(const skad_record *record, uint8_t out[static SKAD_AUDIT_POINT_BYTES]);
void skad_audit_leaf(const skad_audit_case *of, const skad_record *record,
                     uint8_t out[static SKAD_AUDIT_LEAF_BYTES]);

typedef struct skad_audit_leaves {
    uint16_t count; /* up to SKAD_AUDIT_LEAVES_MAX */
    uint8_t bytes[SKAD_AUDIT_LEAVES_MAX][SKAD_AUDIT_LEAF_BYTES];
} skad_audit_leaves;

/* The root of the tree; zero without a leaf. */
void skad_audit_root(const skad_audit_leaves *leaves, uint8_t out[static SKAD_AUDIT_HASH_BYTES]);

/* Opens the leaf of a point: its index, the leaf and its path; an opening of nothing if there is no
 * such leaf. */
void skad_audit_open(const skad_audit_leaves *leaves,
                     const uint8_t point[static SKAD_AUDIT_POINT_BYTES],
                     uint8_t out[static SKAD_AUDIT_OPENING_BYTES]);

/* What an opening says. */
typedef enum skad_audit_opened {
    SKAD_AUDIT_OPENED_NOTHING, /* that there is no such leaf */
    SKAD_AUDIT_OPENED_LEAF,    /* of that point, and its path leads to the root */
    SKAD_AUDIT_OPENED_WRONG,   /* neither */
} skad_audit_opened;
skad_audit_opened skad_audit_opening_check(const uint8_t opening[static SKAD_AUDIT_OPENING_BYTES],
                                           const uint8_t point[static SKAD_AUDIT_POINT_BYTES],
                                           const uint8_t root[static SKAD_AUDIT_HASH_BYTES]);
const uint8_t *skad_audit_opening_leaf(const uint8_t *opening);

/* ---- Signed words ---- */

/* A commitment, as it is sent: bits, count, root, signature. */
typedef struct skad_audit_commitment {
    uint8_t bits;   /* of the prover's region */
    uint16_t count; /* leaves */
    uint8_t root[SKAD_AUDIT_HASH_BYTES];
    uint8_t signature[SKAD_SIGNATURE_BYTES];
} skad_audit_commitment;

void skad_audit_commit(const skad_audit_case *of, skad_audit_commitment *commitment,
                       const uint8_t secret_key[static SKAD_SECRET_KEY_BYTES]);
void skad_audit_commitment_write(const skad_audit_commitment *commitment,
                                 uint8_t out[static SKAD_AUDIT_COMMITMENT_BYTES]);
/* False if it is none: bits or count out of range, or the prover did not sign it for this case. */
SKAD_MUST_CHECK bool
skad_audit_commitment_read(const skad_audit_case *of,
                           const uint8_t bytes[static SKAD_AUDIT_COMMITMENT_BYTES],
                           skad_audit_commitment *out);

/* A reveal: the openings of the points, in their order. Its signature covers a hash of each, so
 * that one of them can be shown without the others. */
typedef struct skad_audit_reveal {
    uint8_t count; /* 1..SKAD_AUDIT_POINTS_MAX */
    const uint8_t *points;
    uint8_t hashes[SKAD_AUDIT_POINTS_MAX * SKAD_HASH_BYTES]; /* of the openings */
} skad_audit_reveal;

void skad_audit_reveal_of(const uint8_t *points, size_t count, const uint8_t *openings,
                          skad_audit_reveal *out);
void skad_audit_reveal_sign(const skad_audit_case *of, const skad_audit_commitment *commitment,
                            const skad_audit_reveal *reveal,
                            const uint8_t secret_key[static SKAD_SECRET_KEY_BYTES],
                            uint8_t signature[static SKAD_SIGNATURE_BYTES]);
SKAD_MUST_CHECK bool skad_audit_reveal_verify(const skad_audit_case *of,
                                              const skad_audit_commitment *commitment,
                                              const skad_audit_reveal *reveal,
                                              const uint8_t *signature);

/* ---- Evidence ---- */

/* A signed contradiction: two words of one node that cannot both be true, or one that the record
 * itself refutes. X(NAME, code, "name") */
#define SKAD_AUDIT_FAULTS(X)                                                                       \
    X(TWICE, 1, "two-commitments") /* other commitments to one challenge */                        \
    X(REVEAL, 2, "reveal-differs") /* an opening that does not lead to the commitment */           \
    X(LEAF, 3, "leaf-refuted")     /* a leaf that the record's contents do not give */

typedef enum skad_audit_fault {
    SKAD_AUDIT_FAULT_NONE = 0,
#define SKAD_AUDIT_FAULT_ENUM(name, code, text) SKAD_AUDIT_FAULT_##name = (code),
    SKAD_AUDIT_FAULTS(SKAD_AUDIT_FAULT_ENUM)
#undef SKAD_AUDIT_FAULT_ENUM
} skad_audit_fault;

const char *skad_audit_fault_name(skad_audit_fault fault);

typedef struct skad_audit_evidence {
    skad_audit_fault fault;
    skad_audit_case of;
    const uint8_t *commitment; /* as it was sent */
    const uint8_t *second;     /* TWICE: the other one */
    skad_audit_reveal reveal;  /* REVEAL: what was signed, */
    const uint8_t *signature;  /* its signature, */
    uint8_t index;             /* and which of its openings */
    const uint8_t *opening;    /* REVEAL, LEAF */
    skad_span record;          /* LEAF: an immutable record, encoded */
} skad_audit_evidence;

/* Encodes evidence as the value of an immutable record; 0 if it does not fit. Decodes it strictly;
 * pointers borrow from `data`. */
size_t skad_audit_evidence_encode(const skad_audit_evidence *evidence,
                                  uint8_t out[static SKAD_VALUE_BYTES_MAX]);
SKAD_MUST_CHECK bool skad_audit_evidence_decode(const uint8_t *data, size_t len,
                                                const skad_network_id *network,
                                                skad_audit_evidence *out);
/* Whether the contradiction is one. Costs up to two signature checks. */
SKAD_MUST_CHECK bool skad_audit_evidence_holds(const skad_audit_evidence *evidence);

#endif
