/* What a get gathers: the best record so far or the announcements, and which node gave what. It is
 * a pure accumulator: answers go in, in any order, and at each moment it knows what it would
 * return.
 *
 * One honest answer is enough. A record counts only if it is properly signed for this key and has
 * not expired. Of mutable records the highest sequence wins, whichever node gives it and however
 * many others give an older one. If the publisher signed two values under one sequence, the one
 * with the greater hash wins, so that all nodes that see both return the same, and the conflict is
 * reported. */
#ifndef SKAD_LOOKUP_COLLECT_H
#define SKAD_LOOKUP_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/random.h"
#include "proto/limits.h"
#include "skad/event.h"
#include "src/core/lookup/lookup.h"

#define SKAD_CANDIDATE_OURSELVES UINT16_MAX /* instead of a candidate: our own store */

/* Each request of a lookup is answered at most once, and each section of our own store answers
 * once. */
#define SKAD_GIVEN_OURSELVES 2
#define SKAD_GIVEN_MAX       (SKAD_LOOKUP_RPCS_MAX + SKAD_GIVEN_OURSELVES)

/* What one node gave. */
typedef struct skad_given {
    uint16_t candidate; /* among the lookup's candidates */
    bool invalid;       /* some of it was not such a record */
    bool record;        /* at least one was */
    uint64_t sequence;
    uint64_t fingerprint; /* of the value: equal values have equal fingerprints */
    uint32_t total;       /* announcements that it says it has, or that it gave */
} skad_given;

/* A holder that has more announcements than fit one answer: it is asked for the next ones. */
typedef struct skad_pager {
    uint16_t candidate;
    uint8_t pages; /* answers so far */
    bool asked;    /* for another one */
    bool over;     /* it gave them all, or does not answer */
    uint32_t given;
    uint32_t total;
    uint8_t from[SKAD_PUBLIC_KEY_BYTES]; /* the publisher with which the next answer begins */
} skad_pager;

#define SKAD_PAGERS_MAX 48 /* as many holders as a get asks where the closest stand dense */
#define SKAD_PAGES_MAX  32 /* of one holder: three announcements fit an answer at least */

typedef struct skad_announced {
    uint16_t len;
    uint8_t bytes[SKAD_RECORD_ANNOUNCE_BYTES_MAX];
} skad_announced;

typedef struct skad_collection {
    skad_record_type type;
    skad_id key;
    skad_network_id network;
    skad_id holder; /* the node that gave the first record that counts */

    /* Immutable and mutable: the best so far. */
    uint8_t best[SKAD_RECORD_BYTES_MAX];
    size_t best_len; /* 0: none */
    uint64_t sequence;
    uint64_t fingerprint;
    uint64_t expiry_unix_s;
    bool conflict;

    /* Announcements: one for each publisher, a random choice of those that were met. */
    skad_announced *announced; /* owned; NULL for other types */
    size_t announced_count;
    uint64_t met;
    skad_pager *pagers; /* owned, SKAD_PAGERS_MAX */
    size_t pagers_count;
    skad_provider *providers; /* owned; filled for the report */

    size_t given_count;
    skad_given given[SKAD_GIVEN_MAX];
} skad_collection;

/* Returns NULL without memory. */
skad_collection *skad_collection_new(skad_record_type type, const skad_id *key,
                                     const skad_network_id *network);
void skad_collection_free(skad_collection *collection);

/* Whether there is something to return. */
bool skad_collection_found(const skad_collection *collection);

typedef struct skad_get_answer {
    uint16_t candidate;
    const skad_id *from;
    const skad_span *records;
    size_t count;   /* 0: it had nothing */
    uint32_t total; /* that it has; 0: no more than it gave */
} skad_get_answer;

/* Takes what one node gave. Returns how many of the records the node can be blamed for: what is no
 * record, or is not what was asked for. A record that has expired by our clock, or whose signature
 * does not verify, is ignored: the node's clock or library may differ. An answer has at most
 * SKAD_RECORDS_MAX records, which bounds the checks. Adds the number of signatures checked. Beyond
 * SKAD_GIVEN_MAX answers it takes nothing and returns 0. */
size_t skad_collection_take(skad_collection *collection, const skad_get_answer *answer,
                            uint64_t now_unix_s, skad_random *random, uint64_t *verifications);

/* Returns the pager of a candidate; NULL if it gave all that it has, or is no holder. */
skad_pager *skad_collection_pager(const skad_collection *collection, uint16_t candidate);

/* Whether a holder is to be asked for more: it has more than it gave, and more publishers than were
 * met so far. A get returns SKAD_PROVIDERS_MAX at most, and looks for no more. */
bool skad_collection_lacks(const skad_collection *collection, const skad_pager *pager);

/* Returns what a candidate gave; NULL if it gave no answer. */
const skad_given *skad_collection_given(const skad_collection *collection, uint16_t candidate);

/* Whether what a node gave is what would be returned. */
bool skad_collection_agrees(const skad_collection *collection, const skad_given *given);

/* Fills in the report except its rpcs and its unresponsive nodes. Borrows from the collection. */
void skad_collection_report(skad_collection *collection, skad_get_report *out);

/* Writes a fingerprint of each thing that would be returned, the mutable record or each
 * announcement; equal ones have equal fingerprints. Writes at most SKAD_PROVIDERS_MAX; returns how
 * many. */
size_t skad_collection_fingerprints(const skad_collection *collection,
                                    uint64_t out[static SKAD_PROVIDERS_MAX]);

#endif
