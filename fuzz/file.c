/* Fetching a file from holders that forged its tree: nodes of any level and size that name any
 * other records, again and again. However that is, the machine asks for nothing beyond its limit,
 * gives no byte that is not wanted, gives each byte that is wanted at most once, and ends with all
 * or none of them missing. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/tree.h"
#include "skad/record.h"
#include "src/host/files/file_fetch.h"

#define RECORDS_MAX 32
#define STEPS_MAX   4000

typedef struct record {
    skad_id key;
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    size_t len;
} record;

static record records[RECORDS_MAX];
static size_t records_count;

static void add(const uint8_t *value, size_t len)
{
    record *made = &records[records_count++];
    skad_value_key(value, len, &made->key);
    memcpy(made->value, value, len);
    made->len = len;
}

/* A node of any size that its level allows; its keys are those of any records before it. */
static void add_node(fuzz_choices *self, unsigned level)
{
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    skad_id keys[SKAD_TREE_FANOUT];
    const uint64_t size = 1 + fuzz_number(self, 6) % skad_tree_capacity(level);
    const size_t count = skad_tree_keys(level, size);
    const size_t favourite = (size_t)fuzz_number(self, 1) % records_count;
    for (size_t i = 0; i < count; i++) {
        const size_t other = (size_t)fuzz_number(self, 1);
        keys[i] = records[other % 4 == 3 ? other / 4 % records_count : favourite].key;
    }
    const size_t len = skad_tree_encode_node(level, size, keys, count, value, sizeof value);
    if (len > 0) {
        add(value, len);
    }
}

static void build(fuzz_choices *self)
{
    static uint8_t piece[SKAD_PIECE_BYTES];
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    records_count = 0;
    add(piece, sizeof piece);
    while (self->len - self->at > 16 && records_count < RECORDS_MAX) {
        const unsigned kind = (unsigned)fuzz_number(self, 1) % 10;
        if (kind == 0) {
            add(piece, 1 + (size_t)fuzz_number(self, 2) % sizeof piece);
        } else if (kind <= SKAD_TREE_LEVEL_MAX) {
            add_node(self, kind);
        } else if (kind == SKAD_TREE_LEVEL_MAX + 1) {
            const size_t inside = (size_t)fuzz_number(self, 2) % (SKAD_TREE_INLINE_BYTES_MAX + 1);
            add(value, skad_tree_encode_inline(piece, inside, value, sizeof value));
        } else {
            return;
        }
    }
}

static const record *find(const skad_id *key)
{
    for (size_t i = 0; i < records_count; i++) {
        if (memcmp(&records[i].key, key, sizeof *key) == 0) {
            return &records[i];
        }
    }
    return NULL;
}

/* How much is wanted; nothing while the size is not known. */
static uint64_t wanted(const skad_file_fetch *fetch, const skad_file_fetch_config *config)
{
    uint64_t size;
    if (!skad_file_fetch_size(fetch, &size) || config->from >= size) {
        return 0;
    }
    return config->length < size - config->from ? config->length : size - config->from;
}

static void check_bytes(const skad_file_fetch *fetch, const skad_file_fetch_config *config,
                        const skad_file_bytes *bytes)
{
    FUZZ_REQUIRE(bytes->data.len <= SKAD_PIECE_BYTES);
    if (bytes->data.len > 0) {
        FUZZ_REQUIRE(!config->in_order && bytes->offset >= config->from);
        FUZZ_REQUIRE(bytes->offset - config->from + bytes->data.len <= wanted(fetch, config));
    }
}

/* One record that is asked for; false: the walk ends here. */
static bool step(skad_file_fetch *fetch, const skad_file_fetch_config *config, fuzz_choices *self)
{
    skad_file_part part;
    skad_file_bytes bytes;
    if (!skad_file_fetch_next(fetch, &part)) {
        return false;
    }
    const uint64_t at = config->from + skad_file_fetch_given(fetch);
    FUZZ_REQUIRE(!config->in_order || part.level == SKAD_FILE_LEVEL_OF_ROOT ||
                 part.offset < at + config->ahead * SKAD_PIECE_BYTES);
    if (fuzz_number(self, 1) == 7) {
        skad_file_fetch_again(fetch, &part);
        return true;
    }
    const record *found = find(&part.key);
    FUZZ_REQUIRE(found != NULL); /* no other keys are named */
    if (skad_file_fetch_took(fetch, &part, (skad_span){found->value, found->len}, &bytes) !=
        SKAD_FILE_TAKEN) {
        return false;
    }
    check_bytes(fetch, config, &bytes);
    return true;
}

static void give(skad_file_fetch *fetch, size_t max)
{
    skad_span some;
    while ((some = skad_file_fetch_ready(fetch, max)).len > 0) {
        FUZZ_REQUIRE(some.len <= max);
        skad_file_fetch_gave(fetch, some.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_choices self = {data, len, 0};
    skad_file_fetch *fetch;
    skad_file_fetch_config config = {.length = UINT64_MAX};
    config.window = 1 + fuzz_below(&self, SKAD_FILE_FETCH_WINDOW_MAX);
    config.ahead = config.window + fuzz_byte(&self);
    config.in_order = fuzz_byte(&self) % 2 == 0;
    config.from = fuzz_number(&self, fuzz_byte(&self) % 6);
    if (fuzz_byte(&self) % 2 == 0) {
        config.length = fuzz_number(&self, 3);
    }
    const size_t max = 1 + fuzz_below(&self, 4000);
    build(&self);
    config.root = records[records_count - 1].key;
    FUZZ_REQUIRE(skad_file_fetch_new(&config, &fetch) == SKAD_OK);
    for (size_t i = 0; i < STEPS_MAX && step(fetch, &config, &self); i++) {
        if (config.in_order) {
            give(fetch, max);
        }
        FUZZ_REQUIRE(skad_file_fetch_given(fetch) <= wanted(fetch, &config));
    }
    if (skad_file_fetch_is_done(fetch)) {
        FUZZ_REQUIRE(skad_file_fetch_given(fetch) == wanted(fetch, &config));
    }
    skad_file_fetch_free(fetch);
    return 0;
}
