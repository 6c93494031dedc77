/* Addresses to join through, shared fairly among the points of --join. A node uses as many as a
 * list has room for. Each point, which may be a name with any number of addresses, has a share, and
 * one with many addresses takes no room from one with few. */
#ifndef SKAD_HOST_NET_JOIN_SHARES_H
#define SKAD_HOST_NET_JOIN_SHARES_H

#include <stdbool.h>
#include <stddef.h>

#include "crypto/random.h"
#include "skad/types.h"

#define SKAD_JOIN_LIST_MAX 32 /* what skad_node_join takes */

/* Addresses, each once. */
typedef struct skad_join_list {
    skad_address each[SKAD_JOIN_LIST_MAX];
    size_t count;
} skad_join_list;

/* Those of one point, in random order. Of more than it has room for, a random choice. */
typedef struct skad_join_share {
    skad_join_list kept;
    size_t offered; /* how many there were */
} skad_join_share;

/* False if it was there already, or there is no room. */
bool skad_join_list_add(skad_join_list *list, const skad_address *address);
bool skad_join_list_has(const skad_join_list *list, const skad_address *address);

void skad_join_share_offer(skad_join_share *share, const skad_address *address,
                           skad_random *random);

/* Takes one address of each share in turn, in the order of the shares, until the list is full or
 * none is left. The list is empty before. */
void skad_join_shares_take(const skad_join_share *shares, size_t count, skad_join_list *out);

/* How many addresses of a share are not in the list. */
size_t skad_join_share_left_out(const skad_join_share *share, const skad_join_list *list);

#endif
