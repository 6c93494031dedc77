/* Datagrams that wait to be polled: a ring of drafts, signed when they leave, as many as fit under
 * one signature. When the ring is full, the new datagram is dropped and counted: to whoever waits
 * for it, it is as if the network had lost it. */
#ifndef SKAD_CORE_OUTBOX_H
#define SKAD_CORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/seal.h"
#include "skad/node.h"

typedef struct skad_outgoing {
    skad_draft draft;
    skad_address to;
} skad_outgoing;

typedef struct skad_outbox {
    skad_outgoing *ring;
    size_t slots;
    size_t first;
    size_t count;
} skad_outbox;

SKAD_MUST_CHECK skad_status skad_outbox_init(skad_outbox *outbox, size_t slots);
void skad_outbox_free(skad_outbox *outbox);

/* Room for one more, to be filled in place, or NULL. It counts once skad_outbox_commit is called.
 */
skad_outgoing *skad_outbox_reserve(skad_outbox *outbox);
void skad_outbox_commit(skad_outbox *outbox);

/* Takes the oldest datagram out, sealing it and what may share its signature first. Adds the number
 * of signatures made. */
bool skad_outbox_poll(skad_outbox *outbox, const skad_sealer *sealer, skad_datagram *out,
                      uint64_t *signatures);

#endif
