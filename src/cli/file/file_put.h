/* Storing a file as a tree of records (proto/tree.h), in bounded memory and of unknown size. */
#ifndef SKAD_CLI_FILE_FILE_PUT_H
#define SKAD_CLI_FILE_FILE_PUT_H

#include <stdbool.h>

#include "skad/event.h"
#include "src/cli/client/client.h"

/* Puts in flight. Each is sixteen signed requests or more. Beyond this number the nodes' processors
 * set the pace, and more puts would only be late. */
#define SKAD_FILE_PUT_WINDOW 16

typedef struct skad_file_put_request {
    int fd;           /* read to its end */
    const char *name; /* for messages */
    uint64_t size;    /* 0 while unknown; for the meter only */
    bool keep;        /* the node re-announces all records */
} skad_file_put_request;

/* The outcome for the records of a file. */
typedef struct skad_file_put_report {
    skad_id root;    /* the key to get the file back by */
    bool root_known; /* also after a failure, if the file could be read to its end */
    uint64_t bytes;
    uint64_t records;
    uint64_t worst_stored;  /* of the record that the fewest holders took, */
    uint64_t worst_holders; /* of so many that were asked, */
    uint64_t worst_wanted;  /* of so many that should have it */
    uint64_t refused;       /* of all records: refusals, */
    uint64_t refusals[SKAD_REFUSALS];
    uint64_t unresponsive; /* and holders that did not answer */
    uint64_t alone;        /* records that only this node has */
    uint64_t not_kept;     /* records that the node does not re-announce */
    uint64_t dense;        /* records whose closest nodes stand suspiciously dense */
} skad_file_put_report;

/* Stores a file. If a record could not be stored at all, the rest is not tried; it is only read, to
 * know the key of what is stored so far. */
SKAD_MUST_CHECK skad_exit skad_file_put(skad_client *client, const skad_file_put_request *request,
                                        skad_file_put_report *out, skad_failure *failure);

#endif
