/* Files fetched by their trees: in order and in any, whole and in part, from honest holders and
 * others. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "skad/record.h"
#include "src/host/files/file_fetch.h"
#include "tests/support/file_records.h"
#include "tests/support/prng.h"

typedef struct job {
    const test_file_records *records;
    skad_file_fetch_config config;
    test_prng dice; /* for the order in which answers come */
    uint8_t *out;   /* at its place in the file */
    uint64_t out_bytes;
    uint64_t refuse_every; /* asking finds no room each so many times; 0: never */
} job;

/* Gives in order what is there, in lengths of all kinds. */
static void give(job *self, skad_file_fetch *fetch)
{
    for (skad_span some = skad_file_fetch_ready(fetch, 1 + test_prng_below(&self->dice, 4000));
         some.len > 0;
         some = skad_file_fetch_ready(fetch, 1 + test_prng_below(&self->dice, 4000))) {
        memcpy(self->out + self->config.from + self->out_bytes, some.data, some.len);
        self->out_bytes += some.len;
        skad_file_fetch_gave(fetch, some.len);
    }
}

/* Runs a fetch to its end; answers come in a random order. */
static skad_file_taken run(job *self, skad_file_fetch *fetch)
{
    skad_file_part asked[SKAD_FILE_FETCH_WINDOW_MAX];
    size_t count = 0;
    uint64_t times = 0;
    while (!skad_file_fetch_is_done(fetch)) {
        while (skad_file_fetch_next(fetch, &asked[count])) {
            uint64_t size;
            if (skad_file_fetch_size(fetch, &size)) {
                const uint64_t given = self->config.from + skad_file_fetch_given(fetch);
                assert_true(!self->config.in_order ||
                            asked[count].offset < given + self->config.ahead * SKAD_PIECE_BYTES);
            }
            if (self->refuse_every > 0 && count > 0 && ++times % self->refuse_every == 0) {
                skad_file_fetch_again(fetch, &asked[count]);
                break;
            }
            count++;
            assert_in_range(count, 1, self->config.window);
        }
        assert_true(count > 0);
        const size_t at = (size_t)test_prng_below(&self->dice, count);
        const skad_file_part part = asked[at];
        const test_file_record *record = test_file_records_find(self->records, &part.key);
        skad_file_bytes bytes;
        assert_non_null(record);
        asked[at] = asked[--count];
        const skad_file_taken taken =
            skad_file_fetch_took(fetch, &part, (skad_span){record->value, record->len}, &bytes);
        if (taken != SKAD_FILE_TAKEN) {
            return taken;
        }
        if (self->config.in_order) {
            assert_int_equal(bytes.data.len, 0);
            give(self, fetch);
        } else if (bytes.data.len > 0) {
            memcpy(self->out + bytes.offset, bytes.data.data, bytes.data.len);
            self->out_bytes += bytes.data.len;
        }
    }
    assert_int_equal(count, 0);
    return SKAD_FILE_TAKEN;
}

static skad_file_taken fetch_file(job *self, size_t len)
{
    skad_file_fetch *fetch;
    self->out = calloc(1, len + 1);
    self->out_bytes = 0;
    assert_int_equal(skad_file_fetch_new(&self->config, &fetch), SKAD_OK);
    const skad_file_taken taken = run(self, fetch);
    if (taken == SKAD_FILE_TAKEN) {
        assert_int_equal(self->out_bytes, skad_file_fetch_given(fetch));
    }
    skad_file_fetch_free(fetch);
    return taken;
}

static void expect_file(job *self, const uint8_t *data, size_t len)
{
    const size_t from = self->config.from < len ? (size_t)self->config.from : len;
    size_t wanted = self->config.length < len - from ? (size_t)self->config.length : len - from;
    assert_int_equal(fetch_file(self, len), SKAD_FILE_TAKEN);
    if (self->out_bytes != wanted || memcmp(self->out + from, data + from, wanted) != 0) {
        fail_msg("%zu bytes from %zu on, %zu of them: other bytes, %zu", len, from, wanted,
                 (size_t)self->out_bytes);
    }
    free(self->out);
}

