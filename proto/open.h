/* open: turns a prefiltered envelope into a typed, verified message. It is a pure function: no
 * state, any thread. Comparisons come first, then the static puzzle (one hash), then the signature
 * and the body. Last, and only where it matters, comes the proof of the identity: that the ID is
 * that of the key, and that the nonce solves the puzzle of its epoch. It takes two memory-hard
 * hashes, as much as two to five signature checks. */
#ifndef SKAD_PROTO_OPEN_H
#define SKAD_PROTO_OPEN_H

#include "proto/envelope.h"
#include "skad/profile.h"

/* What is known already of the identity that a sender claims. */
typedef enum skad_identity_known {
    SKAD_IDENTITY_UNKNOWN = 0,
    SKAD_IDENTITY_OF_KEY, /* the ID is that of the key */
    SKAD_IDENTITY_PROVEN, /* likewise, and the nonce is right */
} skad_identity_known;

typedef struct skad_open_context {
    const skad_profile *profile;
    uint64_t unix_s;                         /* ours, now: decides which epochs are valid */
    skad_identity_known known;               /* of the sender of this one */
    bool prove;                              /* of a request: prove its identity if it is not */
    skad_id self;                            /* our node ID */
    const uint8_t *network_key;              /* SKAD_HASH_BYTES */
    const uint8_t (*roots)[SKAD_HASH_BYTES]; /* see skad_root_fingerprint; may be NULL */
    size_t roots_count;
    bool own_too; /* also what is signed with our own key, which is dropped otherwise */
} skad_open_context;

/* The request that a datagram claims to answer; NULL where it is a request itself. */
typedef struct skad_open_awaited {
    const uint8_t *request_digest; /* SKAD_HASH_BYTES */
    const skad_id *responder;      /* NULL: any node there (the answer to a hello) */
} skad_open_awaited;

typedef struct skad_opened {
    skad_id sender;                            /* a mere claim unless `proven` */
    bool proven;                               /* its identity; always of a reply */
    bool hello;                                /* a request to whichever node is here */
    uint8_t hard_hashes;                       /* that were computed; valid whatever the verdict */
    uint8_t digest[SKAD_HASH_BYTES];           /* a reply to it has to cover this */
    uint8_t root_fingerprint[SKAD_HASH_BYTES]; /* remember it when batched */
    bool checked;         /* a signature check was made; valid whatever the verdict */
    bool batched;         /* signed together with others: the path was not empty */
    skad_message message; /* borrows from the datagram */
} skad_opened;

/* Opens a datagram. Verdicts, in the order of the checks: KIND (a hello that is not a PING),
 * UNSOLICITED (a reply without `awaited`), SELF, EPOCH, IDENTITY (a reply with an ID to a request
 * that named us, or without one to a hello), STATIC, SIGNATURE, BODY; then, of a reply, a request
 * with `prove`, and where the profile's hashes are plain: IDENTITY (the ID is not that of the key),
 * DYNAMIC, RATE (no memory to find out); or ACCEPT. `hello` says that the datagram's tag was made
 * for the all-zero ID. `awaited` is ignored where the envelope holds a request. The caller checks
 * whether the reply's kind fits the request's (skad_kind_answers). *out is complete only on ACCEPT.
 */
SKAD_MUST_CHECK skad_verdict skad_open(const skad_open_context *context,
                                       const skad_envelope *envelope, bool hello,
                                       const skad_open_awaited *awaited, skad_opened *out);

/* Computes a fingerprint of a verified (public key, root) pair. While it is listed in the context's
 * roots, further datagrams of the same batch need no signature check of their own. */
void skad_root_fingerprint(const uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                           const uint8_t root[static SKAD_HASH_BYTES],
                           const uint8_t signature[static SKAD_SIGNATURE_BYTES],
                           uint8_t out[static SKAD_HASH_BYTES]);

#endif
