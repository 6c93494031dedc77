/* Cutting and typed reading of msgpack. The grammar is msgpack-c's callback template, whose whole
 * memory is a stack of SKAD_STACK_DEPTH entries. The callbacks below keep one flat item for each
 * value, in the order of the bytes (a container comes before its elements).
 *
 * Invariant of strict mode: `shortest` is the offset of the next value if everything so far had its
 * shortest form. The final comparison with the input's length proves that it did, so the offsets
 * recorded on the way are right whenever the result is SKAD_CUT_OK. */
#include "proto/reader.h"

#include <string.h>

#include <msgpack/unpack.h>

#include "proto/limits.h"

#define SKAD_STACK_DEPTH         8
#define MSGPACK_EMBED_STACK_SIZE SKAD_STACK_DEPTH

#include <msgpack/unpack_define.h>

/* The template keeps one of these for each open container. Only its address matters, since it shows
 * the depth. */
typedef uint8_t cut_object;

typedef struct cut_user {
    skad_item *items;
    size_t count;
    size_t max;
    size_t len;      /* of the input */
    size_t shortest; /* bytes of all items so far, if each had its shortest form */
    skad_cut_mode mode;
    const cut_object *deepest; /* a container that starts above this one is too deep */
} cut_user;

static size_t uint_bytes(uint64_t value)
{
    if (value < 0x80) {
        return 1;
    }
    if (value <= UINT8_MAX) {
        return 2;
    }
    if (value <= UINT16_MAX) {
        return 3;
    }
    return value <= UINT32_MAX ? 5 : 9;
}

static skad_item *push(cut_user *user, skad_item_type type, size_t bytes)
{
    if (user->count == user->max) {
        return NULL;
    }
    user->shortest += bytes;
    skad_item *item = &user->items[user->count++];
    item->type = (uint8_t)type;
    item->count = 0;
    return item;
}

static int push_number(cut_user *user, skad_item_type type, uint64_t number, size_t bytes)
{
    skad_item *item = push(user, type, bytes);
    if (item == NULL) {
        return -1;
    }
    item->u.number = number;
    return 0;
}

/* Handles the forms that the wire does not use. Signed forms are among them even for positive
 * values: some are as long as the unsigned form, so the sum would not reveal them. */
static int push_lenient(cut_user *user, skad_item_type type, uint64_t number)
{
    return user->mode == SKAD_CUT_STRICT ? -1 : push_number(user, type, number, 0);
}

static int push_signed(cut_user *user, int64_t value)
{
    return push_lenient(user, value < 0 ? SKAD_ITEM_NEGATIVE : SKAD_ITEM_UINT, (uint64_t)value);
}

static int push_bytes(cut_user *user, skad_item_type type, const char *data, unsigned int len)
{
    size_t header = len <= UINT8_MAX ? 2 : len <= UINT16_MAX ? 3 : 5;
    skad_item *item = push(user, type, header + len);
    if (item == NULL) {
        return -1;
    }
    item->count = len;
    /* For an empty value, the template's pointer is not where its bytes would be. */
    item->u.data = len == 0 ? NULL : (const uint8_t *)data;
    return 0;
}

static int push_container(cut_user *user, skad_item_type type, unsigned int count,
                          const cut_object *object)
{
    if (object > user->deepest) {
        return -1;
    }
    /* Each element takes at least one item, and on the wire one byte, so a claim that cannot come
     * true is refused before the first element is decoded. */
    uint64_t elements = (uint64_t)count * (type == SKAD_ITEM_MAP ? 2 : 1);
    if (user->count == user->max || elements > user->max - user->count - 1) {
        return -1;
    }
    size_t offset = user->shortest;
    if (user->mode == SKAD_CUT_STRICT && (offset > user->len || elements > user->len - offset)) {
        return -1;
    }
    skad_item *item = push(user, type, count <= 15 ? 1 : count <= UINT16_MAX ? 3 : 5);
    if (item == NULL) {
        return -1;
    }
    item->count = count;
    item->u.offset = (uint32_t)offset;
    return 0;
}

static cut_object cut_root(cut_user *user)
{
    (void)user;
    return 0;
}

static int cut_nil(cut_user *user, cut_object *object)
{
    *object = 0;
    return push_number(user, SKAD_ITEM_NIL, 0, 1);
}

static int cut_true(cut_user *user, cut_object *object)
{
    *object = 0;
    return push_lenient(user, SKAD_ITEM_BOOL, 1);
}

