#include "src/gateway/link/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define IN_BYTES  SKAD_CONTROL_RESPONSE_BYTES_MAX
#define ITEMS_MAX 131072 /* 2048 table rows have 26 items each */
#define OUT_BYTES ((size_t)512 * 1024)

#define RETRY_US   250000   /* between two tries to connect */
#define CALL_US    70000000 /* an operation ends within 60 s by itself */
#define AT_ONCE_US 10000000

/* ---- Memory ---- */

bool skad_link_init(skad_link *link)
{
    link->fd = -1;
    link->in = malloc(IN_BYTES);
    link->items = malloc(ITEMS_MAX * sizeof *link->items);
    link->out = malloc(OUT_BYTES);
    if (link->in == NULL || link->items == NULL || link->out == NULL) {
        skad_link_free(link);
        return false;
    }
    return true;
}

void skad_link_free(skad_link *link)
{
    if (link->fd >= 0) {
        close(link->fd);
    }
    free(link->in);
    free(link->items);
    free(link->out);
    link->fd = -1;
    link->in = NULL;
    link->items = NULL;
    link->out = NULL;
}

/* ---- Calls ---- */

static const skad_answer NOTHING = {NULL, NULL};

static skad_link_call *find(skad_link *link, uint32_t handle)
{
    skad_link_call *call = &link->calls[handle % SKAD_LINK_CALLS_MAX];
    return handle != SKAD_LINK_NONE && call->handle == handle ? call : NULL;
}

/* Takes a free place. Its handle is the place and a count, so that no handle comes again soon. */
static skad_link_call *take(skad_link *link)
{
    for (uint32_t i = 0; i < SKAD_LINK_CALLS_MAX; i++) {
        skad_link_call *call = &link->calls[i];
        if (call->handle == SKAD_LINK_NONE) {
            link->generation = link->generation % 0xffffffU + 1;
            call->handle = link->generation * SKAD_LINK_CALLS_MAX + i;
            link->calls_count++;
            return call;
        }
    }
    return NULL;
}

/* Frees the place first, so that the hook may begin another call. */
static void end(skad_link *link, skad_link_call *call, const skad_web_error *error,
                skad_answer result)
{
    const skad_link_call over = *call;
    *call = (skad_link_call){.handle = SKAD_LINK_NONE};
    link->calls_count--;
    if (!over.forgotten && over.hooks.done != NULL) {
        over.hooks.done(over.hooks.user, error, result);
    }
}

static void break_off(skad_link *link, const skad_web_error *why)
{
    const skad_web_error error = *why;
    close(link->fd);
    link->fd = -1;
    link->in_len = 0;
    link->out_len = 0;
    link->out_sent = 0;
    for (size_t i = 0; i < SKAD_LINK_CALLS_MAX; i++) {
        if (link->calls[i].handle != SKAD_LINK_NONE) {
            end(link, &link->calls[i], &error, NOTHING);
        }
    }
}

static void hang_up(skad_link *link)
{
    skad_web_error error;
    (void)skad_web_refuse(&error, 503, "unavailable",
                          "the daemon hung up: see its log, and ask again");
    break_off(link, &error);
}

/* ---- Sending ---- */

static void flush(skad_link *link)
{
    while (link->fd >= 0 && link->out_sent < link->out_len) {
        const ssize_t sent = send(link->fd, link->out + link->out_sent,
                                  link->out_len - link->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            return; /* later; that the daemon is gone shows in reading */
        }
        link->out_sent += (size_t)sent;
    }
    link->out_len = 0;
    link->out_sent = 0;
}

/* Room behind what waits; false where it is too little. */
static bool begin_message(skad_link *link, skad_writer *writer)
{
    memmove(link->out, link->out + link->out_sent, link->out_len - link->out_sent);
    link->out_len -= link->out_sent;
    link->out_sent = 0;
    skad_writer_init(writer, link->out + link->out_len, OUT_BYTES - link->out_len);
    return OUT_BYTES - link->out_len > SKAD_CONTROL_REQUEST_BYTES_MAX;
}

static bool end_message(skad_link *link, const skad_writer *writer)
{
    if (writer->overflow || writer->len > SKAD_CONTROL_REQUEST_BYTES_MAX) {
        return false;
    }
    link->out_len += writer->len;
    flush(link);
    return true;
}

static bool send_request(skad_link *link, const skad_control_request *request)
{
    skad_writer writer;
    if (!begin_message(link, &writer)) {
        return false;
    }
    skad_control_write_request(&writer, request);
    return end_message(link, &writer);
}

void skad_link_chunk(skad_link *link, uint32_t handle, skad_span bytes)
{
    skad_writer writer;
    if (find(link, handle) != NULL && begin_message(link, &writer)) {
        skad_control_write_chunk(&writer, handle, bytes);
        (void)end_message(link, &writer);
    }
}

