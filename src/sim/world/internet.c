#include "src/sim/world/internet.h"

#include <math.h>
#include <stdlib.h>

#include "src/sim/base/memory.h"
#include "src/sim/base/prng.h"
#include "src/sim/world/addresses.h"

#define SYSTEMS     2700
#define SHIFT       1.4
#define EXPONENT    1.56
#define WIDE_IPV4   9000                 /* /16s in proportion to a system's share, one at least */
#define WIDE_IPV6   20000                /* /32s, likewise */
#define FROM_IPV4   UINT32_C(0x10000000) /* 16.0.0.0, and some 11,200 /16s */
#define FROM_IPV6   UINT32_C(0x2a000000) /* 2a00::/32, and those behind it */
#define HOSTS       254
#define ENTRIES_PER 4 /* places of the table for each node, which has up to two addresses */

/* One autonomous system: which of the /16s and /32s are its own. */
typedef struct as_room {
    double until; /* the shares of all systems up to this one */
    uint32_t first_ipv4;
    uint32_t count_ipv4;
    uint32_t first_ipv6;
    uint32_t count_ipv6;
} as_room;

struct skad_sim_internet {
    skad_address *addresses; /* two of each node: IPv4, IPv6 or none */
    uint32_t *table;         /* open addressing: a node and its address, plus one */
    uint64_t mask;
};

/* ---- The systems ---- */

static void make_rooms(as_room rooms[static SYSTEMS])
{
    double sum = 0;
    double until = 0;
    uint32_t ipv4 = 0;
    uint32_t ipv6 = 0;
    for (unsigned rank = 1; rank <= SYSTEMS; rank++) {
        sum += pow(rank + SHIFT, -EXPONENT);
    }
    for (unsigned rank = 1; rank <= SYSTEMS; rank++) {
        double share = pow(rank + SHIFT, -EXPONENT) / sum;
        until += share;
        as_room *room = &rooms[rank - 1];
        *room = (as_room){.until = rank == SYSTEMS ? 1 : until,
                          .first_ipv4 = ipv4,
                          .count_ipv4 = 1 + (uint32_t)(share * WIDE_IPV4),
                          .first_ipv6 = ipv6,
                          .count_ipv6 = 1 + (uint32_t)(share * WIDE_IPV6)};
        ipv4 += room->count_ipv4;
        ipv6 += room->count_ipv6;
    }
}

static const as_room *draw_room(const as_room rooms[static SYSTEMS], skad_prng *prng)
{
    double draw = skad_prng_unit(prng);
    size_t low = 0;
    size_t high = SYSTEMS - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (rooms[middle].until > draw) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return &rooms[low];
}

/* ---- The table ---- */

/* What tells two addresses apart: all of an IPv4 one, the /64 of an IPv6 one. */
static uint64_t key_of(const skad_address *address)
{
    uint64_t key = 0;
    size_t bytes = address->family == SKAD_FAMILY_IPV6 ? 8 : 4;
    for (size_t i = 0; i < bytes; i++) {
        key = key << 8 | address->ip[i];
    }
    return key;
}

static uint64_t place_of(const skad_sim_internet *internet, uint64_t key)
{
    return (key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & internet->mask;
}

/* Finds an address's entry, or the empty place for it. */
static uint64_t find(const skad_sim_internet *internet, const skad_address *address)
{
    const uint64_t key = key_of(address);
    uint64_t at = place_of(internet, key);
    while (internet->table[at] != 0) {
        const skad_address *one = &internet->addresses[internet->table[at] - 1];
        if (one->family == address->family && key_of(one) == key) {
            break;
        }
        at = (at + 1) & internet->mask;
    }
    return at;
}

/* Draws until the address is free: what a system gives out is far more than a world has nodes. */
static void take(skad_sim_internet *internet, uint32_t number, const as_room *room, skad_prng *prng,
                 skad_family family)
{
    skad_address address = {.family = (uint8_t)family, .port = SKAD_SIM_PORT};
    uint64_t at = 0;
    do {
        bool wide = family == SKAD_FAMILY_IPV6;
        uint32_t block = wide
                             ? room->first_ipv6 + (uint32_t)skad_prng_below(prng, room->count_ipv6)
                             : room->first_ipv4 + (uint32_t)skad_prng_below(prng, room->count_ipv4);
        uint32_t rest = (uint32_t)skad_prng_next(prng);
        uint32_t high = wide ? FROM_IPV6 + block
                             : FROM_IPV4 + (block << 16) + (rest & 0xff00) + 1 + rest % HOSTS;
        const uint32_t low = wide ? rest : 0;
        for (unsigned i = 0; i < 4; i++) {
            address.ip[i] = (uint8_t)(high >> (24 - 8 * i));
            address.ip[4 + i] = (uint8_t)(low >> (24 - 8 * i));
        }
        address.ip[15] = (uint8_t)wide;
        at = find(internet, &address);
    } while (internet->table[at] != 0);
    internet->addresses[number] = address;
    internet->table[at] = number + 1;
}

/* ---- All of them ---- */

skad_sim_internet *skad_sim_internet_new(uint64_t seed, uint32_t nodes, double ipv6_share)
{
    skad_sim_internet *internet = skad_sim_alloc(1, sizeof *internet);
    as_room *rooms = skad_sim_alloc(SYSTEMS, sizeof *rooms);
    skad_prng prng;
    uint64_t places = 1;
    while (places < (uint64_t)nodes * ENTRIES_PER) {
        places *= 2;
    }
    internet->mask = places - 1;
    internet->addresses = skad_sim_alloc((size_t)nodes * 2, sizeof *internet->addresses);
    internet->table = skad_sim_alloc(places, sizeof *internet->table);
    skad_prng_init(&prng, seed, SKAD_PRNG_INTERNET);
    make_rooms(rooms);
    for (uint32_t node = 0; node < nodes; node++) {
        const as_room *room = draw_room(rooms, &prng);
        take(internet, 2 * node, room, &prng, SKAD_FAMILY_IPV4);
        if (ipv6_share > 0 && (node == 0 || skad_prng_chance(&prng, ipv6_share))) {
            take(internet, 2 * node + 1, room, &prng, SKAD_FAMILY_IPV6);
        }
    }
    free(rooms);
    return internet;
}

void skad_sim_internet_free(skad_sim_internet *internet)
{
    if (internet != NULL) {
        free(internet->addresses);
        free(internet->table);
        free(internet);
    }
}

skad_address skad_sim_internet_of(const skad_sim_internet *internet, uint32_t node,
                                  skad_family family)
{
    const skad_address *wide = &internet->addresses[2 * (size_t)node + 1];
    return family == SKAD_FAMILY_IPV6 && wide->family == SKAD_FAMILY_IPV6
               ? *wide
               : internet->addresses[2 * (size_t)node];
}

uint32_t skad_sim_internet_at(const skad_sim_internet *internet, const skad_address *address)
{
    if (address->family != SKAD_FAMILY_IPV4 && address->family != SKAD_FAMILY_IPV6) {
        return UINT32_MAX;
    }
    uint32_t entry = internet->table[find(internet, address)];
    return entry == 0 ? UINT32_MAX : (entry - 1) / 2;
}
