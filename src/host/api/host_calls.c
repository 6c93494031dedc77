/* Calls from other threads: a list under a lock, and a wake of the host's loop. */
#include <stdlib.h>

#include "src/host/api/host_inside.h"

#define CALLS_MAX 1024

struct skad_host_call_entry {
    skad_host_call_entry *next;
    void (*function)(void *user, skad_host host);
    void *user;
};

static skad_host_call_entry *take_first(skad_host_state *self)
{
    pthread_mutex_lock(&self->lock);
    skad_host_call_entry *taken = self->first;
    if (taken != NULL) {
        self->first = taken->next;
        self->last = self->first == NULL ? NULL : self->last;
        self->calls--;
    }
    pthread_mutex_unlock(&self->lock);
    return taken;
}

/* As many as there were, so that one that calls again does not keep the turn from ending. */
static void on_called(void *user)
{
    skad_host_state *self = user;
    pthread_mutex_lock(&self->lock);
    size_t most = self->calls;
    pthread_mutex_unlock(&self->lock);
    skad_host_call_entry *one = NULL;
    while (most > 0 && (one = take_first(self)) != NULL) {
        if (one->function != NULL) {
            one->function(one->user, self->handle);
        }
        free(one);
        most--;
    }
}

void skad_host_calls_begin(skad_host_state *self)
{
    self->called = (skad_wake){.woken = on_called, .user = self, .standing = true};
    skad_wake_start(self->driver.loop, &self->called);
}

void skad_host_calls_end(skad_host_state *self)
{
    skad_host_call_entry *one = NULL;
    if (self->called.active) {
        skad_wake_stop(self->driver.loop, &self->called);
    }
    while ((one = take_first(self)) != NULL) {
        free(one);
    }
}

static skad_status add(skad_host_state *self, skad_host_call_entry *made)
{
    pthread_mutex_lock(&self->lock);
    const bool full = self->calls >= CALLS_MAX;
    if (!full) {
        if (self->last == NULL) {
            self->first = made;
        } else {
            self->last->next = made;
        }
        self->last = made;
        self->calls++;
    }
    pthread_mutex_unlock(&self->lock);
    return full ? SKAD_ERR_FULL : SKAD_OK;
}

skad_status skad_host_call(skad_host host, void (*function)(void *user, skad_host host), void *user)
{
    skad_host_call_entry *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return SKAD_ERR_MEMORY;
    }
    made->function = function;
    made->user = user;
    skad_host_state *self = skad_handle_hold(host); /* the host stays while its loop is rung */
    skad_status status = self == NULL ? SKAD_ERR_CLOSED : add(self, made);
    if (status == SKAD_OK) {
        skad_wake_ring(self->driver.loop, &self->called);
    }
    skad_handle_release();
    if (status != SKAD_OK) {
        free(made);
    }
    return status;
}
