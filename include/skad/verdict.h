/* Why a datagram was dropped. The order is the order of the checks, cheapest first
 * (docs/architecture.md, "The way of a datagram"), except that a banned address, and a rate that is
 * certainly used up, are detected right after the first half of the tag. The node counts each
 * reason, and proto/PROTOCOL.md names it. The names are stable: operators graph them. */
#ifndef SKAD_VERDICT_H
#define SKAD_VERDICT_H

#include "skad/compiler.h"

SKAD_BEGIN

/* X(NAME, "name") */
#define SKAD_VERDICTS(X)                                                                           \
    X(ACCEPT, "accept")         /* not a drop */                                                   \
    X(SIZE, "size")             /* shorter or longer than any datagram of ours */                  \
    X(SOURCE, "source")         /* from an address that this profile never talks to */             \
    X(TAG, "tag")               /* network tag wrong: noise, another network, not for us */        \
    X(STRUCTURE, "structure")   /* not one strict msgpack envelope within the limits */            \
    X(VERSION, "version")       /* envelope of a protocol version that we do not speak */          \
    X(KIND, "kind")             /* unknown kind, or a kind that may not be sent this way */        \
    X(SELF, "self")             /* signed with our own key */                                      \
    X(UNSOLICITED, "unawaited") /* a reply without a request of ours to that address */            \
    X(DUPLICATE, "duplicate")   /* a datagram that we have already handled */                      \
    X(BANNED, "banned")         /* from a node or an address that is banned */                     \
    X(RATE, "rate")             /* its source, or all together, exceed what we verify */           \
    X(CHALLENGE, "challenge")   /* loaded, and no token: answered with a token, not verified */    \
    X(EPOCH, "epoch")           /* puzzle nonce of an epoch too far from ours: check the clocks */ \
    X(IDENTITY, "identity")     /* a reply signed by another node than the one we asked */         \
    X(STATIC, "static")         /* static puzzle not solved */                                     \
    X(DYNAMIC, "dynamic")       /* dynamic puzzle not solved */                                    \
    X(SIGNATURE, "signature")   /* signature does not verify */                                    \
    X(BODY, "body")             /* signed, but the body is not what its kind demands */

typedef enum skad_verdict {
#define SKAD_VERDICT_ENUM(name, text) SKAD_VERDICT_##name,
    SKAD_VERDICTS(SKAD_VERDICT_ENUM)
#undef SKAD_VERDICT_ENUM
        SKAD_VERDICT_COUNT
} skad_verdict;

/* Returns the reason's stable lower-case name, static storage, never NULL. */
const char *skad_verdict_name(skad_verdict verdict);

SKAD_END

#endif
