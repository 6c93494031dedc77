/* One node's way out through a network address translator (RFC 4787's terms). A mapping lives for a
 * time after the last datagram that left through it.
 *
 *                        outer port                       lets in
 *   full cone            one for all destinations         all endpoints
 *   address-restricted   one for all destinations         all ports of hosts that it has sent to
 *   restricted           one for all destinations         endpoints that it has sent to
 *   symmetric            another for each destination     the destination of that port
 *
 * A NAT behind another one, as with a provider's, acts as one: of the stricter kind, and of the
 * shorter life. */
#ifndef SKAD_SIM_WORLD_NAT_H
#define SKAD_SIM_WORLD_NAT_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/types.h"

typedef enum skad_sim_nat_kind { /* the later, the stricter */
                                 SKAD_SIM_NAT_NONE,
                                 SKAD_SIM_NAT_FULL_CONE,
                                 SKAD_SIM_NAT_ADDRESS,
                                 SKAD_SIM_NAT_RESTRICTED,
                                 SKAD_SIM_NAT_SYMMETRIC,
} skad_sim_nat_kind;

typedef struct skad_sim_nat skad_sim_nat;

/* `row`: the node's number among those that share its outer address; it decides its ports
 * (addresses.h). */
skad_sim_nat *skad_sim_nat_new(skad_sim_nat_kind kind, uint64_t life_us, uint32_t row);
void skad_sim_nat_free(skad_sim_nat *nat);

/* A datagram leaves for `to`; returns the outer port that its receiver sees. */
uint16_t skad_sim_nat_out(skad_sim_nat *nat, const skad_address *to, uint64_t now_us);

/* Whether a datagram from `from` to this outer port gets in. */
bool skad_sim_nat_in(const skad_sim_nat *nat, const skad_address *from, uint16_t port,
                     uint64_t now_us);

#endif
