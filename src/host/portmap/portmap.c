/* The machine. portmap.h has its drawing. */
#include "src/host/portmap/portmap.h"

#include <string.h>

#define PROTOCOL_UDP 17

/* PCP: RFC 6887, section 8.1.1. Without an answer IPv4 goes on with NAT-PMP after 21 s. */
#define PCP_AGAIN_US_MIN   (3 * SKAD_US_PER_S)
#define PCP_AGAIN_US_MAX   (1024 * SKAD_US_PER_S)
#define PCP_TRIES_FALLBACK 3
#define PCP_TRIES          5

/* NAT-PMP: RFC 6886, section 3.1. */
#define PMP_AGAIN_US_MIN (250 * SKAD_US_PER_MS)
#define PMP_AGAIN_US_MAX (64 * SKAD_US_PER_S)
#define PMP_TRIES        9

#define PAUSE_US_MIN   (60 * SKAD_US_PER_S)
#define PAUSE_US_MAX   (3600 * SKAD_US_PER_S)
#define ERROR_S_MAX    1800                /* a gateway's word on how long an error lasts */
#define RENEWAL_US_MIN (4 * SKAD_US_PER_S) /* between renewals (RFC 6887, section 11.2.1) */
#define RENEWALS_MAX   16                  /* then the points lie closer than any clock tells */
#define EPOCH_SLACK_S  2

/* A time, a tenth longer or shorter. */
static uint64_t about(uint64_t us, uint64_t random)
{
    return us - us / 10 + random % (us / 5 + 1);
}

void skad_portmap_init(skad_portmap *self, const skad_address *gateway,
                       const skad_address *internal,
                       const uint8_t nonce[static SKAD_PORTMAP_NONCE_BYTES], uint64_t now_us)
{
    *self = (skad_portmap){.gateway = *gateway, .internal = *internal, .due_us = now_us};
    memcpy(self->nonce, nonce, sizeof self->nonce);
}

uint64_t skad_portmap_deadline(const skad_portmap *self)
{
    return self->due_us;
}

static bool is_pcp(const skad_portmap *self)
{
    return self->kind == SKAD_PORTMAP_PCP_MAP;
}

static bool may_fall_back(const skad_portmap *self)
{
    return self->internal.family == SKAD_FAMILY_IPV4;
}

/* ---- Rounds ---- */

static void begin(skad_portmap *self, skad_portmap_kind kind, uint64_t now_us)
{
    self->state = SKAD_PORTMAP_ASKING;
    self->kind = kind;
    self->tries = 0;
    self->again_us = 0;
    self->due_us = now_us;
}

/* A round has failed. `at_least_s`: the gateway's own word. */
static void fail(skad_portmap *self, skad_portmap_trouble trouble, uint32_t at_least_s,
                 uint64_t now_us, uint64_t random)
{
    uint64_t pause_us = self->pause_us < PAUSE_US_MIN ? PAUSE_US_MIN : self->pause_us;
    self->pause_us = 2 * pause_us > PAUSE_US_MAX ? PAUSE_US_MAX : 2 * pause_us;
    at_least_s = at_least_s > ERROR_S_MAX ? ERROR_S_MAX : at_least_s;
    pause_us = about(pause_us, random);
    if (pause_us < at_least_s * SKAD_US_PER_S) {
        pause_us = at_least_s * SKAD_US_PER_S;
    }
    self->state = SKAD_PORTMAP_WAITING;
    self->trouble = trouble;
    self->due_us = now_us + pause_us;
}

/* ---- Sending ---- */

static size_t send_request(skad_portmap *self, uint64_t now_us, uint8_t *out)
{
    skad_portmap_wish wish = {.internal = self->internal, .lifetime_s = SKAD_PORTMAP_LIFETIME_S};
    memcpy(wish.nonce, self->nonce, sizeof wish.nonce);
    if (self->state == SKAD_PORTMAP_MAPPED) {
        wish.suggested = self->external; /* as before */
    } else if (!self->any_port) {
        wish.suggested.port = self->internal.port; /* peers then see the port that is mapped */
    }
    self->sent_us = now_us;
    self->out |= 1U << self->kind;
    self->wished = self->wished || self->kind != SKAD_PORTMAP_PMP_ADDRESS;
    return skad_portmap_write(self->kind, &wish, out);
}

