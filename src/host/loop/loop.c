/* epoll, with an eventfd for wakes and a timerfd for the deadline. Timers and wakes are few (a name
 * server's pause, a file's next writing), so lists do. */
#define _GNU_SOURCE
#include "src/host/loop/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include "crypto/assert.h"

#define READY_MAX 128 /* in a turn; what is left is ready in the next one */

struct skad_loop {
    int epoll;
    int event;         /* rung by threads */
    int clock;         /* the deadline's; shares the clock of skad_clock_now */
    uint64_t armed_us; /* what `clock` is set to; UINT64_MAX: it is not */
    skad_time now;
    skad_timer *timers;
    skad_wake *wakes;
    uint64_t turn;       /* of wakes: how often any were called */
    atomic_bool ringing; /* `event` has been written to since the last turn */
    struct epoll_event ready[READY_MAX];
    int ready_count;
};

/* ---- Life ---- */

static bool add(const skad_loop *loop, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

skad_status skad_loop_new(skad_loop **out)
{
    skad_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        return SKAD_ERR_MEMORY;
    }
    loop->armed_us = UINT64_MAX;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->clock = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (loop->epoll < 0 || loop->event < 0 || loop->clock < 0 ||
        !add(loop, loop->event, &loop->event) || !add(loop, loop->clock, &loop->clock)) {
        const int error = errno;
        skad_loop_free(loop);
        errno = error;
        return SKAD_ERR_IO;
    }
    *out = loop;
    return SKAD_OK;
}

static void close_if(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

void skad_loop_free(skad_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    SKAD_ASSERT(loop->timers == NULL && loop->wakes == NULL);
    close_if(loop->clock);
    close_if(loop->event);
    close_if(loop->epoll);
    free(loop);
}

int skad_loop_fd(const skad_loop *loop)
{
    return loop->epoll;
}

const skad_time *skad_loop_now(const skad_loop *loop)
{
    return &loop->now;
}

void skad_loop_begin(skad_loop *loop, skad_time now)
{
    loop->now = now;
}

/* ---- Descriptors ---- */

static uint32_t interest(const skad_watch *watch)
{
    return (watch->readable != NULL ? EPOLLIN : 0U) | (watch->blocked ? EPOLLOUT : 0U);
}

void skad_watch_start(skad_loop *loop, skad_watch *watch)
{
    SKAD_ASSERT(!watch->active);
    watch->blocked = false;
    struct epoll_event event = {.events = interest(watch), .data.ptr = watch};
    watch->active = epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->fd, &event) == 0;
}

void skad_watch_stop(skad_loop *loop, skad_watch *watch)
{
    if (!watch->active) {
        return;
    }
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->active = false;
    watch->blocked = false;
    /* One that was ready in this turn is not called any more. */
    for (int i = 0; i < loop->ready_count; i++) {
        if (loop->ready[i].data.ptr == watch) {
            loop->ready[i].data.ptr = NULL;
        }
    }
}

void skad_watch_block(skad_loop *loop, skad_watch *watch, bool blocked)
{
    if (!watch->active || watch->blocked == blocked) {
        return;
    }
    watch->blocked = blocked;
    struct epoll_event event = {.events = interest(watch), .data.ptr = watch};
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

/* ---- Timers ---- */

void skad_timer_stop(skad_loop *loop, skad_timer *timer)
{
    skad_timer **link = &loop->timers;
    while (*link != NULL && *link != timer) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = timer->next;
        timer->active = false;
    }
}

void skad_timer_start(skad_loop *loop, skad_timer *timer, uint64_t after_us)
{
    skad_timer_stop(loop, timer);
    timer->due_us = loop->now.mono_us + after_us;
    skad_timer **link = &loop->timers; /* the earliest first, and of equal ones the oldest */
    while (*link != NULL && (*link)->due_us <= timer->due_us) {
        link = &(*link)->next;
    }
    timer->next = *link;
    *link = timer;
    timer->active = true;
}

/* A timer that is started while others are called waits for the next turn, so this ends. */
static void run_timers(skad_loop *loop)
{
    size_t due = 0;
    for (const skad_timer *one = loop->timers; one != NULL && one->due_us <= loop->now.mono_us;
         one = one->next) {
        due++;
    }
    while (due > 0 && loop->timers != NULL && loop->timers->due_us <= loop->now.mono_us) {
        skad_timer *first = loop->timers;
        skad_timer_stop(loop, first);
        first->due(first->user);
        due--;
    }
}

uint64_t skad_loop_deadline(const skad_loop *loop)
{
    return loop->timers == NULL ? UINT64_MAX : loop->timers->due_us;
}

