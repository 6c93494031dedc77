/* A share is filled by reservoir sampling (Vitter's algorithm R), so each address that is offered
 * is as likely as any other to be kept. */
#include "src/host/net/join_shares.h"

#include "proto/address.h"

bool skad_join_list_has(const skad_join_list *list, const skad_address *address)
{
    for (size_t i = 0; i < list->count; i++) {
        if (skad_address_equal(&list->each[i], address)) {
            return true;
        }
    }
    return false;
}

bool skad_join_list_add(skad_join_list *list, const skad_address *address)
{
    if (list->count == SKAD_JOIN_LIST_MAX || skad_join_list_has(list, address)) {
        return false;
    }
    list->each[list->count++] = *address;
    return true;
}

void skad_join_share_offer(skad_join_share *share, const skad_address *address, skad_random *random)
{
    skad_join_list *kept = &share->kept;
    if (skad_join_list_has(kept, address)) {
        return;
    }
    size_t at = (size_t)skad_random_below(random, ++share->offered);
    if (kept->count < SKAD_JOIN_LIST_MAX) { /* the one at its place moves to the end */
        kept->each[kept->count] = kept->each[at];
        kept->count++;
    }
    if (at < kept->count) {
        kept->each[at] = *address;
    }
}

void skad_join_shares_take(const skad_join_share *shares, size_t count, skad_join_list *out)
{
    for (size_t turn = 0; turn < SKAD_JOIN_LIST_MAX; turn++) {
        for (size_t i = 0; i < count; i++) {
            if (turn < shares[i].kept.count) {
                (void)skad_join_list_add(out, &shares[i].kept.each[turn]);
            }
        }
    }
}

size_t skad_join_share_left_out(const skad_join_share *share, const skad_join_list *list)
{
    size_t listed = 0;
    for (size_t i = 0; i < share->kept.count; i++) {
        listed += skad_join_list_has(list, &share->kept.each[i]);
    }
    return share->offered - listed;
}
