/* The places for announcements under one key. Immutable and mutable records need no limit of their
 * own: a key has one name for each, and no more than that. Announcements come under any key, from
 * publishers without number, so they are counted, by the only thing that costs an attacker: the
 * addresses that bring them.
 *
 * - A key has 256 places. An address group has 16 of them if it is a narrow one (IPv4 /24, IPv6
 *   /56), 32 if it is an IPv6 /48, 64 if it is an IPv4 /16 or an IPv6 /32, where the profile limits
 *   groups at all. Expired announcements do not count.
 *
 * - When the places of a key, or of a wide group, are full, the largest user of them gives way: of
 *   the groups directly inside, the one with the most places loses one, by lot, to a newcomer from
 * a group with fewer. If the newcomer's own group is the largest, the same is asked inside of that.
 *
 *       the key (256)
 *        |- 8.1/16 (64)   30 places        a newcomer from 8.2.9/24 takes a place of 8.1/16;
 *        |- 8.2/16 (64)   10 places        one from 8.1.9/24 takes one of 8.1.2/24;
 *        ...                               one from 8.1.2/24 is refused
 *
 *   A narrow group that is full refuses its own newcomer.
 *
 * A held announcement that another group brings again moves to that group only if it becomes no
 * more crowded by it. So a publisher takes its own out of the place of the neighbour that handed it
 * over, and no group can draw those of others into itself and have them give way to its own.
 *
 * So an attacker that is first with all 256 places, from however few groups, loses them to the
 * first honest newcomers from other groups. */
#ifndef SKAD_STORAGE_KEY_PLACES_H
#define SKAD_STORAGE_KEY_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/random.h"
#include "skad/node.h"
#include "skad/store.h"

#define SKAD_KEY_PLACES_MAX 256
#define SKAD_KEY_PLACES_GROUP_MAX                                                                  \
    16                      /* of a narrow group; skad_group_factor times as many of others */
#define SKAD_KEY_GONE_MAX 4 /* announcements dropped for one newcomer */

typedef enum skad_place {
    SKAD_PLACE_FREE,    /* there is one left */
    SKAD_PLACE_OF_ONE,  /* another announcement gives way */
    SKAD_PLACE_REFUSED, /* the newcomer's group is the largest */
} skad_place;

/* Finds a place for a newcomer from a group of level 0 (0: ourselves, who are in no group) beside
 * living announcements, at most SKAD_KEY_PLACES_MAX + SKAD_KEY_GONE_MAX of them. *victim: the index
 * of the one that gives way. */
skad_place skad_key_place_for(uint64_t group, bool limited, const skad_store_place *living,
                              size_t count, skad_random *random, size_t *victim);

/* Announcements that leave when a newcomer has been put. */
typedef struct skad_key_leavers {
    size_t count;
    uint8_t publishers[SKAD_KEY_GONE_MAX][SKAD_PUBLIC_KEY_BYTES];
} skad_key_leavers;

/* Finds a place in our store for an announcement that is not held yet, or not from this group;
 * false if there is none. */
bool skad_key_places_find(skad_node *node, const skad_store_name *name, uint64_t group,
                          skad_key_leavers *out);

/* Whether a held announcement may count for another group, which brings it again: in no group
 * around it may it have more neighbours there than it has here. Any node can bring what others
 * published, so it could otherwise be drawn into a group that is about to give way. */
bool skad_key_places_may_move(const skad_node *node, const skad_store_name *name, uint64_t from,
                              uint64_t to);

/* Drops those that gave way, after the newcomer was put: one that found no room in the store has
 * pushed none out. */
void skad_key_places_leave(skad_node *node, const skad_store_name *name,
                           const skad_key_leavers *leavers);

#endif
