#include "src/daemon/app/ban_changes.h"

#include <string.h>

#include "proto/address.h"

static bool same_subject(const skad_ban *a, const skad_ban *b)
{
    return a->scope == b->scope && a->prefix_bits == b->prefix_bits &&
           memcmp(&a->id, &b->id, sizeof a->id) == 0 &&
           skad_address_equal(&a->address, &b->address);
}

static bool has(const skad_ban *bans, size_t count, const skad_ban *ban)
{
    for (size_t i = 0; i < count; i++) {
        if (same_subject(&bans[i], ban)) {
            return true;
        }
    }
    return false;
}

void skad_ban_changes_look(skad_ban_changes *self, const skad_ban *now, size_t count,
                           void (*tell)(void *user, const skad_ban *ban, bool began), void *user)
{
    count = count < SKAD_BAN_CHANGES_MAX ? count : SKAD_BAN_CHANGES_MAX;
    for (size_t i = 0; i < self->count; i++) {
        if (!has(now, count, &self->seen[i])) {
            tell(user, &self->seen[i], false);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!has(self->seen, self->count, &now[i])) {
            tell(user, &now[i], true);
        }
    }
    memcpy(self->seen, now, count * sizeof *now);
    self->count = count;
}
