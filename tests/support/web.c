#include "tests/support/web.h"

#include <stdarg.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/host/system/clock.h"

#define TURNS_MAX 500 /* of a millisecond at most, until what is awaited has come */

uint64_t test_web_now_us;

skad_time __wrap_skad_clock_now(void);
skad_time __wrap_skad_clock_now(void)
{
    return (skad_time){.mono_us = test_web_now_us, .unix_s = 1800000000};
}

static int connect_to_us(void *user)
{
    test_web *self = user;
    int pair[2];
    if (self->absent) {
        errno = ENOENT;
        return -1;
    }
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    for (size_t i = 0; i < SKAD_LINKS; i++) {
        if (self->daemons[i].fd < 0) {
            self->daemons[i].fd = pair[1];
            self->daemons[i].peer = pair[0];
            self->daemons[i].len = 0;
            return pair[0];
        }
    }
    fail_msg("more connections than links");
    return -1;
}

static int listen_somewhere(uint16_t *port)
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t len = sizeof name;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, len), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    *port = ntohs(name.sin_port);
    return fd;
}

test_web *test_web_open(void)
{
    test_web *self = calloc(1, sizeof *self);
    assert_non_null(self);
    test_web_now_us = 1000000000;
    self->config = (skad_gateway_config){
        .socket = "/run/node.sock",
        .connections = 8,
        .streams = 2,
        .rate = 100,
        .file_bytes = 100000,
        .access = {.token = TEST_WEB_TOKEN},
    };
    self->gateway.config = &self->config;
    for (size_t i = 0; i < SKAD_LINKS; i++) {
        self->daemons[i].fd = -1;
    }
    assert_true(
        skad_server_start(&self->gateway, listen_somewhere(&self->port), connect_to_us, self));
    return self;
}

void test_web_close(test_web *self)
{
    skad_server_stop(&self->gateway);
    assert_int_equal(self->gateway.guests.count, 0);
    assert_int_equal(self->gateway.searches, 0);
    assert_int_equal(self->gateway.streams, 0);
    for (size_t i = 0; i < SKAD_LINKS; i++) {
        if (self->daemons[i].fd >= 0) {
            close(self->daemons[i].fd);
        }
    }
    free(self);
}

/* ---- Clients ---- */

void test_web_turns(test_web *self)
{
    for (size_t i = 0; i < 10; i++) {
        skad_server_turn(&self->gateway, 1, NULL);
    }
}

int test_web_send(test_web *self, const char *text)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(self->port)};
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
    test_web_turns(self);
    return fd;
}

int test_web_ask(test_web *self, const char *method_and_target, const char *headers)
{
    char text[2048];
    (void)snprintf(text, sizeof text,
                   "%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " TEST_WEB_TOKEN
                   "\r\n%s\r\n",
                   method_and_target, headers);
    return test_web_send(self, text);
}

const char *test_web_await(test_web *self, int client, const char *text, bool *ended)
{
    static char in[1U << 19];
    size_t len = 0;
    bool over = false;
    in[0] = 0;
    for (size_t i = 0; i < TURNS_MAX && !over && strstr(in, text) == NULL; i++) {
        const ssize_t got = recv(client, in + len, sizeof in - 1 - len, MSG_DONTWAIT);
        over = got == 0 || (got < 0 && errno == ECONNRESET);
        len += got > 0 ? (size_t)got : 0;
        in[len] = 0;
        skad_server_turn(&self->gateway, got > 0 ? 0 : 1, NULL);
    }
    if (!over && strstr(in, text) == NULL) {
        fail_msg("no '%s' in: %s", text, in);
    }
    if (ended != NULL) {
        *ended = over;
    }
    return in;
}

bool test_web_ended(test_web *self, int client)
{
    char byte[4096];
    for (size_t i = 0; i < 50; i++) {
        const ssize_t got = recv(client, byte, sizeof byte, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno == ECONNRESET)) {
            return true;
        }
        skad_server_turn(&self->gateway, 1, NULL);
    }
    return false;
}

/* ---- The daemon ---- */

