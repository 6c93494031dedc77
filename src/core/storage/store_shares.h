/* Shares of our store.
 *
 * - One publisher may have 1/64 of the section of replicas.
 *
 * - One address group of senders may have, of what all other senders leave of it, 1/16 if it is a
 *   narrow group (IPv4 /24, IPv6 /56), twice that if it is an IPv6 /48, and four times if it is an
 *   IPv4 /16 or an IPv6 /32 (skad/group.h), where the profile limits groups at all. Cached copies
 *   leave their room.
 *
 * Both are counted in records and in bytes. Addresses cost their owner something, so the shares of
 * groups are what bounds an attacker. Publisher keys are free: that share bounds one publisher that
 * goes wrong, and no attacker.
 *
 * So the largest users stop growing before the section is full, and shrink to make room for others:
 * what they bring again is not prolonged while they have more than their share, and ends. When k
 * wide groups have taken what they can, one after the other, (3/4)^k of the section is free.
 *
 * A share is a limit on its owner: when it is full, its largest user is the owner itself, and so
 * its own newcomer is refused. All others are as they were.
 *
 * Expired records do not count: a refusal is given only after some were dropped, the ones that
 * expired first. */
#ifndef SKAD_STORAGE_STORE_SHARES_H
#define SKAD_STORAGE_STORE_SHARES_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/node.h"
#include "skad/store.h"

#define SKAD_SHARE_PUBLISHER 64
#define SKAD_SHARE_GROUP     16
#define SKAD_SHARE_RECORDS   8 /* a share allows at least so many, however small the section */

/* Expired records that are dropped before a refusal. Those of all owners come in one order: of 256
 * expired records in a row, one at least belongs to a group that has a sixteenth of them, but for
 * one case in ten million, unless an attacker chose their order; then it takes a few refusals. */
#define SKAD_SHARE_SWEEP_MAX 256

/* What a record takes of the shares of its owners, and what the record that it replaces gives
 * back. */
typedef struct skad_share_claim {
    const uint8_t *publisher; /* NULL: none */
    uint64_t group;           /* that the record is charged to; 0: ourselves */
    uint64_t bytes;
    bool replaces;
    uint64_t old_group;
    uint64_t old_bytes;
} skad_share_claim;

/* Whether all shares have room for it. */
bool skad_shares_have_room(skad_node *node, const skad_share_claim *claim);

/* What a share of 1/divisor allows of a section of `max`, `times` as much for a wide group. */
uint64_t skad_share_of(uint64_t max, uint64_t divisor, unsigned times, uint64_t min);

#endif
