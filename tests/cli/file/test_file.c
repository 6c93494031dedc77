/* Files as trees, against a daemon that is honest or not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/message.h"
#include "proto/tree.h"
#include "src/cli/file/file_get.h"
#include "src/cli/file/file_put.h"
#include "src/cli/file/file_withdraw.h"
#include "tests/support/fake_daemon.h"

typedef struct house {
    test_fake_daemon daemon;
    skad_client client;
    skad_failure failure;
    uint64_t bytes_max;
} house;

static int set_up(void **state)
{
    house *self = calloc(1, sizeof *self);
    assert_non_null(self);
    test_fake_init(&self->daemon);
    self->bytes_max = SKAD_FILE_BYTES_MAX;
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    house *self = *state;
    test_fake_free(&self->daemon);
    free(self);
    return 0;
}

/* The client of client.c on one end of a pair, the thread on the other. */
static void begin(house *self)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    test_fake_start(&self->daemon, ends[1]);
    assert_int_equal(skad_client_adopt(ends[0], 20, &self->client, &self->failure), SKAD_EXIT_DONE);
}

static void end(house *self)
{
    skad_client_close(&self->client);
    test_fake_stop(&self->daemon);
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

static skad_exit try_put(house *self, const uint8_t *data, size_t len, skad_file_put_report *report)
{
    const skad_file_put_request request = {
        .fd = make_file(data, len), .name = "a file", .keep = true};
    self->daemon.answered = 0;
    begin(self);
    skad_exit exit = skad_file_put(&self->client, &request, report, &self->failure);
    end(self);
    close(request.fd);
    return exit;
}

static skad_id put(house *self, const uint8_t *data, size_t len)
{
    skad_file_put_report report;
    assert_int_equal(try_put(self, data, len, &report), SKAD_EXIT_DONE);
    return report.root;
}

static skad_exit get_into(house *self, const skad_id *root, int fd)
{
    self->daemon.gets = 0;
    begin(self);
    const skad_file_get_request request = {.root = *root, .fd = fd, .bytes_max = self->bytes_max};
    skad_exit exit = skad_file_get(&self->client, &request, &self->failure);
    end(self);
    return exit;
}

/* The file's bytes are in the caller's `out`, which has room for cap. */
static skad_exit get(house *self, const skad_id *root, uint8_t *out, size_t cap, size_t *len)
{
    int fd = make_file(NULL, 0);
    skad_exit exit = get_into(self, root, fd);
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
    skad_file_put_report report;
    uint8_t *data = make_data(50000);
    self->daemon.take_at_most = 40;
    assert_int_equal(try_put(self, data, 50000, &report), SKAD_EXIT_REFUSED);
    free(data);
    assert_non_null(strstr(self->failure.text, "all 5 holders refused: 5 full (no room left)"));
}

static void a_report_tells_the_worst_record_and_all_refusals(void **state)
{
    house *self = *state;
    skad_file_put_report report;
    uint8_t *data = make_data(50000); /* 50 pieces, 2 nodes, the root */
    self->daemon.poor = 20;
    assert_int_equal(try_put(self, data, 50000, &report), SKAD_EXIT_DONE);
    free(data);
    assert_int_equal(report.bytes, 50000);
    assert_int_equal(report.totals.records, 53);
    assert_int_equal(self->daemon.kept, 53);
    assert_int_equal(report.totals.stored_min, 2);
    assert_int_equal(report.totals.asked_min, 5);
    assert_int_equal(report.totals.refused, 54);
    assert_int_equal(report.totals.refusals[SKAD_ERROR_FULL], 54);
    assert_int_equal(report.totals.unresponsive, 1);
    assert_int_equal(report.not_kept, 0);
    assert_int_equal(report.totals.dense, 1);
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
        test_fake_record *record = &self->daemon.records[i];
        record->value[record->len / 2] ^= 1;
        assert_get_fails(self, &root, SKAD_EXIT_FAILED, "is not what a file has there");
        record->value[record->len / 2] ^= 1;
    }
    free(data);
}

