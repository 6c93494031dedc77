#include "src/sim/world/addresses.h"

#include "proto/address.h"
#include "src/sim/world/carriers.h"
#include "src/sim/world/internet.h"

#define HONEST_FROM   UINT32_C(0x10000000) /* 16.0.0.0: room for five million /24s */
#define HONEST_WIDE   (84U * 256U)         /* /16s there: one after the other gets a /24 */
#define CROWDED_FROM  UINT32_C(0x64000000) /* 100.0.0.0: 65,536 /24s */
#define CROWDED_TO    UINT32_C(0x65000000)
#define CROWDED_WIDE  256U                 /* /16s there, likewise */
#define SUBNET_BITS   24                   /* of an address, that all in a /24 share */
#define NEIGHBOURS_TO SKAD_SIM_NAT_PORT    /* ports of neighbours end there */
#define NOWHERE_FROM  UINT32_C(0xc8000000) /* 200.0.0.0 */

/* The first half of IPv6 addresses. */
#define HONEST_FROM_6  (UINT64_C(0x2a000000) << 32) /* 2a00::, a /32 each */
#define ALLOCATED_6    (UINT64_C(0x2b000000) << 32) /* 2b00::, the adversaries' allocation */
#define NOWHERE_FROM_6 (UINT64_C(0x2c000000) << 32) /* 2c00::, a /64 of a /32 each 256 */

static skad_address make(uint32_t ip, uint16_t port)
{
    return (skad_address){
        .family = SKAD_FAMILY_IPV4,
        .port = port,
        .ip = {(uint8_t)(ip >> 24), (uint8_t)(ip >> 16), (uint8_t)(ip >> 8), (uint8_t)ip}};
}

/* Returns the number of a /24 that lies in /16 number `number % wide`, as the next numbers do in
 * the next ones; counted from the first /24 of the first /16. And the other way round. */
static uint32_t spread(uint32_t number, uint32_t wide)
{
    return number % wide * 256 + number / wide;
}

static uint32_t gather(uint32_t subnet, uint32_t wide)
{
    return subnet % 256 * wide + subnet / 256;
}

static uint64_t low_bits(uint64_t number, unsigned bits)
{
    return number & ((UINT64_C(1) << bits) - 1);
}

/* Returns the number of a /64 in an allocation that leaves so many bits, 8..48: the next numbers
 * are in the next /32s, /48s or /56s, whichever are the widest that there are several of. */
static uint64_t spread_wide(uint64_t number, unsigned bits)
{
    uint64_t out = 0;
    while (bits > 8) {
        unsigned below = bits > 32 ? 32 : bits > 16 ? 16 : 8;
        out = out << (bits - below) | low_bits(number, bits - below);
        number >>= bits - below;
        bits = below;
    }
    return out << bits | low_bits(number, bits);
}

/* The number of the address stands in its last bytes, where it is read again. */
static skad_address make_wide(uint64_t network, uint32_t number, uint16_t port)
{
    skad_address out = {.family = SKAD_FAMILY_IPV6, .port = port};
    for (unsigned i = 0; i < 8; i++) {
        out.ip[i] = (uint8_t)(network >> (56 - 8 * i));
    }
    for (unsigned i = 0; i < 4; i++) {
        out.ip[12 + i] = (uint8_t)(number >> (24 - 8 * i));
    }
    return out;
}

/* A network that the node shares with no other, or only by its allocation. */
static skad_address own_network(const skad_sim_addresses *addresses, uint32_t node, uint16_t port)
{
    if (!addresses->ipv6) {
        return make(HONEST_FROM + (spread(node, HONEST_WIDE) << 8) + 1, port);
    }
    uint64_t network = HONEST_FROM_6 + ((uint64_t)node << 32);
    if (addresses->allocation > 0 && node >= addresses->shared_from) {
        uint32_t number = node - addresses->shared_from;
        uint32_t several = addresses->allocations > 1 ? addresses->allocations : 1;
        network = ALLOCATED_6 + ((uint64_t)(number % several) << 32) +
                  spread_wide(number / several, 64 - addresses->allocation);
    }
    return make_wide(network, node, port);
}

/* ---- Shared networks of IPv4 ---- */

/* Which of the 65,536 /24s a node is in, by its number among those that share, and which place in
 * there it has. */