static int cut_false(cut_user *user, cut_object *object)
{
    *object = 0;
    return push_lenient(user, SKAD_ITEM_BOOL, 0);
}

static int cut_uint64(cut_user *user, uint64_t value, cut_object *object)
{
    *object = 0;
    return push_number(user, SKAD_ITEM_UINT, value, uint_bytes(value));
}

static int cut_uint8(cut_user *user, uint8_t value, cut_object *object)
{
    return cut_uint64(user, value, object);
}

static int cut_uint16(cut_user *user, uint16_t value, cut_object *object)
{
    return cut_uint64(user, value, object);
}

static int cut_uint32(cut_user *user, uint32_t value, cut_object *object)
{
    return cut_uint64(user, value, object);
}

static int cut_int64(cut_user *user, int64_t value, cut_object *object)
{
    *object = 0;
    return push_signed(user, value);
}

static int cut_int8(cut_user *user, int8_t value, cut_object *object)
{
    return cut_int64(user, value, object);
}

static int cut_int16(cut_user *user, int16_t value, cut_object *object)
{
    return cut_int64(user, value, object);
}

static int cut_int32(cut_user *user, int32_t value, cut_object *object)
{
    return cut_int64(user, value, object);
}

static int cut_double(cut_user *user, double value, cut_object *object)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    *object = 0;
    return push_lenient(user, SKAD_ITEM_FLOAT, bits);
}

static int cut_float(cut_user *user, float value, cut_object *object)
{
    return cut_double(user, (double)value, object);
}

static int cut_str(cut_user *user, const char *base, const char *data, unsigned int len,
                   cut_object *object)
{
    (void)base;
    *object = 0;
    return user->mode == SKAD_CUT_STRICT ? -1 : push_bytes(user, SKAD_ITEM_STR, data, len);
}

static int cut_bin(cut_user *user, const char *base, const char *data, unsigned int len,
                   cut_object *object)
{
    (void)base;
    *object = 0;
    return push_bytes(user, SKAD_ITEM_BIN, data, len);
}

static int cut_ext(cut_user *user, const char *base, const char *data, unsigned int len,
                   cut_object *object)
{
    (void)user;
    (void)base;
    (void)data;
    (void)len;
    *object = 0;
    return -1;
}

static int cut_array(cut_user *user, unsigned int count, cut_object *object)
{
    *object = 0;
    return push_container(user, SKAD_ITEM_ARRAY, count, object);
}

static int cut_map(cut_user *user, unsigned int count, cut_object *object)
{
    *object = 0;
    return user->mode == SKAD_CUT_STRICT ? -1 : push_container(user, SKAD_ITEM_MAP, count, object);
}

static int cut_array_item(cut_user *user, cut_object *array, cut_object item)
{
    (void)user;
    (void)array;
    (void)item;
    return 0;
}

static int cut_map_item(cut_user *user, cut_object *map, cut_object key, cut_object value)
{
    (void)user;
    (void)map;
    (void)key;
    (void)value;
    return 0;
}

#define msgpack_unpack_struct(name)    struct cut_template##name
#define msgpack_unpack_func(ret, name) static inline ret cut_template##name
#define msgpack_unpack_callback(name)  cut##name
#define msgpack_unpack_object          cut_object
#define msgpack_unpack_user            cut_user

#include <msgpack/unpack_template.h>

skad_cut_result skad_cut(const uint8_t *data, size_t len, skad_cut_mode mode, skad_item *items,
                         size_t items_max, size_t *count, size_t *consumed)
{
    struct cut_template_context context;
    size_t depth = mode == SKAD_CUT_STRICT ? SKAD_DEPTH_MAX : SKAD_STACK_DEPTH;
    size_t used = 0;

    if (len == 0) {
        return SKAD_CUT_MORE;
    }
    context.user = (cut_user){.items = items,
                              .max = items_max,
                              .len = len,
                              .mode = mode,
                              .deepest = &context.stack[depth - 1].obj};
    cut_template_init(&context);
    int result = cut_template_execute(&context, (const char *)data, len, &used);
    if (result < 0) {
        return SKAD_CUT_INVALID;
    }
    if (result == 0) {
        return SKAD_CUT_MORE;
    }
    /* shortest <= used <= len, so this also proves that nothing follows the value. */
    if (mode == SKAD_CUT_STRICT && context.user.shortest != len) {
        return SKAD_CUT_INVALID;
    }
    *count = context.user.count;
    *consumed = used;
    return SKAD_CUT_OK;
}