static void a_value_that_is_no_root_is_no_file(void **state)
{
    house *self = *state;
    skad_id key;
    static const uint8_t value[] = "just a value";
    test_fake_keep(&self->daemon, (skad_span){value, sizeof value});
    skad_value_key(value, sizeof value, &key);
    assert_get_fails(self, &key, SKAD_EXIT_FAILED, "it is not a file");
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

    test_fake_keep(&self->daemon, (skad_span){piece, sizeof piece});
    for (size_t i = 0; i < SKAD_TREE_FANOUT; i++) {
        skad_value_key(piece, sizeof piece, &keys[i]);
    }
    /* Both inner nodes are full, but the root says that the second one has 10000 bytes only. */
    size_t len = skad_tree_encode_node(1, 30000, keys, SKAD_TREE_FANOUT, bytes, sizeof bytes);
    test_fake_keep(&self->daemon, (skad_span){bytes, len});
    skad_value_key(bytes, len, &inner[0]);
    inner[1] = inner[0];
    len = skad_tree_encode_node(2, 40000, inner, 2, bytes, sizeof bytes);
    test_fake_keep(&self->daemon, (skad_span){bytes, len});
    skad_value_key(bytes, len, &root);
    assert_get_fails(self, &root, SKAD_EXIT_FAILED, "is not what a file has there");

    /* And a piece that is shorter than its place. */
    test_fake_keep(&self->daemon, (skad_span){piece, 999});
    skad_value_key(piece, 999, &keys[0]);
    len = skad_tree_encode_node(1, 2000, keys, 2, bytes, sizeof bytes);
    test_fake_keep(&self->daemon, (skad_span){bytes, len});
    skad_value_key(bytes, len, &root);
    assert_get_fails(self, &root, SKAD_EXIT_FAILED, "is not what a file has there");
}

/* Ten records: one piece, and of each level a node that lists the one below thirty times. */
static void a_file_larger_than_wanted_is_refused_before_a_byte_is_written(void **state)
{
    house *self = *state;
    uint8_t bytes[SKAD_VALUE_BYTES_MAX];
    uint8_t piece[SKAD_PIECE_BYTES] = {7};
    skad_id keys[SKAD_TREE_FANOUT];
    skad_id root;

    self->bytes_max = 1000000000;
    test_fake_keep(&self->daemon, (skad_span){piece, sizeof piece});
    skad_value_key(piece, sizeof piece, &root);
    for (unsigned level = 1; level <= SKAD_TREE_LEVEL_MAX; level++) {
        for (size_t i = 0; i < SKAD_TREE_FANOUT; i++) {
            keys[i] = root;
        }
        size_t len = skad_tree_encode_node(level, skad_tree_capacity(level), keys, SKAD_TREE_FANOUT,
                                           bytes, sizeof bytes);
        test_fake_keep(&self->daemon, (skad_span){bytes, len});
        skad_value_key(bytes, len, &root);
    }
    assert_get_fails(self, &root, SKAD_EXIT_FAILED,
                     "the file has 21.9 TB, more than 1.0 GB: to fetch it nevertheless, give "
                     "--max-bytes 21870000000000");
    assert_int_equal(self->daemon.gets, 1);
}

static void a_file_as_large_as_wanted_is_fetched(void **state)
{
    house *self = *state;
    uint8_t *data = make_data(2000);
    uint8_t back[2001];
    size_t len = 0;
    skad_id root = put(self, data, 2000);
    self->bytes_max = 2000;
    assert_int_equal(get(self, &root, back, sizeof back, &len), SKAD_EXIT_DONE);
    assert_int_equal(len, 2000);
    self->bytes_max = 1999;
    assert_int_equal(get(self, &root, back, sizeof back, &len), SKAD_EXIT_FAILED);
    assert_int_equal(len, 0);
    root = put(self, data, 10); /* all in its root */
    self->bytes_max = 9;
    assert_int_equal(get(self, &root, back, sizeof back, &len), SKAD_EXIT_FAILED);
    assert_int_equal(len, 0);
    free(data);
}

/* ---- Going on ---- */

#define RESUMED_BYTES 200000
#define RESUMED_NODES 8 /* seven nodes of level 1 and the root */

static void assert_content(int fd, const uint8_t *data, size_t len)
{
    uint8_t *back = malloc(len + 1);
    assert_int_equal(pread(fd, back, len + 1, 0), len);
    assert_memory_equal(back, data, len);
    free(back);
}