static uint32_t crowded_subnet(const skad_sim_addresses *addresses, uint32_t number,
                               uint32_t *place)
{
    if (addresses->allocation == 0) {
        *place = number / addresses->subnets;
        return spread(number % addresses->subnets, CROWDED_WIDE);
    }
    const uint32_t several = addresses->allocations > 1 ? addresses->allocations : 1;
    const unsigned bits = SUBNET_BITS - addresses->allocation;
    const uint32_t which = number % several;
    const uint32_t first = addresses->allocation < 16
                               ? which << bits
                               : which % CROWDED_WIDE * 256 + ((which / CROWDED_WIDE) << bits);
    *place = number / several >> bits;
    return first + (uint32_t)low_bits(number / several, bits);
}

/* The other way round: SKAD_SIM_NOBODY where the /24 is not shared. */
static uint32_t crowded_number(const skad_sim_addresses *addresses, uint32_t subnet, uint32_t place)
{
    if (addresses->allocation == 0) {
        const uint32_t which = gather(subnet, CROWDED_WIDE);
        return which < addresses->subnets ? place * addresses->subnets + which : SKAD_SIM_NOBODY;
    }
    const uint32_t several = addresses->allocations > 1 ? addresses->allocations : 1;
    const unsigned bits = SUBNET_BITS - addresses->allocation;
    const uint32_t which = addresses->allocation < 16
                               ? subnet >> bits
                               : (subnet % 256 >> bits) * CROWDED_WIDE + subnet / 256;
    const uint32_t turn = (place << bits) | (uint32_t)low_bits(subnet, bits);
    return which < several ? turn * several + which : SKAD_SIM_NOBODY;
}

static skad_address crowded_address(const skad_sim_addresses *addresses, uint32_t number)
{
    uint32_t place = 0;
    uint32_t beside = 0;
    if (addresses->crowd > 0) {
        beside = number / addresses->crowd;
        number %= addresses->crowd;
    }
    const uint32_t subnet = crowded_subnet(addresses, number, &place);
    return make(CROWDED_FROM + (subnet << 8) + 1 + place % addresses->hosts,
                (uint16_t)(SKAD_SIM_PORT + place / addresses->hosts + beside));
}

static uint32_t crowded_node(const skad_sim_addresses *addresses, uint32_t ip, uint16_t port)
{
    const uint32_t host = (ip & 0xff) - 1;
    const uint32_t beside = (uint32_t)(port - SKAD_SIM_PORT);
    if (host >= addresses->hosts || port < SKAD_SIM_PORT) {
        return SKAD_SIM_NOBODY;
    }
    const uint32_t place = addresses->crowd > 0 ? host : beside * addresses->hosts + host;
    uint32_t number = crowded_number(addresses, (ip - CROWDED_FROM) >> 8, place);
    if (addresses->crowd > 0 && number != SKAD_SIM_NOBODY) {
        number = number < addresses->crowd ? beside * addresses->crowd + number : SKAD_SIM_NOBODY;
    }
    return number < addresses->nodes - addresses->shared_from ? addresses->shared_from + number
                                                              : SKAD_SIM_NOBODY;
}

static bool crowds(const skad_sim_addresses *addresses)
{
    return !addresses->ipv6 && (addresses->subnets > 0 || addresses->allocation > 0);
}

/* ---- All ---- */

/* Its own network, or that which its carrier gives it. */
static skad_address behind_carrier(const skad_sim_addresses *addresses, uint32_t node)
{
    const uint32_t row = skad_sim_carriers_row(addresses->carriers, node);
    return own_network(addresses, skad_sim_carriers_lead(addresses->carriers, node),
                       (uint16_t)(SKAD_SIM_PORT + row));
}

skad_address skad_sim_address_of(const skad_sim_addresses *addresses, uint32_t node)
{
    if (node >= addresses->shared_from && addresses->neighbours) {
        uint32_t number = node - addresses->shared_from;
        return own_network(addresses, number % addresses->shared_from,
                           (uint16_t)(SKAD_SIM_PORT + 1 + number / addresses->shared_from));
    }
    if (addresses->internet != NULL && node < addresses->shared_from) {
        return skad_sim_internet_of(addresses->internet, node, SKAD_FAMILY_IPV4);
    }
    return node < addresses->shared_from || !crowds(addresses)
               ? behind_carrier(addresses, node)
               : crowded_address(addresses, node - addresses->shared_from);
}

/* The node with a network of its own, or on a port beside it a neighbour, or one that shares its
 * carrier. */
