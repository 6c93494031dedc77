/* Files that clients put and get over the control socket, for the files of this room:
 * control_files.c begins and ends them, control_upload.c and control_download.c move them on.
 *
 * The daemon opens no path: it is sandboxed, and may be another user than its client. A client
 * sends the bytes itself, and is sent them. No file is ever whole in memory: of an upload at most
 * SKAD_CONTROL_FILE_WINDOW bytes wait, of a download SKAD_CONTROL_FILE_AHEAD pieces. */
#ifndef SKAD_DAEMON_CONTROL_CONTROL_FILES_H
#define SKAD_DAEMON_CONTROL_CONTROL_FILES_H

#include "src/daemon/control/control_inside.h"
#include "src/host/files/file_fetch.h"
#include "src/host/files/file_store.h"

#define SKAD_CONTROL_FILE_WINDOW 65536 /* bytes that a client may be ahead of us, or we of it */
#define SKAD_CONTROL_FILE_AHEAD  128   /* pieces */
#define SKAD_CONTROL_FILE_GETS   32    /* in flight for one file */

struct skad_control_file {
    skad_control_file *next;
    skad_control_client *client;
    uint32_t msgid;
    bool upload;
    size_t operations; /* in flight */
    uint64_t told_bytes;
    uint64_t told_records;
    /* Of an upload: */
    skad_file_store *store;
    bool keep;
    bool has_size;
    uint64_t size;
    uint64_t arrived; /* from the client; */
    bool ended;       /* that is all of it */
    uint8_t *waiting; /* what the machine has not taken yet */
    size_t waiting_first;
    size_t waiting_len;
    /* Of a download: */
    skad_file_fetch *fetch;
    skad_id key;
    uint64_t offset;
    uint64_t acked;
    bool told_size;
};

/* ---- control_files.c ---- */

/* How many operations each file may have now. */
size_t skad_control_file_share(const skad_control *control);
/* Begins an operation of a file. FULL: try again in a later turn. */
skad_status skad_control_file_begin(skad_control_file *file, const skad_control_request *request,
                                    const skad_control_file_op *of);
/* Answers and forgets a file. */
void skad_control_file_fail(skad_control_file *file, skad_control_error error, const char *message,
                            const skad_control_blame *blame);
void skad_control_file_end(skad_control_file *file, const skad_writer *response);

/* ---- Moving on: false when the file has ended, and is no more ---- */

bool skad_control_upload_go_on(skad_control_file *file);
bool skad_control_upload_chunk(skad_control_file *file, skad_span bytes);
bool skad_control_upload_event(skad_control_file *file, const skad_control_file_op *of,
                               const skad_event *event);

bool skad_control_download_go_on(skad_control_file *file);
bool skad_control_download_ack(skad_control_file *file, uint64_t taken);
bool skad_control_download_event(skad_control_file *file, const skad_control_file_op *of,
                                 const skad_event *event);

#endif
