/* A machine that fetches a file, or a part of it, by the key of its root. It asks for records, and
 * is given what came:
 *
 *      while (skad_file_fetch_next(fetch, &part))           get the record part.key; then one of
 *          skad_file_fetch_took(fetch, &part, value, &data)   its value came
 *          skad_file_fetch_have(fetch, &part)                 its bytes are in their place already
 *          skad_file_fetch_again(fetch, &part)                it could not be asked for now
 *
 * Each record is checked against its key, and each node of the tree against its place. In order,
 * the bytes are kept until the caller takes them (skad_file_fetch_ready, skad_file_fetch_gave). In
 * any order, skad_file_fetch_took gives the bytes of a piece at once, with their place.
 *
 * Records are asked for no further ahead than `ahead` pieces of the first that is not there. So
 * memory is bounded at any size of the file, and so is what a slow reader lets come. */
#ifndef SKAD_HOST_FILES_FILE_FETCH_H
#define SKAD_HOST_FILES_FILE_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/tree.h"
#include "skad/status.h"

#define SKAD_FILE_FETCH_WINDOW_MAX 64   /* gets in flight */
#define SKAD_FILE_FETCH_AHEAD_MAX  4096 /* pieces */

typedef struct skad_file_fetch_config {
    skad_id root;
    uint64_t from;   /* the first byte of the file that is wanted */
    uint64_t length; /* UINT64_MAX: to the end */
    size_t window;   /* gets in flight, 1..SKAD_FILE_FETCH_WINDOW_MAX */
    size_t ahead;    /* pieces, window..SKAD_FILE_FETCH_AHEAD_MAX; in order all have memory */
    bool in_order;
} skad_file_fetch_config;

/* A record of the tree: level 0 is a piece. */
typedef struct skad_file_part {
    skad_id key;
    uint64_t offset; /* in the file, of what is below it */
    uint64_t size;   /* of what is below it; unknown for the root */
    uint8_t level;
    uint8_t tries; /* the caller's: how often it was asked for in vain; it stays over an `again` */
} skad_file_part;

#define SKAD_FILE_LEVEL_OF_ROOT UINT8_MAX /* not known before it is there */

typedef enum skad_file_taken {
    SKAD_FILE_TAKEN,
    SKAD_FILE_NO_FILE, /* the record of the root is no file */
    SKAD_FILE_WRONG,   /* it is not what a file has there, or not of its key */
} skad_file_taken;

/* Bytes of the file at their place. */
typedef struct skad_file_bytes {
    skad_span data;
    uint64_t offset;
} skad_file_bytes;

typedef struct skad_file_fetch skad_file_fetch;

/* Errors: SKAD_ERR_MEMORY. */
SKAD_MUST_CHECK skad_status skad_file_fetch_new(const skad_file_fetch_config *config,
                                                skad_file_fetch **out);
void skad_file_fetch_free(skad_file_fetch *self); /* NULL is allowed */

SKAD_MUST_CHECK bool skad_file_fetch_next(skad_file_fetch *self, skad_file_part *out);

/* In any order, *out has the bytes of a piece, borrowed from the value; otherwise it is empty. */
SKAD_MUST_CHECK skad_file_taken skad_file_fetch_took(skad_file_fetch *self,
                                                     const skad_file_part *part, skad_span value,
                                                     skad_file_bytes *out);
/* Only in any order, and only for pieces. */
void skad_file_fetch_have(skad_file_fetch *self, const skad_file_part *part);
void skad_file_fetch_again(skad_file_fetch *self, const skad_file_part *part);

/* In order: the next bytes that are wanted, as many as lie together, at most `max`; empty: none is
 * there yet. Borrowed until the next call that takes the machine. */
skad_span skad_file_fetch_ready(const skad_file_fetch *self, size_t max);
/* So many of them were taken. */
void skad_file_fetch_gave(skad_file_fetch *self, size_t len);

/* The size of the file; false: not known yet. */
bool skad_file_fetch_size(const skad_file_fetch *self, uint64_t *size);
/* Bytes that are wanted and were given; records that came. */
uint64_t skad_file_fetch_given(const skad_file_fetch *self);
uint64_t skad_file_fetch_records(const skad_file_fetch *self);
/* Whether all that is wanted was given. */
bool skad_file_fetch_is_done(const skad_file_fetch *self);

#endif
