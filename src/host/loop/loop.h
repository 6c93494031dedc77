/* What a node waits for: descriptors, timers, and threads that wake it. All of it is one descriptor
 * to the program around it, which may be of any kind: it polls skad_loop_fd, and has the loop
 * dispatch what is ready.
 *
 *      skad_loop_begin      the clocks were read: the instant of this turn
 *      skad_loop_dispatch   what is ready, in three steps: descriptors that come first; wakes; the
 *                           other descriptors. Then the timers that are due
 *      skad_loop_arm        the descriptor becomes readable at the next deadline, too
 *
 * Nothing here blocks. Everything is called back on the thread that dispatches. */
#ifndef SKAD_HOST_LOOP_LOOP_H
#define SKAD_HOST_LOOP_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "skad/status.h"
#include "skad/types.h"

typedef struct skad_loop skad_loop;

/* Errors: SKAD_ERR_MEMORY, SKAD_ERR_IO with errno set (too many descriptors). */
SKAD_MUST_CHECK skad_status skad_loop_new(skad_loop **out);
/* NULL is allowed. Nothing may be watched any more. */
void skad_loop_free(skad_loop *loop);

/* Readable when something is ready, or when the armed deadline has passed. Borrowed. */
int skad_loop_fd(const skad_loop *loop);

/* The instant of the current turn. Borrowed: it changes with skad_loop_begin. */
const skad_time *skad_loop_now(const skad_loop *loop);
void skad_loop_begin(skad_loop *loop, skad_time now);
void skad_loop_dispatch(skad_loop *loop);

/* The monotonic time (microseconds) of the next timer; UINT64_MAX if there is none. */
uint64_t skad_loop_deadline(const skad_loop *loop);
/* Has the descriptor become readable at a monotonic time, besides; UINT64_MAX: at none. */
void skad_loop_arm(skad_loop *loop, uint64_t deadline_us);

/* Whether the end of some work is awaited: a wake is active that is not a standing one. */
bool skad_loop_awaits(const skad_loop *loop);

/* ---- Descriptors ---- */

typedef struct skad_watch {
    int fd;
    bool first;                   /* is looked at before those that are not */
    void (*readable)(void *user); /* NULL: that is not asked for */
    void (*writable)(void *user); /* while `blocked`; NULL: never */
    void *user;

    bool active; /* the rest is for loop.c */
    bool blocked;
} skad_watch;

/* Begins to watch; `watch` must stay where it is. If the system refuses (no memory), nothing comes
 * from this descriptor. */
void skad_watch_start(skad_loop *loop, skad_watch *watch);
void skad_watch_stop(skad_loop *loop, skad_watch *watch); /* does nothing unless it is active */
/* Whether to report that the descriptor takes data again. Does nothing unless it is active. */
void skad_watch_block(skad_loop *loop, skad_watch *watch, bool blocked);

/* ---- Timers ---- */

typedef struct skad_timer {
    void (*due)(void *user); /* the timer has stopped by then, and may be started anew */
    void *user;

    bool active; /* the rest is for loop.c */
    uint64_t due_us;
    struct skad_timer *next;
} skad_timer;

/* Starts a timer, anew if it runs; it must stay where it is. */
void skad_timer_start(skad_loop *loop, skad_timer *timer, uint64_t after_us);
void skad_timer_stop(skad_loop *loop, skad_timer *timer); /* does nothing unless it is active */

/* ---- Wakes ---- */

typedef struct skad_wake {
    void (*woken)(void *user); /* once for any number of rings since the last time */
    void *user;
    bool standing; /* there all the time: its ring is no end of anything */

    bool active; /* the rest is for loop.c */
    atomic_bool rung;
    uint64_t turn;
    struct skad_wake *next;
} skad_wake;

void skad_wake_start(skad_loop *loop, skad_wake *wake); /* it must stay where it is */
void skad_wake_stop(skad_loop *loop, skad_wake *wake);  /* does nothing unless it is active */
/* From any thread, while the loop is there. */
void skad_wake_ring(skad_loop *loop, skad_wake *wake);

#endif