static void a_file_of_any_size_comes_back_in_either_way(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,    1,     992,   993,   1000,   1001,
                                   2000, 29999, 30001, 64000, 900001, 1234567};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *data = test_file_bytes(sizes[i]);
        test_file_records records = {0};
        job self = {.records = &records, .dice = {i}, .refuse_every = i % 3 == 0 ? 5 : 0};
        self.config = (skad_file_fetch_config){.root = test_file_plain(&records, data, sizes[i]),
                                               .length = UINT64_MAX,
                                               .window = 32,
                                               .ahead = 128};
        for (int in_order = 0; in_order < 2; in_order++) {
            self.config.in_order = in_order != 0;
            expect_file(&self, data, sizes[i]);
        }
        self.config.window = 1; /* one after the other */
        self.config.ahead = 1;
        expect_file(&self, data, sizes[i]);
        test_file_records_free(&records);
        free(data);
    }
}

/* What the caller counts stays with its record, and no other begins with it. */
static void tries_stay_with_their_record(void **state)
{
    (void)state;
    const size_t len = 100000;
    uint8_t *data = test_file_bytes(len);
    test_file_records records = {0};
    const skad_file_fetch_config config = {.root = test_file_plain(&records, data, len),
                                           .length = UINT64_MAX,
                                           .window = 8,
                                           .ahead = 64};
    skad_file_fetch *fetch;
    skad_file_part part;
    skad_file_bytes bytes;
    assert_int_equal(skad_file_fetch_new(&config, &fetch), SKAD_OK);
    while (skad_file_fetch_next(fetch, &part)) {
        for (uint8_t tries = 0; tries < 3; tries++) {
            const skad_id key = part.key;
            assert_int_equal(part.tries, tries);
            part.tries++;
            skad_file_fetch_again(fetch, &part);
            assert_true(skad_file_fetch_next(fetch, &part));
            assert_memory_equal(&part.key, &key, sizeof key);
        }
        const test_file_record *record = test_file_records_find(&records, &part.key);
        assert_int_equal(
            skad_file_fetch_took(fetch, &part, (skad_span){record->value, record->len}, &bytes),
            SKAD_FILE_TAKEN);
    }
    assert_true(skad_file_fetch_is_done(fetch));
    skad_file_fetch_free(fetch);
    test_file_records_free(&records);
    free(data);
}

static void any_part_of_a_file_can_be_fetched(void **state)
{
    (void)state;
    static const struct {
        uint64_t from;
        uint64_t length;
    } parts[] = {
        {0, 1},         {1, 998},     {999, 2},        {1000, 1000},    {29999, 2},
        {30000, 30000}, {899999, 5},  {950000, 70000}, {999999, 1},     {999999, UINT64_MAX},
        {1000000, 9},   {2000000, 1}, {500, 0},        {0, UINT64_MAX}, {123456, 654321},
    };
    const size_t len = 1000000;
    uint8_t *data = test_file_bytes(len);
    test_file_records records = {0};
    job self = {.records = &records, .dice = {9}};
    self.config = (skad_file_fetch_config){
        .root = test_file_plain(&records, data, len), .window = 16, .ahead = 64};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        self.config.from = parts[i].from;
        self.config.length = parts[i].length;
        for (int in_order = 0; in_order < 2; in_order++) {
            self.config.in_order = in_order != 0;
            expect_file(&self, data, len);
        }
    }
    test_file_records_free(&records);
    free(data);
}

/* A part costs its own pieces and the nodes above them, not the whole file. */
static void a_part_asks_only_for_what_it_needs(void **state)
{
    (void)state;
    const size_t len = 1000000;
    uint8_t *data = test_file_bytes(len);
    test_file_records records = {0};
    job self = {.records = &records};
    skad_file_fetch *fetch;
    self.config = (skad_file_fetch_config){.root = test_file_plain(&records, data, len),
                                           .from = 500500,
                                           .length = 1000,
                                           .window = 16,
                                           .ahead = 64,
                                           .in_order = true};
    self.out = calloc(1, len);
    assert_int_equal(skad_file_fetch_new(&self.config, &fetch), SKAD_OK);
    assert_int_equal(run(&self, fetch), SKAD_FILE_TAKEN);
    assert_int_equal(skad_file_fetch_records(fetch), 3 + 2); /* a level 3 root; two pieces */
    skad_file_fetch_free(fetch);
    test_file_records_free(&records);
    free(self.out);
    free(data);
}

