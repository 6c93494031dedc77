/* A gateway within a test: its server, turn by turn, with clients over real sockets on loopback,
 * and a daemon that the test plays. Its clock shows what the test says (link with
 * -Wl,--wrap=skad_clock_now).
 */
#ifndef SKAD_TESTS_WEB_H
#define SKAD_TESTS_WEB_H

#include "src/gateway/serve/inside.h"

#define TEST_WEB_KEY   "e90f503c9667c216739b76ed41d3fefbf93f79580594c1541df7db4caeaf559b"
#define TEST_WEB_TOKEN "0123456789abcdef"

typedef struct test_web {
    skad_gateway_config config;
    skad_gateway gateway;
    uint16_t port;
    bool absent; /* no daemon answers */
    struct {
        int fd;   /* our end; -1: none */
        int peer; /* the gateway's end */
        size_t len;
        uint8_t in[1U << 17];
    } daemons[SKAD_LINKS];
} test_web;

/* Of all that begin: 8 connections, 2 streams, a rate of 100, files of 100,000 bytes, a token. */
test_web *test_web_open(void);
void test_web_close(test_web *self);

extern uint64_t test_web_now_us;

/* A connection that has sent a text. */
int test_web_send(test_web *self, const char *text);
/* "METHOD TARGET" with Host, the token, and further lines of headers. */
int test_web_ask(test_web *self, const char *method_and_target, const char *headers);

/* What the client has received once it contains a text, or the connection ended; until the next
 * call. `ended` may be NULL. */
const char *test_web_await(test_web *self, int client, const char *text, bool *ended);
/* A few turns in which nothing is awaited. */
void test_web_turns(test_web *self);
/* Whether the server has ended the connection. */
bool test_web_ended(test_web *self, int client);

/* The next request, chunk or ack at the daemon's end, without hellos. */
skad_control_request test_web_asked(test_web *self, skad_links link);
/* Whether the daemon has been sent nothing more. */
bool test_web_quiet(test_web *self, skad_links link);

/* The daemon's word: what was written goes to the gateway. */
void test_web_tell(test_web *self, skad_links link, const skad_writer *writer);
/* A result {NAME: number}, an error, a notification {NAME: number}, bytes of a file. */
void test_web_answer(test_web *self, skad_links link, uint32_t msgid, const char *name,
                     uint64_t number);
void test_web_refuse(test_web *self, skad_links link, uint32_t msgid, skad_control_error error);
void test_web_notify(test_web *self, skad_links link, const char *kind, uint32_t msgid,
                     const char *name, uint64_t number);
void test_web_chunk(test_web *self, uint32_t msgid, const char *bytes, size_t len);
/* The daemon goes. */
void test_web_hang_up(test_web *self, skad_links link);

#endif
