/* Msgpack items to JSON, by walking over them with a stack of what is open. */
#include "src/client/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define DEPTH_MAX 16 /* skad_cut allows less */

/* Writes a string. JSON needs UTF-8, and our names are ASCII, so all other bytes become '?'. */
static void write_string(FILE *out, const uint8_t *text, size_t len)
{
    (void)fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\') {
            (void)fprintf(out, "\\%c", text[i]);
        } else if (text[i] < ' ') {
            (void)fprintf(out, "\\u%04x", text[i]);
        } else {
            (void)fputc(text[i] < 0x7f ? text[i] : '?', out);
        }
    }
    (void)fputc('"', out);
}

static void write_hex(FILE *out, const uint8_t *bytes, size_t len)
{
    (void)fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        (void)fprintf(out, "%02x", bytes[i]);
    }
    (void)fputc('"', out);
}

static void write_float(FILE *out, uint64_t bits)
{
    double number = 0;
    memcpy(&number, &bits, sizeof number);
    if (isfinite(number)) {
        (void)fprintf(out, "%.17g", number);
    } else {
        (void)fputs("null", out);
    }
}

static void write_plain(FILE *out, const skad_item *item)
{
    switch ((skad_item_type)item->type) {
    case SKAD_ITEM_NIL:
        (void)fputs("null", out);
        break;
    case SKAD_ITEM_BOOL:
        (void)fputs(item->u.number != 0 ? "true" : "false", out);
        break;
    case SKAD_ITEM_UINT:
        (void)fprintf(out, "%" PRIu64, item->u.number);
        break;
    case SKAD_ITEM_NEGATIVE:
        (void)fprintf(out, "%" PRId64, (int64_t)item->u.number);
        break;
    case SKAD_ITEM_FLOAT:
        write_float(out, item->u.number);
        break;
    case SKAD_ITEM_STR:
        write_string(out, item->u.data, item->count);
        break;
    case SKAD_ITEM_BIN:
        write_hex(out, item->u.data, item->count);
        break;
    case SKAD_ITEM_ARRAY:
        (void)fputc('[', out);
        break;
    case SKAD_ITEM_MAP:
        (void)fputc('{', out);
        break;
    }
}

/* One open array or map. */
typedef struct open_list {
    bool map;
    size_t parts; /* a map has two a pair */
    size_t done;
} open_list;

static void write_separator(FILE *out, const open_list *list)
{
    if (list->map && list->done % 2 == 1) {
        (void)fputc(':', out);
    } else if (list->done > 0) {
        (void)fputc(',', out);
    }
}

/* Writes a key. The keys of an object are always strings in JSON. */
static void write_key(FILE *out, const skad_item *item)
{
    if (item->type == SKAD_ITEM_STR) {
        write_string(out, item->u.data, item->count);
    } else {
        (void)fputc('"', out);
        if (item->type != SKAD_ITEM_BIN && item->type != SKAD_ITEM_ARRAY &&
            item->type != SKAD_ITEM_MAP) {
            write_plain(out, item);
        }
        (void)fputc('"', out);
    }
}

void skad_json_write(FILE *out, skad_answer value)
{
    open_list open[DEPTH_MAX];
    size_t depth = 0;
    if (value.item == NULL) {
        (void)fputs("null", out);
        return;
    }
    const skad_item *end = skad_answer_next(value.item, value.end);
    for (const skad_item *item = value.item; item < end;) {
        bool key = false;
        if (depth > 0) {
            write_separator(out, &open[depth - 1]);
            key = open[depth - 1].map && open[depth - 1].done % 2 == 0;
            open[depth - 1].done++;
        }
        if (key) {
            write_key(out, item);
            item = skad_answer_next(item, end);
            continue;
        }
        write_plain(out, item);
        if (item->type == SKAD_ITEM_ARRAY || item->type == SKAD_ITEM_MAP) {
            bool map = item->type == SKAD_ITEM_MAP;
            if (depth == DEPTH_MAX) {
                return;
            }
            open[depth++] = (open_list){map, (size_t)item->count * (map ? 2 : 1), 0};
        }
        item++;
        while (depth > 0 && open[depth - 1].done == open[depth - 1].parts) {
            depth--;
            (void)fputc(open[depth].map ? '}' : ']', out);
        }
    }
}

void skad_json_write_more(FILE *out, skad_answer map)
{
    for (size_t i = 0; map.item != NULL && map.item->type == SKAD_ITEM_MAP && i < map.item->count;
         i++) {
        (void)fputc(',', out);
        write_key(out, skad_answer_at(map, 2 * i).item);
        (void)fputc(':', out);
        skad_json_write(out, skad_answer_at(map, 2 * i + 1));
    }
}
