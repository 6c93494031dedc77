/* Who waits for what at the control socket: a table of running operations or watches of the node,
 * each with the client that asked for it and the msgid under which. */
#ifndef SKAD_DAEMON_CONTROL_TICKETS_H
#define SKAD_DAEMON_CONTROL_TICKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/control.h"
#include "skad/event.h"

#define SKAD_TICKETS_MAX 1024 /* the node's own bound of operations, and of watches */

struct skad_control_client;

typedef struct skad_ticket {
    skad_op op;
    struct skad_control_client *client;
    uint32_t msgid;
    skad_control_method method;
    uint64_t sequence; /* of a publish */
    uint64_t changes;  /* told so far; of a watch */
} skad_ticket;

typedef struct skad_tickets {
    skad_ticket entries[SKAD_TICKETS_MAX];
    size_t count;
} skad_tickets;

/* There must be room. */
void skad_tickets_add(skad_tickets *tickets, const skad_ticket *ticket);

/* The place of a ticket; `count` where there is none. */
size_t skad_tickets_find(const skad_tickets *tickets, skad_op op);
size_t skad_tickets_find_msgid(const skad_tickets *tickets,
                               const struct skad_control_client *client, uint32_t msgid);
size_t skad_tickets_find_client(const skad_tickets *tickets,
                                const struct skad_control_client *client);

/* Takes a ticket out; the last one moves to its place. */
skad_ticket skad_tickets_take(skad_tickets *tickets, size_t at);

#endif
