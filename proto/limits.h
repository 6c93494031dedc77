/* Every length and count of the wire on one page, and the proof that the largest of each message
 * fits a datagram. proto/PROTOCOL.md states the same numbers; tests/vectors check the code against
 * it. */
#ifndef SKAD_PROTO_LIMITS_H
#define SKAD_PROTO_LIMITS_H

#include "crypto/hash.h"
#include "crypto/keys.h"
#include "crypto/merkle.h"
#include "crypto/tag.h"
#include "crypto/token.h"
#include "skad/identity.h"
#include "skad/profile.h"
#include "skad/record.h"
#include "skad/types.h"

#define SKAD_PROTOCOL_VERSION 1

/* msgpack header sizes for what we use: a bin of up to 255 bytes, up to 65535; an array. */
#define SKAD_BIN8(n)          (2 + (n))
#define SKAD_BIN16(n)         (3 + (n))
#define SKAD_FIXARRAY         1 /* up to 15 elements */
#define SKAD_ARRAY16          3
#define SKAD_FIXINT           1 /* 0..127 */
#define SKAD_UINT32_BYTES_MAX 5
#define SKAD_UINT64_BYTES_MAX 9

#define SKAD_RPC_ID_BYTES   8
#define SKAD_ADDRESS4_BYTES 6 /* ip, port */
#define SKAD_ADDRESS6_BYTES 18
#define SKAD_CONTACTS_MAX   16 /* in one reply */
#define SKAD_RECORDS_MAX    8  /* in one reply */

/* Records (skad/record.h): the largest of each type. */
#define SKAD_RECORD_IMMUTABLE_BYTES_MAX                                                            \
    (SKAD_FIXARRAY + SKAD_FIXINT + SKAD_BIN16(SKAD_VALUE_BYTES_MAX))
/* Type, publisher, salt, sequence, expiry, value, signature. */
#define SKAD_RECORD_MUTABLE_BYTES_MAX                                                              \
    (SKAD_FIXARRAY + SKAD_FIXINT + SKAD_BIN8(SKAD_PUBLIC_KEY_BYTES) +                              \
     SKAD_BIN8(SKAD_SALT_BYTES_MAX) + 2 * SKAD_UINT64_BYTES_MAX +                                  \
     SKAD_BIN16(SKAD_MUTABLE_VALUE_BYTES_MAX) + SKAD_BIN8(SKAD_SIGNATURE_BYTES))
/* Type, key, publisher, sequence, expiry, endpoint, metadata, signature. */
#define SKAD_RECORD_ANNOUNCE_BYTES_MAX                                                             \
    (SKAD_FIXARRAY + SKAD_FIXINT + SKAD_BIN8(SKAD_ID_BYTES) + SKAD_BIN8(SKAD_PUBLIC_KEY_BYTES) +   \
     2 * SKAD_UINT64_BYTES_MAX + SKAD_BIN8(SKAD_ADDRESS6_BYTES) +                                  \
     SKAD_BIN8(SKAD_METADATA_BYTES_MAX) + SKAD_BIN8(SKAD_SIGNATURE_BYTES))
_Static_assert(SKAD_RECORD_IMMUTABLE_BYTES_MAX == SKAD_RECORD_BYTES_MAX, "largest record");
_Static_assert(SKAD_RECORD_MUTABLE_BYTES_MAX <= SKAD_RECORD_BYTES_MAX, "largest record");
_Static_assert(SKAD_RECORD_ANNOUNCE_BYTES_MAX <= SKAD_RECORD_BYTES_MAX, "largest record");

/* Envelope, in its order: header, version, kind, rpc id, public key, id, epoch, nonce, token, then
 * body and padding (their headers counted here, 3 bytes for each), index, path, signature. The ID
 * is there in requests and in answers to a hello; id_bytes is SKAD_ID_BYTES or 0. */
#define SKAD_ENVELOPE_ELEMENTS  13
#define SKAD_ENVELOPE_BYTES_MAX (SKAD_DATAGRAM_BYTES_MAX - SKAD_TAG_BYTES)
#define SKAD_SIGNED_OVERHEAD_BYTES_MAX(id_bytes)                                                   \
    (SKAD_FIXARRAY + 2 * SKAD_FIXINT + SKAD_BIN8(SKAD_RPC_ID_BYTES) +                              \
     SKAD_BIN8(SKAD_PUBLIC_KEY_BYTES) + SKAD_BIN8(id_bytes) + SKAD_UINT32_BYTES_MAX +              \
     SKAD_BIN8(SKAD_NONCE_BYTES) + SKAD_BIN8(SKAD_TOKEN_BYTES) + SKAD_BIN16(0) + SKAD_BIN16(0))
