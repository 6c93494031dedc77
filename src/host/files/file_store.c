/* The tree is built from below while the file comes: each level keeps the keys of one unfinished
 * node. A full node is stored only when the next key arrives, because the last node may turn out to
 * be the root.
 *
 *   bytes -> piece -> level 1: up to 30 keys -> level 2: up to 30 keys -> ... -> root
 *              |        |                         |
 *              +--------+-------------------------+--> queue -> put -> stored
 *
 * Bytes are taken only while the queue is empty, so it never holds more than one piece with the
 * nodes that it fills, or the last piece with all that ends the tree. */
#include "src/host/files/file_store.h"

#include <string.h>

#include "crypto/assert.h"
#include "skad/record.h"

/* ---- Records ---- */

static void queue(skad_file_store *self, const uint8_t *value, size_t len, size_t bytes)
{
    if (self->only_hash) {
        return;
    }
    SKAD_ASSERT(self->queue_count < SKAD_FILE_STORE_QUEUE);
    const size_t at = (self->queue_first + self->queue_count++) % SKAD_FILE_STORE_QUEUE;
    memcpy(self->queue[at].value, value, len);
    self->queue[at].len = len;
    self->queue[at].bytes = bytes;
}

static skad_id store(skad_file_store *self, const uint8_t *value, size_t len, size_t bytes)
{
    skad_id key;
    skad_value_key(value, len, &key);
    queue(self, value, len, bytes);
    return key;
}

bool skad_file_store_next(const skad_file_store *self, skad_file_record *out)
{
    if (self->queue_count == 0 || self->in_flight == SKAD_FILE_STORE_WINDOW) {
        return false;
    }
    const skad_file_queued *first = &self->queue[self->queue_first];
    *out = (skad_file_record){.value = first->value, .len = first->len, .bytes = first->bytes};
    return true;
}

/* ---- The tree ---- */

static skad_id store_node(skad_file_store *self, unsigned level)
{
    uint8_t bytes[SKAD_VALUE_BYTES_MAX];
    skad_file_node *node = &self->levels[level];
    const size_t len =
        skad_tree_encode_node(level, node->size, node->keys, node->keys_count, bytes, sizeof bytes);
    SKAD_ASSERT(len > 0);
    node->keys_count = 0;
    node->size = 0;
    return store(self, bytes, len, 0);
}

/* Hangs a key under the unfinished node of a level. Full nodes move up, each to the next level:
 * first make room from the lowest full level on. */
static void add_key(skad_file_store *self, unsigned level, skad_id key, uint64_t size)
{
    for (; level <= SKAD_TREE_LEVEL_MAX; level++) {
        skad_file_node *node = &self->levels[level];
        const uint64_t carried_size = node->size;
        const bool full = node->keys_count == SKAD_TREE_FANOUT;
        const skad_id carried = full ? store_node(self, level) : key;
        node->keys[node->keys_count++] = key;
        node->size += size;
        if (!full) {
            return;
        }
        key = carried;
        size = carried_size;
    }
    self->too_large = true;
}

static bool is_top(const skad_file_store *self, unsigned level)
{
    for (unsigned above = level + 1; above <= SKAD_TREE_LEVEL_MAX; above++) {
        if (self->levels[above].keys_count > 0) {
            return false;
        }
    }
    return true;
}

/* Stores what is unfinished, from below; the highest node is the root. */
static void finish_tree(skad_file_store *self)
{
    unsigned level = 1;
    while (!is_top(self, level)) {
        const uint64_t size = self->levels[level].size;
        if (size > 0) {
            add_key(self, level + 1, store_node(self, level), size);
        }
        level++;
    }
    self->root = store_node(self, level);
}

/* ---- The file ---- */

static void store_piece(skad_file_store *self)
{
    const size_t len = self->piece_len;
    self->piece_len = 0;
    add_key(self, 1, store(self, self->piece, len, len), len);
}

size_t skad_file_store_take(skad_file_store *self, const uint8_t *data, size_t len)
{
    size_t taken = 0;
    SKAD_ASSERT(!self->ended);
    while (taken < len && self->queue_count == 0 && !self->too_large) {
        /* A full piece is stored when it is known that more follows, or in the end. */
        if (self->piece_len == SKAD_PIECE_BYTES) {
            store_piece(self);
            continue;
        }
        const size_t room = SKAD_PIECE_BYTES - self->piece_len;
        const size_t some = len - taken < room ? len - taken : room;
        memcpy(self->piece + self->piece_len, data + taken, some);
        self->piece_len += some;
        taken += some;
    }
    self->taken += taken;
    return taken;
}

/* Makes the end of the tree once what waits is sent, so that the queue has room for all of it. */
static void finish(skad_file_store *self)
{
    if (!self->ended || self->rooted || self->queue_count > 0 || self->too_large) {
        return;
    }
    self->rooted = true;
    if (self->taken <= SKAD_TREE_INLINE_BYTES_MAX) {
        uint8_t bytes[SKAD_VALUE_BYTES_MAX];
        const size_t len =
            skad_tree_encode_inline(self->piece, self->piece_len, bytes, sizeof bytes);
        SKAD_ASSERT(len > 0);
        self->root = store(self, bytes, len, self->piece_len);
        return;
    }
    if (self->piece_len > 0) {
        store_piece(self);
    }
    finish_tree(self);
}

void skad_file_store_end(skad_file_store *self)
{
    self->ended = true;
    finish(self);
}

void skad_file_store_sent(skad_file_store *self)
{
    SKAD_ASSERT(self->queue_count > 0 && self->in_flight < SKAD_FILE_STORE_WINDOW);
    self->queue_first = (self->queue_first + 1) % SKAD_FILE_STORE_QUEUE;
    self->queue_count--;
    self->in_flight++;
    finish(self);
}

void skad_file_store_only_hash(skad_file_store *self)
{
    self->only_hash = true;
    self->queue_count = 0;
    self->in_flight = 0;
    finish(self);
}

bool skad_file_store_is_done(const skad_file_store *self)
{
    return self->rooted && !self->only_hash && self->queue_count == 0 && self->in_flight == 0;
}

/* ---- What became of it ---- */

void skad_file_store_put(skad_file_store *self, size_t bytes, const skad_put_report *report)
{
    skad_file_totals *totals = &self->totals;
    SKAD_ASSERT(self->in_flight > 0 || self->only_hash);
    self->in_flight -= self->in_flight > 0;
    if (totals->records == 0 || report->stored < totals->stored_min) {
        totals->stored_min = report->stored;
        totals->asked_min = report->holders;
        totals->wanted_min = report->wanted;
    }
    totals->records++;
    totals->bytes += bytes;
    totals->refused += report->refused;
    totals->unresponsive += report->unresponsive;
    totals->alone += report->alone;
    totals->kept += report->kept;
    totals->dense += report->dense;
    for (size_t code = 0; code < SKAD_REFUSALS; code++) {
        totals->refusals[code] += report->refusals[code];
    }
}
