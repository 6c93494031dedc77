/* A client of the control socket that puts and gets files: message by message, for tests that break
 * the rules, and as a well-behaved client does it. It turns the daemon's loop while it waits. */
#ifndef SKAD_TESTS_FILE_CLIENT_H
#define SKAD_TESTS_FILE_CLIENT_H

#include "tests/support/control.h"

#define TEST_FILE_CLIENT_BYTES (1U << 20)

typedef struct test_file_client {
    test_control *control;
    int fd;
    uint8_t *in;
    size_t len;
    size_t at; /* of the next message */
    skad_item items[512];
} test_file_client;

/* A response (name "") or a notification. Borrowed until the next one. */
typedef struct test_file_message {
    char name[16];
    uint64_t msgid;
    skad_answer error;
    skad_answer value; /* the result, or the value of the notification */
    skad_span chunk;   /* of a chunk */
} test_file_message;

void test_file_client_open(test_control *control, test_file_client *out);
void test_file_client_close(test_file_client *self);

/* Waits for the next message; fails the test if none comes. */
void test_file_client_next(test_file_client *self, test_file_message *out);

void test_file_client_begin_put(test_file_client *self, uint32_t msgid, uint64_t size);
void test_file_client_chunk(test_file_client *self, uint32_t msgid, const uint8_t *data,
                            size_t len);
void test_file_client_begin_get(test_file_client *self, uint32_t msgid, const skad_id *key);
void test_file_client_ack(test_file_client *self, uint32_t msgid, uint64_t taken);

/* Puts a file, as far as the window lets; tells the key. `known`: its size is told. */
void test_file_client_put(test_file_client *self, uint32_t msgid, const uint8_t *data, size_t len,
                          bool known, skad_id *key);
/* Gets a file of at most `max` bytes; returns how many came. */
size_t test_file_client_get(test_file_client *self, uint32_t msgid, const skad_id *key,
                            uint8_t *out, size_t max);

#endif
