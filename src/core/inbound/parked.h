/* Answers to puts that wait for the store: a holder says that it has stored a record only once that
 * lasts. A store that writes at once never makes one wait; one that leaves writing to a thread says
 * later what became of a write (skad_store_ops.settled). Tickets ascend, so the answers are a
 * queue.
 *
 *   put -> parked -> settled -> STORED, or ERROR full if the write failed
 *             |
 *             `-----> two seconds later: ERROR busy; its requester would give up soon after
 *
 * Beyond SKAD_PARKED_MAX a put is refused as busy before anything is written. */
#ifndef SKAD_INBOUND_PARKED_H
#define SKAD_INBOUND_PARKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/message.h"
#include "skad/status.h"
#include "src/core/rpc/late_answer.h"

#define SKAD_PARKED_MAX 4096 /* 0.8 MB */
#define SKAD_PARKED_US  (2 * SKAD_US_PER_S)

typedef struct skad_parked_answer {
    uint64_t ticket;
    uint64_t until_us;
    skad_kind kind; /* STORED or ANNOUNCED */
    uint32_t life_s;
    skad_late_answer to;
} skad_parked_answer;

typedef struct skad_parked {
    skad_parked_answer *all; /* a ring of SKAD_PARKED_MAX; NULL: the store writes at once */
    size_t first;
    size_t count;
} skad_parked;

/* `wanted`: the store leaves writes for later. */
SKAD_MUST_CHECK skad_status skad_parked_init(skad_parked *self, bool wanted);
void skad_parked_free(skad_parked *self);

bool skad_parked_full(const skad_parked *self);
/* The place of a new answer at the end. Not full. */
skad_parked_answer *skad_parked_add(skad_parked *self);
/* The first answer, NULL: none waits. */
const skad_parked_answer *skad_parked_first(const skad_parked *self);
void skad_parked_drop_first(skad_parked *self);

/* When the first answer has waited for too long; UINT64_MAX: none waits. */
uint64_t skad_parked_deadline(const skad_parked *self);

#endif