#define SKAD_PROOF_BYTES(depth)                                                                    \
    (SKAD_FIXINT + SKAD_BIN8((depth)*SKAD_HASH_BYTES) + SKAD_BIN8(SKAD_SIGNATURE_BYTES))
#define SKAD_ENVELOPE_OVERHEAD_BYTES_MAX(id_bytes)                                                 \
    (SKAD_SIGNED_OVERHEAD_BYTES_MAX(id_bytes) + SKAD_PROOF_BYTES(0))
#define SKAD_BODY_BYTES_MAX (SKAD_ENVELOPE_BYTES_MAX - SKAD_ENVELOPE_OVERHEAD_BYTES_MAX(0))
#define SKAD_REQUEST_BYTES_MAX                                                                     \
    (SKAD_ENVELOPE_BYTES_MAX - SKAD_ENVELOPE_OVERHEAD_BYTES_MAX(SKAD_ID_BYTES)) /* of a body */
#define SKAD_PAD_BYTES_MAX 512

/* The smallest envelope has the smallest body (1 byte) and epoch, no ID, no token, no padding. */
#define SKAD_DATAGRAM_BYTES_MIN                                                                    \
    (SKAD_TAG_BYTES + SKAD_FIXARRAY + 2 * SKAD_FIXINT + SKAD_BIN8(SKAD_RPC_ID_BYTES) +             \
     SKAD_BIN8(SKAD_PUBLIC_KEY_BYTES) + SKAD_BIN8(0) + SKAD_FIXINT + SKAD_BIN8(SKAD_NONCE_BYTES) + \
     SKAD_BIN8(0) + SKAD_BIN8(1) + SKAD_BIN8(0) + SKAD_PROOF_BYTES(0))

/* An address without a valid token gets at most this many times the bytes that it sent (RFC 9000,
 * section 8.1). A first contact is padded so that a full reply fits the allowance. */
#define SKAD_AMPLIFICATION_MAX 3
#define SKAD_FIRST_CONTACT_BYTES                                                                   \
    ((SKAD_DATAGRAM_BYTES_MAX + SKAD_AMPLIFICATION_MAX - 1) / SKAD_AMPLIFICATION_MAX)

/* A challenge: ERROR with a token for an IPv6 address, in no batch. It must not be larger than the
 * request that it answers, so no request without a token should be smaller. The answer to a hello
 * names its sender as well; a hello is as long as a first contact. */
#define SKAD_CHALLENGE_BODY_BYTES_MAX                                                              \
    (SKAD_FIXARRAY + SKAD_BIN8(SKAD_ADDRESS6_BYTES) + 2 * SKAD_FIXINT)
#define SKAD_CHALLENGE_BYTES_MAX                                                                   \
    (SKAD_TAG_BYTES + SKAD_FIXARRAY + 2 * SKAD_FIXINT + SKAD_BIN8(SKAD_RPC_ID_BYTES) +             \
     SKAD_BIN8(SKAD_PUBLIC_KEY_BYTES) + SKAD_BIN8(0) + SKAD_UINT32_BYTES_MAX +                     \
     SKAD_BIN8(SKAD_NONCE_BYTES) + SKAD_BIN8(SKAD_TOKEN_BYTES) +                                   \
     SKAD_BIN8(SKAD_CHALLENGE_BODY_BYTES_MAX) + SKAD_BIN8(0) + SKAD_PROOF_BYTES(0))
_Static_assert(SKAD_CHALLENGE_BYTES_MAX + SKAD_ID_BYTES <= SKAD_FIRST_CONTACT_BYTES,
               "a challenge fits what a first contact is padded to");

/* An addressed PING without a token, padded for a challenge, in the largest batch. */
#define SKAD_PING_BYTES_MAX                                                                        \
    (SKAD_CHALLENGE_BYTES_MAX + SKAD_PROOF_BYTES(SKAD_MERKLE_DEPTH_MAX) - SKAD_PROOF_BYTES(0))
