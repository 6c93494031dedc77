/* Small files on disk: read with a bound, and created or replaced completely or not at all. The
 * identity file and the daemon's own files use it. Names are paths; no call follows a symbolic link
 * at the end of one. */
#ifndef SKAD_CRYPTO_SMALL_FILE_H
#define SKAD_CRYPTO_SMALL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/status.h"

/* Opens a file for reading; -1 with errno set. A pipe is opened without waiting for its writer, so
 * check the kind of file before reading. */
int skad_small_file_open(const char *path);

/* Reads until the end of the file or of the buffer; false with errno set. */
SKAD_MUST_CHECK bool skad_small_file_read(int fd, uint8_t *out, size_t cap, size_t *len);

/* Closes a descriptor; errno stays as it is. */
void skad_small_file_close(int fd);

/* Both of the following write a file of mode 0600 under a temporary name beside `path`, sync it,
 * give it its name and sync the folder, so that a crash or a full disk leaves either the old state
 * or the new one. When they fail, no temporary file is left. Errors, with errno set:
 * SKAD_ERR_MISSING (there is no such folder), SKAD_ERR_IO. */

/* Never replaces a file: SKAD_ERR_EXISTS. */
SKAD_MUST_CHECK skad_status skad_small_file_create(const char *path, const uint8_t *data,
                                                   size_t len);

/* Replaces the file, if there is one. */
SKAD_MUST_CHECK skad_status skad_small_file_replace(const char *path, const uint8_t *data,
                                                    size_t len);

#endif