/* A reader that takes nothing has at most `ahead` pieces come. */
static void nothing_is_asked_for_far_ahead_of_a_slow_reader(void **state)
{
    (void)state;
    const size_t len = 400000;
    uint8_t *data = test_file_bytes(len);
    test_file_records records = {0};
    const skad_file_fetch_config config = {.root = test_file_plain(&records, data, len),
                                           .length = UINT64_MAX,
                                           .window = 8,
                                           .ahead = 20,
                                           .in_order = true};
    skad_file_fetch *fetch;
    skad_file_part part;
    skad_file_bytes bytes;
    size_t pieces = 0;
    assert_int_equal(skad_file_fetch_new(&config, &fetch), SKAD_OK);
    while (skad_file_fetch_next(fetch, &part)) {
        const test_file_record *record = test_file_records_find(&records, &part.key);
        pieces += part.level == 0;
        assert_int_equal(
            skad_file_fetch_took(fetch, &part, (skad_span){record->value, record->len}, &bytes),
            SKAD_FILE_TAKEN);
    }
    assert_int_equal(pieces, 20);
    assert_int_equal(skad_file_fetch_ready(fetch, SIZE_MAX).len, 20000);
    skad_file_fetch_gave(fetch, 1000);
    assert_true(skad_file_fetch_next(fetch, &part));
    assert_int_equal(part.offset, 20000);
    skad_file_fetch_free(fetch);
    test_file_records_free(&records);
    free(data);
}

static void pieces_that_are_there_already_need_not_come(void **state)
{
    (void)state;
    const size_t len = 100000;
    uint8_t *data = test_file_bytes(len);
    test_file_records records = {0};
    const skad_file_fetch_config config = {.root = test_file_plain(&records, data, len),
                                           .length = UINT64_MAX,
                                           .window = 8,
                                           .ahead = 64};
    skad_file_fetch *fetch;
    skad_file_part part;
    skad_file_bytes bytes;
    uint64_t came = 0;
    assert_int_equal(skad_file_fetch_new(&config, &fetch), SKAD_OK);
    while (skad_file_fetch_next(fetch, &part)) {
        const test_file_record *record = test_file_records_find(&records, &part.key);
        if (part.level == 0 && part.offset < 50000) {
            skad_file_fetch_have(fetch, &part);
            continue;
        }
        assert_int_equal(
            skad_file_fetch_took(fetch, &part, (skad_span){record->value, record->len}, &bytes),
            SKAD_FILE_TAKEN);
        came += bytes.data.len;
    }
    assert_true(skad_file_fetch_is_done(fetch));
    assert_int_equal(came, 50000);
    skad_file_fetch_free(fetch);
    test_file_records_free(&records);
    free(data);
}

/* ---- Holders that lie ---- */

/* The verdict when the record of a kind is replaced: by its level, the root by its own. */
static skad_file_taken with_record(uint8_t level, const uint8_t *value, size_t len)
{
    uint8_t *data = test_file_bytes(31500);
    test_file_records records = {0};
    skad_file_fetch *fetch;
    skad_file_part part;
    skad_file_bytes bytes;
    const skad_file_fetch_config config = {.root = test_file_plain(&records, data, 31500),
                                           .length = UINT64_MAX,
                                           .window = 64,
                                           .ahead = 64,
                                           .in_order = true};
    skad_file_taken taken = SKAD_FILE_TAKEN;
    assert_int_equal(skad_file_fetch_new(&config, &fetch), SKAD_OK);
    while (taken == SKAD_FILE_TAKEN && skad_file_fetch_next(fetch, &part)) {
        const test_file_record *record = test_file_records_find(&records, &part.key);
        skad_span given = {record->value, record->len};
        given = part.level == level ? (skad_span){value, len} : given;
        taken = skad_file_fetch_took(fetch, &part, given, &bytes);
    }
    skad_file_fetch_free(fetch);
    test_file_records_free(&records);
    free(data);
    return taken;
}

static void what_is_not_of_its_key_is_wrong(void **state)
{
    (void)state;
    static const uint8_t other[1000] = {9};
    assert_int_equal(with_record(0, other, sizeof other), SKAD_FILE_WRONG);
    assert_int_equal(with_record(1, other, sizeof other), SKAD_FILE_WRONG);
    assert_int_equal(with_record(SKAD_FILE_LEVEL_OF_ROOT, other, 5), SKAD_FILE_WRONG);
}

