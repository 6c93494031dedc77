/* Failures of our own (memory, disk, wrong argument). A bad packet of a peer is never a status but
 * a verdict: see verdict.h. */
#ifndef SKAD_STATUS_H
#define SKAD_STATUS_H

#include "skad/compiler.h"

SKAD_BEGIN

typedef enum skad_status {
    SKAD_OK = 0,
    SKAD_ERR_MEMORY,     /* allocation failed */
    SKAD_ERR_INPUT,      /* an argument is outside its documented range */
    SKAD_ERR_FULL,       /* a bounded table is full: try again when something has ended */
    SKAD_ERR_IO,         /* the system refused; errno tells why */
    SKAD_ERR_EXISTS,     /* the file is there already and is not overwritten */
    SKAD_ERR_MISSING,    /* no such file or entry */
    SKAD_ERR_PERMISSION, /* the file can be read by others */
    SKAD_ERR_FORMAT,     /* truncated or damaged */
    SKAD_ERR_VERSION,    /* written by another version of skad */
    SKAD_ERR_STOPPED,    /* the stop flag was raised */
    SKAD_ERR_PUZZLE,     /* the identity does not satisfy the profile's puzzles */
    SKAD_ERR_BUSY,       /* too much is under way: try again later */
    SKAD_ERR_CLOSED,     /* a handle of something that was closed, or never opened */
    SKAD_ERR_THREAD,     /* called from another thread than the one that owns it */
    SKAD_ERR_TIMEOUT,    /* it did not end in the time that was given */
} skad_status;

/* Returns a short English text for a status, static storage, never NULL. */
const char *skad_status_text(skad_status status);

SKAD_END

#endif
