/* The tree is built from below while the file is read: each level keeps the keys of one unfinished
 * node. A full node is stored when the next key arrives and not before, since the last one of all
 * may turn out to be the root.
 *
 *   read -> piece -> level 1: up to 30 keys -> level 2: up to 30 keys -> ... -> root */
#include "src/cli/file_put.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "crypto/assert.h"
#include "proto/record.h"
#include "proto/tree.h"
#include "src/cli/progress.h"

typedef struct unfinished_node {
    skad_id keys[SKAD_TREE_FANOUT];
    size_t keys_count;
    uint64_t size; /* bytes of the file below */
} unfinished_node;

typedef struct upload {
    skad_client *client;
    skad_failure *failure;
    size_t in_flight;
    uint64_t size;                                   /* of the file so far */
    unfinished_node levels[SKAD_TREE_LEVEL_MAX + 1]; /* by level; 0 is unused */
} upload;

/* ---- Records ---- */

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
        return SKAD_EXIT_FAILED;
    }
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

static skad_exit store(upload *self, const uint8_t *value, size_t len, skad_id *key)
{
    skad_control_request request = {.method = SKAD_CONTROL_PUT, .u.value = {value, len}};
    skad_value_key(value, len, key);
    if (self->in_flight == SKAD_FILE_WINDOW) {
        skad_exit error = await_one(self);
        if (error != SKAD_EXIT_DONE) {
            return error;
        }
    }
    self->in_flight++;
    return skad_client_request(self->client, &request, self->failure);
}

/* ---- The tree ---- */

static skad_exit store_node(upload *self, unsigned level, skad_id *key)
{
    uint8_t bytes[SKAD_VALUE_BYTES_MAX];
    unfinished_node *node = &self->levels[level];
    size_t len =
        skad_tree_encode_node(level, node->size, node->keys, node->keys_count, bytes, sizeof bytes);
    SKAD_ASSERT(len > 0);
    node->keys_count = 0;
    node->size = 0;
    return store(self, bytes, len, key);
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
            skad_exit error = store_node(self, level, &carried);
            if (error != SKAD_EXIT_DONE) {
                return error;
            }
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
static skad_exit finish_tree(upload *self, skad_id *root)
{
    unsigned level = 1;
    while (!is_top(self, level)) {
        uint64_t size = self->levels[level].size;
        if (size > 0) {
            skad_id key;
            skad_exit error = store_node(self, level, &key);
            if (error == SKAD_EXIT_DONE) {
                error = add_key(self, level + 1, key, size);
            }
            if (error != SKAD_EXIT_DONE) {
                return error;
            }
        }
        level++;
    }
    skad_exit error = store_node(self, level, root);
    return error == SKAD_EXIT_DONE ? await_all(self) : error;
}

/* ---- The file ---- */

/* Reads until the buffer is full or the file ends; short reads are normal for pipes. */
static skad_exit read_piece(upload *self, int fd, const char *name, uint8_t *piece, size_t *len)
{
    *len = 0;
    while (*len < SKAD_PIECE_BYTES) {
        ssize_t got = read(fd, piece + *len, SKAD_PIECE_BYTES - *len);
        if (got == 0) {
            break;
        }
        if (got > 0) {
            *len += (size_t)got;
        } else if (errno != EINTR) {
            (void)skad_fail(self->failure, "cannot read %s: %s", name, strerror(errno));
            return SKAD_EXIT_FAILED;
        }
    }
    return SKAD_EXIT_DONE;
}

static skad_exit put_inline(upload *self, const uint8_t *data, size_t len, skad_id *root)
{
    uint8_t bytes[SKAD_VALUE_BYTES_MAX];
    size_t encoded = skad_tree_encode_inline(data, len, bytes, sizeof bytes);
    SKAD_ASSERT(encoded > 0);
    skad_exit error = store(self, bytes, encoded, root);
    return error == SKAD_EXIT_DONE ? await_all(self) : error;
}

skad_exit skad_file_put(skad_client *client, int fd, const char *name, skad_id *root,
                        skad_failure *failure)
{
    uint8_t piece[SKAD_PIECE_BYTES];
    size_t len = 0;
    upload self = {.client = client, .failure = failure};

    skad_exit error = read_piece(&self, fd, name, piece, &len);
    if (error == SKAD_EXIT_DONE && len <= SKAD_TREE_INLINE_BYTES_MAX) {
        return put_inline(&self, piece, len, root);
    }
    while (error == SKAD_EXIT_DONE && len > 0) {
        skad_id key;
        error = store(&self, piece, len, &key);
        if (error == SKAD_EXIT_DONE) {
            error = add_key(&self, 1, key, len);
        }
        self.size += len;
        skad_progress_bytes("stored", self.size, 0);
        if (error == SKAD_EXIT_DONE) {
            error = read_piece(&self, fd, name, piece, &len);
        }
    }
    if (error == SKAD_EXIT_DONE) {
        error = finish_tree(&self, root);
    }
    skad_progress_clear();
    return error;
}
