/* For many nodes in one process, as in a simulator: what they share, what they save, and which
 * defences an experiment leaves out. A daemon needs none of this. */
#ifndef SKAD_SIMULATOR_H
#define SKAD_SIMULATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/compiler.h"
#include "skad/node.h"
#include "skad/status.h"

SKAD_BEGIN

/* A ring that the nodes of one thread share, one for all of them. Each needs it only from a call
 * until the driver has polled what the call wanted to send. */
typedef struct skad_shared skad_shared;

/* Makes the ring. `outbox`: datagrams waiting to be polled, 16..4096; more are dropped. Errors:
 * SKAD_ERR_INPUT, SKAD_ERR_MEMORY. */
SKAD_MUST_CHECK skad_status skad_shared_new(uint16_t outbox, skad_shared **out);
/* Frees it, after the last of its nodes. NULL is allowed. */
void skad_shared_free(skad_shared *shared);

/* What an experiment may change in the behaviour of nodes. The worth of a defence is measured by
 * leaving it out. */
typedef struct skad_node_tuning {
    bool closing_round;       /* a lookup asks the closest of all its paths together at last */
    bool neighbourhood_check; /* it looks behind neighbours that are dead or too dense */
    bool neighbourhoods;      /* a region is responsible for a key, not the closest alone */
    bool first_answers;       /* it believes all names, and ends with the first answers */
    bool forward_by_lot;      /* what others forward begins at any contact nearer to the target */
    bool forward_padded;      /* its budget and its time are drawn by lot */
    uint8_t sibling_factor;   /* eta: the sibling list has eta * s entries, 0..5 */
    uint8_t answer_contacts;  /* contacts in an answer at most, 1..16 */
    uint16_t lookup_requests; /* requests that end a lookup, 1..384 */
} skad_node_tuning;

/* As shipped: all defences on, first_answers off, what others forward by lot and padded, eta 5, 16
 * contacts, 384 requests. */
void skad_node_tuning_default(skad_node_tuning *out);

struct skad_simulator_config {
    /* Borrowed; NULL: the node has its own ring, of limits.outbox slots. The driver polls every
     * datagram out of one node before it calls another that shares the ring. */
    skad_shared *shared;
    /* The identity's keys are worth nothing: they are neither locked into memory nor kept out of
     * core dumps. */
    bool insecure_memory;
    /* Memory comes when it is needed, up to the limits, and not at the start. Then any call may
     * allocate. A call without memory behaves as if the limit was reached. */
    bool lazy_allocation;
    const skad_node_tuning *tuning; /* copied; NULL: as shipped */
};

SKAD_END

#endif
