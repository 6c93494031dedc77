#include "src/core/routing/bans.h"

#include <stdlib.h>
#include <string.h>

#include "proto/address.h"
#include "src/core/base/lazy.h"
#include "src/core/routing/distance.h"

#define CAPACITY_FIRST 4 /* of a list whose memory grows */

#define SUBNET_BITS 56 /* of IPv6: what a customer is given */
#define STRIKES_ALL ((size_t)SKAD_STRIKES_TABLES * SKAD_STRIKES_SOURCES)

/* ---- Subjects ---- */

static bool same_prefix(const skad_address *a, const skad_address *b, size_t bits)
{
    size_t bytes = bits / 8;
    if (a->family != b->family || memcmp(a->ip, b->ip, bytes) != 0) {
        return false;
    }
    unsigned rest = bits % 8;
    return rest == 0 || (a->ip[bytes] ^ b->ip[bytes]) >> (8 - rest) == 0;
}

static bool same_peer(const skad_ban *ban, const skad_id *id, const skad_address *address)
{
    return skad_id_equal(&ban->id, id) && skad_address_equal(&ban->address, address);
}

static bool same_subject(const skad_ban *a, const skad_ban *b)
{
    if (a->scope != b->scope) {
        return false;
    }
    switch ((skad_ban_scope)a->scope) {
    case SKAD_BAN_ID:
        return skad_id_equal(&a->id, &b->id);
    case SKAD_BAN_PEER:
        return same_peer(a, &b->id, &b->address);
    case SKAD_BAN_PREFIX:
        break;
    }
    return a->prefix_bits == b->prefix_bits &&
           same_prefix(&a->address, &b->address, a->prefix_bits);
}

static bool covers(const skad_ban *ban, const skad_id *id, const skad_address *address)
{
    switch ((skad_ban_scope)ban->scope) {
    case SKAD_BAN_ID:
        return id != NULL && skad_id_equal(&ban->id, id);
    case SKAD_BAN_PEER:
        return id != NULL && address != NULL && same_peer(ban, id, address);
    case SKAD_BAN_PREFIX:
        break;
    }
    return address != NULL && same_prefix(&ban->address, address, ban->prefix_bits);
}

typedef enum ban_kind {
    BY_HAND,
    OF_A_PEER,    /* by the node itself */
    OF_STRANGERS, /* likewise: a suspicion of an address or subnet */
} ban_kind;

static ban_kind kind_of(const skad_ban *ban)
{
    if (ban->reason == SKAD_BAN_OPERATOR) {
        return BY_HAND;
    }
    return ban->scope == SKAD_BAN_PREFIX ? OF_STRANGERS : OF_A_PEER;
}

static const skad_ban *find_covering(const skad_bans *bans, const skad_id *id,
                                     const skad_address *address, bool strangers, uint64_t now_us)
{
    for (size_t i = 0; i < bans->banned.count; i++) {
        const skad_ban *ban = &bans->banned.bans[i];
        if (ban->until_us > now_us && (kind_of(ban) == OF_STRANGERS) == strangers &&
            covers(ban, id, address)) {
            return ban;
        }
    }
    return NULL;
}

const skad_ban *skad_bans_find(const skad_bans *bans, const skad_id *id,
                               const skad_address *address, uint64_t now_us)
{
    return find_covering(bans, id, address, false, now_us);
}

bool skad_bans_suspect(const skad_bans *bans, const skad_address *address, uint64_t now_us)
{
    return find_covering(bans, NULL, address, true, now_us) != NULL;
}

/* ---- Lists ---- */

static skad_status reserve(skad_ban_list *list, size_t capacity)
{
    skad_ban *bans = reallocarray(list->bans, capacity, sizeof *bans);
    if (bans == NULL) {
        return SKAD_ERR_MEMORY;
    }
    list->bans = bans;
    list->capacity = (uint16_t)capacity;
    return SKAD_OK;
}

/* Adds one more; there are fewer than SKAD_BANS_MAX. */
static skad_status append(skad_ban_list *list, const skad_ban *ban)
{
    if (list->count == list->capacity &&
        reserve(list, list->capacity == 0 ? CAPACITY_FIRST : 2U * list->capacity) != SKAD_OK) {
        return SKAD_ERR_MEMORY;
    }
    list->bans[list->count++] = *ban;
    return SKAD_OK;
}

