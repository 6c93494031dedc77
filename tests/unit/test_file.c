/* Files as trees, against a daemon that is a thread with a table of records, honest or not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/record.h"
#include "proto/tree.h"
#include "src/cli/file_get.h"
#include "src/cli/file_put.h"

#define RECORDS_MAX 4096
#define BURST       8 /* answers are held back and given in reverse, up to so many */

typedef struct stored {
    skad_id key;
    size_t len;
    uint8_t value[SKAD_VALUE_BYTES_MAX];
} stored;

typedef struct fake_daemon {
    int fd;
    pthread_t thread;
    stored *records;
    size_t records_count;
    size_t puts;
    size_t take_at_most; /* records beyond get stored = 0 */
    /* Requests that wait to be answered, latest first. */
    skad_control_request waiting[SKAD_FILE_WINDOW];
    size_t waiting_count;
} fake_daemon;

static stored *find(const fake_daemon *self, const skad_id *key)
{
    for (size_t i = 0; i < self->records_count; i++) {
        if (memcmp(&self->records[i].key, key, sizeof *key) == 0) {
            return &self->records[i];
        }
    }
    return NULL;
}

static void keep(fake_daemon *self, skad_span value)
{
    skad_id key;
    self->puts++;
    skad_value_key(value.data, value.len, &key);
    if (find(self, &key) == NULL && self->records_count < RECORDS_MAX) {
        stored *record = &self->records[self->records_count++];
        record->key = key;
        record->len = value.len;
        memcpy(record->value, value.data, value.len);
    }
}

static void answer(const fake_daemon *self, const skad_control_request *request)
{
    uint8_t bytes[2048];
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    const stored *record = find(self, &request->u.id);
    if (request->method == SKAD_CONTROL_GET && record == NULL) {
        skad_control_write_error(&writer, request->msgid, SKAD_CONTROL_ERROR_NOT_FOUND, "gone");
    } else {
        skad_control_write_result(&writer, request->msgid);
        skad_write_map(&writer, 1);
        if (request->method == SKAD_CONTROL_GET) {
            skad_write_str(&writer, "value");
            skad_write_bin(&writer, record->value, record->len);
        } else {
            skad_write_str(&writer, "stored");
            skad_write_uint(&writer, self->puts > self->take_at_most ? 0 : 3);
        }
    }
    ssize_t sent = send(self->fd, bytes, writer.len, MSG_NOSIGNAL);
    (void)sent; /* the client may have given up */
}

static void answer_backwards(fake_daemon *self)
{
    while (self->waiting_count > 0) {
        answer(self, &self->waiting[--self->waiting_count]);
    }
}

static void *serve(void *argument)
{
    fake_daemon *self = argument;
    uint8_t in[SKAD_CONTROL_REQUEST_BYTES_MAX];
    size_t len = 0;
    for (;;) {
        skad_control_request request;
        bool known = false;
        size_t consumed = 0;
        if (skad_control_read(in, len, &request, &known, &consumed) == SKAD_CONTROL_REQUEST) {
            if (request.method == SKAD_CONTROL_PUT) {
                keep(self, request.u.value);
            }
            self->waiting[self->waiting_count++] = request;
            len -= consumed;
            memmove(in, in + consumed, len);
            if (self->waiting_count == BURST) {
                answer_backwards(self);
            }
            continue;
        }
        /* Nothing more has come so far: whoever sent so much waits for us. */
        ssize_t got = recv(self->fd, in + len, sizeof in - len, MSG_DONTWAIT);
        if (got < 0) {
            answer_backwards(self);
            got = recv(self->fd, in + len, sizeof in - len, 0);
        }
        if (got <= 0) {
            return NULL;
        }
        len += (size_t)got;
    }
}

/* ---- The client's side ---- */

typedef struct house {
    fake_daemon daemon;
    skad_client client;
    skad_failure failure;
} house;

