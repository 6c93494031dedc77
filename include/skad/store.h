/* Where a node keeps records. It is an interface, so that the daemon may use a database, and tests
 * and the simulator memory: skad_store_memory_new makes the latter, src/db the former. The two pass
 * one test suite (tests/support/store_suite.h).
 *
 * A store keeps what it is given: the node has checked the record before, and decides what is
 * admitted (src/core/storage/store_admission.h). There are two sections: replicas, which the node
 * holds for the network, and publications, which are its own and which it re-announces. In each
 * section there is one record for each (key, type, publisher); immutable records have no publisher
 * (32 zero bytes). Bytes go in and come out as they were on the wire.
 *
 * The effect of a call is seen by all later ones. It lasts, so that it is there after the process
 * was killed, once its ticket is settled; a store without tickets makes it last before the call
 * returns.
 */
#ifndef SKAD_STORE_H
#define SKAD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/compiler.h"
#include "skad/group.h"
#include "skad/status.h"
#include "skad/types.h"

SKAD_BEGIN

#define SKAD_STORED_BYTES_MAX 1232 /* no record is larger than a datagram */

typedef enum skad_store_section {
    SKAD_STORE_REPLICAS = 0,     /* for the network */
    SKAD_STORE_PUBLICATIONS = 1, /* our own publications */
} skad_store_section;

/* The name of a record, unique in its section. Sections are ordered by it, byte by byte in this
 * order. */
typedef struct skad_store_name {
    skad_id key;
    uint8_t type; /* 1 immutable, 2 mutable, 3 announcement */
    uint8_t publisher[SKAD_PUBLIC_KEY_BYTES];
} skad_store_name;

typedef struct skad_store_record {
    skad_store_name name;
    bool cached;       /* held: a copy that we are not responsible for, dropped before others */
    uint64_t sequence; /* 0 for immutable */
    uint64_t stored_unix_s;  /* held: when it was last brought; published: last announced */
    uint64_t expires_unix_s; /* gone from then on; UINT64_MAX: never */
    union {                  /* stored alike; the section says which it is */
        uint64_t group;      /* replica: address group of its sender (diversity.h), 0: us */
        uint64_t life_s;     /* publication: from each signing, 0: it ends; and a flag above it
                                (src/core/storage/publications.h) */
    };
    const uint8_t *data; /* borrowed: for put by the store during the call, otherwise by the caller
                            until the next call to the store */
    size_t len;          /* 1..SKAD_STORED_BYTES_MAX */
} skad_store_record;

/* The owner of a share of the replicas. Expired records count until they are dropped. */
typedef enum skad_store_owner {
    SKAD_OWNER_PUBLISHER = 1, /* 32 bytes: a public key; immutable records have none */
    SKAD_OWNER_GROUP = 2,     /* skad_store_group_owner; 0 is counted, too */
} skad_store_owner;

#define SKAD_STORE_OWNERS_MAX (1 + SKAD_GROUP_LEVELS) /* that one record has */

/* Names an address group of any level as an owner: 8 bytes big-endian, then 24 zero bytes. A record
 * counts for its group and for the wider ones around it (skad/group.h). */
static inline void skad_store_group_owner(uint64_t group, uint8_t out[SKAD_AT_LEAST(32)])
{
    for (unsigned i = 0; i < 8; i++) {
        out[i] = (uint8_t)(group >> (56 - 8 * i));
    }
    for (unsigned i = 8; i < 32; i++) {
        out[i] = 0;
    }
}

/* One of the records of a key and type, as far as a survey tells. */
typedef struct skad_store_place {
    uint8_t publisher[SKAD_PUBLIC_KEY_BYTES];
    uint64_t group;
    uint64_t expires_unix_s;
} skad_store_place;

typedef struct skad_store_usage {
    uint64_t records;
    uint64_t bytes; /* of the records' data */
} skad_store_usage;

typedef struct skad_store_totals {
    uint64_t records; /* held */
    uint64_t records_max;
    uint64_t bytes;
    uint64_t bytes_max;
    uint64_t cached; /* of the records held */
    uint64_t cached_bytes;
    uint64_t published;
    uint64_t published_max;
    uint64_t published_bytes;
    uint64_t published_bytes_max;
    uint64_t waiting;  /* writes that do not last yet */
    uint64_t failures; /* writes that the system refused, since the start */
    int error;         /* errno of the last write if it failed; 0 if it succeeded */
} skad_store_totals;

