/* A blocking msgpack-rpc client. */
#include "src/cli/client/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define IN_BYTES  SKAD_CONTROL_RESPONSE_BYTES_MAX
#define ITEMS_MAX 131072 /* 2048 table rows have 26 items each */

static skad_exit fail_connect(const char *path, skad_failure *failure)
{
    if (errno == EACCES) {
        (void)skad_fail(failure,
                        "you may not open %s: run this as its owner, or as a member of its group",
                        path);
    } else {
        (void)skad_fail(failure,
                        "no daemon answers at %s: start one with 'skad run' or name its socket "
                        "with --socket",
                        path);
    }
    return SKAD_EXIT_FAILED;
}

skad_exit skad_client_adopt(int fd, unsigned timeout_s, skad_client *out, skad_failure *failure)
{
    *out = (skad_client){
        .fd = fd,
        .timeout_ms = (int)timeout_s * 1000,
        .in = malloc(IN_BYTES),
        .items = malloc(ITEMS_MAX * sizeof *out->items),
    };
    if (out->in == NULL || out->items == NULL) {
        (void)skad_fail(failure, "out of memory");
        skad_client_close(out);
        return SKAD_EXIT_FAILED;
    }
    return SKAD_EXIT_DONE;
}

skad_exit skad_client_open(const skad_options *options, skad_client *out, skad_failure *failure)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};

    if (options->socket[0] == 0) {
        (void)skad_fail(failure, "which daemon? name its socket with --socket");
        return SKAD_EXIT_USAGE;
    }
    if (strlen(options->socket) >= sizeof name.sun_path) {
        (void)skad_fail(failure, "the path of the socket is longer than %zu bytes",
                        sizeof name.sun_path - 1);
        return SKAD_EXIT_USAGE;
    }
    memcpy(name.sun_path, options->socket, strlen(options->socket));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof name) != 0) {
        skad_exit error = fail_connect(options->socket, failure);
        if (fd >= 0) {
            close(fd);
        }
        return error;
    }
    return skad_client_adopt(fd, (unsigned)options->timeout_s, out, failure);
}

void skad_client_close(skad_client *client)
{
    if (client->fd >= 0) {
        close(client->fd);
    }
    free(client->in);
    free(client->items);
    *client = (skad_client){.fd = -1};
}

/* ---- Bytes ---- */

static skad_exit fail_gone(skad_failure *failure)
{
    (void)skad_fail(failure, "the daemon hung up: see its log");
    return SKAD_EXIT_FAILED;
}

/* Waits until the socket is ready. A signal starts the wait anew; signals are rare. */
static skad_exit wait_for(skad_client *client, short what, skad_failure *failure)
{
    struct pollfd state = {.fd = client->fd, .events = what};
    for (;;) {
        int ready = poll(&state, 1, client->timeout_ms);
        if (ready > 0) {
            return SKAD_EXIT_DONE;
        }
        if (ready == 0) {
            (void)skad_fail(failure, "no answer from the daemon within %d s; see --timeout",
                            client->timeout_ms / 1000);
            return SKAD_EXIT_TIMED_OUT;
        }
        if (errno != EINTR) {
            return fail_gone(failure);
        }
    }
}

static skad_exit send_all(skad_client *client, const uint8_t *data, size_t len,
                          skad_failure *failure)
{
    while (len > 0) {
        skad_exit error = wait_for(client, POLLOUT, failure);
        if (error != SKAD_EXIT_DONE) {
            return error;
        }
        ssize_t sent = send(client->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            data += sent;
            len -= (size_t)sent;
        } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            return fail_gone(failure);
        }
    }
    return SKAD_EXIT_DONE;
}

static skad_exit receive_some(skad_client *client, skad_failure *failure)
{
    skad_exit error = wait_for(client, POLLIN, failure);
    if (error != SKAD_EXIT_DONE) {
        return error;
    }
    ssize_t got = recv(client->fd, client->in + client->in_len, IN_BYTES - client->in_len, 0);
    if (got > 0) {
        client->in_len += (size_t)got;
        return SKAD_EXIT_DONE;
    }
    return got < 0 && errno == EINTR ? SKAD_EXIT_DONE : fail_gone(failure);
}

/* ---- Messages ---- */

skad_exit skad_client_request(skad_client *client, skad_control_request *request,
                              skad_failure *failure)
{
    uint8_t bytes[SKAD_CONTROL_REQUEST_BYTES_MAX];
    skad_writer writer;

    request->msgid = ++client->msgid;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_request(&writer, request);
    if (writer.overflow) {
        (void)skad_fail(failure, "the request is too long");
        return SKAD_EXIT_FAILED;
    }
    return send_all(client, bytes, writer.len, failure);
}