/* A PONG is shorter than a challenge by an error's code and detail. */
_Static_assert(SKAD_CHALLENGE_BYTES_MAX - 2 * SKAD_FIXINT + SKAD_PING_BYTES_MAX <=
                   SKAD_AMPLIFICATION_MAX * SKAD_CHALLENGE_BYTES_MAX,
               "a padded PING allows a PONG and a ping of the replier's own");

/* Contact: an array of the ID, one or two endpoints, and whether they are guarded. */
#define SKAD_CONTACT_BYTES_MAX                                                                     \
    (SKAD_FIXARRAY + SKAD_BIN8(SKAD_ID_BYTES) + SKAD_BIN8(SKAD_ADDRESS4_BYTES) +                   \
     SKAD_BIN8(SKAD_ADDRESS6_BYTES) + SKAD_FIXINT)

/* Largest bodies; each must fit. */
#define SKAD_NODES_BYTES_MAX                                                                       \
    (SKAD_FIXARRAY + SKAD_BIN8(SKAD_ADDRESS6_BYTES) + SKAD_ARRAY16 +                               \
     SKAD_CONTACTS_MAX * SKAD_CONTACT_BYTES_MAX)
#define SKAD_STORE_BYTES_MAX                                                                       \
    (SKAD_FIXARRAY + SKAD_BIN16(SKAD_RECORD_BYTES_MAX) + SKAD_UINT64_BYTES_MAX +                   \
     SKAD_UINT32_BYTES_MAX)
#define SKAD_VALUE_REPLY_BYTES_MAX                                                                 \
    (SKAD_FIXARRAY + SKAD_BIN8(SKAD_ADDRESS6_BYTES) + SKAD_FIXARRAY +                              \
     SKAD_BIN16(SKAD_RECORD_BYTES_MAX) + SKAD_UINT32_BYTES_MAX + SKAD_FIXARRAY)
/* COMPARE: prints of records (src/core/storage/holdings.h). */
#define SKAD_COMPARE_ITEM_BYTES 24
#define SKAD_COMPARE_MAX        40
#define SKAD_COMPARE_BYTES_MAX                                                                     \
    (SKAD_FIXARRAY + SKAD_BIN16(SKAD_COMPARE_MAX * SKAD_COMPARE_ITEM_BYTES))
#define SKAD_COMPARED_BYTES_MAX ((SKAD_COMPARE_MAX + 7) / 8) /* of the bits */
_Static_assert(SKAD_COMPARE_BYTES_MAX <= SKAD_STORE_BYTES_MAX,
               "the largest COMPARE fits, as STORE");
/* MATCH: digests of the ranges of a region (src/core/storage/digests.h). */
#define SKAD_MATCH_RANGES       64
#define SKAD_MATCH_DIGEST_BYTES 8
#define SKAD_MATCH_BYTES        512 /* all of them */
#define SKAD_MATCH_BITS_MAX     127
#define SKAD_MATCH_BYTES_MAX    (SKAD_FIXARRAY + SKAD_FIXINT + SKAD_BIN16(SKAD_MATCH_BYTES))
_Static_assert(SKAD_MATCH_RANGES *SKAD_MATCH_DIGEST_BYTES == SKAD_MATCH_BYTES,
               "a digest for each range");
_Static_assert(SKAD_MATCH_BYTES_MAX <= SKAD_STORE_BYTES_MAX, "a MATCH fits, as STORE");
/* FORWARD: subject, aim, want, budget, time. FORWARDED: a record or a statement, the other empty.
 * Statement: public key, aim, time, number of holders, contacts, signature (proto/statement.h). */
#define SKAD_FORWARD_BUDGET_MAX  32
#define SKAD_FORWARD_LIFE_MS_MAX 10000
#define SKAD_FORWARD_BYTES_MAX                                                                     \
    (SKAD_FIXARRAY + SKAD_BIN16(SKAD_RECORD_BYTES_MAX) + 3 * SKAD_FIXINT + SKAD_BIN8(1))
#define SKAD_STATEMENT_BYTES_MAX                                                                   \
    (SKAD_BODY_BYTES_MAX - SKAD_FIXARRAY - SKAD_BIN8(SKAD_ADDRESS6_BYTES) - SKAD_BIN8(0) -         \
     SKAD_BIN16(0))
#define SKAD_STATEMENT_ELEMENTS  6
#define SKAD_STATEMENT_ITEMS_MAX (1 + SKAD_STATEMENT_ELEMENTS + 5 * SKAD_CONTACTS_MAX)
_Static_assert(SKAD_FORWARD_BYTES_MAX <= SKAD_STORE_BYTES_MAX,
               "the largest FORWARD fits, as STORE");