/* The clock is set again only for an earlier deadline, or once it has gone off: an early wake-up
 * now and then costs less than a system call in each turn. */
void skad_loop_arm(skad_loop *loop, uint64_t deadline_us)
{
    if (deadline_us >= loop->armed_us) {
        return;
    }
    struct itimerspec when = {{0, 0}, {0, 0}};
    const uint64_t at_us = deadline_us == 0 ? 1 : deadline_us; /* 0 would turn it off */
    when.it_value.tv_sec = (time_t)(at_us / SKAD_US_PER_S);
    when.it_value.tv_nsec = (long)(at_us % SKAD_US_PER_S * 1000);
    if (timerfd_settime(loop->clock, TFD_TIMER_ABSTIME, &when, NULL) == 0) {
        loop->armed_us = deadline_us;
    }
}

static void take_clock(skad_loop *loop)
{
    uint64_t times;
    (void)!read(loop->clock, &times, sizeof times);
    loop->armed_us = UINT64_MAX;
}

/* ---- Wakes ---- */

void skad_wake_start(skad_loop *loop, skad_wake *wake)
{
    SKAD_ASSERT(!wake->active);
    atomic_store_explicit(&wake->rung, false, memory_order_relaxed);
    wake->active = true;
    wake->turn = loop->turn;
    wake->next = loop->wakes;
    loop->wakes = wake;
}

void skad_wake_stop(skad_loop *loop, skad_wake *wake)
{
    skad_wake **link = &loop->wakes;
    while (*link != NULL && *link != wake) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = wake->next;
        wake->active = false;
    }
}

void skad_wake_ring(skad_loop *loop, skad_wake *wake)
{
    const uint64_t one = 1;
    atomic_store_explicit(&wake->rung, true, memory_order_release);
    if (!atomic_exchange_explicit(&loop->ringing, true, memory_order_acq_rel)) {
        (void)!write(loop->event, &one, sizeof one);
    }
}

/* The first wake in the list that was rung and not called in this turn. A callback may stop any of
 * them, so each search begins at the front. */
static skad_wake *find_rung(const skad_loop *loop)
{
    for (skad_wake *one = loop->wakes; one != NULL; one = one->next) {
        if (one->turn != loop->turn &&
            atomic_exchange_explicit(&one->rung, false, memory_order_acq_rel)) {
            return one;
        }
    }
    return NULL;
}

/* Each is called once in a turn: one that rings itself waits for the next. */
static void run_wakes(skad_loop *loop)
{
    uint64_t rings;
    skad_wake *rung = NULL;
    (void)!read(loop->event, &rings, sizeof rings);
    /* An exchange, so that what threads did before they rang is seen here. */
    (void)atomic_exchange_explicit(&loop->ringing, false, memory_order_acq_rel);
    loop->turn++;
    while ((rung = find_rung(loop)) != NULL) {
        rung->turn = loop->turn;
        rung->woken(rung->user);
    }
}

bool skad_loop_awaits(const skad_loop *loop)
{
    const skad_wake *one = loop->wakes;
    while (one != NULL && one->standing) {
        one = one->next;
    }
    return one != NULL;
}

/* ---- Dispatching ---- */

static void call(const skad_loop *loop, int i)
{
    const uint32_t events = loop->ready[i].events;
    const skad_watch *watch = loop->ready[i].data.ptr;
    if (watch->readable != NULL && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
        watch->readable(watch->user);
    }
    watch = loop->ready[i].data.ptr; /* NULL: it was stopped just now */
    if (watch != NULL && watch->blocked && watch->writable != NULL && (events & EPOLLOUT) != 0) {
        watch->writable(watch->user);
    }
}

static bool is_watch(const skad_loop *loop, int i)
{
    const void *what = loop->ready[i].data.ptr;
    return what != NULL && what != &loop->event && what != &loop->clock;
}

static void call_watches(const skad_loop *loop, bool first)
{
    for (int i = 0; i < loop->ready_count; i++) {
        if (is_watch(loop, i) && ((const skad_watch *)loop->ready[i].data.ptr)->first == first) {
            call(loop, i);
        }
    }
}

void skad_loop_dispatch(skad_loop *loop)
{
    bool woken = false;
    loop->ready_count = epoll_wait(loop->epoll, loop->ready, READY_MAX, 0);
    for (int i = 0; i < loop->ready_count; i++) {
        woken = woken || loop->ready[i].data.ptr == &loop->event;
        if (loop->ready[i].data.ptr == &loop->clock) {
            take_clock(loop);
        }
    }
    call_watches(loop, true);
    if (woken) {
        run_wakes(loop);
    }
    call_watches(loop, false);
    loop->ready_count = 0;
    run_timers(loop);
}