/* What became of writes that were left for later. */
typedef struct skad_store_settled {
    uint64_t ticket;    /* all up to this one are decided */
    skad_status status; /* of this one: OK (it lasts) or ERR_IO (it was undone). Those before it
                           that were not told of last */
} skad_store_settled;

typedef struct skad_store_ops {
    /* Adds a record, or replaces the one of the same name. When a cap of the section of replicas
     * leaves no room, records are dropped, the one nearest to its expiry first: those that have
     * expired, then cached copies, all of them for a record that is not cached itself, and for a
     * cached one those that expire before it. No more are dropped than are in the way.
     * Errors: SKAD_ERR_FULL (no room even then), SKAD_ERR_MEMORY, SKAD_ERR_IO (errno; nothing has
     * changed), SKAD_ERR_BUSY (too many writes wait). */
    skad_status (*put)(void *self, skad_store_section section, const skad_store_record *record,
                       uint64_t now_unix_s);
    /* Finds the record of a name, unless it has expired. */
    bool (*find)(void *self, skad_store_section section, const skad_store_name *name,
                 uint64_t now_unix_s, skad_store_record *out);
    /* Lists up to `max` different unexpired held records of a key and type, in their order,
     * beginning with the (draw modulo their count)-th and wrapping around: with a random draw, each
     * is as likely to be among them as any other. Returns how many. */
    size_t (*list)(void *self, const skad_id *key, uint8_t type, uint64_t draw, uint64_t now_unix_s,
                   skad_store_record *out, size_t max);
    /* Lists the first `max` held records of a key and type, expired or not, in their order, without
     * reading their data. Returns how many. */
    size_t (*survey)(void *self, const skad_id *key, uint8_t type, skad_store_place *out,
                     size_t max);
    /* Finds the first record, expired or not, whose name is not before `*from`, and moves *from
     * just behind it; false at the end. An all-zero name begins at the beginning. A record that is
     * put or dropped during a walk may be met or not; all others are met once. */
    bool (*next)(void *self, skad_store_section section, skad_store_name *from,
                 skad_store_record *out);
    /* Drops a record. Errors: SKAD_ERR_MISSING, SKAD_ERR_IO, SKAD_ERR_BUSY. */
    skad_status (*drop)(void *self, skad_store_section section, const skad_store_name *name);
    void (*usage)(void *self, skad_store_owner kind, const uint8_t owner[SKAD_AT_LEAST(32)],
                  skad_store_usage *out);
    /* Drops up to `limit` expired records that are held; returns how many. */
    size_t (*sweep)(void *self, uint64_t now_unix_s, size_t limit);
    void (*totals)(void *self, skad_store_totals *out);
    /* Both NULL: each write lasts when its call returns. The first gives the ticket of the last
     * write that is not settled, 0: there is none. Tickets ascend. The second takes the next that
     * is settled; false: none since the last call. */
    uint64_t (*ticket)(void *self);
    bool (*settled)(void *self, skad_store_settled *out);
    void (*free)(void *self);
} skad_store_ops;

typedef struct skad_store {
    const skad_store_ops *ops;
    void *self;
} skad_store;

/* The ticket of the last write that does not last yet; 0: all do. */
static inline uint64_t skad_store_ticket(const skad_store *store)
{
    return store->ops->ticket == NULL ? 0 : store->ops->ticket(store->self);
}

/* For each section; all at least 1. */
typedef struct skad_store_caps {
    uint64_t records_max;
    uint64_t bytes_max;
    uint64_t published_max;
    uint64_t published_bytes_max;
} skad_store_caps;

/* Makes a store in memory, which grows with its contents. Errors: SKAD_ERR_MEMORY, SKAD_ERR_INPUT
 * (a cap of zero). Free with store->ops->free(store->self). */
SKAD_MUST_CHECK skad_status skad_store_memory_new(const skad_store_caps *caps, skad_store *out);

SKAD_END

#endif
