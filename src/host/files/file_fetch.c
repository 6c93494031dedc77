/* A walk over the tree. Records that are known but not asked for wait in one list, ordered by their
 * place in the file; the lowest is asked for first, if it begins before the limit.
 *
 *             given        limit
 *   file  ======|------------|-----------------------------
 *                 some came,   nothing is asked for here,
 *                 some asked   not even a node of the tree
 *
 * The list stays short. A node is asked for only if it begins before the limit, and at each level
 * at most (ahead / capacity + 2) nodes lie between what was given and the limit; each brings 30
 * children. The lowest record that lacks is always before the limit, so the walk never stops. */
#include "src/host/files/file_fetch.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "skad/record.h"

/* Pieces: ahead + 60. Nodes of level 1: ahead + 60 again, by far; five levels above: 30 * 7 each.
 */
#define WAITING_MAX(ahead) (2 * (ahead) + 1400)

struct skad_file_fetch {
    skad_file_fetch_config config;
    skad_file_part *waiting; /* descending offsets, so that the lowest is the last */
    size_t waiting_count;
    size_t in_flight;
    bool rooted;
    uint64_t size;        /* of the file */
    uint64_t to;          /* where what is wanted ends */
    uint64_t given;       /* in order: the next byte to give; in any order: all below is done */
    uint64_t given_bytes; /* that are wanted */
    uint64_t records;
    uint16_t *done;  /* by piece, modulo ahead: its length + 1; 0: it is not there */
    uint8_t *pieces; /* in order: their bytes */
};

skad_status skad_file_fetch_new(const skad_file_fetch_config *config, skad_file_fetch **out)
{
    skad_file_fetch *self = calloc(1, sizeof *self);
    SKAD_ASSERT(config->window >= 1 && config->window <= SKAD_FILE_FETCH_WINDOW_MAX &&
                config->ahead >= config->window && config->ahead <= SKAD_FILE_FETCH_AHEAD_MAX);
    if (self == NULL) {
        return SKAD_ERR_MEMORY;
    }
    self->config = *config;
    self->waiting = calloc(WAITING_MAX(config->ahead), sizeof *self->waiting);
    self->done = calloc(config->ahead, sizeof *self->done);
    self->pieces = config->in_order ? malloc(config->ahead * SKAD_PIECE_BYTES) : NULL;
    if (self->waiting == NULL || self->done == NULL || (config->in_order && self->pieces == NULL)) {
        skad_file_fetch_free(self);
        return SKAD_ERR_MEMORY;
    }
    self->waiting[self->waiting_count++] =
        (skad_file_part){.key = config->root, .level = SKAD_FILE_LEVEL_OF_ROOT};
    *out = self;
    return SKAD_OK;
}

void skad_file_fetch_free(skad_file_fetch *self)
{
    if (self != NULL) {
        free(self->waiting);
        free(self->done);
        free(self->pieces);
        free(self);
    }
}

/* ---- Asking ---- */

static uint64_t first_piece(const skad_file_fetch *self)
{
    return self->given / SKAD_PIECE_BYTES;
}

static uint64_t limit(const skad_file_fetch *self)
{
    return (first_piece(self) + self->config.ahead) * SKAD_PIECE_BYTES;
}

bool skad_file_fetch_next(skad_file_fetch *self, skad_file_part *out)
{
    if (self->waiting_count == 0 || self->in_flight == self->config.window ||
        self->waiting[self->waiting_count - 1].offset >= limit(self)) {
        return false;
    }
    *out = self->waiting[--self->waiting_count];
    self->in_flight++;
    return true;
}

/* Makes room for `count` parts that begin at an offset; returns where. */
static skad_file_part *insert(skad_file_fetch *self, size_t count, uint64_t offset)
{
    size_t at = self->waiting_count;
    SKAD_ASSERT(self->waiting_count + count <= WAITING_MAX(self->config.ahead));
    while (at > 0 && self->waiting[at - 1].offset < offset) {
        at--;
    }
    memmove(&self->waiting[at + count], &self->waiting[at],
            (self->waiting_count - at) * sizeof self->waiting[0]);
    self->waiting_count += count;
    return &self->waiting[at];
}

void skad_file_fetch_again(skad_file_fetch *self, const skad_file_part *part)
{
    SKAD_ASSERT(self->in_flight > 0);
    self->in_flight--;
    *insert(self, 1, part->offset) = *part;
}

/* ---- What came ---- */

/* In any order: how far all is done, and how much of it is wanted. */
static void count_given(skad_file_fetch *self)
{
    size_t slot = (size_t)(first_piece(self) % self->config.ahead);
    while (self->given < self->to && self->done[slot] != 0) {
        const uint64_t begins = first_piece(self) * SKAD_PIECE_BYTES;
        self->given = begins + self->done[slot] - 1U;
        self->given = self->given < self->to ? self->given : self->to;
        self->done[slot] = 0;
        slot = (size_t)(first_piece(self) % self->config.ahead);
    }
}

/* How much of a piece is wanted, and where that begins in it. */
static skad_file_bytes cut(const skad_file_fetch *self, skad_span data, uint64_t offset)
{
    const uint64_t from = self->config.from > offset ? self->config.from - offset : 0;
    const uint64_t end = self->to - offset < data.len ? self->to - offset : data.len;
    return (skad_file_bytes){.data = {data.data + from, (size_t)(end - from)},
                             .offset = offset + from};
}

