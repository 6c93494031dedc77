/* The daemon's records: in a database, or in memory if there is no file for them. A thread syncs
 * the database to the disk every half minute, so that a power failure never loses more than that;
 * without writes nothing happens. */
#ifndef SKAD_HOST_STATE_RECORD_STORE_H
#define SKAD_HOST_STATE_RECORD_STORE_H

#include <stdbool.h>

#include "skad/profile.h"
#include "skad/status.h"
#include "skad/store.h"
#include "src/host/loop/loop.h"
#include "src/host/system/failure.h"
#include "src/host/system/report.h"

typedef struct skad_record_store skad_record_store;

typedef struct skad_record_store_config {
    skad_loop *loop;
    const char *path; /* copied; NULL: in memory */
    skad_store_caps caps;
    uint64_t file_bytes_max;     /* how large the file may grow; 0: what the caps need */
    const skad_profile *profile; /* for the start only */
    uint64_t now_unix_s;
    skad_log_to log;
    void (*takes_long)(unsigned seconds, const char *what); /* NULL: none need be told */
} skad_record_store_config;

/* Fills in caps that are all zero. */
void skad_record_store_default_caps(skad_store_caps *caps);

/* Opens the store. A file at the path that cannot be used is set aside with a line in the log. */
SKAD_MUST_CHECK bool skad_record_store_new(const skad_record_store_config *config,
                                           skad_record_store **out, skad_failure *failure);
/* The store goes with it. NULL is allowed. */
void skad_record_store_free(skad_record_store *records);

/* From now on a thread of the store writes, so that no call waits for the disk. `settled` is called
 * on the loop when the node is to look for what became of its writes (skad_node_settle). Call it
 * once the sandbox was entered. */
void skad_record_store_behind(skad_record_store *records, void (*settled)(void *user), void *user);

/* Changes the caps. False if that needs a new start: then nothing changes. */
SKAD_MUST_CHECK bool skad_record_store_resize(skad_record_store *records,
                                              const skad_store_caps *caps);

/* Borrowed. */
skad_store skad_record_store_store(const skad_record_store *records);

#endif
