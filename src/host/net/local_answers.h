/* Which announcements on a link are answered, and when. A source may be spoofed, and all nodes of
 * the link hear the same announcement, so
 *
 *   - a node is answered once in a minute, and so is an address and port; a machine four times;
 *   - there are no more than four answers in a second, and 64 in a minute;
 *   - an answer waits for a moment at random, so that a link is not answered all at once.
 *
 * A minute's answers are remembered: where there is no room for one more, it is not given. */
#ifndef SKAD_HOST_NET_LOCAL_ANSWERS_H
#define SKAD_HOST_NET_LOCAL_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"

#define SKAD_LOCAL_ANSWERS_US       (60 * SKAD_US_PER_S) /* that are remembered */
#define SKAD_LOCAL_ANSWERS_MAX      64                   /* of these */
#define SKAD_LOCAL_ANSWERS_MACHINE  4                    /* of these to one machine */
#define SKAD_LOCAL_ANSWERS_SPACE_US (250 * SKAD_US_PER_MS)
#define SKAD_LOCAL_ANSWERS_DELAY_US (500 * SKAD_US_PER_MS) /* at most, apart from the space */
#define SKAD_LOCAL_ANSWERS_WAITING  16

typedef struct skad_local_answer {
    skad_id id;
    skad_address address;
    uint64_t at_us; /* when it leaves, or left; 0: none */
} skad_local_answer;

typedef struct skad_local_answers {
    skad_local_answer given[SKAD_LOCAL_ANSWERS_MAX]; /* the oldest gives way, in turn */
    size_t next;
    skad_local_answer waiting[SKAD_LOCAL_ANSWERS_WAITING];
    size_t waiting_count;
    uint64_t last_us; /* when the last one leaves */
} skad_local_answers;

/* Plans an answer to the node that announced itself; false if it gets none. `random` is any number.
 */
bool skad_local_answers_plan(skad_local_answers *self, const skad_id *id,
                             const skad_address *address, uint32_t random, uint64_t now_us);
/* Takes an answer that is due. */
bool skad_local_answers_take(skad_local_answers *self, uint64_t now_us, skad_local_answer *out);
/* When the next is due; UINT64_MAX: none waits. */
uint64_t skad_local_answers_deadline(const skad_local_answers *self);

#endif
