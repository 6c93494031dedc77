/* Watches: slots with a name, a schedule, and a memory of what was reported already. watch.c runs
 * them. The number of slots is fixed; each is allocated while it is taken. */
#ifndef SKAD_STORAGE_WATCHES_H
#define SKAD_STORAGE_WATCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/event.h"
#include "skad/records.h"
#include "skad/status.h"

#define SKAD_WATCH_KNOWN_MAX 128 /* what was reported last: twice as much as one get returns */

/* A watch begins no more than one get in this time for records that are brought to us. */
#define SKAD_WATCH_TOUCH_US ((uint64_t)SKAD_WATCH_S_MIN * SKAD_US_PER_S)

typedef struct skad_watched {
    uint32_t generation;
    skad_record_type type;
    skad_id key;
    uint64_t every_us;
    uint64_t due_us;   /* when the next get begins */
    uint64_t began_us; /* when the last one began */
    skad_op running;   /* the get under way, 0 if none */
    skad_op reported;  /* the last get whose event was queued; it may have been polled since */
    uint64_t known[SKAD_WATCH_KNOWN_MAX]; /* fingerprints (collect.h), a ring */
    size_t known_count;
    size_t known_next;
} skad_watched;

typedef struct skad_watches {
    skad_watched **slots; /* NULL: free; all NULL before the first is taken */
    size_t count;
    size_t taken;
    uint32_t generation; /* of the last watch that was taken */
} skad_watches;

void skad_watches_init(skad_watches *watches, size_t count);
void skad_watches_free(skad_watches *watches);

/* Takes a slot and returns its index, or -1: SKAD_ERR_FULL or no memory. */
int skad_watches_take(skad_watches *watches);
void skad_watches_release(skad_watches *watches, size_t index);

/* Returns a watch's name. It never equals an operation's name. */
skad_op skad_watches_name(const skad_watches *watches, size_t index);
/* Returns the index of a name, or -1. */
int skad_watches_find(const skad_watches *watches, skad_op name);

/* A record under this key has come into our own store: makes its watches due now, or as soon as
 * SKAD_WATCH_TOUCH_US have passed since their last gets began. Anybody may announce under a watched
 * key, and each get is a lookup. */
void skad_watches_touch(skad_watches *watches, skad_record_type type, const skad_id *key,
                        uint64_t now_us);

/* Remembers fingerprints; returns whether any of them is new. */
bool skad_watched_news(skad_watched *watched, const uint64_t *fingerprints, size_t count);

#endif
