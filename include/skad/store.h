/* Where a node keeps records. An interface, so that the daemon may use a database and tests and the
 * simulator memory; skad_store_memory_new makes the latter.
 *
 * A store keeps what it is given: the node has checked the record before. It holds any number of
 * records under one key, one for each (key, type, publisher); immutable records have no publisher
 * (32 zero bytes). Bytes go in and come out as they were on the wire. */
#ifndef SKAD_STORE_H
#define SKAD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/status.h"
#include "skad/types.h"

#define SKAD_STORED_BYTES_MAX 1232 /* no record is larger than a datagram */

typedef struct skad_store_record {
    skad_id key;
    uint8_t type; /* 1 immutable, 2 mutable, 3 announcement */
    uint8_t publisher[SKAD_PUBLIC_KEY_BYTES];
    uint64_t sequence; /* 0 for immutable */
    uint64_t expires_unix_s;
    const uint8_t *data; /* borrowed: for put by the store during the call, for get by the caller
                            until the next call to the store */
    size_t len;          /* 1..SKAD_STORED_BYTES_MAX */
} skad_store_record;

typedef struct skad_store_fill {
    uint64_t records;
    uint64_t records_max;
    uint64_t bytes;
    uint64_t bytes_max;
} skad_store_fill;

typedef struct skad_store_ops {
    /* Adds a record, or replaces the one of the same (key, type, publisher). Errors:
     * SKAD_ERR_FULL when the caps leave no room (nothing that was accepted gives way before its
     * expiry), SKAD_ERR_MEMORY, SKAD_ERR_IO. */
    skad_status (*put)(void *self, const skad_store_record *record, uint64_t now_unix_s);
    /* The index-th unexpired record of a key and type, in a stable order. False when there is
     * none. */
    bool (*get)(void *self, const skad_id *key, uint8_t type, size_t index, uint64_t now_unix_s,
                skad_store_record *out);
    /* Drops up to `limit` expired records; returns how many. */
    size_t (*sweep)(void *self, uint64_t now_unix_s, size_t limit);
    void (*fill)(void *self, skad_store_fill *out);
    void (*free)(void *self);
} skad_store_ops;

typedef struct skad_store {
    const skad_store_ops *ops;
    void *self;
} skad_store;

/* A store in memory with caps on the number of records and on their bytes. Table places are found
 * under a secret hash key (16 random bytes), since keys are the attacker's choice. Errors:
 * SKAD_ERR_MEMORY, SKAD_ERR_INPUT (a cap of zero). Free with store->ops->free(store->self). */
SKAD_MUST_CHECK skad_status skad_store_memory_new(size_t records_max, size_t bytes_max,
                                                  const uint8_t hash_key[static 16],
                                                  skad_store *out);

#endif
