/* The peers that a node remembers over a restart: greets them until it has joined, and writes down
 * the best of its table while it is joined and when it stops.
 *
 *           greet                joined
 *   quiet ---------> greeting ------------> keeping: saves every ten minutes
 *                       ^                      |
 *                       +----- greet ----------+      (isolated)
 *
 * A node that is not part of a network writes nothing, so that an outage, or a start without a
 * network, does not cost it the peers of before. */
#ifndef SKAD_HOST_STATE_PEER_BOOK_H
#define SKAD_HOST_STATE_PEER_BOOK_H

#include "skad/node.h"
#include "src/host/loop/loop.h"
#include "src/host/system/report.h"

typedef struct skad_peer_book skad_peer_book;

typedef struct skad_peer_book_config {
    skad_loop *loop;
    const char *path;            /* copied; NULL: remembers only while it runs */
    const skad_profile *profile; /* borrowed */
    skad_node *node;             /* borrowed */
    const skad_time *now;        /* borrowed: the instant of the current turn */
    skad_log_to log;
} skad_peer_book_config;

/* Reads the file, if any. Errors: SKAD_ERR_MEMORY, SKAD_ERR_INPUT (the path is too long). */
SKAD_MUST_CHECK skad_status skad_peer_book_new(const skad_peer_book_config *config,
                                               skad_peer_book **out);
/* Saves a last time. NULL is allowed. */
void skad_peer_book_free(skad_peer_book *book);

/* Greets all known peers, now and with back-off until skad_peer_book_joined. Returns whether there
 * are any. */
bool skad_peer_book_greet(skad_peer_book *book);

/* The node has joined: no more greetings. */
void skad_peer_book_joined(skad_peer_book *book);

#endif
