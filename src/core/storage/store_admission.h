/* Admission to our store: which records are accepted, in what order they are checked, and for how
 * long they stay. All replicas pass here, those that peers bring and those that we put ourselves.
 * PROTOCOL.md, "RPCs", lists the same checks.
 *
 * An accepted record is not dropped before its time, with two exceptions: copies that we are not
 * responsible for (responsibility.h), and announcements under a key that is full (key_places.h). So
 * room is divided into shares (store_shares.h).
 *
 * A record is charged to the address group that brought it, because life in the store is what a
 * share is spent on. So a new edition is charged to its bringer, and so is one that had expired,
 * and one that is prolonged: the same edition that would stay for longer. Each of them is checked
 * like a new record. If the group that would prolong one has no room for it, the record stays with
 * the group and for the time that it had, and the answer states the life that is left. Who brings
 * the same edition again and prolongs nothing pays nothing. A neighbour that hands a record over
 * pays for it, too: its address is the only one that is proven.
 *
 * A record beyond a share is refused. Its sender is not punished: a neighbour that hands over its
 * records cannot know how much its group has brought. */
#ifndef SKAD_STORAGE_STORE_ADMISSION_H
#define SKAD_STORAGE_STORE_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"
#include "skad/node.h"
#include "skad/record.h"

#define SKAD_EXPIRY_LIVES_MAX 2 /* a record's expiry is at most so many lives ahead */

typedef struct skad_offer {
    const skad_record *record; /* decoded, its signature not checked yet */
    skad_span bytes;
    uint64_t group; /* address group of the sender; 0: ourselves */
    bool has_cas;
    uint64_t cas;
    uint32_t life_s; /* how long to keep it at most */
} skad_offer;

typedef struct skad_admitted_record {
    skad_error_code code; /* NONE: it is held now */
    uint64_t detail;      /* PROTOCOL.md, "Error codes" */
    uint32_t life_s;      /* how long we mean to keep it */
    uint64_t ticket;      /* it lasts once this is settled (skad/store.h); 0: it does */
} skad_admitted_record;

skad_admitted_record skad_store_admit(skad_node *node, const skad_offer *offer);

/* Returns the name of a record in a store. */
skad_store_name skad_record_store_name(const skad_record *record);

/* Whether two signed records of one key and publisher, of the same sequence, say the same. They may
 * differ in expiry, and so in signature. */
bool skad_record_same(const skad_record *a, const skad_record *b);

#endif
