#include "tests/conformance/control/adapter_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MAX (1ULL << 53) /* beyond it not every JSON library keeps an integer */

/* ---- To msgpack ---- */

static void write_hex(skad_writer *writer, const char *hex)
{
    static uint8_t bytes[4096];
    const size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len && i < sizeof bytes; i++) {
        const char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    skad_write_bin(writer, bytes, len);
}

static void write_object(skad_writer *writer, const json_t *object)
{
    const json_t *bin = json_object_get(object, "$bin");
    const json_t *number = json_object_get(object, "$int");
    if (bin != NULL) {
        write_hex(writer, json_string_value(bin));
    } else if (number != NULL) {
        skad_write_uint(writer, strtoull(json_string_value(number), NULL, 10));
    } else {
        skad_write_map(writer, 0); /* no request has one */
    }
}

void adapter_write(skad_writer *writer, const json_t *value)
{
    if (json_is_array(value)) {
        skad_write_array(writer, json_array_size(value));
        for (size_t i = 0; i < json_array_size(value); i++) {
            adapter_write(writer, json_array_get(value, i));
        }
    } else if (json_is_string(value)) {
        skad_write_str(writer, json_string_value(value));
    } else if (json_is_integer(value)) {
        skad_write_int(writer, json_integer_value(value));
    } else if (json_is_boolean(value)) {
        skad_write_bool(writer, json_is_true(value));
    } else if (json_is_real(value)) {
        skad_write_double(writer, json_real_value(value));
    } else if (json_is_object(value)) {
        write_object(writer, value);
    } else {
        skad_write_nil(writer);
    }
}

/* ---- From msgpack ---- */

static json_t *bytes_of(const skad_item *item)
{
    char *hex = calloc(2, item->count + 1);
    for (uint32_t i = 0; i < item->count; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", item->u.data[i]);
    }
    json_t *made = json_pack("{s:s}", "$bin", hex);
    free(hex);
    return made;
}

static json_t *text_of(const skad_item *item)
{
    json_t *text = json_stringn(item->count > 0 ? (const char *)item->u.data : "", item->count);
    return text != NULL ? text : bytes_of(item); /* not UTF-8 */
}

static json_t *number_of(const skad_item *item)
{
    char text[24];
    if (item->type == SKAD_ITEM_UINT && item->u.number > EXACT_MAX) {
        (void)snprintf(text, sizeof text, "%" PRIu64, item->u.number);
        return json_pack("{s:s}", "$int", text);
    }
    return json_integer((json_int_t)item->u.number);
}

static json_t *map_of(skad_answer value)
{
    json_t *map = json_object();
    for (size_t i = 0; i < 2 * (size_t)value.item->count; i += 2) {
        const skad_item *key = skad_answer_at(value, i).item;
        json_t *name = text_of(key);
        (void)json_object_set_new(map, json_is_string(name) ? json_string_value(name) : "?",
                                  adapter_json(skad_answer_at(value, i + 1)));
        json_decref(name);
    }
    return map;
}

static json_t *list_of(skad_answer value)
{
    json_t *list = json_array();
    for (size_t i = 0; i < skad_answer_count(value); i++) {
        (void)json_array_append_new(list, adapter_json(skad_answer_at(value, i)));
    }
    return list;
}

json_t *adapter_json(skad_answer value)
{
    double real;
    switch ((skad_item_type)value.item->type) {
    case SKAD_ITEM_NIL:
        return json_null();
    case SKAD_ITEM_BOOL:
        return json_boolean(value.item->u.number != 0);
    case SKAD_ITEM_UINT:
    case SKAD_ITEM_NEGATIVE:
        return number_of(value.item);
    case SKAD_ITEM_FLOAT:
        memcpy(&real, &value.item->u.number, sizeof real);
        return json_real(real);
    case SKAD_ITEM_STR:
        return text_of(value.item);
    case SKAD_ITEM_BIN:
        return bytes_of(value.item);
    case SKAD_ITEM_ARRAY:
        return list_of(value);
    case SKAD_ITEM_MAP:
        return map_of(value);
    }
    return json_null();
}
