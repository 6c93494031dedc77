#include "src/core/routing/places.h"

static uint8_t sixteenth_of(const skad_id *id)
{
    return id->bytes[0] >> 4;
}

void skad_places_visited(skad_places *places, const skad_id *self, const skad_id *target,
                         uint64_t distance)
{
    if (sixteenth_of(target) != sixteenth_of(self)) {
        places->radii[sixteenth_of(target)] = distance == 0 ? 1 : distance;
    }
}

uint8_t skad_places_after(uint8_t sixteenth, const skad_id *self)
{
    unsigned next = (sixteenth + 1U) % SKAD_PLACES;
    if (next == sixteenth_of(self)) {
        next = (next + 1) % SKAD_PLACES;
    }
    return (uint8_t)next;
}

uint64_t skad_places_median(const skad_places *places, uint64_t own)
{
    uint64_t sorted[SKAD_PLACES + 1] = {0};
    size_t count = 0;
    for (size_t i = 0; i <= SKAD_PLACES; i++) {
        uint64_t radius = i < SKAD_PLACES ? places->radii[i] : own;
        size_t at = count;
        for (; radius != 0 && at > 0 && sorted[at - 1] > radius; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = radius;
        count += radius != 0;
    }
    return count == 0 ? 0 : sorted[(count - 1) / 2];
}
