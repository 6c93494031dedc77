#include "src/core/upkeep/handed.h"

#include <stddef.h>

#include "src/core/routing/distance.h"

/* The place of a peer; SKAD_HANDED_MAX: it has none. */
static size_t place_of(const skad_handed *self, const skad_id *id)
{
    const uint64_t prefix = skad_id_prefix(id);
    size_t at = 0;
    while (at < SKAD_HANDED_MAX && !(self->all[at].us != 0 && self->all[at].prefix == prefix)) {
        at++;
    }
    return at;
}

void skad_handed_note(skad_handed *self, const skad_id *id, uint32_t token, uint64_t now_us)
{
    size_t at = place_of(self, id);
    if (at == SKAD_HANDED_MAX) {
        at = 0;
        for (size_t i = 1; i < SKAD_HANDED_MAX; i++) {
            at = self->all[i].us < self->all[at].us ? i : at;
        }
    }
    self->all[at] = (skad_handed_peer){.prefix = skad_id_prefix(id), .us = now_us, .token = token};
}

const skad_handed_peer *skad_handed_find(const skad_handed *self, const skad_id *id)
{
    const size_t at = place_of(self, id);
    return at == SKAD_HANDED_MAX ? NULL : &self->all[at];
}
