#include "src/core/routing/departed.h"

#include "proto/address.h"
#include "src/core/routing/distance.h"

/* Returns the place of a node; SKAD_DEPARTED_MAX: it has none. */
static size_t place_of(const skad_departed *departed, const skad_id *id,
                       const skad_address *address)
{
    uint64_t prefix = skad_id_prefix(id);
    size_t at = 0;
    while (at < SKAD_DEPARTED_MAX &&
           !(departed->all[at].us != 0 && departed->all[at].prefix == prefix &&
             skad_address_equal(&departed->all[at].address, address))) {
        at++;
    }
    return at;
}

void skad_departed_note(skad_departed *departed, const skad_id *id, const skad_address *address,
                        uint64_t now_us)
{
    size_t at = place_of(departed, id, address);
    if (at == SKAD_DEPARTED_MAX) {
        at = 0;
        for (size_t i = 1; i < SKAD_DEPARTED_MAX; i++) {
            at = departed->all[i].us < departed->all[at].us ? i : at;
        }
    }
    departed->all[at] = (skad_departure){
        .prefix = skad_id_prefix(id), .us = now_us == 0 ? 1 : now_us, .address = *address};
}

void skad_departed_back(skad_departed *departed, const skad_id *id, const skad_address *address)
{
    size_t at = place_of(departed, id, address);
    if (at < SKAD_DEPARTED_MAX) {
        departed->all[at].us = 0;
    }
}

bool skad_departed_lately(const skad_departed *departed, const skad_id *id,
                          const skad_address *address, uint64_t now_us)
{
    size_t at = place_of(departed, id, address);
    return at < SKAD_DEPARTED_MAX && now_us - departed->all[at].us < SKAD_DEPARTED_US;
}
