/* The addresses with which we exchanged datagrams lately. A NAT or a firewall lets in what comes
 * from those, so a request from any other address shows that strangers can reach us.
 *
 * Ports do not matter, since some NATs let in what comes from any port of an address. An address is
 * remembered for as long as any NAT is likely to remember it, anew with each datagram in either
 * direction. Where there is no room, the oldest of a few gives way. If that is one which should
 * still be remembered, the memory says for a while that it cannot tell, of all that would stand
 * among those few. So it takes many addresses to make it forget all: others may name such to us. */
#ifndef SKAD_ROUTING_CONTACTED_H
#define SKAD_ROUTING_CONTACTED_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "skad/status.h"
#include "skad/types.h"

#define SKAD_CONTACTED_US   (600 * SKAD_US_PER_S) /* RFC 4787 asks for two minutes, better five */
#define SKAD_CONTACTED_WAYS 8
#define SKAD_CONTACTED_MAX  4096 /* addresses */
#define SKAD_CONTACTED_SETS (SKAD_CONTACTED_MAX / SKAD_CONTACTED_WAYS)

typedef struct skad_contacted_cell {
    uint32_t print; /* of the address */
    uint32_t at_s;  /* when the last datagram went or came, seconds, from 1 on; 0: free */
} skad_contacted_cell;

typedef struct skad_contacted {
    skad_contacted_cell *cells; /* NULL: nothing is remembered */
    uint8_t key[SKAD_TABLE_KEY_BYTES];
    uint32_t *lost_s; /* of each set: when it last forgot an address too early; 0: never */
} skad_contacted;

/* Without a call of it nothing is remembered. Error: SKAD_ERR_MEMORY. */
SKAD_MUST_CHECK skad_status skad_contacted_init(skad_contacted *self,
                                                const uint8_t key[static SKAD_TABLE_KEY_BYTES]);
void skad_contacted_free(skad_contacted *self);

/* A datagram goes to, or came from, an address. */
void skad_contacted_note(skad_contacted *self, const skad_address *address, uint64_t now_us);

/* Whether an address is surely none with which we exchanged datagrams lately. */
bool skad_contacted_is_new(const skad_contacted *self, const skad_address *address,
                           uint64_t now_us);

#endif