skad_status skad_bans_init(skad_bans *bans, bool lazy_allocation)
{
    *bans = (skad_bans){.strikes =
                            skad_lazy_begin(lazy_allocation, STRIKES_ALL, sizeof *bans->strikes)};
    skad_status status = skad_lazy_begun(lazy_allocation, bans->strikes);
    if (!lazy_allocation && status == SKAD_OK) {
        status = reserve(&bans->banned, SKAD_BANS_MAX);
        status = status == SKAD_OK ? reserve(&bans->allowed, SKAD_BANS_MAX) : status;
    }
    return status;
}

void skad_bans_free(skad_bans *bans)
{
    free(bans->banned.bans);
    free(bans->allowed.bans);
    free(bans->strikes);
    *bans = (skad_bans){0};
}

static size_t find(const skad_ban_list *list, const skad_ban *subject)
{
    size_t at = 0;
    while (at < list->count && !same_subject(&list->bans[at], subject)) {
        at++;
    }
    return at;
}

/* Returns the one of its kind that ends first; list->count: there is none. */
static size_t first_to_end(const skad_ban_list *list, ban_kind kind)
{
    size_t first = list->count;
    for (size_t i = 0; i < list->count; i++) {
        if (kind_of(&list->bans[i]) == kind &&
            (first == list->count || list->bans[i].until_us < list->bans[first].until_us)) {
            first = i;
        }
    }
    return first;
}

/* Returns the ban of a full list that gives way to another: one of the node's own, a suspicion if
 * they are more than half of the list, else a peer's; where there is none, an operator's, to an
 * operator's only. list->count: none. */
static size_t gives_way(const skad_ban_list *list, const skad_ban *to)
{
    size_t suspicions = 0;
    for (size_t i = 0; i < list->count; i++) {
        suspicions += kind_of(&list->bans[i]) == OF_STRANGERS;
    }
    const bool many = suspicions > SKAD_BANS_MAX / 2;
    size_t at = first_to_end(list, many ? OF_STRANGERS : OF_A_PEER);
    if (at == list->count) {
        at = first_to_end(list, many ? OF_A_PEER : OF_STRANGERS);
    }
    if (at == list->count && kind_of(to) == BY_HAND) {
        at = first_to_end(list, BY_HAND);
    }
    return at;
}

static void drop_ended(skad_ban_list *list, uint64_t now_us)
{
    uint16_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->bans[i].until_us > now_us) {
            list->bans[kept++] = list->bans[i];
        }
    }
    list->count = kept;
}

skad_status skad_bans_add(skad_bans *bans, const skad_ban *ban, uint64_t now_us)
{
    skad_ban_list *list = &bans->banned;
    drop_ended(list, now_us);
    size_t at = find(list, ban);
    if (at == SKAD_BANS_MAX) {
        at = gives_way(list, ban);
        if (at == SKAD_BANS_MAX) {
            return SKAD_ERR_FULL;
        }
    } else if (at == list->count) {
        return append(list, ban);
    } else if (list->bans[at].reason == SKAD_BAN_OPERATOR && ban->reason != SKAD_BAN_OPERATOR) {
        return SKAD_OK; /* the operator's word stands */
    }
    list->bans[at] = *ban;
    return SKAD_OK;
}

bool skad_bans_lift(skad_bans *bans, const skad_ban *subject)
{
    skad_ban_list *list = &bans->banned;
    size_t at = find(list, subject);
    if (at == list->count) {
        return false;
    }
    list->bans[at] = list->bans[--list->count];
    return true;
}

skad_status skad_bans_allow(skad_bans *bans, const skad_ban *subject)
{
    skad_ban_list *list = &bans->allowed;
    if (find(list, subject) < list->count) {
        return SKAD_OK;
    }
    return list->count == SKAD_BANS_MAX ? SKAD_ERR_FULL : append(list, subject);
}

/* ---- Strikes ---- */

