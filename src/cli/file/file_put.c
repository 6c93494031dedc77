/* The tree is built from below while the file is read: each level keeps the keys of one unfinished
 * node. A full node is stored only when the next key arrives, because the last node may turn out to
 * be the root.
 *
 *   read -> piece -> level 1: up to 30 keys -> level 2: up to 30 keys -> ... -> root */
#include "src/cli/file/file_put.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "crypto/assert.h"
#include "proto/tree.h"
#include "skad/record.h"
#include "src/cli/file/meter.h"
#include "src/daemon/control/refusals.h"

typedef struct unfinished_node {
    skad_id keys[SKAD_TREE_FANOUT];
    size_t keys_count;
    uint64_t size; /* bytes of the file below */
} unfinished_node;

typedef struct upload {
    skad_client *client;
    const skad_file_put_request *request;
    skad_file_put_report *report;
    skad_failure *failure;
    skad_meter meter;
    size_t in_flight;
    skad_exit failed; /* DONE: all went well so far; otherwise nothing more is stored */
    unfinished_node levels[SKAD_TREE_LEVEL_MAX + 1]; /* by level; 0 is unused */
} upload;

/* ---- Records ---- */

static void count_refusals(upload *self, skad_answer refusals)
{
    for (size_t code = 0; code < SKAD_REFUSALS; code++) {
        const char *name = skad_refusals_name(code);
        self->report->refusals[code] += skad_answer_uint(refusals, name);
    }
}

/* Adds the outcome of one record. */
static void count_put(upload *self, skad_answer result)
{
    skad_file_put_report *report = self->report;
    uint64_t stored = skad_answer_uint(result, "stored");

    if (report->records == 0 || stored < report->worst_stored) {
        report->worst_stored = stored;
        report->worst_holders = skad_answer_uint(result, "holders");
        report->worst_wanted = skad_answer_uint(result, "wanted");
    }
    report->records++;
    report->refused += skad_answer_uint(result, "refused");
    report->unresponsive += skad_answer_uint(result, "silent");
    report->alone += skad_answer_bool(result, "alone");
    report->dense += skad_answer_bool(result, "dense");
    report->not_kept += self->request->keep && !skad_answer_bool(result, "kept");
    count_refusals(self, skad_answer_get(result, "refusals"));
}

static void show_meter(upload *self)
{
    const uint64_t on_their_way = self->in_flight * SKAD_PIECE_BYTES;
    uint64_t done = self->report->bytes > on_their_way ? self->report->bytes - on_their_way : 0;
    const skad_meter_reading reading = {.done = done, .total = self->request->size, .moved = done};
    skad_meter_show(&self->meter, &reading);
}

static skad_exit await_one(upload *self)
{
    skad_reply reply;
    skad_exit error = skad_client_await(self->client, &reply, self->failure);
    if (error != SKAD_EXIT_DONE) {
        return error;
    }
    self->in_flight--;
    if (reply.error != SKAD_EXIT_DONE) {
        (void)skad_fail(self->failure, "a piece could not be stored: %s", reply.message);
        return reply.error;
    }
    if (skad_answer_uint(reply.result, "stored") == 0) {
        (void)skad_fail(self->failure, "a piece could not be stored: no node took it");
        return SKAD_EXIT_REFUSED;
    }
    count_put(self, reply.result);
    show_meter(self);
    return SKAD_EXIT_DONE;
}

static skad_exit await_all(upload *self)
{
    skad_exit error = SKAD_EXIT_DONE;
    while (self->in_flight > 0 && error == SKAD_EXIT_DONE) {
        error = await_one(self);
    }
    return error;
}

static skad_exit send(upload *self, const uint8_t *value, size_t len)
{
    skad_control_request request = {
        .method = SKAD_CONTROL_PUT, .value = {value, len}, .keep = self->request->keep};
    if (self->in_flight == SKAD_FILE_PUT_WINDOW) {
        skad_exit error = await_one(self);
        if (error != SKAD_EXIT_DONE) {
            return error;
        }
    }
    self->in_flight++;
    return skad_client_request(self->client, &request, self->failure);
}

/* Once a record could not be stored, the rest of the file is only hashed, so that the key of what
 * is half stored can be told. */
static void store(upload *self, const uint8_t *value, size_t len, skad_id *key)
{
    skad_value_key(value, len, key);
    if (self->failed == SKAD_EXIT_DONE) {
        self->failed = send(self, value, len);
    }
}

/* ---- The tree ---- */

