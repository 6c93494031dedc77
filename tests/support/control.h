/* A daemon in this process, and clients of every manner at its control socket. The loop is turned
 * by hand until what is awaited has come. */
#ifndef SKAD_TESTS_CONTROL_H
#define SKAD_TESTS_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ev.h>

#include "proto/writer.h"
#include "src/client/answer.h"
#include "src/daemon/app/daemon.h"

typedef struct test_control {
    char dir[64];
    char path[128];     /* of the socket */
    char identity[128]; /* of the identity file; empty: the identity is not kept */
    struct ev_loop *loop;
    skad_daemon *daemon;
    uint8_t *in; /* what a client has read */
    skad_item *items;
} test_control;

/* Setup and teardown of a test. */
int test_control_begin(void **state);
int test_control_begin_kept(void **state);      /* its identity lies in a file */
int test_control_begin_with_ipv6(void **state); /* it listens on both families, if there are two */
int test_control_end(void **state);

/* A new client's descriptor, which the caller closes. */
int test_control_dial(const test_control *self);
void test_control_send(int fd, const void *bytes, size_t len);

/* Turns the loop until the client has `count` answers or the daemon has hung up; returns how many
 * whole answers there are, the last of them in *last. Fails the test if the daemon is silent for
 * long: an answer that is malformed or missing is a failure, not a hang. */
size_t test_control_read(test_control *self, int fd, size_t count, skad_answer *last);
bool test_control_hangs_up(test_control *self, int fd);

uint64_t test_control_msgid(skad_answer answer);
void test_control_expect_error(skad_answer answer, const char *code);

/* Begins a request of a method with so many parameters in `bytes`; sends it. */
skad_writer test_control_request(uint8_t bytes[static 512], uint64_t msgid, const char *method,
                                 size_t params);
void test_control_send_request(int fd, const skad_writer *writer);
void test_control_send_number(int fd, uint64_t msgid, const char *method, uint64_t number);

/* A number that the status of the node tells. */
uint64_t test_control_status(test_control *self, const char *field);

/* Turns the loop until that number has risen to `least`; fails the test if it never does. */
void test_control_await_status(test_control *self, const char *field, uint64_t least);

/* Any client is served as ever. */
void test_control_expect_healthy(test_control *self);

#endif
