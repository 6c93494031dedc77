/* Records in the network: storing, finding, watching and keeping them. The calls here start
 * operations of a node (skad/node.h) as skad_node_lookup does: each returns a name, and ends with
 * exactly one event within SKAD_OPERATION_US_MAX. Errors of all: SKAD_ERR_FULL (too many at once),
 * SKAD_ERR_INPUT (something out of its limit), SKAD_ERR_MEMORY.
 *
 * A record is stored at the s nodes closest to its key. They keep it for a day (the profile's
 * record_life_s) after it was last brought to them. A record lasts longer if it is re-announced,
 * which `keep` does: the node writes the record to its store, announces it again each hour, and
 * goes on doing so after a restart. Signed records end with their expiry; those of the node's own
 * key are signed anew in time, with the same sequence and a later expiry. */
#ifndef SKAD_RECORDS_H
#define SKAD_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/compiler.h"
#include "skad/event.h"
#include "skad/node.h"
#include "skad/record.h"
#include "skad/status.h"
#include "skad/store.h"
#include "skad/types.h"

SKAD_BEGIN

/* ---- Storing: event SKAD_EVENT_PUT ---- */

/* Stores an immutable value of 1..1000 bytes and leaves it to its holders. Returns its key. */
SKAD_MUST_CHECK skad_status skad_node_put(skad_node *node, const uint8_t *value, size_t len,
                                          skad_time now, skad_op *op, skad_id *key);

typedef struct skad_store_request {
    const uint8_t *record; /* encoded, of any type and publisher; copied */
    size_t len;
    bool has_cas; /* mutable: the holders must have this sequence now (0: none), or they refuse */
    uint64_t cas;
    bool keep;            /* re-announce it */
    uint64_t reserved[4]; /* 0: room for later versions (docs/abi.md) */
} skad_store_request;

/* Stores a record as it is. More errors: SKAD_ERR_FORMAT (it does not decode, or its signature is
 * wrong), SKAD_ERR_IO (errno: it was to be kept, and the store failed). */
SKAD_MUST_CHECK skad_status skad_node_store(skad_node *node, const skad_store_request *request,
                                            skad_time now, skad_op *op, skad_id *key);

typedef struct skad_publish_request {
    skad_span salt;  /* 0..64 bytes */
    skad_span value; /* 0..800 bytes */
    uint64_t sequence;
    uint32_t life_s; /* until its expiry, 1..2 * record_life_s; with `keep` renewed in time */
    bool has_cas;
    uint64_t cas;
    bool keep;
    uint64_t reserved[4]; /* 0: room for later versions (docs/abi.md) */
} skad_publish_request;

/* Signs a mutable record with the node's key and stores it. Errors as above. */
SKAD_MUST_CHECK skad_status skad_node_publish(skad_node *node, const skad_publish_request *request,
                                              skad_time now, skad_op *op, skad_id *key);

typedef struct skad_announce_request {
    skad_id key;
    skad_address endpoint; /* family NONE with a port: our own address as peers see it */
    skad_span metadata;    /* 0..128 bytes */
    uint32_t life_s;       /* as above */
    bool keep;
    uint64_t reserved[4]; /* 0: room for later versions (docs/abi.md) */
} skad_announce_request;

/* Announces the node under a key. Its sequence is the time, so a later announcement replaces an
 * earlier one. More errors: SKAD_ERR_MISSING (no peer has reported our own address yet). */
SKAD_MUST_CHECK skad_status skad_node_announce(skad_node *node,
                                               const skad_announce_request *request, skad_time now,
                                               skad_op *op);

/* Stops re-announcing what is published under a key: records of one type, or of all (0). The copies
 * of the holders stay until they expire. Returns how many records it withdrew. */
size_t skad_node_withdraw(skad_node *node, const skad_id *key, unsigned type);

/* ---- Finding: event SKAD_EVENT_GET ---- */

/* Returns the key of a mutable record. */
void skad_mutable_key(const uint8_t publisher[SKAD_AT_LEAST(SKAD_PUBLIC_KEY_BYTES)], skad_span salt,
                      skad_id *out);

/* Fetches what is stored under a key. An immutable value ends the search when the first verified
 * copy comes. For the other types all of the s closest nodes are asked, and the highest sequence is
 * returned, or the announcements of all. */
SKAD_MUST_CHECK skad_status skad_node_get(skad_node *node, skad_record_type type,
                                          const skad_id *key, skad_time now, skad_op *op);

#define SKAD_WATCH_S_MIN 5
/* Fetches a record again and again, every `every_s` seconds (at least SKAD_WATCH_S_MIN), and at
 * once when the record is brought to this node. Event: SKAD_EVENT_CHANGED when it first appears and
 * each time it has changed. A change is a higher sequence of a mutable record, and other
 * publishers, sequences or endpoints of announcements. Of changes that were not polled, the latest
 * is reported. Ends with skad_node_cancel. More errors: SKAD_ERR_INPUT for immutable records, which
 * never change. */
SKAD_MUST_CHECK skad_status skad_node_watch(skad_node *node, skad_record_type type,
                                            const skad_id *key, uint32_t every_s, skad_time now,
                                            skad_op *op);

SKAD_END

#endif
