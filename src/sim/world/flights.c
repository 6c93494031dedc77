#include "src/sim/world/flights.h"

#include <stdlib.h>

#include "crypto/assert.h"
#include "src/sim/base/memory.h"

#define CHUNK_PLACES 256
#define CLASS_SHIFT  30
#define INDEX_MASK   ((UINT32_C(1) << CLASS_SHIFT) - 1)

/* PINGs and short answers; padded requests and small records; full answers. */
static const size_t CLASS_BYTES[SKAD_SIM_CLASSES] = {
    SKAD_SIM_FLIGHT_BYTES_MIN - sizeof(skad_sim_flight), 416, SKAD_DATAGRAM_BYTES_MAX};

static size_t place_bytes(size_t class)
{
    size_t bytes = offsetof(skad_sim_flight, bytes) + CLASS_BYTES[class];
    return (bytes + 7) / 8 * 8;
}

void skad_sim_flights_init(skad_sim_flights *flights)
{
    *flights = (skad_sim_flights){0};
    for (size_t i = 0; i < SKAD_SIM_CLASSES; i++) {
        flights->slabs[i].free = SKAD_SIM_FLIGHT_NONE;
    }
}

void skad_sim_flights_free(skad_sim_flights *flights)
{
    for (size_t i = 0; i < SKAD_SIM_CLASSES; i++) {
        for (size_t j = 0; j < flights->slabs[i].chunks_count; j++) {
            free(flights->slabs[i].chunks[j]);
        }
        free(flights->slabs[i].chunks);
    }
    skad_sim_flights_init(flights);
}

static void add_chunk(skad_sim_slab *slab, size_t class)
{
    slab->chunks = skad_sim_grow(slab->chunks, slab->chunks_count + 1, sizeof *slab->chunks);
    slab->chunks[slab->chunks_count++] = skad_sim_alloc(CHUNK_PLACES, place_bytes(class));
}

uint32_t skad_sim_flights_take(skad_sim_flights *flights, size_t len)
{
    size_t class = 0;
    while (CLASS_BYTES[class] < len) {
        class ++;
        SKAD_ASSERT(class < SKAD_SIM_CLASSES);
    }
    skad_sim_slab *slab = &flights->slabs[class];
    uint32_t place = slab->free;
    if (place == SKAD_SIM_FLIGHT_NONE) {
        if (slab->taken == slab->chunks_count * CHUNK_PLACES) {
            add_chunk(slab, class);
        }
        SKAD_ASSERT(slab->taken < INDEX_MASK);
        place = (uint32_t) class << CLASS_SHIFT | slab->taken++;
    } else {
        slab->free = skad_sim_flights_at(flights, place)->next_free;
    }
    skad_sim_flights_at(flights, place)->len = (uint16_t)len;
    flights->count++;
    return place;
}

void skad_sim_flights_give(skad_sim_flights *flights, uint32_t place)
{
    skad_sim_slab *slab = &flights->slabs[place >> CLASS_SHIFT];
    skad_sim_flights_at(flights, place)->next_free = slab->free;
    slab->free = place;
    flights->count--;
}

skad_sim_flight *skad_sim_flights_at(const skad_sim_flights *flights, uint32_t place)
{
    size_t class = place >> CLASS_SHIFT;
    size_t index = place & INDEX_MASK;
    uint8_t *chunk = flights->slabs[class].chunks[index / CHUNK_PLACES];
    return (skad_sim_flight *)(void *)(chunk + index % CHUNK_PLACES * place_bytes(class));
}