static int set_up(void **state)
{
    house *self = calloc(1, sizeof *self);
    self->daemon.records = calloc(RECORDS_MAX, sizeof *self->daemon.records);
    self->daemon.take_at_most = SIZE_MAX;
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    house *self = *state;
    free(self->daemon.records);
    free(self);
    return 0;
}

/* The client of client.c on one end of a pair, the thread on the other. */
static void begin(house *self)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    self->daemon.fd = ends[1];
    assert_int_equal(pthread_create(&self->daemon.thread, NULL, serve, &self->daemon), 0);
    assert_int_equal(skad_client_adopt(ends[0], 20, &self->client, &self->failure), SKAD_EXIT_DONE);
}

static void end(house *self)
{
    skad_client_close(&self->client);
    pthread_join(self->daemon.thread, NULL);
    close(self->daemon.fd);
    self->daemon.waiting_count = 0;
}

static int make_file(const uint8_t *data, size_t len)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    int fd = dup(fileno(file));
    fclose(file);
    for (size_t done = 0; done < len;) {
        ssize_t written = write(fd, data + done, len - done);
        assert_true(written > 0);
        done += (size_t)written;
    }
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* No two pieces are equal, and nothing is random. */
static uint8_t *make_data(size_t len)
{
    uint8_t *data = malloc(len + 4);
    for (uint32_t i = 0; i < len; i++) {
        data[i] = (uint8_t)((i * 2654435761U) >> 24);
    }
    return data;
}

static skad_id put(house *self, const uint8_t *data, size_t len)
{
    skad_id root;
    int fd = make_file(data, len);
    begin(self);
    skad_exit exit = skad_file_put(&self->client, fd, "a file", &root, &self->failure);
    end(self);
    close(fd);
    assert_int_equal(exit, SKAD_EXIT_DONE);
    return root;
}

/* The file's bytes are in the caller's `out`, which has room for cap. */
static skad_exit get(house *self, const skad_id *root, uint8_t *out, size_t cap, size_t *len)
{
    int fd = make_file(NULL, 0);
    begin(self);
    skad_exit exit = skad_file_get(&self->client, root, fd, &self->failure);
    end(self);
    ssize_t got = pread(fd, out, cap, 0);
    assert_true(got >= 0);
    *len = (size_t)got;
    close(fd);
    return exit;
}

/* ---- Tests ---- */

typedef struct size_case {
    size_t size;
    size_t records; /* pieces and nodes that it takes */
} size_case;

static const size_case sizes[] = {
    {0, 1},
    {1, 1},
    {992, 1},
    {993, 1 + 1},
    {1000, 1 + 1},
    {1001, 2 + 1},
    {29999, 30 + 1},
    {30000, 30 + 1},
    {30001, 31 + 2 + 1},
    {60000, 60 + 2 + 1},
    {900000, 900 + 30 + 1},
    {900001, 901 + 31 + 2 + 1},
};

static void files_of_every_shape_come_back(void **state)
{
    house *self = *state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = sizes[i].size;
        uint8_t *data = make_data(size);
        uint8_t *back = malloc(size + 1);
        size_t len = 0;
        self->daemon.records_count = 0;
        self->daemon.puts = 0;
        skad_id root = put(self, data, size);
        assert_int_equal(self->daemon.puts, sizes[i].records);
        assert_int_equal(get(self, &root, back, size + 1, &len), SKAD_EXIT_DONE);
        assert_int_equal(len, size);
        assert_memory_equal(back, data, size);
        free(data);
        free(back);
    }
}

static void a_piece_that_nobody_takes_is_a_failure(void **state)
{
    house *self = *state;
    skad_id root;
    uint8_t *data = make_data(50000);
    int fd = make_file(data, 50000);
    self->daemon.take_at_most = 40;
    begin(self);
    assert_int_equal(skad_file_put(&self->client, fd, "a file", &root, &self->failure),
                     SKAD_EXIT_FAILED);
    end(self);
    close(fd);
    free(data);
    assert_non_null(strstr(self->failure.text, "no node took it"));
}

