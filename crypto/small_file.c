/* Writing uses a temporary file in the same folder, which is synced before it gets the final name;
 * the folder is synced after that. */
#define _GNU_SOURCE /* mkostemp */
#include "crypto/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Reading ---- */

int skad_small_file_open(const char *path)
{
    return open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
}

bool skad_small_file_read(int fd, uint8_t *out, size_t cap, size_t *len)
{
    *len = 0;
    while (*len < cap) {
        ssize_t got = read(fd, out + *len, cap - *len);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return false;
        }
        *len += got > 0 ? (size_t)got : 0;
    }
    return true;
}

void skad_small_file_close(int fd)
{
    int saved = errno;
    close(fd);
    errno = saved;
}

/* ---- Writing ---- */

static bool write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, data, len);
        if (put == 0) {
            errno = EIO; /* no file system does this; it must not keep us here for ever */
        }
        if (put == 0 || (put < 0 && errno != EINTR)) {
            return false;
        }
        size_t done = put > 0 ? (size_t)put : 0;
        data += done;
        len -= done;
    }
    return true;
}

static void unlink_keeping_errno(const char *path)
{
    int saved = errno;
    unlink(path);
    errno = saved;
}

/* Writes a new file beside `path`, with mode 0600, and syncs it; `temporary` receives its name. On
 * error nothing is left. */
static skad_status write_beside(const char *path, const uint8_t *data, size_t len,
                                char temporary[static PATH_MAX])
{
    int printed = snprintf(temporary, PATH_MAX, "%s.XXXXXX", path);
    if (printed < 0 || printed >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return SKAD_ERR_IO;
    }
    int fd = mkostemp(temporary, O_CLOEXEC); /* of mode 0600 */
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? SKAD_ERR_MISSING : SKAD_ERR_IO;
    }
    bool written = write_all(fd, data, len) && fsync(fd) == 0;
    skad_small_file_close(fd);
    if (!written) {
        unlink_keeping_errno(temporary);
        return SKAD_ERR_IO;
    }
    return SKAD_OK;
}

/* Makes a new name in the folder of `path` durable. `path` was short enough for write_beside. */
static skad_status sync_folder_of(const char *path)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL) {
        size_t len = slash == path ? 1 : (size_t)(slash - path);
        memcpy(folder, path, len);
        folder[len] = '\0';
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return SKAD_ERR_IO;
    }
    /* EINVAL: this file system cannot sync a folder. */
    bool synced = fsync(fd) == 0 || errno == EINVAL;
    skad_small_file_close(fd);
    return synced ? SKAD_OK : SKAD_ERR_IO;
}

skad_status skad_small_file_create(const char *path, const uint8_t *data, size_t len)
{
    char temporary[PATH_MAX];
    skad_status status = write_beside(path, data, len, temporary);
    if (status != SKAD_OK) {
        return status;
    }
    /* link, unlike rename, never replaces a file. */
    if (link(temporary, path) != 0) {
        status = errno == EEXIST ? SKAD_ERR_EXISTS : SKAD_ERR_IO;
    }
    unlink_keeping_errno(temporary);
    return status == SKAD_OK ? sync_folder_of(path) : status;
}

skad_status skad_small_file_replace(const char *path, const uint8_t *data, size_t len)
{
    char temporary[PATH_MAX];
    skad_status status = write_beside(path, data, len, temporary);
    if (status != SKAD_OK) {
        return status;
    }
    if (rename(temporary, path) != 0) {
        unlink_keeping_errno(temporary);
        return SKAD_ERR_IO;
    }
    return sync_folder_of(path);
}
