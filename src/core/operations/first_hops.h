/* The first hops of an operation that other nodes forward: the contacts that it asked, and what
 * came of it. It sees no more of the chains.
 *
 * Its test is tests/node/test_forward.c. */
#ifndef SKAD_OPERATIONS_FIRST_HOPS_H
#define SKAD_OPERATIONS_FIRST_HOPS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"
#include "skad/event.h"
#include "skad/profile.h"

#define SKAD_FIRST_HOPS_MAX    12 /* in all, one after the other or at once */
#define SKAD_FIRST_HOPS_ABSENT 3  /* so many chains say that there is no such record: believed */

typedef struct skad_first_hop {
    skad_id id;
    skad_address address;
    uint8_t state;    /* a skad_step_state */
    bool repeated;    /* asked once more, with the token that it sent */
    bool gave_value;  /* a record, a list or a receipt that proves itself */
    uint8_t holders;  /* STORE: that a receipt states */
    uint8_t budget;   /* that it was given, */
    uint16_t life_ms; /* and time */
    uint64_t sent_us;
    uint32_t rtt_us; /* ANSWERED: of the whole chain and back */
    skad_id nearest; /* NODES: the first of the list that came by it */
} skad_first_hop;

typedef struct skad_forwarding {
    skad_forward forward; /* its record is in `bytes` */
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    uint8_t wanted; /* results that end it */
    uint8_t results;
    uint8_t absent;  /* chains that say that there is no such record */
    uint8_t waiting; /* first hops that are asked, slow ones included, */
    uint8_t slow;    /* and these alone: each has another one asked beside */
    uint64_t started_us;
    uint8_t again; /* the first hop, from 1 on, that has sent us a token and is asked again; or 0 */
    uint8_t hops_count;
    skad_first_hop hops[SKAD_FIRST_HOPS_MAX];
    uint8_t closest_count;
    skad_contact closest[SKAD_K_MAX]; /* NODES: of all lists, ascending distance */
} skad_forwarding;

/* Whether it looks for a record. */
static inline bool skad_forwarding_gets(const skad_forwarding *forwarding)
{
    return forwarding->forward.aim == SKAD_FORWARD_IMMUTABLE ||
           forwarding->forward.aim == SKAD_FORWARD_MUTABLE;
}

#endif