/* When the request is sent again. */
static void schedule_again(skad_portmap *self, uint64_t now_us, uint64_t random)
{
    const uint64_t max_us = is_pcp(self) ? PCP_AGAIN_US_MAX : PMP_AGAIN_US_MAX;
    if (self->tries == 1) {
        self->again_us = is_pcp(self) ? PCP_AGAIN_US_MIN : PMP_AGAIN_US_MIN;
    } else {
        self->again_us = 2 * self->again_us > max_us ? max_us : 2 * self->again_us;
    }
    if (is_pcp(self)) { /* RT, with its RAND */
        self->again_us = about(self->again_us, random);
    }
    self->due_us = now_us + self->again_us;
}

/* The next point of renewal: at random between 1/2 and 5/8 of the life, then between 3/4 and 13/16,
 * 7/8 and 29/32 and so on, and at least four seconds from now (RFC 6887, section 11.2.1). In the
 * end the life is over. */
static void schedule_renewal(skad_portmap *self, uint64_t now_us, uint64_t random)
{
    const uint64_t life_us = self->lifetime_s * SKAD_US_PER_S;
    const uint64_t end_us = self->mapped_us + life_us;
    const unsigned passed = ++self->renewals;
    self->due_us = end_us;
    if (passed <= RENEWALS_MAX) {
        const uint64_t left_us = life_us >> passed;
        self->due_us = end_us - left_us + random % (left_us / 4 + 1);
    }
    if (self->due_us < now_us + RENEWAL_US_MIN) {
        self->due_us = now_us + RENEWAL_US_MIN;
    }
    self->due_us = self->due_us > end_us ? end_us : self->due_us;
}

static size_t ask(skad_portmap *self, uint64_t now_us, uint64_t random, uint8_t *out)
{
    const unsigned pcp_tries = may_fall_back(self) ? PCP_TRIES_FALLBACK : PCP_TRIES;
    if (self->tries < (is_pcp(self) ? pcp_tries : PMP_TRIES)) {
        self->tries++;
        schedule_again(self, now_us, random);
        return send_request(self, now_us, out);
    }
    if (is_pcp(self) && may_fall_back(self)) {
        begin(self, SKAD_PORTMAP_PMP_ADDRESS, now_us);
        return ask(self, now_us, random, out); /* once: it has no tries yet */
    }
    fail(self, SKAD_PORTMAP_SILENT, 0, now_us, random);
    return 0;
}

static size_t renew(skad_portmap *self, uint64_t now_us, uint64_t random, uint8_t *out)
{
    if (now_us >= self->mapped_us + self->lifetime_s * SKAD_US_PER_S) {
        begin(self, SKAD_PORTMAP_PCP_MAP, now_us);
        return ask(self, now_us, random, out);
    }
    /* A step of NAT-PMP that has had its answer goes on with the mapping. */
    if (!self->by_pcp && self->kind == SKAD_PORTMAP_PMP_MAP &&
        (self->out & 1U << SKAD_PORTMAP_PMP_MAP) != 0) {
        self->kind = SKAD_PORTMAP_PMP_ADDRESS;
    }
    schedule_renewal(self, now_us, random);
    return send_request(self, now_us, out);
}

size_t skad_portmap_tick(skad_portmap *self, uint64_t now_us, uint64_t random,
                         uint8_t out[static SKAD_PORTMAP_REQUEST_BYTES])
{
    if (now_us < self->due_us) {
        return 0;
    }
    if (self->state == SKAD_PORTMAP_WAITING) {
        begin(self, SKAD_PORTMAP_PCP_MAP, now_us);
    }
    return self->state == SKAD_PORTMAP_MAPPED ? renew(self, now_us, random, out)
                                              : ask(self, now_us, random, out);
}

/* ---- Answers ---- */

/* Whether a gateway has lost its state since its last answer: its epoch is not where the time that
 * has passed should have brought it (RFC 6887, section 8.5, which is stricter than RFC 6886). */
static bool has_restarted(skad_portmap *self, uint32_t epoch_s, uint64_t now_us)
{
    const uint64_t client_s = (now_us - self->epoch_us) / SKAD_US_PER_S;
    bool restarted = false;
    if (self->has_epoch && (uint64_t)epoch_s + 1 < self->epoch_s) {
        restarted = true;
    } else if (self->has_epoch) {
        const uint64_t server_s = epoch_s < self->epoch_s ? 0 : epoch_s - self->epoch_s;
        restarted = client_s + EPOCH_SLACK_S < server_s - server_s / 16 ||
                    server_s + EPOCH_SLACK_S < client_s - client_s / 16;
    }
    self->has_epoch = true;
    self->epoch_s = epoch_s;
    self->epoch_us = now_us;
    self->restarts += restarted;
    return restarted;
}

