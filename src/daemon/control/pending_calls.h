/* What the clients of the control socket wait for: a table of running operations or watches of the
 * node, each with the client that requested it and the msgid of the request. */
#ifndef SKAD_DAEMON_CONTROL_PENDING_CALLS_H
#define SKAD_DAEMON_CONTROL_PENDING_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/control.h"
#include "skad/event.h"

#define SKAD_PENDING_CALLS_MAX 1024 /* the node's own bound of operations, and of watches */

struct skad_control_client;

typedef struct skad_pending_call {
    skad_op op;
    struct skad_control_client *client;
    uint32_t msgid;
    skad_control_method method;
    uint64_t started_us;
    uint64_t sequence;                    /* of a publish */
    uint64_t changes;                     /* of a watch: reported so far */
    struct skad_control_batch *batch;     /* that it is one of, or NULL; its msgid is 0 then */
    uint8_t slot;                         /* in the batch */
    struct skad_control_publish *publish; /* whose sequence the node chooses, or NULL; its operation
                                             is 0 while it waits */
} skad_pending_call;

typedef struct skad_pending_calls {
    skad_pending_call entries[SKAD_PENDING_CALLS_MAX];
    size_t count;
} skad_pending_calls;

/* Adds a call. There must be room. */
void skad_pending_calls_add(skad_pending_calls *calls, const skad_pending_call *call);

/* The place of a pending call; `count` if there is none. */
size_t skad_pending_calls_find(const skad_pending_calls *calls, skad_op op);
size_t skad_pending_calls_find_msgid(const skad_pending_calls *calls,
                                     const struct skad_control_client *client, uint32_t msgid);
size_t skad_pending_calls_find_client(const skad_pending_calls *calls,
                                      const struct skad_control_client *client);

/* Takes a pending call out; the last one moves to its place. */
skad_pending_call skad_pending_calls_take(skad_pending_calls *calls, size_t at);

#endif
