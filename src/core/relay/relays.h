/* The FORWARDs of neighbours that wait for their end. There are few, and few of one neighbour, so
 * that no neighbour can fill the table.
 *
 * Its test is tests/core/relay/test_relay.c. */
#ifndef SKAD_RELAY_RELAYS_H
#define SKAD_RELAY_RELAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/message.h"
#include "skad/event.h"
#include "skad/status.h"
#include "src/core/rpc/late_answer.h"

#define SKAD_RELAYS_MAX           128
#define SKAD_RELAYS_NEIGHBOUR_MAX 32 /* of them, of one neighbour */
#define SKAD_RELAY_TRIES_MAX      4  /* nodes that are asked for one */
#define SKAD_RELAY_PUTS_MAX       16 /* that store a record by a put of ours, */
#define SKAD_RELAY_PUTS_NEIGHBOUR 4  /* and of them, of one neighbour */

typedef enum skad_relay_state {
    SKAD_RELAY_FREE = 0,
    SKAD_RELAY_ASKS,   /* waits for nodes that it asked */
    SKAD_RELAY_STORES, /* waits for a put of its own */
} skad_relay_state;

typedef struct skad_relay {
    uint8_t state;  /* a skad_relay_state */
    uint8_t budget; /* left */
    uint8_t tries;
    uint8_t waiting;      /* requests that are not answered, */
    uint8_t silent;       /* and those that never were */
    bool beside;          /* it asks the neighbourhood: none is nearer to the target */
    uint32_t generation;  /* of the slot */
    uint64_t deadline_us; /* until then it is answered, whatever happens */
    skad_id asked[SKAD_RELAY_TRIES_MAX];
    uint8_t shares[SKAD_RELAY_TRIES_MAX]; /* of the budget, that went with each */
    skad_id again;                        /* one that has sent us a token; 0: none */
    uint8_t again_share;                  /* that it was given, */
    uint64_t again_over_us;               /* and until when */
    uint64_t over_us[SKAD_RELAY_TRIES_MAX];
    skad_op op; /* STORES */
    skad_late_answer to;
    skad_forward forward; /* its record is in `bytes` */
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    uint16_t absent_len; /* of a statement that there is no such record; 0: none came */
    uint8_t absent[SKAD_STATEMENT_BYTES_MAX];
} skad_relay;

typedef struct skad_relays {
    skad_relay *all; /* owned, SKAD_RELAYS_MAX; NULL before the first, with lazy allocation */
    size_t high_water;
    size_t count;
    uint64_t deadline_us; /* none is over before; UINT64_MAX: none waits */
} skad_relays;

/* `later`: memory comes with the first. */
SKAD_MUST_CHECK skad_status skad_relays_init(skad_relays *self, bool later);
void skad_relays_free(skad_relays *self);

/* Takes a slot for a neighbour; NULL when there is none left for it, or without memory. */
skad_relay *skad_relays_take(skad_relays *self, const skad_id *requester);
void skad_relays_release(skad_relays *self, skad_relay *relay);

/* A relay's name, and the relay of a name; NULL where it has ended. */
uint64_t skad_relays_name(const skad_relays *self, const skad_relay *relay);
skad_relay *skad_relays_find(skad_relays *self, uint64_t name);

/* The relay that gives way to one of a neighbour when all slots are taken: the oldest of the
 * address group that has the most, if that has more than this one's would have. NULL: none does. So
 * those that have filled the table keep out no neighbour that asks for little, and many identities
 * of a group are one. A neighbour without a group counts alone. */
skad_relay *skad_relays_victim(const skad_relays *self, const skad_late_answer *newcomer);

/* Whether one more may begin its put. Puts share the requests under way with our own operations. */
SKAD_MUST_CHECK bool skad_relays_may_put(const skad_relays *self, const skad_id *requester);

/* Counts those of a neighbour. */
size_t skad_relays_of(const skad_relays *self, const skad_id *requester);

#endif