void skad_link_ack(skad_link *link, uint32_t handle, uint64_t taken)
{
    skad_writer writer;
    if (find(link, handle) != NULL && begin_message(link, &writer)) {
        skad_control_write_ack(&writer, handle, taken);
        (void)end_message(link, &writer);
    }
}

/* ---- Connecting ---- */

static void told_hello(void *user, const skad_web_error *error, skad_answer result)
{
    skad_link *link = user;
    (void)result;
    if (error != NULL && strcmp(error->code, "version") == 0 && link->fd >= 0) {
        (void)skad_web_refuse(&link->refusal, 503, "version",
                              "this gateway and the daemon are of different versions: install "
                              "the same one of both, and start them anew (%.160s)",
                              error->message);
    }
}

static bool begin_call(skad_link *link, skad_control_request *request, const skad_link_hooks *hooks,
                       uint64_t deadline_us, uint32_t *handle)
{
    skad_link_call *call = take(link);
    if (call == NULL) {
        return false;
    }
    request->msgid = call->handle;
    call->method = request->method;
    call->hooks = *hooks;
    call->forgotten = false;
    call->deadline_us = deadline_us;
    *handle = call->handle;
    if (!send_request(link, request)) {
        call->handle = SKAD_LINK_NONE;
        link->calls_count--;
        return false;
    }
    return true;
}

static bool connect_anew(skad_link *link, uint64_t now_us, skad_web_error *error)
{
    static const char name[] = "skad gateway";
    skad_control_request hello = {.method = SKAD_CONTROL_HELLO, .api = SKAD_CONTROL_API};
    const skad_link_hooks hooks = {.done = told_hello, .user = link};
    uint32_t handle;

    if (now_us >= link->retry_us) {
        link->fd = link->connect(link->user);
        link->retry_us = now_us + RETRY_US;
    }
    if (link->fd < 0) {
        return skad_web_refuse(error, 503, "unavailable",
                               "no daemon answers at %.200s: start one with 'skad run', or name "
                               "its socket with --socket",
                               link->path);
    }
    link->refusal.status = 0;
    hello.value = (skad_span){(const uint8_t *)name, sizeof name - 1};
    (void)begin_call(link, &hello, &hooks, now_us + AT_ONCE_US, &handle);
    return true;
}

static uint64_t deadline_of(skad_control_method method, uint64_t now_us)
{
    switch ((int)method) {
    case SKAD_CONTROL_STATUS:
    case SKAD_CONTROL_HEALTH:
    case SKAD_CONTROL_TABLE:
        return now_us + AT_ONCE_US;
    case SKAD_CONTROL_WATCH_RECORD:
    case SKAD_CONTROL_WATCH_PROVIDERS:
    case SKAD_CONTROL_SUBSCRIBE_EVENTS:
    case SKAD_CONTROL_SUBSCRIBE_STATUS:
    case SKAD_CONTROL_PUT_FILE:
    case SKAD_CONTROL_GET_FILE:
        return UINT64_MAX;
    default:
        return now_us + CALL_US;
    }
}

bool skad_link_begin(skad_link *link, skad_control_request *request, const skad_link_hooks *hooks,
                     uint64_t now_us, uint32_t *handle, skad_web_error *error)
{
    if (link->fd < 0 && !connect_anew(link, now_us, error)) {
        return false;
    }
    if (link->refusal.status != 0) {
        *error = link->refusal;
        return false;
    }
    return begin_call(link, request, hooks, deadline_of(request->method, now_us), handle) ||
           skad_web_refuse(error, 503, "busy", "too much is under way: ask again in a moment");
}

/* What ends a call that lasts. */
static bool ending_of(skad_control_method method, skad_control_method *out)
{
    switch ((int)method) {
    case SKAD_CONTROL_WATCH_RECORD:
    case SKAD_CONTROL_WATCH_PROVIDERS:
        *out = SKAD_CONTROL_UNWATCH;
        return true;
    case SKAD_CONTROL_SUBSCRIBE_EVENTS:
    case SKAD_CONTROL_SUBSCRIBE_STATUS:
        *out = SKAD_CONTROL_UNSUBSCRIBE;
        return true;
    case SKAD_CONTROL_PUT_FILE:
    case SKAD_CONTROL_GET_FILE:
        *out = SKAD_CONTROL_ABORT;
        return true;
    default:
        return false;
    }
}

void skad_link_forget(skad_link *link, uint32_t handle)
{
    static const skad_link_hooks none = {NULL, NULL, NULL};
    skad_link_call *call = find(link, handle);
    skad_control_request ending = {.watched = handle};
    uint32_t ignored;
    if (call == NULL) {
        return;
    }
    call->forgotten = true;
    if (link->fd >= 0 && ending_of(call->method, &ending.method) &&
        !begin_call(link, &ending, &none, UINT64_MAX, &ignored)) {
        hang_up(link); /* nothing else ends it */
    }
}

