/* Walking over items. Items come from skad_cut, so containers are whole. */
#include "src/client/answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static size_t parts_of(const skad_item *item)
{
    if (item->type == SKAD_ITEM_ARRAY) {
        return item->count;
    }
    return item->type == SKAD_ITEM_MAP ? 2 * (size_t)item->count : 0;
}

const skad_item *skad_answer_next(const skad_item *item, const skad_item *end)
{
    for (size_t left = 1; left > 0 && item < end; left--) {
        left += parts_of(item);
        item++;
    }
    return item;
}

skad_answer skad_answer_at(skad_answer list, size_t index)
{
    skad_answer none = {NULL, NULL};
    if (list.item == NULL || index >= parts_of(list.item)) {
        return none;
    }
    const skad_item *item = list.item + 1;
    for (size_t i = 0; i < index; i++) {
        item = skad_answer_next(item, list.end);
    }
    return item < list.end ? (skad_answer){item, list.end} : none;
}

size_t skad_answer_count(skad_answer list)
{
    return list.item == NULL || list.item->type != SKAD_ITEM_ARRAY ? 0 : list.item->count;
}

skad_answer skad_answer_get(skad_answer map, const char *key)
{
    size_t len = strlen(key);
    if (map.item != NULL && map.item->type == SKAD_ITEM_MAP) {
        const skad_item *item = map.item + 1;
        for (size_t i = 0; i < map.item->count && item + 1 < map.end; i++) {
            if (item->type == SKAD_ITEM_STR && item->count == len &&
                memcmp(item->u.data, key, len) == 0) {
                return (skad_answer){item + 1, map.end};
            }
            item = skad_answer_next(skad_answer_next(item, map.end), map.end);
        }
    }
    return (skad_answer){NULL, NULL};
}

uint64_t skad_answer_uint(skad_answer map, const char *key)
{
    skad_answer value = skad_answer_get(map, key);
    return value.item != NULL && value.item->type == SKAD_ITEM_UINT ? value.item->u.number : 0;
}

double skad_answer_number(skad_answer map, const char *key)
{
    double number = 0;
    skad_answer value = skad_answer_get(map, key);
    if (value.item != NULL && value.item->type == SKAD_ITEM_FLOAT) {
        memcpy(&number, &value.item->u.number, sizeof number);
        return number;
    }
    return (double)skad_answer_uint(map, key);
}

bool skad_answer_bool(skad_answer map, const char *key)
{
    skad_answer value = skad_answer_get(map, key);
    return value.item != NULL && value.item->type == SKAD_ITEM_BOOL && value.item->u.number != 0;
}

skad_span skad_answer_bytes(skad_answer map, const char *key)
{
    skad_answer value = skad_answer_get(map, key);
    if (value.item == NULL ||
        (value.item->type != SKAD_ITEM_STR && value.item->type != SKAD_ITEM_BIN)) {
        return (skad_span){NULL, 0};
    }
    return (skad_span){value.item->u.data, value.item->count};
}

void skad_answer_line(skad_answer value, char *out, size_t cap)
{
    size_t len = 0;
    if (value.item != NULL && value.item->type == SKAD_ITEM_STR) {
        len = value.item->count < cap ? value.item->count : cap - 1;
    }
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = value.item->u.data[i];
        out[i] = (char)(byte < ' ' || byte == 0x7f ? '?' : byte);
    }
    out[len] = 0;
}

void skad_answer_text(skad_answer value, char out[static SKAD_ANSWER_TEXT_BYTES])
{
    double number = 0;
    out[0] = 0;
    if (value.item == NULL) {
        return;
    }
    switch ((skad_item_type)value.item->type) {
    case SKAD_ITEM_NIL:
        (void)snprintf(out, SKAD_ANSWER_TEXT_BYTES, "-");
        break;
    case SKAD_ITEM_BOOL:
        (void)snprintf(out, SKAD_ANSWER_TEXT_BYTES, "%s", value.item->u.number ? "true" : "false");
        break;
    case SKAD_ITEM_UINT:
        (void)snprintf(out, SKAD_ANSWER_TEXT_BYTES, "%" PRIu64, value.item->u.number);
        break;
    case SKAD_ITEM_NEGATIVE:
        (void)snprintf(out, SKAD_ANSWER_TEXT_BYTES, "%" PRId64, (int64_t)value.item->u.number);
        break;
    case SKAD_ITEM_FLOAT:
        memcpy(&number, &value.item->u.number, sizeof number);
        (void)snprintf(out, SKAD_ANSWER_TEXT_BYTES, "%g", number);
        break;
    case SKAD_ITEM_STR:
        skad_answer_line(value, out, SKAD_ANSWER_TEXT_BYTES);
        break;
    case SKAD_ITEM_BIN:
        (void)snprintf(out, SKAD_ANSWER_TEXT_BYTES, "(%u bytes)", value.item->count);
        break;
    case SKAD_ITEM_ARRAY:
    case SKAD_ITEM_MAP:
        break;
    }
}