/* Wherever it stops: what it has is not fetched again, and all of it comes in the end. */
static void a_get_that_was_interrupted_goes_on(void **state)
{
    house *self = *state;
    uint8_t *data = make_data(RESUMED_BYTES);
    skad_id root = put(self, data, RESUMED_BYTES);
    for (size_t given = 0; given < 200; given += 37) {
        int fd = make_file(NULL, 0);
        size_t pieces = 0;
        self->daemon.give_at_most = given;
        assert_int_equal(get_into(self, &root, fd), SKAD_EXIT_TIMED_OUT);
        uint8_t *part = calloc(1, RESUMED_BYTES);
        assert_true(pread(fd, part, RESUMED_BYTES, 0) >= 0);
        for (size_t at = 0; at < RESUMED_BYTES; at += SKAD_PIECE_BYTES) {
            pieces += memcmp(part + at, data + at, SKAD_PIECE_BYTES) == 0;
        }
        free(part);
        self->daemon.give_at_most = SIZE_MAX;
        assert_int_equal(get_into(self, &root, fd), SKAD_EXIT_DONE);
        assert_int_equal(self->daemon.gets,
                         RESUMED_NODES + RESUMED_BYTES / SKAD_PIECE_BYTES - pieces);
        assert_content(fd, data, RESUMED_BYTES);
        close(fd);
    }
    free(data);
}

/* What lies in the place of a piece is nothing to rely on. */
static void pieces_that_are_wrong_are_fetched_again(void **state)
{
    house *self = *state;
    uint8_t *data = make_data(RESUMED_BYTES);
    skad_id root = put(self, data, RESUMED_BYTES);
    int fd = make_file(data, RESUMED_BYTES);
    assert_int_equal(pwrite(fd, "x", 1, 4321), 1);
    assert_int_equal(pwrite(fd, "xyz", 3, RESUMED_BYTES - 1), 3); /* and beyond the end */
    assert_int_equal(get_into(self, &root, fd), SKAD_EXIT_DONE);
    assert_int_equal(self->daemon.gets, RESUMED_NODES + 2);
    assert_content(fd, data, RESUMED_BYTES);
    close(fd);

    /* A file of another kind altogether, longer than this one. */
    uint8_t *other = calloc(1, 2 * RESUMED_BYTES);
    fd = make_file(other, 2 * RESUMED_BYTES);
    free(other);
    assert_int_equal(get_into(self, &root, fd), SKAD_EXIT_DONE);
    assert_int_equal(self->daemon.gets, RESUMED_NODES + RESUMED_BYTES / SKAD_PIECE_BYTES);
    assert_content(fd, data, RESUMED_BYTES);
    close(fd);
    free(data);
}

/* ---- Withdrawing ---- */

static void a_file_is_withdrawn_with_all_its_records(void **state)
{
    house *self = *state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t withdrawn = 0;
        uint8_t *data = make_data(sizes[i].size);
        self->daemon.records_count = 0;
        skad_id root = put(self, data, sizes[i].size);
        free(data);
        begin(self);
        assert_int_equal(skad_file_withdraw(&self->client, &root, &withdrawn, &self->failure),
                         SKAD_EXIT_DONE);
        end(self);
        assert_int_equal(withdrawn, sizes[i].records);
    }
}

static void a_value_that_is_no_file_is_not_withdrawn_as_one(void **state)
{
    house *self = *state;
    skad_id key;
    uint64_t withdrawn = 0;
    static const uint8_t value[] = "just a value";
    test_fake_keep(&self->daemon, (skad_span){value, sizeof value});
    skad_value_key(value, sizeof value, &key);
    begin(self);
    assert_int_equal(skad_file_withdraw(&self->client, &key, &withdrawn, &self->failure),
                     SKAD_EXIT_FAILED);
    end(self);
    assert_int_equal(withdrawn, 0);
}

#define WITH_DAEMON(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DAEMON(files_of_every_shape_come_back),
        WITH_DAEMON(a_piece_that_nobody_takes_is_a_failure),
        WITH_DAEMON(a_report_tells_the_worst_record_and_all_refusals),
        WITH_DAEMON(a_missing_piece_is_not_found),
        WITH_DAEMON(every_flipped_bit_is_noticed),
        WITH_DAEMON(a_value_that_is_no_root_is_no_file),
        WITH_DAEMON(a_tree_whose_parts_do_not_add_up_is_refused),
        WITH_DAEMON(a_file_larger_than_wanted_is_refused_before_a_byte_is_written),
        WITH_DAEMON(a_file_as_large_as_wanted_is_fetched),
        WITH_DAEMON(a_get_that_was_interrupted_goes_on),
        WITH_DAEMON(pieces_that_are_wrong_are_fetched_again),
        WITH_DAEMON(a_file_is_withdrawn_with_all_its_records),
        WITH_DAEMON(a_value_that_is_no_file_is_not_withdrawn_as_one),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