static uint32_t at_port(const skad_sim_addresses *addresses, uint32_t node, uint16_t port)
{
    if (addresses->neighbours && node < addresses->shared_from && port > SKAD_SIM_PORT &&
        port < NEIGHBOURS_TO) {
        uint32_t row = (uint32_t)(port - SKAD_SIM_PORT - 1);
        node += addresses->shared_from * (row + 1);
        return node < addresses->nodes ? node : SKAD_SIM_NOBODY;
    }
    return skad_sim_carriers_at(addresses->carriers, node, port);
}

static uint32_t node_at_wide(const skad_sim_addresses *addresses, const skad_address *address)
{
    uint32_t node = (uint32_t)address->ip[12] << 24 | (uint32_t)address->ip[13] << 16 |
                    (uint32_t)address->ip[14] << 8 | address->ip[15];
    if (!addresses->ipv6 || node >= addresses->nodes ||
        (addresses->neighbours && node >= addresses->shared_from)) {
        return SKAD_SIM_NOBODY;
    }
    skad_address expected = own_network(addresses, node, address->port);
    return skad_address_equal(&expected, address) ? at_port(addresses, node, address->port)
                                                  : SKAD_SIM_NOBODY;
}

skad_address skad_sim_address_facing(const skad_sim_addresses *addresses, uint32_t node,
                                     skad_family family)
{
    return addresses->internet != NULL && node < addresses->shared_from
               ? skad_sim_internet_of(addresses->internet, node, family)
               : skad_sim_address_of(addresses, node);
}

uint8_t skad_sim_families_of(const skad_sim_addresses *addresses, uint32_t node)
{
    const skad_address one = skad_sim_address_facing(addresses, node, SKAD_FAMILY_IPV4);
    const skad_address other = skad_sim_address_facing(addresses, node, SKAD_FAMILY_IPV6);
    return (uint8_t)(one.family | other.family);
}

skad_address skad_sim_address_between(const skad_sim_addresses *addresses, uint32_t from,
                                      uint32_t to)
{
    const bool both = addresses->internet != NULL &&
                      skad_sim_families_of(addresses, from) == SKAD_FAMILIES_ALL &&
                      skad_sim_families_of(addresses, to) == SKAD_FAMILIES_ALL;
    return skad_sim_address_facing(
        addresses, to, both && (from + to) % 2 == 1 ? SKAD_FAMILY_IPV6 : SKAD_FAMILY_IPV4);
}

uint32_t skad_sim_node_at(const skad_sim_addresses *addresses, const skad_address *address)
{
    uint32_t ip = (uint32_t)address->ip[0] << 24 | (uint32_t)address->ip[1] << 16 |
                  (uint32_t)address->ip[2] << 8 | address->ip[3];
    uint32_t node = SKAD_SIM_NOBODY;
    if (addresses->internet != NULL && (ip < CROWDED_FROM || address->family != SKAD_FAMILY_IPV4)) {
        return skad_sim_internet_at(addresses->internet, address);
    }
    if (address->family == SKAD_FAMILY_IPV6) {
        return node_at_wide(addresses, address);
    }
    if (address->family != SKAD_FAMILY_IPV4 || addresses->ipv6) {
        return SKAD_SIM_NOBODY;
    }
    if (ip >= CROWDED_FROM && ip < CROWDED_TO && crowds(addresses)) {
        return crowded_node(addresses, ip, address->port);
    }
    if (ip >= HONEST_FROM && ip < CROWDED_FROM && (ip & 0xff) == 1) {
        node = gather((ip - HONEST_FROM) >> 8, HONEST_WIDE);
        return node < addresses->shared_from ? at_port(addresses, node, address->port)
                                             : SKAD_SIM_NOBODY;
    }
    return SKAD_SIM_NOBODY;
}

skad_address skad_sim_address_unroutable(const skad_sim_addresses *addresses, uint32_t number)
{
    number &= 0xffffff;
    return addresses->ipv6
               ? make_wide(NOWHERE_FROM_6 + ((uint64_t)(number >> 8) << 32), number, SKAD_SIM_PORT)
               : make(NOWHERE_FROM + number, SKAD_SIM_PORT);
}

skad_contact skad_sim_contact(const skad_id *id, const skad_address *address)
{
    skad_contact out = {.id = *id};
    *(address->family == SKAD_FAMILY_IPV6 ? &out.ipv6 : &out.ipv4) = *address;
    return out;
}

const skad_address *skad_sim_contact_address(const skad_contact *contact)
{
    return contact->ipv4.family != SKAD_FAMILY_NONE ? &contact->ipv4 : &contact->ipv6;
}
