/* The typed bodies of all RPCs and their encoding. proto/PROTOCOL.md, "Bodies". */
#ifndef SKAD_PROTO_MESSAGE_H
#define SKAD_PROTO_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/limits.h"
#include "skad/record.h"
#include "skad/types.h"

typedef enum skad_kind {
    SKAD_KIND_PING = 1,
    SKAD_KIND_FIND_NODE = 2,
    SKAD_KIND_FIND_VALUE = 3,
    SKAD_KIND_STORE = 4,
    SKAD_KIND_ANNOUNCE = 5,
    SKAD_KIND_COMPARE = 6,
    SKAD_KIND_MATCH = 7,
    SKAD_KIND_PROBE = 8,
    SKAD_KIND_CALL = 9,
    SKAD_KIND_INTRODUCE = 10,
    SKAD_KIND_FORWARD = 11,
    SKAD_KIND_AUDIT = 12,
    SKAD_KIND_PROVE = 13,
    SKAD_KIND_PONG = 17, /* reply = request + 16 */
    SKAD_KIND_NODES = 18,
    SKAD_KIND_VALUE = 19,
    SKAD_KIND_STORED = 20,
    SKAD_KIND_ANNOUNCED = 21,
    SKAD_KIND_COMPARED = 22,
    SKAD_KIND_MATCHED = 23,
    SKAD_KIND_PROBED = 24,
    SKAD_KIND_CALLED = 25,
    SKAD_KIND_INTRODUCED = 26,
    SKAD_KIND_FORWARDED = 27,
    SKAD_KIND_AUDITED = 28,
    SKAD_KIND_PROVEN = 29,
    SKAD_KIND_ERROR = 31, /* replies to any request */
} skad_kind;

#define SKAD_KIND_REPLY_OFFSET 16

/* Marks, one of which may be added to the kind on the wire. The sender is a client: it cannot be
 * reached, and takes no place in tables (proto/PROTOCOL.md, "Clients"). Or it is guarded: only
 * those reach it to which it has sent something, so a stranger has to be introduced ("Guarded
 * nodes"). */
#define SKAD_KIND_CLIENT  64
#define SKAD_KIND_GUARDED 32

typedef enum skad_mark {
    SKAD_MARK_NONE,
    SKAD_MARK_CLIENT,
    SKAD_MARK_GUARDED,
} skad_mark;

/* X(NAME, code, "name"): stable for ever; proto/PROTOCOL.md lists them. */
#define SKAD_ERROR_CODES(X)                                                                        \
    X(TOKEN, 1, "token")             /* send the token that this reply carries */                  \
    X(UNSUPPORTED, 2, "unsupported") /* this node does not keep such records */                    \
    X(FULL, 3, "full")               /* no room left for this record */                            \
    X(INVALID, 4, "invalid")         /* signature or key of the record is wrong */                 \
    X(EXPIRED, 5, "expired")         /* the record's expiry has passed */                          \
    X(TOO_FAR, 6, "too-far")         /* the record's expiry lies too far ahead */                  \
    X(OLDER, 7, "older")             /* a higher sequence is held; detail is the held one */       \
    X(CONFLICT, 8, "conflict")       /* same sequence, other contents; detail is that sequence */  \
    X(CAS, 9, "cas")                 /* held sequence is not the expected; detail is held */       \
    X(QUOTA, 10, "quota")            /* publisher, address group or key has its share */           \
    X(BUSY, 11, "busy")              /* overloaded: ask again later or ask another */              \
    X(UNREACHED, 12, "unreached")    /* FORWARD: no node that could be asked had a result */       \
    X(LOOP, 13, "loop")              /* FORWARD: the requester is nearer to the target than we */  \
    X(LATE, 14, "late")              /* FORWARD: its time is over */

typedef enum skad_error_code {
    SKAD_ERROR_NONE = 0,
#define SKAD_ERROR_ENUM(name, code, text) SKAD_ERROR_##name = (code),
    SKAD_ERROR_CODES(SKAD_ERROR_ENUM)
#undef SKAD_ERROR_ENUM
} skad_error_code;

/* Returns the stable lower-case name; "unknown" for codes of later versions. */
const char *skad_error_name(skad_error_code code);

/* What a FORWARD is for. */
typedef enum skad_forward_aim {
    SKAD_FORWARD_NODES = 0,     /* the nodes nearest to the target */
    SKAD_FORWARD_IMMUTABLE = 1, /* the record of this key, */
    SKAD_FORWARD_MUTABLE = 2,   /* and its type, as in skad_record_type */
    SKAD_FORWARD_STORE = 4,     /* to store the record that it carries */
} skad_forward_aim;

