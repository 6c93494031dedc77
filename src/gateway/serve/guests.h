/* The connections, and until when each may stay. A connection that waits for its client, for a
 * request or for taking an answer, has a deadline; one that waits for the daemon has none, since
 * the daemon's own bounds end that. When there are too many, the one that has been idle longest
 * goes. Time is an argument. */
#ifndef SKAD_GATEWAY_SERVE_GUESTS_H
#define SKAD_GATEWAY_SERVE_GUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKAD_GUEST_IDLE_US UINT64_C(10000000) /* for a request and its headers to be complete */
#define SKAD_GUEST_BODY_US UINT64_C(20000000) /* for a body */
#define SKAD_GUEST_TAKE_US UINT64_C(30000000) /* for taking an answer, or 64 KiB of a file */
#define SKAD_GUEST_EVER    UINT64_MAX

struct skad_exchange;

typedef struct skad_guest {
    int fd;
    uint64_t idle_since_us; /* UINT64_MAX: a request is under way */
    uint64_t deadline_us;
    bool leaving; /* shut down; it goes with the next turn of the server */
    struct skad_exchange *exchange;
    struct skad_guest *previous;
    struct skad_guest *next;
} skad_guest;

typedef struct skad_guests {
    skad_guest *first;
    size_t count;
    size_t max;
    uint64_t turned_away; /* in all: too many, or too slow */
} skad_guests;

/* Adds a connection; NULL without memory. If there are too many, shuts one down: the one that has
 * been idle longest, which may be the new one. */
skad_guest *skad_guest_come(skad_guests *guests, int fd, uint64_t now_us);
void skad_guest_go(skad_guests *guests, skad_guest *guest);

/* A request is under way; its end. */
void skad_guest_busy(skad_guest *guest, struct skad_exchange *exchange, uint64_t deadline_us);
void skad_guest_idle(skad_guest *guest, uint64_t now_us);

/* Shuts down those whose deadline has passed. */
void skad_guests_tick(skad_guests *guests, uint64_t now_us);

#endif