static void take_error(skad_portmap *self, const skad_portmap_answer *answer, bool restarted,
                       uint64_t now_us, uint64_t random)
{
    const skad_portmap_trouble trouble = skad_portmap_trouble_of(answer->result);
    self->any_port = self->any_port || trouble == SKAD_PORTMAP_EXTERNAL;
    if (self->state == SKAD_PORTMAP_MAPPED && !restarted) {
        self->trouble = trouble; /* it lasts for as long as was promised; the next renewal comes */
    } else {
        fail(self, trouble, answer->lifetime_s, now_us, random);
    }
}

/* The other protocol, if there is one; an error otherwise. A mapping lasts as it was promised. */
static void take_other_version(skad_portmap *self, uint64_t now_us, uint64_t random)
{
    if (self->state == SKAD_PORTMAP_MAPPED) {
        self->trouble = SKAD_PORTMAP_VERSION;
    } else if (is_pcp(self) && self->state == SKAD_PORTMAP_ASKING && may_fall_back(self)) {
        begin(self, SKAD_PORTMAP_PMP_ADDRESS, now_us);
    } else {
        fail(self, SKAD_PORTMAP_VERSION, 0, now_us, random);
    }
}

static bool is_unset(const skad_address *address)
{
    static const uint8_t zero[16];
    return memcmp(address->ip, zero, sizeof zero) == 0;
}

static void take_mapping(skad_portmap *self, const skad_portmap_answer *answer, uint64_t now_us,
                         uint64_t random)
{
    skad_address external = answer->external;
    const bool by_pcp = answer->kind == SKAD_PORTMAP_PCP_MAP;
    if (!by_pcp) {
        external = self->address;
        external.port = answer->external.port;
    }
    const bool sense =
        external.port != 0 && external.family == self->internal.family && !is_unset(&external);
    if (!sense || answer->lifetime_s < SKAD_PORTMAP_LIFETIME_S_MIN) {
        fail(self, sense ? SKAD_PORTMAP_LIFETIME : SKAD_PORTMAP_NONSENSE, 0, now_us, random);
        return;
    }
    self->state = SKAD_PORTMAP_MAPPED;
    self->trouble = SKAD_PORTMAP_FINE;
    self->by_pcp = by_pcp;
    self->kind = by_pcp ? SKAD_PORTMAP_PCP_MAP : SKAD_PORTMAP_PMP_ADDRESS;
    self->external = external;
    self->lifetime_s = answer->lifetime_s > SKAD_PORTMAP_LIFETIME_S_MAX
                           ? SKAD_PORTMAP_LIFETIME_S_MAX
                           : answer->lifetime_s;
    self->mapped_us = now_us;
    self->renewals = 0;
    self->pause_us = 0;
    self->any_port = false;
    schedule_renewal(self, now_us, random);
}

/* The first step of NAT-PMP. The second one begins at once. */
static void take_address(skad_portmap *self, const skad_portmap_answer *answer, bool restarted,
                         uint64_t now_us, uint64_t random)
{
    self->address = answer->external;
    if (is_unset(&self->address)) {
        fail(self, SKAD_PORTMAP_NETWORK, 0, now_us, random);
    } else if (self->state == SKAD_PORTMAP_MAPPED && !restarted) {
        self->kind = SKAD_PORTMAP_PMP_MAP;
        self->due_us = now_us;
    } else {
        begin(self, SKAD_PORTMAP_PMP_MAP, now_us);
    }
}

/* Whether an answer belongs to a request that is out. */
static skad_portmap_verdict judge(const skad_portmap *self, const skad_portmap_answer *answer)
{
    if (answer->other_version) {
        return (self->out & 1U << self->kind) != 0 ? SKAD_PORTMAP_TAKEN : SKAD_PORTMAP_DROP_UNASKED;
    }
    if (answer->kind == SKAD_PORTMAP_PCP_MAP &&
        memcmp(answer->nonce, self->nonce, sizeof self->nonce) != 0) {
        return SKAD_PORTMAP_DROP_NONCE;
    }
    if ((answer->kind == SKAD_PORTMAP_PCP_MAP && answer->protocol != PROTOCOL_UDP) ||
        (answer->has_ports && answer->internal_port != self->internal.port)) {
        return SKAD_PORTMAP_DROP_MAPPING;
    }
    return (self->out & 1U << answer->kind) != 0 ? SKAD_PORTMAP_TAKEN : SKAD_PORTMAP_DROP_UNASKED;
}