_Static_assert(SKAD_FIXARRAY + SKAD_BIN8(SKAD_ADDRESS6_BYTES) + SKAD_BIN16(SKAD_RECORD_BYTES_MAX) +
                       SKAD_BIN8(0) <=
                   SKAD_BODY_BYTES_MAX,
               "the largest record is handed back along a chain");
/* AUDIT and PROVE (proto/audit.h). A path leads through a tree of SKAD_AUDIT_LEAVES_MAX leaves. */
#define SKAD_AUDIT_CHALLENGE_BYTES 16
#define SKAD_AUDIT_HASH_BYTES      16 /* of a place of the tree, its root included */
#define SKAD_AUDIT_POINT_BYTES     16 /* key, hash of the name and the edition */
#define SKAD_AUDIT_LEAF_BYTES      32 /* point, hash of the contents */
#define SKAD_AUDIT_DEPTH           8
#define SKAD_AUDIT_LEAVES_MAX      256
#define SKAD_AUDIT_POINTS_MAX      4
#define SKAD_AUDIT_BITS_MAX        127
#define SKAD_AUDIT_OPENING_BYTES   162 /* index, leaf, path */
#define SKAD_AUDIT_COMMITMENT_BYTES                                                                \
    (1 + 2 + SKAD_AUDIT_HASH_BYTES + SKAD_SIGNATURE_BYTES) /* bits, count, root, signature */
#define SKAD_AUDIT_BYTES_MAX                                                                       \
    (SKAD_FIXARRAY + SKAD_UINT64_BYTES_MAX + SKAD_BIN8(SKAD_AUDIT_CHALLENGE_BYTES))
#define SKAD_PROVE_BYTES_MAX                                                                       \
    (SKAD_FIXARRAY + SKAD_UINT64_BYTES_MAX +                                                       \
     SKAD_BIN8(SKAD_AUDIT_POINTS_MAX * SKAD_AUDIT_POINT_BYTES))
#define SKAD_PROVEN_BYTES_MAX                                                                      \
    (SKAD_FIXARRAY + SKAD_BIN8(SKAD_ADDRESS6_BYTES) + SKAD_BIN8(SKAD_AUDIT_COMMITMENT_BYTES) +     \
     SKAD_BIN16(SKAD_AUDIT_POINTS_MAX * SKAD_AUDIT_OPENING_BYTES) +                                \
     SKAD_BIN8(SKAD_SIGNATURE_BYTES))
_Static_assert(SKAD_AUDIT_LEAVES_MAX == 1 << SKAD_AUDIT_DEPTH, "the leaves of a tree");
_Static_assert(SKAD_AUDIT_OPENING_BYTES ==
                   2 + SKAD_AUDIT_LEAF_BYTES + SKAD_AUDIT_DEPTH * SKAD_AUDIT_HASH_BYTES,
               "an opening");
_Static_assert(SKAD_AUDIT_BYTES_MAX <= SKAD_REQUEST_BYTES_MAX &&
                   SKAD_PROVE_BYTES_MAX <= SKAD_REQUEST_BYTES_MAX,
               "AUDIT and PROVE fit a request");
_Static_assert(SKAD_PROVEN_BYTES_MAX <= SKAD_BODY_BYTES_MAX, "four openings fit a reply");
_Static_assert(SKAD_NODES_BYTES_MAX <= SKAD_BODY_BYTES_MAX, "16 dual-stack contacts fit");
_Static_assert(SKAD_STORE_BYTES_MAX <= SKAD_REQUEST_BYTES_MAX,
               "the largest STORE fits, and so does its copy, whose number is in the index");
_Static_assert(SKAD_VALUE_REPLY_BYTES_MAX <= SKAD_BODY_BYTES_MAX,
               "the largest record fits a reply");
_Static_assert(SKAD_S_MAX <= SKAD_CONTACTS_MAX, "all holders of a record fit one reply");

/* Items of the msgpack reader. VALUE has the body with most of them: its body, observed, total and
 * two lists are five, then come its records, and each contact with its four elements. */
#define SKAD_BODY_ITEMS_MAX (5 + SKAD_RECORDS_MAX + 5 * SKAD_CONTACTS_MAX)
#define SKAD_DEPTH_MAX      4 /* nesting of arrays */

#endif
