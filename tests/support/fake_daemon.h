/* A daemon that is a thread with a table of records, honest or not, for what the command line makes
 * of files. It answers PUT, GET and WITHDRAW, several at a time in reverse. */
#ifndef SKAD_TESTS_FAKE_DAEMON_H
#define SKAD_TESTS_FAKE_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>

#include "proto/control.h"
#include "proto/limits.h"
#include "src/cli/file/file_get.h"

typedef struct test_fake_record {
    skad_id key;
    size_t len;
    bool withdrawn;
    uint8_t value[SKAD_VALUE_BYTES_MAX];
} test_fake_record;

typedef struct test_fake_daemon {
    int fd;
    pthread_t thread;
    test_fake_record *records;
    size_t records_count;
    size_t puts;
    size_t answered; /* of them */
    size_t gets;
    size_t kept;         /* puts that asked for it */
    size_t take_at_most; /* records beyond are refused */
    size_t poor;         /* the put of which only two holders are left, in a dense
                            neighbourhood, from 1 on; 0: none */
    size_t give_at_most; /* of gets; the others time out */
    /* Requests that wait to be answered, latest first. */
    skad_control_request waiting[SKAD_FILE_GET_WINDOW];
    size_t waiting_count;
} test_fake_daemon;

/* No records; takes and gives all. */
void test_fake_init(test_fake_daemon *self);
void test_fake_free(test_fake_daemon *self);

/* Serves a connection until its other end is closed; then stop, which closes this one. */
void test_fake_start(test_fake_daemon *self, int fd);
void test_fake_stop(test_fake_daemon *self);

/* Its records may be looked at and changed while it is stopped; NULL: it has none of this key. */
test_fake_record *test_fake_find(const test_fake_daemon *self, const skad_id *key);
void test_fake_keep(test_fake_daemon *self, skad_span value);

#endif