/* ---- Receiving ---- */

static bool is_uint(skad_answer value, uint64_t max)
{
    return value.item != NULL && value.item->type == SKAD_ITEM_UINT && value.item->u.number <= max;
}

static bool take_notice(skad_link *link, skad_answer whole)
{
    skad_answer kind = skad_answer_at(whole, 1);
    skad_answer msgid = skad_answer_at(skad_answer_at(whole, 2), 0);
    skad_answer value = skad_answer_at(skad_answer_at(whole, 2), 1);
    if (kind.item == NULL || kind.item->type != SKAD_ITEM_STR || !is_uint(msgid, UINT32_MAX) ||
        value.item == NULL) {
        return false;
    }
    const skad_link_call *call = find(link, (uint32_t)msgid.item->u.number);
    if (call != NULL && !call->forgotten && call->hooks.notice != NULL) {
        call->hooks.notice(call->hooks.user, (skad_span){kind.item->u.data, kind.item->count},
                           value);
    }
    return true;
}

static bool take_response(skad_link *link, skad_answer whole)
{
    skad_answer msgid = skad_answer_at(whole, 1);
    skad_answer error = skad_answer_at(whole, 2);
    skad_web_error told;
    if (!is_uint(msgid, UINT32_MAX)) {
        return false;
    }
    skad_link_call *call = find(link, (uint32_t)msgid.item->u.number);
    if (call == NULL) {
        return true;
    }
    if (error.item->type == SKAD_ITEM_NIL) {
        end(link, call, NULL, skad_answer_at(whole, 3));
    } else {
        skad_web_from_daemon(error, &told);
        end(link, call, &told, NOTHING);
    }
    return true;
}

static bool take_message(skad_link *link, size_t count)
{
    const skad_answer whole = {link->items, link->items + count};
    skad_answer type = skad_answer_at(whole, 0);
    if (is_uint(type, 2) && type.item->u.number == 2 && skad_answer_count(whole) == 3) {
        return take_notice(link, whole);
    }
    return is_uint(type, 1) && type.item->u.number == 1 && skad_answer_count(whole) == 4 &&
           take_response(link, whole);
}

/* Takes whole messages off the front. False where the stream is none of a daemon. */
static bool take_messages(skad_link *link)
{
    size_t taken = 0;
    while (link->fd >= 0 && taken < link->in_len) {
        size_t count = 0;
        size_t consumed = 0;
        const skad_cut_result cut =
            skad_cut(link->in + taken, link->in_len - taken, SKAD_CUT_LENIENT, link->items,
                     ITEMS_MAX, &count, &consumed);
        if (cut == SKAD_CUT_MORE && link->in_len - taken < IN_BYTES) {
            break;
        }
        if (cut != SKAD_CUT_OK || !take_message(link, count)) {
            return false;
        }
        taken += consumed;
    }
    if (link->fd >= 0 && taken <= link->in_len) { /* a hook may have hung up and begun anew */
        link->in_len -= taken;
        memmove(link->in, link->in + taken, link->in_len);
    }
    return true;
}

static void receive(skad_link *link)
{
    skad_web_error error;
    const ssize_t got =
        recv(link->fd, link->in + link->in_len, IN_BYTES - link->in_len, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        hang_up(link);
        return;
    }
    link->in_len += got > 0 ? (size_t)got : 0;
    if (!take_messages(link)) {
        (void)skad_web_refuse(&error, 503, "unavailable",
                              "the program at %.200s is not a skad daemon: name another socket "
                              "with --socket",
                              link->path);
        break_off(link, &error);
    }
}

/* ---- Turns ---- */

short skad_link_events(const skad_link *link)
{
    if (link->fd < 0) {
        return 0;
    }
    return (short)(POLLIN | (link->out_len > link->out_sent ? POLLOUT : 0));
}

void skad_link_ready(skad_link *link, short events)
{
    if (link->fd >= 0 && (events & POLLOUT) != 0) {
        flush(link);
    }
    if (link->fd >= 0 && (events & (POLLIN | POLLHUP | POLLERR)) != 0) {
        receive(link);
    }
}

void skad_link_tick(skad_link *link, uint64_t now_us)
{
    skad_web_error error;
    (void)skad_web_refuse(&error, 504, "timed_out",
                          "the daemon did not answer in time: see whether it is stopped or its "
                          "machine overloaded");
    for (size_t i = 0; i < SKAD_LINK_CALLS_MAX; i++) {
        skad_link_call *call = &link->calls[i];
        if (call->handle != SKAD_LINK_NONE && call->deadline_us <= now_us) {
            if (!call->forgotten && call->hooks.done != NULL) {
                call->hooks.done(call->hooks.user, &error, NOTHING);
            }
            call->forgotten = true; /* its place is free once the daemon answers, or hangs up */
            call->deadline_us = UINT64_MAX;
        }
    }
}
