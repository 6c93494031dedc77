/* Datagrams under way. They live in slabs of three sizes, so that a million of them take little
 * more than their bytes; a place is named by 32 bits, as the event queue wants it. */
#ifndef SKAD_SIM_WORLD_FLIGHTS_H
#define SKAD_SIM_WORLD_FLIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"

#define SKAD_SIM_CLASSES 3

/* One datagram; its bytes follow. */
typedef struct skad_sim_flight {
    skad_address from; /* as the receiver will see it */
    skad_address to;
    uint32_t next_free;
    uint16_t len;
    uint8_t bytes[];
} skad_sim_flight;

/* The least memory of a flight. */
#define SKAD_SIM_FLIGHT_BYTES_MIN (sizeof(skad_sim_flight) + 224)

typedef struct skad_sim_slab {
    uint8_t **chunks;
    size_t chunks_count;
    uint32_t taken; /* places ever taken */
    uint32_t free;  /* first of those given back; SKAD_SIM_FLIGHT_NONE */
} skad_sim_slab;

typedef struct skad_sim_flights {
    skad_sim_slab slabs[SKAD_SIM_CLASSES];
    size_t count; /* under way now */
} skad_sim_flights;

#define SKAD_SIM_FLIGHT_NONE UINT32_MAX

void skad_sim_flights_init(skad_sim_flights *flights);
void skad_sim_flights_free(skad_sim_flights *flights);

/* A place for a datagram of so many bytes, 1..SKAD_DATAGRAM_BYTES_MAX; len is set, the rest not. */
uint32_t skad_sim_flights_take(skad_sim_flights *flights, size_t len);
void skad_sim_flights_give(skad_sim_flights *flights, uint32_t place);
skad_sim_flight *skad_sim_flights_at(const skad_sim_flights *flights, uint32_t place);

#endif