static void take_piece(skad_file_fetch *self, skad_span data, uint64_t offset, skad_file_bytes *out)
{
    const size_t slot = (size_t)(offset / SKAD_PIECE_BYTES % self->config.ahead);
    if (self->to <= self->config.from) {
        return; /* nothing of it is wanted: it came with the root */
    }
    self->done[slot] = (uint16_t)(data.len + 1);
    if (self->config.in_order) {
        memcpy(self->pieces + slot * SKAD_PIECE_BYTES, data.data, data.len);
        return;
    }
    *out = cut(self, data, offset);
    self->given_bytes += out->data.len;
    count_given(self);
}

/* Those that have nothing that is wanted are left out. */
static void add_children(skad_file_fetch *self, const skad_tree_node *node, uint64_t offset)
{
    const unsigned level = node->level - 1U;
    const uint64_t each = skad_tree_capacity(level);
    const uint64_t from = self->config.from > offset ? self->config.from - offset : 0;
    const uint64_t to = self->to > offset ? self->to - offset : 0;
    const size_t first = (size_t)(from / each);
    size_t end = (size_t)(to / each + (to % each != 0));
    end = end < node->keys_count ? end : node->keys_count;
    if (first >= end) {
        return;
    }
    skad_file_part *child = insert(self, end - first, offset + first * each);
    for (size_t i = end; i > first; i--, child++) {
        const uint64_t before = (i - 1) * each;
        *child = (skad_file_part){
            .offset = offset + before,
            .size = node->size - before < each ? node->size - before : each,
            .level = (uint8_t)level,
        };
        memcpy(child->key.bytes, node->keys + (i - 1) * SKAD_ID_BYTES, SKAD_ID_BYTES);
    }
}

static void take_size(skad_file_fetch *self, uint64_t size)
{
    const skad_file_fetch_config *config = &self->config;
    const uint64_t from = config->from < size ? config->from : size;
    self->rooted = true;
    self->size = size;
    self->to = config->length < size - from ? from + config->length : size;
    self->given = from;
}

static skad_file_taken take_node(skad_file_fetch *self, const skad_file_part *part, skad_span value,
                                 skad_file_bytes *out)
{
    skad_tree_node node;
    const bool is_root = part->level == SKAD_FILE_LEVEL_OF_ROOT;
    if (!skad_tree_decode(value.data, value.len, is_root, &node)) {
        return is_root ? SKAD_FILE_NO_FILE : SKAD_FILE_WRONG;
    }
    if (is_root) {
        take_size(self, node.size);
    } else if (node.level != part->level || node.size != part->size) {
        return SKAD_FILE_WRONG;
    }
    if (node.level == 0) {
        take_piece(self, node.data, 0, out);
    } else {
        add_children(self, &node, part->offset);
    }
    return SKAD_FILE_TAKEN;
}

skad_file_taken skad_file_fetch_took(skad_file_fetch *self, const skad_file_part *part,
                                     skad_span value, skad_file_bytes *out)
{
    skad_id key;
    SKAD_ASSERT(self->in_flight > 0);
    *out = (skad_file_bytes){.offset = 0};
    self->in_flight--;
    self->records++;
    skad_value_key(value.data, value.len, &key);
    if (memcmp(&key, &part->key, sizeof key) != 0) {
        return SKAD_FILE_WRONG;
    }
    if (part->level != 0) {
        return take_node(self, part, value, out);
    }
    if (value.len != part->size) {
        return SKAD_FILE_WRONG;
    }
    take_piece(self, value, part->offset, out);
    return SKAD_FILE_TAKEN;
}

void skad_file_fetch_have(skad_file_fetch *self, const skad_file_part *part)
{
    SKAD_ASSERT(!self->config.in_order && part->level == 0 && self->in_flight > 0);
    self->in_flight--;
    self->done[part->offset / SKAD_PIECE_BYTES % self->config.ahead] = (uint16_t)(part->size + 1);
    count_given(self);
}

/* ---- In order ---- */

skad_span skad_file_fetch_ready(const skad_file_fetch *self, size_t max)
{
    SKAD_ASSERT(self->config.in_order);
    const uint64_t wanted = self->to > self->given ? self->to - self->given : 0;
    size_t slot = (size_t)(first_piece(self) % self->config.ahead);
    const size_t begin = slot * SKAD_PIECE_BYTES + self->given % SKAD_PIECE_BYTES;
    size_t end = begin;
    while (slot < self->config.ahead && self->done[slot] != 0 && end - begin < max) {
        end = slot * SKAD_PIECE_BYTES + self->done[slot] - 1U;
        slot++;
    }
    size_t len = end - begin < max ? end - begin : max;
    len = len < wanted ? len : (size_t)wanted;
    return (skad_span){self->pieces + begin, len};
}

void skad_file_fetch_gave(skad_file_fetch *self, size_t len)
{
    uint64_t before = first_piece(self);
    self->given += len;
    self->given_bytes += len;
    for (; before < first_piece(self); before++) {
        self->done[before % self->config.ahead] = 0;
    }
}

/* ---- How far it is ---- */

bool skad_file_fetch_size(const skad_file_fetch *self, uint64_t *size)
{
    *size = self->size;
    return self->rooted;
}

uint64_t skad_file_fetch_given(const skad_file_fetch *self)
{
    return self->given_bytes;
}

uint64_t skad_file_fetch_records(const skad_file_fetch *self)
{
    return self->records;
}

bool skad_file_fetch_is_done(const skad_file_fetch *self)
{
    return self->rooted && self->given >= self->to;
}
