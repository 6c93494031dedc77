/* The structure check and the typed reads: for any bytes, items stay within the input, and any walk
 * over them ends. */
#include "fuzz/fuzz.h"
#include "proto/limits.h"
#include "proto/reader.h"

#define ITEMS_MAX 80

/* Checks that everything that an item refers to lies within the input. */
static void check_items(const uint8_t *data, size_t len, const skad_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const skad_item *item = &items[i];
        if ((item->type == SKAD_ITEM_STR || item->type == SKAD_ITEM_BIN) && item->count > 0) {
            FUZZ_REQUIRE(item->u.data >= data && item->u.data + item->count <= data + len);
        }
        if (item->type == SKAD_ITEM_ARRAY || item->type == SKAD_ITEM_MAP) {
            FUZZ_REQUIRE(item->count < count);
        }
    }
}

/* Reads items by their types, or as the seed says; all reads together consume each item once. */
static void walk(const skad_item *items, size_t count, uint8_t seed)
{
    skad_reader reader;
    uint8_t bytes[32];
    skad_reader_init(&reader, items, count);
    for (size_t i = 0; i <= count && !reader.failed; i++) {
        switch ((skad_item_type)((skad_read_peek(&reader) + (i == seed)) % (SKAD_ITEM_MAP + 1))) {
        case SKAD_ITEM_NIL:
            reader.failed = !skad_read_nil(&reader);
            break;
        case SKAD_ITEM_BOOL:
            (void)skad_read_bool(&reader);
            break;
        case SKAD_ITEM_UINT:
            (void)skad_read_uint(&reader, seed == 0 ? 1 : UINT64_MAX);
            break;
        case SKAD_ITEM_NEGATIVE:
        case SKAD_ITEM_FLOAT:
            (void)skad_read_number(&reader);
            break;
        case SKAD_ITEM_STR:
            if (!skad_read_str_is(&reader, "ping")) {
                (void)skad_read_str(&reader, 16);
            }
            break;
        case SKAD_ITEM_BIN:
            if (seed % 2 == 0) {
                skad_read_bytes(&reader, bytes, sizeof bytes);
            } else {
                (void)skad_read_bin(&reader, 0, 1000);
            }
            break;
        case SKAD_ITEM_ARRAY:
            (void)skad_read_array(&reader, 0, 16);
            break;
        case SKAD_ITEM_MAP:
            (void)skad_read_map(&reader, 16);
            break;
        }
    }
    FUZZ_REQUIRE(reader.next <= reader.end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    skad_item items[ITEMS_MAX];
    skad_reader reader;
    size_t count;
    size_t consumed;
    if (len < 1) {
        return 0;
    }
    const uint8_t seed = data[0];
    data++;
    len--;
    if (skad_cut(data, len, SKAD_CUT_STRICT, items, ITEMS_MAX, &count, &consumed) == SKAD_CUT_OK) {
        FUZZ_REQUIRE(consumed == len && count >= 1 && count <= ITEMS_MAX);
        check_items(data, len, items, count);
        walk(items, count, seed);
        skad_reader_init(&reader, items, count);
        skad_read_skip(&reader);
        FUZZ_REQUIRE(skad_reader_done(&reader));
        /* Fewer places than items must be refused, not overrun. */
        FUZZ_REQUIRE(skad_cut(data, len, SKAD_CUT_STRICT, items, count - 1, &count, &consumed) ==
                     SKAD_CUT_INVALID);
    }
    if (skad_cut(data, len, SKAD_CUT_LENIENT, items, ITEMS_MAX, &count, &consumed) == SKAD_CUT_OK) {
        FUZZ_REQUIRE(consumed >= 1 && consumed <= len && count >= 1);
        check_items(data, len, items, count);
        walk(items, count, seed);
    }
    return 0;
}