static skad_exit exit_of(skad_span code)
{
    static const struct {
        skad_control_error error;
        skad_exit exit;
    } meanings[] = {
        {SKAD_CONTROL_ERROR_NOT_FOUND, SKAD_EXIT_NOT_FOUND},
        {SKAD_CONTROL_ERROR_REFUSED, SKAD_EXIT_REFUSED},
        {SKAD_CONTROL_ERROR_TIMED_OUT, SKAD_EXIT_TIMED_OUT},
    };
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        const char *name = skad_control_error_name(meanings[i].error);
        if (code.len == strlen(name) && memcmp(code.data, name, code.len) == 0) {
            return meanings[i].exit;
        }
    }
    return SKAD_EXIT_FAILED;
}

static bool is_uint(skad_answer value, uint64_t max)
{
    return value.item != NULL && value.item->type == SKAD_ITEM_UINT && value.item->u.number <= max;
}

/* [2, method, [msgid, value]] */
static bool read_notice(skad_answer whole, skad_reply *out)
{
    skad_answer params = skad_answer_at(whole, 2);
    skad_answer msgid = skad_answer_at(params, 0);
    out->name = skad_answer_at(whole, 1);
    out->result = skad_answer_at(params, 1);
    if (!is_uint(msgid, UINT32_MAX) || out->result.item == NULL) {
        return false;
    }
    out->msgid = (uint32_t)msgid.item->u.number;
    return true;
}

/* False when the items are neither a response nor a notification. */
static bool read_reply(const skad_item *items, size_t count, skad_reply *out)
{
    const skad_answer whole = {items, items + count};
    skad_answer type = skad_answer_at(whole, 0);
    skad_answer msgid = skad_answer_at(whole, 1);
    skad_answer error = skad_answer_at(whole, 2);

    *out = (skad_reply){.error = SKAD_EXIT_DONE, .failure = error};
    out->notice =
        skad_answer_count(whole) == 3 && is_uint(type, UINT64_MAX) && type.item->u.number == 2;
    if (out->notice) {
        return read_notice(whole, out);
    }
    out->result = skad_answer_at(whole, 3);
    if (skad_answer_count(whole) != 4 || !is_uint(type, UINT64_MAX) || type.item->u.number != 1 ||
        !is_uint(msgid, UINT32_MAX)) {
        return false;
    }
    out->msgid = (uint32_t)msgid.item->u.number;
    if (error.item->type != SKAD_ITEM_NIL) {
        out->error = exit_of(skad_answer_bytes(error, "code"));
        skad_answer_line(skad_answer_get(error, "message"), out->message, sizeof out->message);
    }
    return true;
}

/* Forgets the message that was returned last. */
static void forget(skad_client *client)
{
    client->in_len -= client->consumed;
    memmove(client->in, client->in + client->consumed, client->in_len);
    client->consumed = 0;
}

skad_exit skad_client_next(skad_client *client, skad_reply *out, skad_failure *failure)
{
    forget(client);
    for (;;) {
        size_t count = 0;
        size_t consumed = 0;
        skad_cut_result cut = SKAD_CUT_MORE;
        if (client->in_len > 0) {
            cut = skad_cut(client->in, client->in_len, SKAD_CUT_LENIENT, client->items, ITEMS_MAX,
                           &count, &consumed);
        }
        if (cut == SKAD_CUT_OK && read_reply(client->items, count, out)) {
            client->consumed = consumed;
            return SKAD_EXIT_DONE;
        }
        if (cut != SKAD_CUT_MORE || client->in_len == IN_BYTES) {
            (void)skad_fail(failure, "the program at this socket is not a skad daemon");
            return SKAD_EXIT_FAILED;
        }
        skad_exit error = receive_some(client, failure);
        if (error != SKAD_EXIT_DONE) {
            return error;
        }
    }
}

skad_exit skad_client_await(skad_client *client, skad_reply *out, skad_failure *failure)
{
    for (;;) {
        skad_exit error = skad_client_next(client, out, failure);
        if (error != SKAD_EXIT_DONE || !out->notice) {
            return error;
        }
        if (client->on_notice != NULL) {
            client->on_notice(out->result);
        }
    }
}

skad_exit skad_client_call(skad_client *client, skad_control_request *request, skad_answer *result,
                           skad_failure *failure)
{
    skad_reply reply;
    skad_exit error = skad_client_request(client, request, failure);
    do { /* an answer to something else is none to this */
        error = error == SKAD_EXIT_DONE ? skad_client_await(client, &reply, failure) : error;
    } while (error == SKAD_EXIT_DONE && reply.msgid != request->msgid);
    if (error != SKAD_EXIT_DONE) {
        return error;
    }
    if (reply.error != SKAD_EXIT_DONE) {
        (void)skad_fail(failure, "%s", reply.message);
        return reply.error;
    }
    *result = reply.result;
    return SKAD_EXIT_DONE;
}