static bool allowed(const skad_bans *bans, const skad_address *address)
{
    for (size_t i = 0; i < bans->allowed.count; i++) {
        if (covers(&bans->allowed.bans[i], NULL, address)) {
            return true;
        }
    }
    return false;
}

static uint8_t host_bits(const skad_address *address)
{
    return address->family == SKAD_FAMILY_IPV4 ? 32 : 64;
}

static skad_strikes *table_of(skad_bans *bans, const skad_ban *subject)
{
    if (subject->scope == SKAD_BAN_PEER) {
        return bans->strikes;
    }
    const bool host = subject->prefix_bits == host_bits(&subject->address);
    return bans->strikes + (size_t)(host ? 1 : 2) * SKAD_STRIKES_SOURCES;
}

/* Returns a subject's entry in one of the tables. A peer without one takes over the oldest, and
 * begins with nothing. An address or subnet without one takes over the entry with the fewest
 * strikes, whose window is over first where they are equal, and begins with what that one had. */
static skad_strikes *strikes_of(skad_bans *bans, const skad_ban *subject, uint64_t now_us)
{
    bool peer = subject->scope == SKAD_BAN_PEER;
    skad_strikes *table = table_of(bans, subject);
    skad_strikes *least = &table[0];
    for (size_t i = 0; i < SKAD_STRIKES_SOURCES; i++) {
        skad_strikes *strikes = &table[i];
        if (strikes->subject.address.family != SKAD_FAMILY_NONE &&
            same_subject(&strikes->subject, subject)) {
            return strikes;
        }
        if (now_us - strikes->since_us >= SKAD_STRIKES_US) {
            strikes->count = 0;
        }
        bool older = strikes->since_us < least->since_us;
        if (peer ? older
                 : strikes->count < least->count || (strikes->count == least->count && older)) {
            least = strikes;
        }
    }
    const bool inherits = !peer && least->count > 0;
    *least = (skad_strikes){.subject = *subject,
                            .since_us = inherits ? least->since_us : now_us,
                            .count = inherits ? least->count : 0};
    return least;
}

static uint32_t weight(skad_ban_reason reason)
{
    return reason == SKAD_BAN_ANSWERS ? SKAD_STRIKES_ANSWER : 1;
}

/* Counts strikes of a subject, and bans it if they have become so many. */
static void strike(skad_bans *bans, const skad_ban *subject, uint32_t max, uint64_t now_us)
{
    skad_strikes *strikes = strikes_of(bans, subject, now_us);
    if (now_us - strikes->since_us >= SKAD_STRIKES_US) {
        strikes->since_us = now_us;
        strikes->count = 0;
    }
    strikes->count += weight((skad_ban_reason)subject->reason);
    if (strikes->count < max) {
        return;
    }
    strikes->count = 0;
    skad_ban ban = *subject;
    ban.until_us = now_us + SKAD_STRIKES_BAN_S * SKAD_US_PER_S;
    (void)skad_bans_add(bans, &ban, now_us); /* without memory the next strikes ban it */
}

void skad_bans_strike(skad_bans *bans, const skad_id *id, const skad_address *address,
                      skad_ban_reason reason, uint64_t now_us)
{
    const skad_ban peer = {
        .scope = SKAD_BAN_PEER, .id = *id, .address = *address, .reason = (uint8_t)reason};
    const skad_ban host = {.scope = SKAD_BAN_PREFIX,
                           .address = *address,
                           .prefix_bits = host_bits(address),
                           .reason = (uint8_t)reason};
    if (allowed(bans, address)) {
        return;
    }
    bans->strikes = skad_lazy_use(bans->strikes, STRIKES_ALL, sizeof *bans->strikes);
    if (bans->strikes == NULL) {
        return;
    }
    const bool suspect = skad_bans_suspect(bans, address, now_us);
    strike(bans, &peer, SKAD_STRIKES_MAX, now_us);
    strike(bans, &host, SKAD_STRIKES_ADDRESS_MAX, now_us);
    if (address->family == SKAD_FAMILY_IPV6 && !suspect) {
        skad_ban subnet = host;
        subnet.prefix_bits = SUBNET_BITS;
        strike(bans, &subnet, SKAD_STRIKES_SUBNET_MAX, now_us);
    }
}
