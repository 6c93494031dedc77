#include "src/sim/world/addresses.h"

#define HONEST_FROM   UINT32_C(0x10000000) /* 16.0.0.0: room for five million /24s */
#define HONEST_WIDE   (84U * 256U)         /* /16s there: one after the other gets a /24 */
#define CROWDED_FROM  UINT32_C(0x64000000) /* 100.0.0.0: 65,536 /24s */
#define CROWDED_TO    UINT32_C(0x65000000)
#define CROWDED_WIDE  256U                 /* /16s there, likewise */
#define NEIGHBOURS_TO 20000                /* ports of neighbours end there; those of NATs begin */
#define NOWHERE_FROM  UINT32_C(0xc8000000) /* 200.0.0.0 */

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

static skad_address own_subnet(uint32_t node, uint16_t port)
{
    return make(HONEST_FROM + (spread(node, HONEST_WIDE) << 8) + 1, port);
}

skad_address skad_sim_address_of(const skad_sim_addresses *addresses, uint32_t node)
{
    if (node >= addresses->shared_from && addresses->neighbours) {
        uint32_t number = node - addresses->shared_from;
        return own_subnet(number % addresses->shared_from,
                          (uint16_t)(SKAD_SIM_PORT + 1 + number / addresses->shared_from));
    }
    if (node < addresses->shared_from || addresses->subnets == 0) {
        return own_subnet(node, SKAD_SIM_PORT);
    }
    uint32_t number = node - addresses->shared_from;
    uint32_t subnet = number % addresses->subnets;
    uint32_t place = number / addresses->subnets;
    return make(CROWDED_FROM + (spread(subnet, CROWDED_WIDE) << 8) + 1 + place % addresses->hosts,
                (uint16_t)(SKAD_SIM_PORT + place / addresses->hosts));
}

uint32_t skad_sim_node_at(const skad_sim_addresses *addresses, const skad_address *address)
{
    uint32_t ip = (uint32_t)address->ip[0] << 24 | (uint32_t)address->ip[1] << 16 |
                  (uint32_t)address->ip[2] << 8 | address->ip[3];
    uint32_t node = SKAD_SIM_NOBODY;
    if (address->family != SKAD_FAMILY_IPV4) {
        return SKAD_SIM_NOBODY;
    }
    if (ip >= CROWDED_FROM && ip < CROWDED_TO && addresses->subnets > 0) {
        uint32_t subnet = gather((ip - CROWDED_FROM) >> 8, CROWDED_WIDE);
        uint32_t host = (ip & 0xff) - 1;
        uint32_t place = (uint32_t)(address->port - SKAD_SIM_PORT) * addresses->hosts + host;
        node = addresses->shared_from + place * addresses->subnets + subnet;
        return host < addresses->hosts && subnet < addresses->subnets &&
                       address->port >= SKAD_SIM_PORT && node < addresses->nodes
                   ? node
                   : SKAD_SIM_NOBODY;
    }
    if (ip >= HONEST_FROM && ip < CROWDED_FROM && (ip & 0xff) == 1) {
        node = gather((ip - HONEST_FROM) >> 8, HONEST_WIDE);
        if (addresses->neighbours && node < addresses->shared_from &&
            address->port > SKAD_SIM_PORT && address->port < NEIGHBOURS_TO) {
            uint32_t row = (uint32_t)(address->port - SKAD_SIM_PORT - 1);
            node += addresses->shared_from * (row + 1);
            return node < addresses->nodes ? node : SKAD_SIM_NOBODY;
        }
    }
    return node < addresses->shared_from ? node : SKAD_SIM_NOBODY;
}

skad_address skad_sim_address_unroutable(uint32_t number)
{
    return make(NOWHERE_FROM + (number & 0xffffff), SKAD_SIM_PORT);
}
