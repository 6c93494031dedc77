/* Stepping a host, and what a program reads from it. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "src/host/api/host_inside.h"
#include "src/host/system/clock.h"

/* ---- Who calls ---- */

static bool is_owner(const skad_host_state *self)
{
    return pthread_equal(atomic_load(&self->owner), pthread_self()) != 0;
}

skad_status skad_host_enter(skad_host handle, skad_host_state **out)
{
    skad_host_state *self = skad_handle_find(handle);
    if (self == NULL) {
        return SKAD_ERR_CLOSED;
    }
    if (!is_owner(self)) {
        return SKAD_ERR_THREAD;
    }
    *out = self;
    return SKAD_OK;
}

skad_status skad_host_enter_idle(skad_host handle, skad_host_state **out)
{
    const skad_status status = skad_host_enter(handle, out);
    if (status == SKAD_OK && (*out)->stepping) {
        return skad_host_fail(*out, SKAD_ERR_BUSY,
                              "called from within a callback of the same host: return first");
    }
    return status;
}

skad_status skad_host_fail(skad_host_state *self, skad_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(self->error.text, sizeof self->error.text, format, arguments);
    va_end(arguments);
    return status;
}

const char *skad_host_error(skad_host host)
{
    skad_host_state *self = NULL;
    const skad_status status = skad_host_enter(host, &self);
    return status == SKAD_OK ? self->error.text : skad_status_text(status);
}

skad_status skad_host_own(skad_host host)
{
    skad_host_state *self = skad_handle_hold(host);
    if (self != NULL) {
        atomic_store(&self->owner, pthread_self());
    }
    skad_handle_release();
    return self != NULL ? SKAD_OK : SKAD_ERR_CLOSED;
}

/* ---- A turn ---- */

void skad_host_refresh(skad_host_state *self)
{
    if (!self->stepping) {
        (void)skad_driver_begin(&self->driver);
    }
}

void skad_host_due(skad_host_state *self)
{
    self->deadline_us = self->driver.now->mono_us;
    if (self->config.clock == NULL) {
        skad_loop_arm(self->driver.loop, self->deadline_us);
    }
}

void skad_host_on_event(void *user, const skad_event *event)
{
    skad_host_state *self = user;
    if (self->config.event != NULL) {
        self->config.event(self->config.user, self->handle, event);
    } else {
        skad_event_queue_add(&self->events, event);
    }
}

static void step(skad_host_state *self)
{
    self->stepping = true;
    (void)skad_driver_begin(&self->driver);
    skad_driver_dispatch(&self->driver);
    self->deadline_us = skad_driver_end(&self->driver);
    self->stepping = false;
}

skad_status skad_host_step(skad_host host)
{
    skad_host_state *self;
    const skad_status status = skad_host_enter_idle(host, &self);
    if (status == SKAD_OK) {
        step(self);
    }
    return status;
}

int skad_host_fd(skad_host host)
{
    skad_host_state *self;
    return skad_host_enter(host, &self) == SKAD_OK ? skad_loop_fd(self->driver.loop) : -1;
}

uint64_t skad_host_deadline_us(skad_host host)
{
    skad_host_state *self;
    return skad_host_enter(host, &self) == SKAD_OK ? self->deadline_us : UINT64_MAX;
}

/* ---- Events ---- */

bool skad_host_poll_event(skad_host host, skad_event *out)
{
    skad_host_state *self;
    return out != NULL && skad_host_enter(host, &self) == SKAD_OK &&
           skad_event_queue_take(&self->events, 0, out);
}

uint64_t skad_host_lost(skad_host host)
{
    skad_host_state *self;
    return skad_host_enter(host, &self) == SKAD_OK ? self->events.lost : 0;
}

/* ---- Waiting ---- */

#define LOOK_US (60 * SKAD_US_PER_S) /* as an idle node looks at its clocks */

static skad_status enter_waiting(skad_host host, skad_host_state **out)
{
    const skad_status status = skad_host_enter_idle(host, out);
    if (status == SKAD_OK && (*out)->config.clock != NULL) {
        return skad_host_fail(*out, SKAD_ERR_INPUT,
                              "a host with a clock of its own cannot wait: step it");
    }
    return status;
}

