/* Storing a file as a tree of records, in bounded memory and of unknown size. */
#ifndef SKAD_CLI_FILE_FILE_PUT_H
#define SKAD_CLI_FILE_FILE_PUT_H

#include <stdbool.h>

#include "src/cli/client/client.h"
#include "src/host/files/file_store.h"

typedef struct skad_file_put_request {
    int fd;           /* read to its end */
    const char *name; /* for messages */
    uint64_t size;    /* 0 while unknown; for the meter only */
    bool keep;        /* the node re-announces all records */
    bool forward;     /* other nodes store them, */
    uint8_t chains;   /* with results of so many first hops; 0: the usual number */
} skad_file_put_request;

/* The outcome for the records of a file. */
typedef struct skad_file_put_report {
    skad_id root;    /* the key to get the file back by */
    bool root_known; /* also after a failure, if the file could be read to its end */
    uint64_t bytes;
    skad_file_totals totals;
    uint64_t not_kept; /* records that the node does not re-announce, though it should */
} skad_file_put_report;

/* Stores a file. If a record could not be stored at all, the rest is not tried; it is only read, to
 * know the key of what is stored so far. */
SKAD_MUST_CHECK skad_exit skad_file_put(skad_client *client, const skad_file_put_request *request,
                                        skad_file_put_report *out, skad_failure *failure);

#endif