typedef struct skad_forward {
    skad_forward_aim aim;
    skad_id target;   /* of a STORE the key of its record */
    skad_span record; /* STORE: encoded, immutable or mutable; else empty */
    uint8_t want;     /* families that the asker can use in contacts, 1..3 */
    uint8_t budget;   /* requests that may follow from this one, in all */
    uint16_t life_ms; /* how long the requester waits, at least 1 */
} skad_forward;

typedef struct skad_message {
    skad_kind kind;
    union {
        struct {
            skad_id target;
            uint8_t want; /* families wanted in contacts, 1..3 */
        } find_node;
        struct {
            skad_id key;
            uint8_t want;
            skad_record_type type;
            bool has_from; /* begin with this publisher, or the next one; announcements */
            uint8_t from[SKAD_PUBLIC_KEY_BYTES];
        } find_value;
        struct {
            skad_span record; /* encoded, 1..SKAD_RECORD_BYTES_MAX */
            bool has_cas;
            uint64_t cas;    /* the sequence that the holder must have now; mutable only */
            uint32_t life_s; /* how long the requester wants it kept at most; at least 1 */
        } store;
        struct {
            skad_span record;
        } announce;
        struct {
            skad_span held; /* 1..SKAD_COMPARE_MAX prints of records */
        } compare;
        struct {
            uint8_t bits;      /* that all keys share with the requester's ID */
            skad_span digests; /* SKAD_MATCH_RANGES digests of SKAD_MATCH_DIGEST_BYTES */
        } match;
        struct {
            skad_id id; /* of the node that is to be called */
            skad_address endpoint;
        } call;
        struct {
            skad_id id; /* of the node that is to call the requester */
        } introduce;
        skad_forward forward;
        struct {
            uint64_t round;
            skad_span challenge; /* SKAD_AUDIT_CHALLENGE_BYTES */
        } audit;
        struct {
            uint64_t round;
            skad_span points; /* 1..SKAD_AUDIT_POINTS_MAX of SKAD_AUDIT_POINT_BYTES */
        } prove;
        struct {
            skad_address observed; /* the requester, as the replier sees it: in every reply */
            union {
                struct {
                    size_t contacts_count;
                    skad_contact contacts[SKAD_CONTACTS_MAX]; /* ascending distance */
                } nodes;
                struct {
                    size_t records_count;
                    skad_span records[SKAD_RECORDS_MAX];
                    uint32_t total; /* records that the holder has; 0: no more than it gives */
                    size_t contacts_count;
                    skad_contact contacts[SKAD_CONTACTS_MAX];
                } value;
                struct {
                    uint32_t life_s; /* how long the holder means to keep the record */
                } stored;            /* STORED and ANNOUNCED */
                struct {
                    skad_span lacking; /* a bit for each print, in bytes */
                } compared;
                struct {
                    uint64_t differs; /* bit n: the range n, from the most significant bit on */
                } matched;
                struct {
                    skad_address caller; /* the node that was asked to call */
                } probed;
                struct {
                    skad_span record;    /* what was asked for, or empty; then there is a */
                    skad_span statement; /* of the last node of the chain (statement.h) */
                } forwarded;
                struct {
                    skad_span commitment; /* SKAD_AUDIT_COMMITMENT_BYTES (proto/audit.h) */
                } audited;
                struct {
                    skad_span commitment; /* the same once more */
                    skad_span openings;   /* 1..SKAD_AUDIT_POINTS_MAX of them */
                    skad_span signature;  /* of what they reveal */
                } proven;
                struct {
                    uint32_t code; /* a skad_error_code, or one of a later version */
                    uint64_t detail;
                } error;
            } u;
        } reply;
    } u;
} skad_message;

bool skad_kind_is_request(skad_kind kind);
bool skad_kind_is_reply(skad_kind kind);

/* Whether `reply` may answer `request`. */
bool skad_kind_answers(skad_kind request, skad_kind reply);

/* Encodes the body. Contacts that do not fit into `cap` are left out, farthest first, and
 * message->...contacts_count is not changed. Returns the length, 0 if the body cannot fit
 * at all. */
size_t skad_message_encode(const skad_message *message, uint8_t *out, size_t cap);

/* Decodes a body of that kind strictly: exact arity, limits, shortest forms, nothing after it.
 * Spans borrow from `data`. */
SKAD_MUST_CHECK bool skad_message_decode(skad_kind kind, const uint8_t *data, size_t len,
                                         skad_message *out);

#endif
