/* What a host is made of, for the files of this room: host_open.c opens and closes it, host_turn.c
 * steps it, host_calls.c takes calls from other threads, host_ops.c starts operations, host_files.c
 * moves files. */
#ifndef SKAD_HOST_API_HOST_INSIDE_H
#define SKAD_HOST_API_HOST_INSIDE_H

#include <pthread.h>

#include "skad/host.h"
#include "src/host/api/event_queue.h"
#include "src/host/api/handles.h"
#include "src/host/drive/driver.h"
#include "src/host/state/data_directory.h"

typedef struct skad_host_call_entry skad_host_call_entry;

typedef struct skad_host_state {
    skad_host handle;
    skad_host_config config; /* what it points to is gone after the opening */
    skad_driver driver;
    skad_data_directory directory; /* empty: all is in memory */
    _Atomic(pthread_t) owner;
    bool stepping; /* a callback may be running */
    uint64_t deadline_us;
    skad_event_queue events;
    skad_failure error;
    /* Calls from other threads. */
    pthread_mutex_t lock;
    skad_host_call_entry *first; /* under lock, with the next two */
    skad_host_call_entry *last;
    size_t calls;
    skad_wake called;
} skad_host_state;

/* Finds the host of a handle, for a call by its owner. Errors: SKAD_ERR_CLOSED, SKAD_ERR_THREAD. */
SKAD_MUST_CHECK skad_status skad_host_enter(skad_host handle, skad_host_state **out);
/* The same, and refuses calls from within a callback. More errors: SKAD_ERR_BUSY. */
SKAD_MUST_CHECK skad_status skad_host_enter_idle(skad_host handle, skad_host_state **out);

/* Writes why a call failed, and returns its status. */
__attribute__((format(printf, 3, 4))) skad_status
skad_host_fail(skad_host_state *self, skad_status status, const char *format, ...);

/* Reads the clock, unless a turn is under way. */
void skad_host_refresh(skad_host_state *self);
/* The node has something to send: the next step is due at once. */
void skad_host_due(skad_host_state *self);

/* An event of the driver. */
void skad_host_on_event(void *user, const skad_event *event);

/* For calls that wait: enters a host that may wait and polls events. More errors: SKAD_ERR_INPUT
 * (it may not, or the descriptor cannot be one). */
SKAD_MUST_CHECK skad_status skad_host_enter_files(skad_host handle, int fd, skad_host_state **out);
/* Steps until `advance`, called after each step, returns true; *status is what it says. Error:
 * SKAD_ERR_TIMEOUT. */
SKAD_MUST_CHECK skad_status skad_host_step_until(skad_host_state *self, int timeout_ms,
                                                 bool (*advance)(void *user, skad_status *status),
                                                 void *user);

/* Begins and ends to take calls from other threads. */
void skad_host_calls_begin(skad_host_state *self);
void skad_host_calls_end(skad_host_state *self);

#endif
