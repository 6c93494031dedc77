/* Small files on disk, read with a bound and replaced whole or not at all. */
#ifndef SKAD_HOST_STATE_DISK_H
#define SKAD_HOST_STATE_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "skad/status.h"

/* Reads a regular file of at most `cap` bytes; a longer one is refused by its size, before anything
 * is read. The last part of the path may not be a symbolic link. Errors: SKAD_ERR_MISSING,
 * SKAD_ERR_FORMAT (too long, or not a regular file), SKAD_ERR_IO with errno set. */
SKAD_MUST_CHECK skad_status skad_disk_read(const char *path, uint8_t *out, size_t cap, size_t *len);

/* Writes a file of mode 0600 under a temporary name beside `path`, syncs it and renames it into
 * place, so that a crash or a full disk leaves either the old file or the new one. Error:
 * SKAD_ERR_IO with errno set; then no temporary file is left. */
SKAD_MUST_CHECK skad_status skad_disk_replace(const char *path, const uint8_t *data, size_t len);

/* Moves a file out of the way: its new name, "PATH.bad-UNIXTIME", goes to `aside`. Nothing is ever
 * overwritten: a second one of the same second gets "-1" after its name, and so on. Error:
 * SKAD_ERR_IO with errno set; then the file is where it was. */
SKAD_MUST_CHECK skad_status skad_disk_set_aside(const char *path, uint64_t unix_s, char *aside,
                                                size_t aside_cap);

#endif
