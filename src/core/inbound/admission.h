/* Admission, the last step before a signature check: may this request have one? A check is what
 * abuse is after, for it costs us a hundred times what it costs to send a wrong one.
 *
 *   token valid?  yes: validated.  Within the rates of its address and prefixes, and of all
 * validated ones together? Else dropped (rate). no: unvalidated. Within the rates of its address
 * and prefixes? Else dropped (rate). Is the node loaded? Then the answer is a token, smaller than
 * the request and made without verifying it (challenge).
 *
 * The node is loaded from when unvalidated requests of all sources together exceed their rate,
 * until half of a burst is free again; and while its driver says that datagrams pile up. Then the
 * token is the price of a signature check: a sender with a spoofed address cannot pay it (as
 * WireGuard's cookies and DTLS's; RFC 9147, section 5.1).
 *
 * Answers never come here: only those that a request of ours awaits get past the prefilter, and
 * their RPC ids cannot be guessed. */
#ifndef SKAD_INBOUND_ADMISSION_H
#define SKAD_INBOUND_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/envelope.h"
#include "skad/node.h"
#include "src/core/inbound/rate_limiter.h"

typedef struct skad_admission {
    bool limited;                  /* by source; else the rate limiters are empty */
    skad_rate_limiter unvalidated; /* requests without a valid token, by source */
    skad_rate_limiter validated;
    skad_rate unvalidated_all;
    skad_rate validated_all;
    uint64_t unvalidated_until_us; /* meters of the rates */
    uint64_t validated_until_us;
    uint64_t challenged_until_us;
    bool loaded;
    bool pressed; /* the driver says so */
} skad_admission;

SKAD_MUST_CHECK skad_status skad_admission_init(skad_node *node, const skad_node_rates *rates);
void skad_admission_free(skad_node *node);

/* Whether a request would be dropped for its source's rates, as far as that can be told before it
 * is looked at: nobody is charged. `token`: it shows one, valid or not. */
bool skad_admission_exhausted(const skad_node *node, const skad_address *from, bool token);

/* ACCEPT, RATE or CHALLENGE. len: of the datagram. */
SKAD_MUST_CHECK skad_verdict skad_admission_check(skad_node *node, const skad_envelope *envelope,
                                                  bool hello, const skad_address *from, size_t len);

#endif
