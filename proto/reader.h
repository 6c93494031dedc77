/* Reading msgpack that another peer wrote. First the structure is checked and cut into items,
 * without allocation; then typed reads walk over the items.
 *
 * The cutting is done by msgpack-c's callback template, which holds only a fixed stack. (Its object
 * API allocates by the *claimed* element count: five bytes can ask it for 8 GiB.)
 *
 * - Strict mode, for everything on the wire: exactly one value that fills the input, each integer
 *   and length in its shortest form, and only the types NIL, UINT, BIN and ARRAY. The template
 *   hides how long a form was, so the shortest lengths of all items are summed: every longer form
 *   makes the sum fall short of the input.
 *
 * - Lenient mode, for the control socket, whose clients use encoders of any kind: any form is
 *   accepted, and more may follow the value (a stream). */
#ifndef SKAD_PROTO_READER_H
#define SKAD_PROTO_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "skad/status.h"

typedef enum skad_item_type {
    SKAD_ITEM_NIL,
    SKAD_ITEM_BOOL, /* lenient mode only */
    SKAD_ITEM_UINT,
    SKAD_ITEM_NEGATIVE, /* lenient mode only; number holds the two's complement */
    SKAD_ITEM_FLOAT,    /* lenient mode only; number holds the double's bits */
    SKAD_ITEM_STR,      /* lenient mode only */
    SKAD_ITEM_BIN,
    SKAD_ITEM_ARRAY,
    SKAD_ITEM_MAP, /* lenient mode only; count is the number of pairs */
} skad_item_type;

typedef struct skad_item {
    uint8_t type;   /* a skad_item_type */
    uint32_t count; /* bytes of STR and BIN, elements of ARRAY, pairs of MAP */
    union {
        uint64_t number;     /* UINT, NEGATIVE, BOOL (0 or 1), FLOAT */
        const uint8_t *data; /* STR and BIN: borrowed from the input; NULL where empty */
        uint32_t offset;     /* ARRAY and MAP: strict mode, of the header within the input */
    } u;
} skad_item;

typedef enum skad_cut_mode { SKAD_CUT_STRICT, SKAD_CUT_LENIENT } skad_cut_mode;

typedef enum skad_cut_result {
    SKAD_CUT_OK,
    SKAD_CUT_MORE,    /* the input ends within the value */
    SKAD_CUT_INVALID, /* not msgpack, an extension type, too deep, too many items, not strict */
} skad_cut_result;

/* Cuts one msgpack value into at most items_max items. *count and *consumed are set on OK.
 * Nesting is limited to SKAD_DEPTH_MAX in strict mode and to 8 in lenient mode. */
SKAD_MUST_CHECK skad_cut_result skad_cut(const uint8_t *data, size_t len, skad_cut_mode mode,
                                         skad_item *items, size_t items_max, size_t *count,
                                         size_t *consumed);

/* A walk over cut items. The first read that does not fit sets `failed`, and all later ones fail,
 * so that a decoder may check once, at its end. */
typedef struct skad_reader {
    const skad_item *next;
    const skad_item *end;
    bool failed;
} skad_reader;

void skad_reader_init(skad_reader *reader, const skad_item *items, size_t count);

/* Each returns the value read, or a zero value with `failed` set. */
size_t skad_read_array(skad_reader *reader, size_t min, size_t max);
size_t skad_read_map(skad_reader *reader, size_t max);
uint64_t skad_read_uint(skad_reader *reader, uint64_t max);
bool skad_read_bool(skad_reader *reader);
double skad_read_number(skad_reader *reader); /* UINT, NEGATIVE or FLOAT */
skad_span skad_read_bin(skad_reader *reader, size_t min, size_t max);
skad_span skad_read_str(skad_reader *reader, size_t max);
void skad_read_bytes(skad_reader *reader, uint8_t *out, size_t exact); /* a BIN of that length */
bool skad_read_nil(skad_reader *reader); /* consumes a NIL if it is next; never fails */
bool skad_read_str_is(skad_reader *reader, const char *text); /* the same for one given STR */
void skad_read_skip(skad_reader *reader);                     /* one whole value of any type */

/* Returns the type of the next item; SKAD_ITEM_NIL with `failed` set at the end. */
skad_item_type skad_read_peek(skad_reader *reader);

/* Whether nothing failed and every item was read. */
SKAD_MUST_CHECK bool skad_reader_done(const skad_reader *reader);

#endif