static size_t place_of(const test_web *self, skad_links link)
{
    for (size_t i = 0; i < SKAD_LINKS; i++) {
        if (self->daemons[i].fd >= 0 && self->daemons[i].peer == self->gateway.links[link].fd) {
            return i;
        }
    }
    return SKAD_LINKS;
}

/* Takes what is whole off the front; false while nothing is. */
static bool take(test_web *self, size_t place, skad_control_request *out)
{
    static uint8_t kept[SKAD_CONTROL_REQUEST_BYTES_MAX]; /* the request borrows from it */
    bool known;
    size_t consumed = 0;
    uint8_t *in = self->daemons[place].in;
    size_t *len = &self->daemons[place].len;
    const ssize_t got = recv(self->daemons[place].fd, in + *len,
                             sizeof self->daemons[place].in - *len, MSG_DONTWAIT);
    *len += got > 0 ? (size_t)got : 0;
    if (*len == 0) {
        return false;
    }
    memcpy(kept, in, *len < sizeof kept ? *len : sizeof kept);
    const skad_control_cut cut =
        skad_control_read(kept, *len < sizeof kept ? *len : sizeof kept, out, &known, &consumed);
    if (cut == SKAD_CONTROL_MORE) {
        return false;
    }
    assert_true(cut == SKAD_CONTROL_REQUEST || cut == SKAD_CONTROL_CHUNK ||
                cut == SKAD_CONTROL_ACK);
    *len -= consumed;
    memmove(in, in + consumed, *len);
    return cut != SKAD_CONTROL_REQUEST || out->method != SKAD_CONTROL_HELLO ||
           take(self, place, out);
}

skad_control_request test_web_asked(test_web *self, skad_links link)
{
    skad_control_request request;
    for (size_t i = 0; i < TURNS_MAX; i++) {
        const size_t place = place_of(self, link);
        if (place < SKAD_LINKS && take(self, place, &request)) {
            return request;
        }
        skad_server_turn(&self->gateway, 1, NULL);
    }
    fail_msg("the daemon is asked nothing");
    return request;
}

bool test_web_quiet(test_web *self, skad_links link)
{
    skad_control_request request;
    test_web_turns(self);
    const size_t place = place_of(self, link);
    return place == SKAD_LINKS || !take(self, place, &request);
}

void test_web_tell(test_web *self, skad_links link, const skad_writer *writer)
{
    const size_t place = place_of(self, link);
    assert_true(place < SKAD_LINKS && !writer->overflow);
    assert_int_equal(send(self->daemons[place].fd, writer->data, writer->len, 0), writer->len);
    test_web_turns(self);
}

static void write_pair(skad_writer *writer, const char *name, uint64_t number)
{
    skad_write_map(writer, 1);
    skad_write_str(writer, name);
    skad_write_uint(writer, number);
}

void test_web_answer(test_web *self, skad_links link, uint32_t msgid, const char *name,
                     uint64_t number)
{
    uint8_t bytes[256];
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_result(&writer, msgid);
    write_pair(&writer, name, number);
    test_web_tell(self, link, &writer);
}

void test_web_refuse(test_web *self, skad_links link, uint32_t msgid, skad_control_error error)
{
    uint8_t bytes[256];
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_error(&writer, msgid, error, "the daemon says so");
    test_web_tell(self, link, &writer);
}

void test_web_notify(test_web *self, skad_links link, const char *kind, uint32_t msgid,
                     const char *name, uint64_t number)
{
    uint8_t bytes[256];
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_notification(&writer, kind, msgid);
    write_pair(&writer, name, number);
    test_web_tell(self, link, &writer);
}

void test_web_chunk(test_web *self, uint32_t msgid, const char *text, size_t len)
{
    uint8_t bytes[SKAD_CONTROL_CHUNK_BYTES_MAX + 64];
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_notification(&writer, "chunk", msgid);
    skad_write_bin(&writer, (const uint8_t *)text, len);
    test_web_tell(self, SKAD_LINK_FOR_FILES, &writer);
}

void test_web_hang_up(test_web *self, skad_links link)
{
    const size_t place = place_of(self, link);
    assert_true(place < SKAD_LINKS);
    close(self->daemons[place].fd);
    self->daemons[place].fd = -1;
    test_web_turns(self);
}
