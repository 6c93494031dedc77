/* Admission, the last step before a signature check, decides whether a request gets one. Attackers
 * aim at this check, because it costs us a hundred times what it costs to send a wrong signature.
 *
 * - A request with a valid token is validated. If it exceeds the rates of its address and prefixes,
 *   or the rate of all validated requests together, it is dropped (rate). When half of that rate's
 *   burst is used up, only sources that keep to modest rates are served: those that ask for most
 *   give way, so a dozen busy addresses cannot shut out all others.
 *
 * - A request without one is unvalidated. If it exceeds the rates of its address and prefixes, or
 *   if the node is loaded, the answer is a token, smaller than the request and made without
 *   verifying it (challenge). There is a budget of such answers for each of the two cases. Beyond
 *   it the request is dropped (rate).
 *
 * - An address under suspicion (bans.h) gets tokens, but no checks without one; with one, its peers
 *   together are checked no more often than a stranger.
 *
 * The node becomes loaded when the unvalidated requests of all sources together exceed their rate,
 * and stays so until half of a burst is free again. It is also loaded while its driver says that
 * datagrams pile up. Then the token is the price of a signature check: a sender with a spoofed
 * address cannot pay it (as with WireGuard's cookies and DTLS's; RFC 9147, section 5.1). For the
 * same reason a source without a token that has used up its rates gets one: another sender may have
 * used them up in its name.
 *
 * A request that passes may still need a proof of its sender's identity, which costs as much as
 * five checks (identities.h). There is a budget for these: first of the subnet, slow enough for ten
 * thousand of them to leave a newcomer its share, then of all.
 *
 * Answers never come here: only an answer to a request of ours gets past the prefilter, and its RPC
 * id cannot be guessed. */
#ifndef SKAD_INBOUND_ADMISSION_H
#define SKAD_INBOUND_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/envelope.h"
#include "skad/node.h"
#include "src/core/inbound/rate_limiter.h"

typedef struct skad_admission {
    bool limited;                  /* by source; otherwise the rate limiters are empty */
    skad_rate_limiter unvalidated; /* requests without a valid token, by source */
    skad_rate_limiter validated;
    skad_rate_limiter modest;     /* validated ones up to which a source goes before others */
    skad_rate_limiter identities; /* proofs of identities; its times are a 60th of the real ones */
    skad_rate unvalidated_all;
    skad_rate validated_all;
    skad_rate identities_all;
    uint64_t unvalidated_until_us; /* cells of the rates */
    uint64_t validated_until_us;
    uint64_t identities_until_us;
    uint64_t load_challenged_until_us;
    uint64_t source_challenged_until_us;
    bool loaded;
    bool pressed; /* the driver says so */
} skad_admission;

SKAD_MUST_CHECK skad_status skad_admission_init(skad_node *node, const skad_node_rates *rates);
void skad_admission_free(skad_node *node);

/* Whether a request would be dropped because of its source's rates, as far as that can be told
 * before it is decoded. Charges nothing. `token`: the request carries one, valid or not. */
bool skad_admission_exhausted(const skad_node *node, const skad_address *from, bool token);

/* Whether the identity of a request with a valid token may be proven now. Charges its source. */
SKAD_MUST_CHECK bool skad_admission_may_prove(skad_admission *admission, const skad_address *from,
                                              uint64_t now_us);

/* Returns ACCEPT, RATE or CHALLENGE. len: of the datagram. */
SKAD_MUST_CHECK skad_verdict skad_admission_check(skad_node *node, const skad_envelope *envelope,
                                                  bool hello, const skad_address *from, size_t len);

#endif