/* Waits until something is ready, or an instant of the system's clock; false once that is over. */
static bool wait_until(const skad_host_state *self, uint64_t end_us)
{
    struct pollfd ready = {.fd = skad_loop_fd(self->driver.loop), .events = POLLIN};
    const uint64_t now_us = skad_clock_now().mono_us;
    if (now_us >= end_us) {
        return false;
    }
    uint64_t left_us = end_us - now_us;
    left_us = left_us > LOOK_US ? LOOK_US : left_us;
    /* Rounded up. A signal only wakes it. */
    (void)poll(&ready, 1, (int)((left_us + SKAD_US_PER_MS - 1) / SKAD_US_PER_MS));
    return true;
}

static uint64_t end_of(int timeout_ms)
{
    return timeout_ms < 0
               ? UINT64_MAX
               : skad_clock_now().mono_us + (uint64_t)(unsigned)timeout_ms * SKAD_US_PER_MS;
}

skad_status skad_host_wait(skad_host host, skad_op op, int timeout_ms, skad_event *out)
{
    skad_host_state *self;
    const skad_status status = enter_waiting(host, &self);
    if (status != SKAD_OK) {
        return status;
    }
    if (out == NULL || self->config.event != NULL) {
        return skad_host_fail(self, SKAD_ERR_INPUT, "%s",
                              out == NULL ? "out: NULL"
                                          : "the config has a function for events, which gets it");
    }
    const uint64_t end_us = end_of(timeout_ms);
    do {
        step(self);
        if (skad_event_queue_take(&self->events, op, out)) {
            return SKAD_OK;
        }
    } while (wait_until(self, end_us));
    return skad_host_fail(self, SKAD_ERR_TIMEOUT, "not ended within %d ms", timeout_ms);
}

skad_status skad_host_wait_joined(skad_host host, int timeout_ms)
{
    skad_host_state *self;
    const skad_status status = enter_waiting(host, &self);
    if (status != SKAD_OK) {
        return status;
    }
    const uint64_t end_us = end_of(timeout_ms);
    do {
        step(self);
        if (skad_driver_is_joined(&self->driver)) {
            return SKAD_OK;
        }
    } while (wait_until(self, end_us));
    char why[SKAD_JOINING_TEXT_BYTES];
    (void)skad_joining_look(&self->driver.joining, why);
    return skad_host_fail(self, SKAD_ERR_TIMEOUT, "not joined within %d ms: %s", timeout_ms, why);
}

skad_status skad_host_enter_files(skad_host handle, int fd, skad_host_state **out)
{
    const skad_status status = enter_waiting(handle, out);
    if (status != SKAD_OK) {
        return status;
    }
    if (fd < 0 || (*out)->config.event != NULL) {
        return skad_host_fail(*out, SKAD_ERR_INPUT, "%s",
                              fd < 0 ? "the descriptor is negative"
                                     : "the config has a function for events, which gets them");
    }
    return SKAD_OK;
}

skad_status skad_host_step_until(skad_host_state *self, int timeout_ms,
                                 bool (*advance)(void *user, skad_status *status), void *user)
{
    const uint64_t end_us = end_of(timeout_ms);
    skad_status status = SKAD_OK;
    do {
        step(self);
        if (advance(user, &status)) {
            return status;
        }
    } while (wait_until(self, end_us));
    return skad_host_fail(self, SKAD_ERR_TIMEOUT, "not ended within %d ms", timeout_ms);
}

skad_status skad_host_run(skad_host host, const skad_flag *stop)
{
    skad_host_state *self;
    skad_status status = skad_host_own(host);
    status = status == SKAD_OK ? enter_waiting(host, &self) : status;
    if (status != SKAD_OK) {
        return status;
    }
    if (stop == NULL) {
        return skad_host_fail(self, SKAD_ERR_INPUT, "stop: NULL");
    }
    while (!atomic_load(stop)) {
        step(self);
        (void)wait_until(self, UINT64_MAX);
    }
    return SKAD_OK;
}
