/* One connection to the daemon, which never blocks. Calls are pipelined; answers and notices come
 * back by function. A link that breaks ends all of its calls with an error, and connects anew at
 * the next call. */
#ifndef SKAD_GATEWAY_LINK_LINK_H
#define SKAD_GATEWAY_LINK_LINK_H

#include "proto/control.h"
#include "src/gateway/http/web_error.h"

#define SKAD_LINK_CALLS_MAX 128 /* under way at once; the owner allows fewer */
#define SKAD_LINK_NONE      0   /* no handle */

/* Called back while the link is ready or ticks, never within skad_link_begin. */
typedef struct skad_link_hooks {
    /* A notification, [2, kind, [msgid, value]]; NULL: they are passed over. */
    void (*notice)(void *user, skad_span kind, skad_answer value);
    /* The end, once: a result, or an error. The call is over by then. */
    void (*done)(void *user, const skad_web_error *error, skad_answer result);
    void *user;
} skad_link_hooks;

typedef struct skad_link_call {
    uint32_t handle; /* the msgid; NONE: free */
    skad_control_method method;
    skad_link_hooks hooks;
    bool forgotten;       /* nothing is called back any more */
    uint64_t deadline_us; /* UINT64_MAX: none, it lasts */
} skad_link_call;

typedef struct skad_link {
    int (*connect)(void *user); /* a connected socket that does not block, or -1 with errno */
    void *user;
    const char *path; /* of the daemon's socket, for messages */
    int fd;           /* -1: not connected */
    uint64_t retry_us;
    uint32_t generation;
    size_t calls_count;
    skad_link_call calls[SKAD_LINK_CALLS_MAX];
    skad_web_error refusal; /* of a daemon that speaks another API; status 0: none */
    uint8_t *in;
    size_t in_len;
    skad_item *items;
    uint8_t *out;
    size_t out_len;
    size_t out_sent;
} skad_link;

/* False without memory. Set connect, user and path before. */
SKAD_MUST_CHECK bool skad_link_init(skad_link *link);
void skad_link_free(skad_link *link);

/* Begins a call; its msgid is set. False with an error where that cannot be: no daemon (503,
 * `unavailable`), too much under way (503, `busy`). */
SKAD_MUST_CHECK bool skad_link_begin(skad_link *link, skad_control_request *request,
                                     const skad_link_hooks *hooks, uint64_t now_us,
                                     uint32_t *handle, skad_web_error *error);

/* Ends the interest in a call: nothing is called back. Watches, subscriptions and files end at the
 * daemon, too. NONE is allowed, and so is a handle that is over. */
void skad_link_forget(skad_link *link, uint32_t handle);

/* The notifications of files (docs/control.md). Does nothing for a handle that is over. */
void skad_link_chunk(skad_link *link, uint32_t handle, skad_span bytes);
void skad_link_ack(skad_link *link, uint32_t handle, uint64_t taken);

/* What to poll for: POLLIN and POLLOUT; 0 while there is no connection. */
short skad_link_events(const skad_link *link);
void skad_link_ready(skad_link *link, short events);
/* About once a second: ends what took too long. */
void skad_link_tick(skad_link *link, uint64_t now_us);

#endif