/* A root that was made by hand: its own key is right, but what it names is not what it says. */
static skad_file_taken with_forged_child(const uint8_t *child, size_t len)
{
    uint8_t root[SKAD_VALUE_BYTES_MAX];
    skad_id keys[2];
    test_file_records records = {0};
    static uint8_t piece[1000];
    test_file_records_put(&records, child, len);
    test_file_records_put(&records, piece, sizeof piece);
    skad_value_key(child, len, &keys[0]);
    skad_value_key(piece, sizeof piece, &keys[1]);
    const size_t encoded = skad_tree_encode_node(1, 2000, keys, 2, root, sizeof root);
    test_file_records_put(&records, root, encoded);
    job self = {.records = &records};
    skad_value_key(root, encoded, &self.config.root);
    self.config.length = UINT64_MAX;
    self.config.window = 4;
    self.config.ahead = 4;
    const skad_file_taken taken = fetch_file(&self, 2000);
    free(self.out);
    test_file_records_free(&records);
    return taken;
}

static void a_tree_that_contradicts_itself_is_wrong(void **state)
{
    (void)state;
    static const uint8_t child[1000] = {7};
    assert_int_equal(with_forged_child(child, 1000), SKAD_FILE_TAKEN);
    assert_int_equal(with_forged_child(child, 999), SKAD_FILE_WRONG);
}

/* Both inner nodes are full, but the root says that the second one has 10000 bytes only. */
static void a_node_of_another_size_than_its_place_is_wrong(void **state)
{
    (void)state;
    static uint8_t piece[SKAD_PIECE_BYTES];
    uint8_t node[SKAD_VALUE_BYTES_MAX];
    skad_id keys[SKAD_TREE_FANOUT];
    test_file_records records = {0};
    job self = {.records = &records};
    test_file_records_put(&records, piece, sizeof piece);
    for (size_t i = 0; i < SKAD_TREE_FANOUT; i++) {
        skad_value_key(piece, sizeof piece, &keys[i]);
    }
    size_t len = skad_tree_encode_node(1, 30000, keys, SKAD_TREE_FANOUT, node, sizeof node);
    test_file_records_put(&records, node, len);
    skad_value_key(node, len, &keys[0]);
    keys[1] = keys[0];
    len = skad_tree_encode_node(2, 40000, keys, 2, node, sizeof node);
    test_file_records_put(&records, node, len);
    skad_value_key(node, len, &self.config.root);
    self.config.length = UINT64_MAX;
    self.config.window = 64;
    self.config.ahead = 64;
    assert_int_equal(fetch_file(&self, 60000), SKAD_FILE_WRONG);
    free(self.out);
    test_file_records_free(&records);
}

static void a_record_that_is_no_file_is_told_apart(void **state)
{
    (void)state;
    static const uint8_t text[] = "just a value";
    test_file_records records = {0};
    test_file_records_put(&records, text, sizeof text);
    job self = {.records = &records};
    skad_value_key(text, sizeof text, &self.config.root);
    self.config.length = UINT64_MAX;
    self.config.window = 4;
    self.config.ahead = 4;
    assert_int_equal(fetch_file(&self, 10), SKAD_FILE_NO_FILE);
    free(self.out);
    test_file_records_free(&records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_any_size_comes_back_in_either_way),
        cmocka_unit_test(tries_stay_with_their_record),
        cmocka_unit_test(any_part_of_a_file_can_be_fetched),
        cmocka_unit_test(a_part_asks_only_for_what_it_needs),
        cmocka_unit_test(nothing_is_asked_for_far_ahead_of_a_slow_reader),
        cmocka_unit_test(pieces_that_are_there_already_need_not_come),
        cmocka_unit_test(what_is_not_of_its_key_is_wrong),
        cmocka_unit_test(a_tree_that_contradicts_itself_is_wrong),
        cmocka_unit_test(a_node_of_another_size_than_its_place_is_wrong),
        cmocka_unit_test(a_record_that_is_no_file_is_told_apart),
    };
    return cmocka_run_group_tests_name("fetching files", tests, NULL, NULL);
}
