/* The adapter of the command line's client (src/cli/client) for the conformance test of clients:
 * JSON lines in, JSON lines out (README.md of this folder). It says no hello, since the command
 * line says none, and it does not do files: the command line puts and gets them record by record.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

#include "src/cli/client/client.h"
#include "tests/conformance/control/adapter_json.h"

#define OPEN_MAX_COUNT 64
#define TIMEOUT_S      30

typedef struct open_request {
    uint32_t msgid; /* 0: free */
    json_int_t id;
    skad_control_method method;
} open_request;

typedef struct adapter {
    skad_client client;
    bool connected;
    open_request open[OPEN_MAX_COUNT];
} adapter;

/* ---- Output ---- */

/* Prints a line and frees it. */
static void say(json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
    puts(text);
    (void)fflush(stdout);
    free(text);
    json_decref(line);
}

static void say_error(json_int_t id, const char *code, const char *message)
{
    say(json_pack("{s:I, s:{s:s, s:s}}", "id", id, "error", "code", code, "message", message));
}

/* All that is open ends, since the daemon is lost. */
static void lose(adapter *self, const char *why)
{
    for (size_t i = 0; i < OPEN_MAX_COUNT; i++) {
        if (self->open[i].msgid != 0) {
            say_error(self->open[i].id, "disconnected", why);
            self->open[i].msgid = 0;
        }
    }
    skad_client_close(&self->client);
    self->connected = false;
}

/* ---- Commands ---- */

static void connect_to(adapter *self, const char *path)
{
    skad_options options = {.timeout_s = TIMEOUT_S};
    skad_failure failure;
    (void)snprintf(options.socket, sizeof options.socket, "%s", path);
    self->connected = skad_client_open(&options, &self->client, &failure) == SKAD_EXIT_DONE;
    if (self->connected) {
        say(json_pack("{s:b}", "connected", 1));
    } else {
        say(json_pack("{s:b, s:s, s:s}", "connected", 0, "code", "disconnected", "message",
                      failure.text));
    }
}

static open_request *find(adapter *self, uint32_t msgid)
{
    for (size_t i = 0; i < OPEN_MAX_COUNT; i++) {
        if (self->open[i].msgid == msgid) {
            return &self->open[i];
        }
    }
    return NULL;
}

static void send_request(adapter *self, json_int_t id, skad_control_request *request)
{
    skad_failure failure;
    open_request *place = find(self, 0);
    if (place == NULL || !self->connected) {
        say_error(id, "disconnected", "not connected, or too many requests");
    } else if (skad_client_request(&self->client, request, &failure) == SKAD_EXIT_DONE) {
        *place = (open_request){.msgid = request->msgid, .id = id, .method = request->method};
    } else {
        say_error(id, "disconnected", failure.text);
        lose(self, failure.text);
    }
}

static void call(adapter *self, json_int_t id, const json_t *command)
{
    static uint8_t bytes[SKAD_CONTROL_REQUEST_BYTES_MAX];
    skad_control_request request;
    bool known = false;
    size_t consumed = 0;
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_write_array(&writer, 4);
    skad_write_uint(&writer, 0);
    skad_write_uint(&writer, 0);
    skad_write_str(&writer, json_string_value(json_object_get(command, "method")));
    adapter_write(&writer, json_object_get(command, "params"));
    if (writer.overflow ||
        skad_control_read(bytes, writer.len, &request, &known, &consumed) != SKAD_CONTROL_REQUEST) {
        say_error(id, "params", "this client cannot write such a request");
        return;
    }
    if (request.method == SKAD_CONTROL_BATCH) {
        /* Behind [0, 0, "batch": the array of requests as it is. */
        const size_t head = 1 + 1 + 1 + 1 + strlen("batch");
        request.value = (skad_span){bytes + head, consumed - head};
    }
    send_request(self, id, &request);
}

/* Ends the watch or subscription of a request. */
static void end(adapter *self, json_int_t id)
{
    for (size_t i = 0; i < OPEN_MAX_COUNT; i++) {
        const open_request *one = &self->open[i];
        if (one->msgid != 0 && one->id == id) {
            const bool watch = one->method == SKAD_CONTROL_WATCH_RECORD ||
                               one->method == SKAD_CONTROL_WATCH_PROVIDERS;
            skad_control_request request = {.method = watch ? SKAD_CONTROL_UNWATCH
                                                            : SKAD_CONTROL_UNSUBSCRIBE,
                                            .watched = one->msgid};
            send_request(self, -1, &request);
            return;
        }
    }
}

static void obey(adapter *self, const char *line)
{
    json_t *command = json_loads(line, 0, NULL);
    const char *what = json_string_value(json_object_get(command, "do"));
    const json_int_t id = json_integer_value(json_object_get(command, "id"));
    if (what == NULL) {
        (void)fprintf(stderr, "adapter: not a command: %s", line);
        exit(2);
    }
    if (strcmp(what, "connect") == 0) {
        connect_to(self, json_string_value(json_object_get(command, "path")));
    } else if (strcmp(what, "call") == 0) {
        call(self, id, command);
    } else if (strcmp(what, "end") == 0) {
        end(self, id);
    }
    json_decref(command);
}

/* ---- What the daemon says ---- */

static void report(adapter *self, const skad_reply *reply)
{
    open_request *one = find(self, reply->msgid);
    if (one == NULL || reply->msgid == 0) {
        return; /* of no request of ours */
    }
    json_t *line = json_pack("{s:I}", "id", one->id);
    if (reply->notice) {
        (void)json_object_set_new(line, "notice", adapter_json(reply->name));
        (void)json_object_set_new(line, "value", adapter_json(reply->result));
    } else if (reply->error != SKAD_EXIT_DONE) {
        (void)json_object_set_new(line, "error", adapter_json(reply->failure));
    } else {
        (void)json_object_set_new(line, "result", adapter_json(reply->result));
    }
    if (!reply->notice) {
        one->msgid = 0;
    }
    say(line);
}

/* Reports all that has come; waits for the rest of a message that has begun to come. */
static void hear(adapter *self)
{
    skad_failure failure;
    skad_reply reply;
    do {
        if (skad_client_next(&self->client, &reply, &failure) != SKAD_EXIT_DONE) {
            lose(self, failure.text);
            return;
        }
        report(self, &reply);
    } while (self->client.in_len > self->client.consumed);
}

int main(void)
{
    static char line[1U << 20];
    adapter self = {.connected = false};
    puts("{\"adapter\":\"skad command line\",\"does\":[\"end\",\"batch\"]}");
    (void)fflush(stdout);
    (void)setvbuf(stdin, NULL, _IONBF, 0);
    for (;;) {
        struct pollfd ready[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                  {.fd = self.connected ? self.client.fd : -1, .events = POLLIN}};
        if (poll(ready, 2, -1) < 0 && errno != EINTR) {
            return 1;
        }
        if (ready[1].revents != 0) {
            hear(&self);
        } else if (ready[0].revents != 0) {
            if (fgets(line, sizeof line, stdin) == NULL) {
                break;
            }
            obey(&self, line);
        }
    }
    if (self.connected) {
        skad_client_close(&self.client);
    }
    return 0;
}
