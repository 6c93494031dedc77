#include "src/core/relay/relays.h"

#include <stdlib.h>

#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"

skad_status skad_relays_init(skad_relays *self, bool later)
{
    *self = (skad_relays){.deadline_us = UINT64_MAX};
    if (!later) {
        self->all = calloc(SKAD_RELAYS_MAX, sizeof *self->all);
    }
    return later || self->all != NULL ? SKAD_OK : SKAD_ERR_MEMORY;
}

void skad_relays_free(skad_relays *self)
{
    free(self->all);
    *self = (skad_relays){0};
}

size_t skad_relays_of(const skad_relays *self, const skad_id *requester)
{
    size_t count = 0;
    for (size_t i = 0; i < self->high_water; i++) {
        const skad_relay *relay = &self->all[i];
        count += relay->state != SKAD_RELAY_FREE && skad_id_equal(&relay->to.requester, requester);
    }
    return count;
}

bool skad_relays_may_put(const skad_relays *self, const skad_id *requester)
{
    size_t all = 0;
    size_t theirs = 0;
    for (size_t i = 0; i < self->high_water; i++) {
        const skad_relay *relay = &self->all[i];
        const bool puts = relay->state == SKAD_RELAY_STORES && relay->op != 0;
        all += puts;
        theirs += puts && skad_id_equal(&relay->to.requester, requester);
    }
    return all < SKAD_RELAY_PUTS_MAX && theirs < SKAD_RELAY_PUTS_NEIGHBOUR;
}

skad_relay *skad_relays_take(skad_relays *self, const skad_id *requester)
{
    size_t slot = 0;
    if (self->all == NULL) {
        self->all = calloc(SKAD_RELAYS_MAX, sizeof *self->all);
    }
    if (self->all == NULL || self->count == SKAD_RELAYS_MAX ||
        skad_relays_of(self, requester) >= SKAD_RELAYS_NEIGHBOUR_MAX) {
        return NULL;
    }
    while (self->all[slot].state != SKAD_RELAY_FREE) {
        slot++;
    }
    const uint32_t generation = self->all[slot].generation + 1;
    self->all[slot] = (skad_relay){.state = SKAD_RELAY_ASKS, .generation = generation};
    self->high_water = slot < self->high_water ? self->high_water : slot + 1;
    self->count++;
    return &self->all[slot];
}

/* Counts the relays of a neighbour, and of all in its address group. */
static size_t alike(const skad_relays *self, const skad_late_answer *neighbour)
{
    const uint64_t group = skad_address_group(&neighbour->from);
    size_t count = 0;
    for (size_t i = 0; i < self->high_water; i++) {
        const skad_relay *relay = &self->all[i];
        count += relay->state != SKAD_RELAY_FREE &&
                 (skad_id_equal(&relay->to.requester, &neighbour->requester) ||
                  (group != 0 && skad_address_group(&relay->to.from) == group));
    }
    return count;
}

skad_relay *skad_relays_victim(const skad_relays *self, const skad_late_answer *newcomer)
{
    skad_relay *victim = NULL;
    if (self->count < SKAD_RELAYS_MAX) {
        return NULL;
    }
    size_t most = alike(self, newcomer) + 1;
    for (size_t i = 0; i < self->high_water; i++) {
        skad_relay *relay = &self->all[i];
        const size_t count = alike(self, &relay->to);
        const bool older =
            victim != NULL && count == most && relay->deadline_us < victim->deadline_us;
        if (count > most || older) {
            victim = relay;
            most = count;
        }
    }
    return victim;
}

void skad_relays_release(skad_relays *self, skad_relay *relay)
{
    relay->state = SKAD_RELAY_FREE;
    self->count--;
    if (self->count == 0) {
        self->high_water = 0;
        self->deadline_us = UINT64_MAX;
    }
}

uint64_t skad_relays_name(const skad_relays *self, const skad_relay *relay)
{
    return (uint64_t)relay->generation << 16 | (uint64_t)(relay - self->all);
}

skad_relay *skad_relays_find(skad_relays *self, uint64_t name)
{
    const size_t slot = name & UINT16_MAX;
    if (self->all == NULL || slot >= SKAD_RELAYS_MAX) {
        return NULL;
    }
    skad_relay *relay = &self->all[slot];
    const bool same = relay->state != SKAD_RELAY_FREE && relay->generation == name >> 16;
    return same ? relay : NULL;
}