static void store_node(upload *self, unsigned level, skad_id *key)
{
    uint8_t bytes[SKAD_VALUE_BYTES_MAX];
    unfinished_node *node = &self->levels[level];
    size_t len =
        skad_tree_encode_node(level, node->size, node->keys, node->keys_count, bytes, sizeof bytes);
    SKAD_ASSERT(len > 0);
    node->keys_count = 0;
    node->size = 0;
    store(self, bytes, len, key);
}

/* Hangs a key under the unfinished node of a level. Full nodes move up, each to the next level:
 * first make room from the lowest full level on. */
static skad_exit add_key(upload *self, unsigned level, skad_id key, uint64_t size)
{
    for (; level <= SKAD_TREE_LEVEL_MAX; level++) {
        unfinished_node *node = &self->levels[level];
        skad_id carried = {{0}};
        uint64_t carried_size = node->size;
        bool full = node->keys_count == SKAD_TREE_FANOUT;
        if (full) {
            store_node(self, level, &carried);
        }
        node->keys[node->keys_count++] = key;
        node->size += size;
        if (!full) {
            return SKAD_EXIT_DONE;
        }
        key = carried;
        size = carried_size;
    }
    (void)skad_fail(self->failure, "the file is too large: at most 21.87 TB fit");
    return SKAD_EXIT_FAILED;
}

/* The tree is complete, and its root known. */
static skad_exit finish(upload *self)
{
    self->report->root_known = true;
    if (self->failed == SKAD_EXIT_DONE) {
        self->failed = await_all(self);
    }
    return self->failed;
}

static bool is_top(const upload *self, unsigned level)
{
    for (unsigned above = level + 1; above <= SKAD_TREE_LEVEL_MAX; above++) {
        if (self->levels[above].keys_count > 0) {
            return false;
        }
    }
    return true;
}

/* Stores what is unfinished, from below; the highest node is the root. */
static skad_exit finish_tree(upload *self)
{
    unsigned level = 1;
    while (!is_top(self, level)) {
        uint64_t size = self->levels[level].size;
        if (size > 0) {
            skad_id key;
            store_node(self, level, &key);
            skad_exit error = add_key(self, level + 1, key, size);
            if (error != SKAD_EXIT_DONE) {
                return error;
            }
        }
        level++;
    }
    store_node(self, level, &self->report->root);
    return finish(self);
}

/* ---- The file ---- */

/* Reads until the buffer is full or the file ends; short reads are normal for pipes. */
static skad_exit read_piece(upload *self, uint8_t *piece, size_t *len)
{
    *len = 0;
    while (*len < SKAD_PIECE_BYTES) {
        ssize_t got = read(self->request->fd, piece + *len, SKAD_PIECE_BYTES - *len);
        if (got == 0) {
            break;
        }
        if (got > 0) {
            *len += (size_t)got;
        } else if (errno != EINTR) {
            (void)skad_fail(self->failure, "cannot read %s: %s", self->request->name,
                            strerror(errno));
            return SKAD_EXIT_FAILED;
        }
    }
    return SKAD_EXIT_DONE;
}

static skad_exit put_inline(upload *self, const uint8_t *data, size_t len)
{
    uint8_t bytes[SKAD_VALUE_BYTES_MAX];
    size_t encoded = skad_tree_encode_inline(data, len, bytes, sizeof bytes);
    SKAD_ASSERT(encoded > 0);
    self->report->bytes = len;
    store(self, bytes, encoded, &self->report->root);
    return finish(self);
}

static skad_exit put_pieces(upload *self, uint8_t *piece, size_t len)
{
    skad_exit error = SKAD_EXIT_DONE;
    while (error == SKAD_EXIT_DONE && len > 0) {
        skad_id key;
        store(self, piece, len, &key);
        error = add_key(self, 1, key, len);
        self->report->bytes += len;
        if (error == SKAD_EXIT_DONE) {
            error = read_piece(self, piece, &len);
        }
    }
    return error == SKAD_EXIT_DONE ? finish_tree(self) : error;
}

skad_exit skad_file_put(skad_client *client, const skad_file_put_request *request,
                        skad_file_put_report *out, skad_failure *failure)
{
    uint8_t piece[SKAD_PIECE_BYTES];
    size_t len = 0;
    upload self = {.client = client, .request = request, .report = out, .failure = failure};

    memset(out, 0, sizeof *out);
    skad_meter_begin(&self.meter, "stored");
    skad_exit error = read_piece(&self, piece, &len);
    if (error == SKAD_EXIT_DONE) {
        error = len <= SKAD_TREE_INLINE_BYTES_MAX ? put_inline(&self, piece, len)
                                                  : put_pieces(&self, piece, len);
    }
    skad_meter_end(&self.meter);
    return error;
}