void skad_reader_init(skad_reader *reader, const skad_item *items, size_t count)
{
    reader->next = items;
    reader->end = items + count;
    reader->failed = false;
}

/* Consumes and returns the next item if it is of that type; otherwise returns NULL and sets
 * `failed`. */
static const skad_item *take(skad_reader *reader, skad_item_type type)
{
    if (reader->failed || reader->next == reader->end || reader->next->type != type) {
        reader->failed = true;
        return NULL;
    }
    return reader->next++;
}

static skad_span take_bytes(skad_reader *reader, skad_item_type type, size_t min, size_t max)
{
    const skad_item *item = take(reader, type);
    if (item == NULL || item->count < min || item->count > max) {
        reader->failed = true;
        return (skad_span){NULL, 0};
    }
    return (skad_span){item->u.data, item->count};
}

static size_t take_count(skad_reader *reader, skad_item_type type, size_t min, size_t max)
{
    const skad_item *item = take(reader, type);
    if (item == NULL || item->count < min || item->count > max) {
        reader->failed = true;
        return 0;
    }
    return item->count;
}

size_t skad_read_array(skad_reader *reader, size_t min, size_t max)
{
    return take_count(reader, SKAD_ITEM_ARRAY, min, max);
}

size_t skad_read_map(skad_reader *reader, size_t max)
{
    return take_count(reader, SKAD_ITEM_MAP, 0, max);
}

uint64_t skad_read_uint(skad_reader *reader, uint64_t max)
{
    const skad_item *item = take(reader, SKAD_ITEM_UINT);
    if (item == NULL || item->u.number > max) {
        reader->failed = true;
        return 0;
    }
    return item->u.number;
}

bool skad_read_bool(skad_reader *reader)
{
    const skad_item *item = take(reader, SKAD_ITEM_BOOL);
    return item != NULL && item->u.number != 0;
}

double skad_read_number(skad_reader *reader)
{
    double value = 0;
    skad_item_type type = skad_read_peek(reader);

    if (type == SKAD_ITEM_UINT) {
        return (double)reader->next++->u.number;
    }
    if (type == SKAD_ITEM_NEGATIVE) {
        return (double)(int64_t)reader->next++->u.number;
    }
    const skad_item *item = take(reader, SKAD_ITEM_FLOAT);
    if (item != NULL) {
        memcpy(&value, &item->u.number, sizeof value);
    }
    return value;
}

skad_span skad_read_bin(skad_reader *reader, size_t min, size_t max)
{
    return take_bytes(reader, SKAD_ITEM_BIN, min, max);
}

skad_span skad_read_str(skad_reader *reader, size_t max)
{
    return take_bytes(reader, SKAD_ITEM_STR, 0, max);
}

void skad_read_bytes(skad_reader *reader, uint8_t *out, size_t exact)
{
    skad_span bytes = take_bytes(reader, SKAD_ITEM_BIN, exact, exact);
    if (bytes.data != NULL) {
        memcpy(out, bytes.data, exact);
    } else {
        memset(out, 0, exact);
    }
}

bool skad_read_nil(skad_reader *reader)
{
    if (reader->failed || reader->next == reader->end || reader->next->type != SKAD_ITEM_NIL) {
        return false;
    }
    reader->next++;
    return true;
}

bool skad_read_str_is(skad_reader *reader, const char *text)
{
    size_t len = strlen(text);

    if (reader->failed || reader->next == reader->end || reader->next->type != SKAD_ITEM_STR ||
        reader->next->count != len || (len > 0 && memcmp(reader->next->u.data, text, len) != 0)) {
        return false;
    }
    reader->next++;
    return true;
}

void skad_read_skip(skad_reader *reader)
{
    /* Each turn consumes an item, so the walk ends with the items at the latest. */
    for (uint64_t left = 1; left > 0; left--) {
        if (reader->failed || reader->next == reader->end) {
            reader->failed = true;
            return;
        }
        const skad_item *item = reader->next++;
        if (item->type == SKAD_ITEM_ARRAY) {
            left += item->count;
        } else if (item->type == SKAD_ITEM_MAP) {
            left += 2 * (uint64_t)item->count;
        }
    }
}

skad_item_type skad_read_peek(skad_reader *reader)
{
    if (reader->failed || reader->next == reader->end) {
        reader->failed = true;
        return SKAD_ITEM_NIL;
    }
    return (skad_item_type)reader->next->type;
}

bool skad_reader_done(const skad_reader *reader)
{
    return !reader->failed && reader->next == reader->end;
}
