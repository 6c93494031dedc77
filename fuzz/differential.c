/* The structure check against another reader of msgpack, the tokenizer of libmpack: both agree on
 * what is well-formed within our limits, and on its meaning. The first byte chooses how many items
 * there is room for. */
#include <string.h>

#include <mpack.h>

#include "fuzz/fuzz.h"
#include "proto/limits.h"
#include "proto/reader.h"

#define ITEMS_MAX     96
#define DEPTH_LENIENT 8

/* What the other reader saw. */
typedef struct other_view {
    const uint8_t *data;
    size_t len;
    size_t at;
    bool strict;
    size_t items_max;
    skad_item items[ITEMS_MAX];
    size_t count;
    size_t open[DEPTH_LENIENT]; /* values that are missing in each open container */
    size_t depth;
} other_view;

static uint64_t value_of(const mpack_token_t *token)
{
    return (uint64_t)token->data.value.hi << 32 | token->data.value.lo;
}

/* How long the shortest form of a header or number is. */
static size_t shortest(const mpack_token_t *token)
{
    uint64_t value = value_of(token);
    switch ((int)token->type) {
    case MPACK_TOKEN_UINT:
        return value < 128           ? 1
               : value <= UINT8_MAX  ? 2
               : value <= UINT16_MAX ? 3
               : value <= UINT32_MAX ? 5
                                     : 9;
    case MPACK_TOKEN_BIN:
        return token->length <= UINT8_MAX ? 2 : token->length <= UINT16_MAX ? 3 : 5;
    case MPACK_TOKEN_ARRAY:
        return token->length <= 15 ? 1 : token->length <= UINT16_MAX ? 3 : 5;
    default:
        return 1;
    }
}

static bool strict_form(const other_view *view, const mpack_token_t *token, size_t start)
{
    switch ((int)token->type) {
    case MPACK_TOKEN_NIL:
        return true;
    case MPACK_TOKEN_UINT: {
        /* Positive numbers in a signed form are UINT tokens, too; their first bytes are d0..d3. */
        bool is_signed = view->data[start] >= 0xd0 && view->data[start] <= 0xd3;
        return !is_signed && view->at - start == shortest(token);
    }
    case MPACK_TOKEN_BIN:
    case MPACK_TOKEN_ARRAY:
        return view->at - start == shortest(token);
    default:
        return false;
    }
}

static skad_item_type type_of(const mpack_token_t *token)
{
    switch ((int)token->type) {
    case MPACK_TOKEN_BOOLEAN:
        return SKAD_ITEM_BOOL;
    case MPACK_TOKEN_UINT:
        return SKAD_ITEM_UINT;
    case MPACK_TOKEN_SINT:
        return SKAD_ITEM_NEGATIVE;
    case MPACK_TOKEN_FLOAT:
        return SKAD_ITEM_FLOAT;
    case MPACK_TOKEN_STR:
        return SKAD_ITEM_STR;
    case MPACK_TOKEN_BIN:
        return SKAD_ITEM_BIN;
    case MPACK_TOKEN_ARRAY:
        return SKAD_ITEM_ARRAY;
    case MPACK_TOKEN_MAP:
        return SKAD_ITEM_MAP;
    default:
        return SKAD_ITEM_NIL;
    }
}

/* One token at the view's place; false where it is none or not whole. */
static bool read_token(other_view *view, mpack_token_t *token)
{
    mpack_tokbuf_t buffer = MPACK_TOKBUF_INITIAL_VALUE;
    const char *next = (const char *)view->data + view->at;
    size_t left = view->len - view->at;
    if (left == 0 || mpack_read(&buffer, &next, &left, token) != MPACK_OK) {
        return false;
    }
    view->at = view->len - left;
    return true;
}

/* Takes the bytes of a string that its header announced. */
static bool take_bytes(other_view *view, skad_item *item)
{
    if (item->count > view->len - view->at) {
        return false;
    }
    item->u.data = item->count == 0 ? NULL : view->data + view->at;
    view->at += item->count;
    return true;
}