static void take(skad_portmap *self, const skad_portmap_answer *answer, uint64_t now_us,
                 uint64_t random)
{
    if (answer->other_version) {
        self->out &= ~(1U << self->kind);
        take_other_version(self, now_us, random);
        return;
    }
    const bool restarted = has_restarted(self, answer->epoch_s, now_us);
    /* An answer to the mapping ends the round, whichever requests are out besides. */
    self->out = answer->kind == SKAD_PORTMAP_PMP_ADDRESS ? self->out & ~(1U << answer->kind) : 0;
    if (answer->result != SKAD_PORTMAP_SUCCESS) {
        take_error(self, answer, restarted, now_us, random);
    } else if (answer->kind == SKAD_PORTMAP_PMP_ADDRESS) {
        take_address(self, answer, restarted, now_us, random);
    } else {
        take_mapping(self, answer, now_us, random);
    }
}

static bool is_from(const skad_portmap *self, const skad_address *from)
{
    return from->family == self->gateway.family && from->port == self->gateway.port &&
           memcmp(from->ip, self->gateway.ip, sizeof from->ip) == 0;
}

skad_portmap_verdict skad_portmap_receive(skad_portmap *self, const skad_address *from,
                                          const uint8_t *bytes, size_t len, uint64_t now_us,
                                          uint64_t random)
{
    skad_portmap_answer answer;
    if (!is_from(self, from)) {
        return SKAD_PORTMAP_DROP_SOURCE;
    }
    if (skad_portmap_answer_read(bytes, len, &answer) != SKAD_PORTMAP_READ) {
        return SKAD_PORTMAP_DROP_FORM;
    }
    const skad_portmap_verdict verdict = judge(self, &answer);
    if (verdict == SKAD_PORTMAP_TAKEN) {
        take(self, &answer, now_us, random);
    }
    return verdict;
}

/* ---- The rest ---- */

void skad_portmap_hurry(skad_portmap *self, uint64_t now_us)
{
    if (self->state != SKAD_PORTMAP_ASKING) {
        const uint64_t soon_us = self->sent_us + SKAD_PORTMAP_HURRY_US;
        const uint64_t due_us = soon_us < now_us ? now_us : soon_us;
        self->due_us = due_us < self->due_us ? due_us : self->due_us;
    }
}

size_t skad_portmap_farewell(const skad_portmap *self,
                             uint8_t out[static SKAD_PORTMAP_REQUEST_BYTES])
{
    skad_portmap_wish wish = {.internal = self->internal};
    memcpy(wish.nonce, self->nonce, sizeof wish.nonce);
    if (!self->wished) {
        return 0;
    }
    const bool by_pcp = self->state == SKAD_PORTMAP_MAPPED ? self->by_pcp : is_pcp(self);
    return skad_portmap_write(by_pcp ? SKAD_PORTMAP_PCP_MAP : SKAD_PORTMAP_PMP_MAP, &wish, out);
}

uint64_t skad_portmap_left_s(const skad_portmap *self, uint64_t now_us)
{
    const uint64_t end_us = self->mapped_us + self->lifetime_s * SKAD_US_PER_S;
    return self->state == SKAD_PORTMAP_MAPPED && now_us < end_us ? (end_us - now_us) / SKAD_US_PER_S
                                                                 : 0;
}

const char *skad_portmap_verdict_name(skad_portmap_verdict verdict)
{
    static const char *const names[] = {
        [SKAD_PORTMAP_TAKEN] = "taken",          [SKAD_PORTMAP_DROP_SOURCE] = "source",
        [SKAD_PORTMAP_DROP_FORM] = "form",       [SKAD_PORTMAP_DROP_NONCE] = "nonce",
        [SKAD_PORTMAP_DROP_MAPPING] = "mapping", [SKAD_PORTMAP_DROP_UNASKED] = "unasked",
    };
    return names[verdict];
}