static void assert_get_fails(house *self, const skad_id *root, skad_exit expected, const char *text)
{
    uint8_t back[1];
    size_t len = 0;
    assert_int_equal(get(self, root, back, sizeof back, &len), expected);
    if (strstr(self->failure.text, text) == NULL) {
        fail_msg("no '%s' in '%s'", text, self->failure.text);
    }
}

static void a_missing_piece_is_not_found(void **state)
{
    house *self = *state;
    uint8_t *data = make_data(100000);
    skad_id root = put(self, data, 100000);
    memset(&self->daemon.records[77].key, 0, SKAD_ID_BYTES);
    assert_get_fails(self, &root, SKAD_EXIT_NOT_FOUND, "gone");
    free(data);
}

static void every_flipped_bit_is_noticed(void **state)
{
    house *self = *state;
    uint8_t *data = make_data(40000);
    skad_id root = put(self, data, 40000);
    for (size_t i = 0; i < self->daemon.records_count; i++) {
        stored *record = &self->daemon.records[i];
        record->value[record->len / 2] ^= 1;
        assert_get_fails(self, &root, SKAD_EXIT_FAILED, "nothing written");
        record->value[record->len / 2] ^= 1;
    }
    free(data);
}

static void a_value_that_is_no_root_is_no_file(void **state)
{
    house *self = *state;
    skad_id key;
    static const uint8_t value[] = "just a value";
    keep(&self->daemon, (skad_span){value, sizeof value});
    skad_value_key(value, sizeof value, &key);
    assert_get_fails(self, &key, SKAD_EXIT_FAILED, "it is no file");
}

/* A node that is well-formed, and that its key proves, but that lies about its size. */
static void a_tree_whose_parts_do_not_add_up_is_refused(void **state)
{
    house *self = *state;
    uint8_t bytes[SKAD_VALUE_BYTES_MAX];
    uint8_t piece[SKAD_PIECE_BYTES] = {7};
    skad_id keys[SKAD_TREE_FANOUT];
    skad_id inner[2];
    skad_id root;

    keep(&self->daemon, (skad_span){piece, sizeof piece});
    for (size_t i = 0; i < SKAD_TREE_FANOUT; i++) {
        skad_value_key(piece, sizeof piece, &keys[i]);
    }
    /* Both inner nodes are full, but the root says that the second one has 10000 bytes only. */
    size_t len = skad_tree_encode_node(1, 30000, keys, SKAD_TREE_FANOUT, bytes, sizeof bytes);
    keep(&self->daemon, (skad_span){bytes, len});
    skad_value_key(bytes, len, &inner[0]);
    inner[1] = inner[0];
    len = skad_tree_encode_node(2, 40000, inner, 2, bytes, sizeof bytes);
    keep(&self->daemon, (skad_span){bytes, len});
    skad_value_key(bytes, len, &root);
    assert_get_fails(self, &root, SKAD_EXIT_FAILED, "nothing written");

    /* And a piece that is shorter than its place. */
    keep(&self->daemon, (skad_span){piece, 999});
    skad_value_key(piece, 999, &keys[0]);
    len = skad_tree_encode_node(1, 2000, keys, 2, bytes, sizeof bytes);
    keep(&self->daemon, (skad_span){bytes, len});
    skad_value_key(bytes, len, &root);
    assert_get_fails(self, &root, SKAD_EXIT_FAILED, "nothing written");
}

#define WITH_DAEMON(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DAEMON(files_of_every_shape_come_back),
        WITH_DAEMON(a_piece_that_nobody_takes_is_a_failure),
        WITH_DAEMON(a_missing_piece_is_not_found),
        WITH_DAEMON(every_flipped_bit_is_noticed),
        WITH_DAEMON(a_value_that_is_no_root_is_no_file),
        WITH_DAEMON(a_tree_whose_parts_do_not_add_up_is_refused),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