static bool open_container(other_view *view, const skad_item *item, size_t depth_max)
{
    if (view->depth == depth_max) {
        return false;
    }
    if (item->count > 0) {
        view->open[view->depth++] = (size_t)item->count * (item->type == SKAD_ITEM_MAP ? 2 : 1);
    }
    return true;
}

static void close_finished(other_view *view)
{
    while (view->depth > 0 && --view->open[view->depth - 1] == 0) {
        view->depth--;
    }
}

static bool take_value(other_view *view, size_t depth_max)
{
    mpack_token_t token;
    size_t start = view->at;
    if (!read_token(view, &token) || token.type == MPACK_TOKEN_EXT ||
        view->count == view->items_max || (view->strict && !strict_form(view, &token, start))) {
        return false;
    }
    skad_item *item = &view->items[view->count++];
    *item = (skad_item){.type = (uint8_t)type_of(&token)};
    switch ((int)token.type) {
    case MPACK_TOKEN_STR:
    case MPACK_TOKEN_BIN:
        item->count = token.length;
        if (!take_bytes(view, item)) {
            return false;
        }
        break;
    case MPACK_TOKEN_ARRAY:
    case MPACK_TOKEN_MAP:
        item->count = token.length;
        if (!open_container(view, item, depth_max)) {
            return false;
        }
        if (item->count > 0) {
            return true; /* its elements follow */
        }
        break;
    default:
        item->u.number = value_of(&token);
        if (token.type == MPACK_TOKEN_SINT && token.length < 8) {
            item->u.number = (uint64_t)mpack_unpack_sint(token);
        }
        break;
    }
    close_finished(view);
    return true;
}

/* Whether the other reader finds one whole value. */
static bool other_reads(other_view *view)
{
    size_t depth_max = view->strict ? SKAD_DEPTH_MAX : DEPTH_LENIENT;
    do {
        if (!take_value(view, depth_max)) {
            return false;
        }
    } while (view->depth > 0);
    return !view->strict || view->at == view->len;
}

static void compare(const other_view *view, const skad_item *items, size_t count)
{
    FUZZ_REQUIRE(count == view->count);
    for (size_t i = 0; i < count; i++) {
        const skad_item *ours = &items[i];
        const skad_item *theirs = &view->items[i];
        FUZZ_REQUIRE(ours->type == theirs->type && ours->count == theirs->count);
        switch ((skad_item_type)ours->type) {
        case SKAD_ITEM_STR:
        case SKAD_ITEM_BIN:
            FUZZ_REQUIRE(ours->u.data == theirs->u.data);
            break;
        case SKAD_ITEM_BOOL:
        case SKAD_ITEM_UINT:
        case SKAD_ITEM_NEGATIVE:
            FUZZ_REQUIRE(ours->u.number == theirs->u.number);
            break;
        case SKAD_ITEM_NIL:
        case SKAD_ITEM_FLOAT: /* a float32 is kept as a double */
        case SKAD_ITEM_ARRAY:
        case SKAD_ITEM_MAP:
            break;
        }
    }
}

static void read_both(const uint8_t *data, size_t len, size_t items_max, skad_cut_mode mode)
{
    skad_item items[ITEMS_MAX];
    size_t count = 0;
    size_t consumed = 0;
    other_view view = {
        .data = data, .len = len, .strict = mode == SKAD_CUT_STRICT, .items_max = items_max};
    bool theirs = other_reads(&view);
    bool ours = skad_cut(data, len, mode, items, items_max, &count, &consumed) == SKAD_CUT_OK;
    FUZZ_REQUIRE(ours == theirs);
    if (ours) {
        FUZZ_REQUIRE(consumed == view.at);
        compare(&view, items, count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len >= 1) {
        size_t items_max = 1 + data[0] % ITEMS_MAX;
        read_both(data + 1, len - 1, items_max, SKAD_CUT_STRICT);
        read_both(data + 1, len - 1, items_max, SKAD_CUT_LENIENT);
    }
    return 0;
}
