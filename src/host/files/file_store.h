/* A machine that stores a file as a tree of records. It is given the bytes of the file in pieces of
 * any length, and asks for records to be put:
 *
 *      while (skad_file_store_next(store, &record))     put record.value; then
 *          skad_file_store_sent(store)
 *      skad_file_store_put(store, bytes, report)        for each put that ended
 *      skad_file_store_take(store, data, len)           takes what it has room for
 *      skad_file_store_end(store)                       the file ends here
 *
 * A call of put, take or end may make room for another record. The size of the file need not be
 * known before. Once a record could not be stored, the rest of the file need only be hashed, so
 * that the key of what is half stored can be told (skad_file_store_only_hash). */
#ifndef SKAD_HOST_FILES_FILE_STORE_H
#define SKAD_HOST_FILES_FILE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/tree.h"
#include "skad/event.h"

/* Puts in flight. Each is sixteen signed requests or more. Beyond this number the nodes' processors
 * set the pace, and more puts would only be late. */
#define SKAD_FILE_STORE_WINDOW 16

/* Records that wait to be sent: the end of a file makes its last piece, and at each level a full
 * node and the last one. */
#define SKAD_FILE_STORE_QUEUE (1 + 2 * SKAD_TREE_LEVEL_MAX + 1)

/* A record to put. */
typedef struct skad_file_record {
    const uint8_t *value; /* borrowed until skad_file_store_sent */
    size_t len;
    size_t bytes; /* of the file; 0: a node of the tree */
} skad_file_record;

/* The outcome for the records of a file so far. */
typedef struct skad_file_totals {
    uint64_t bytes;      /* of the file: in pieces that are stored */
    uint64_t records;    /* that are stored */
    uint64_t stored_min; /* of the record that the fewest holders took, */
    uint64_t asked_min;  /* of so many that were asked, */
    uint64_t wanted_min; /* of so many that should have it */
    uint64_t refused;    /* of all records: refusals, */
    uint64_t refusals[SKAD_REFUSALS];
    uint64_t unresponsive; /* and holders that did not answer */
    uint64_t alone;        /* records that only the putting node has */
    uint64_t kept;         /* records that the node re-announces */
    uint64_t dense;        /* records whose closest nodes stand suspiciously dense */
} skad_file_totals;

typedef struct skad_file_node {
    skad_id keys[SKAD_TREE_FANOUT];
    size_t keys_count;
    uint64_t size; /* bytes of the file below */
} skad_file_node;

typedef struct skad_file_queued {
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    size_t len;
    size_t bytes;
} skad_file_queued;

/* All zero is one that was given nothing yet. Only the functions below look inside. */
typedef struct skad_file_store {
    uint64_t taken; /* bytes of the file */
    uint8_t piece[SKAD_PIECE_BYTES];
    size_t piece_len;
    bool ended;  /* the file is known to its end */
    bool rooted; /* and so is its root */
    bool only_hash;
    bool too_large; /* more than SKAD_FILE_BYTES_MAX */
    skad_id root;
    skad_file_node levels[SKAD_TREE_LEVEL_MAX + 1]; /* unfinished nodes by level; 0 is unused */
    skad_file_queued queue[SKAD_FILE_STORE_QUEUE];
    size_t queue_first;
    size_t queue_count;
    size_t in_flight;
    skad_file_totals totals;
} skad_file_store;

/* Takes bytes of the file; returns how many, fewer than `len` while records wait to be sent. */
SKAD_MUST_CHECK size_t skad_file_store_take(skad_file_store *self, const uint8_t *data, size_t len);

/* The file ends here; nothing may be taken any more. */
void skad_file_store_end(skad_file_store *self);

/* Tells the next record to put, if one may be put now. */
SKAD_MUST_CHECK bool skad_file_store_next(const skad_file_store *self, skad_file_record *out);

/* What skad_file_store_next told is on its way. */
void skad_file_store_sent(skad_file_store *self);

/* A put has succeeded; bytes: as the record told. */
void skad_file_store_put(skad_file_store *self, size_t bytes, const skad_put_report *report);

/* From now on nothing is put any more; what is on its way is not waited for. */
void skad_file_store_only_hash(skad_file_store *self);

/* Whether all of the file is stored. */
bool skad_file_store_is_done(const skad_file_store *self);

#endif
