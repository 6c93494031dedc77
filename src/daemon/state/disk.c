/* Small files on disk. */
#define _GNU_SOURCE /* mkostemp */
#include "src/daemon/state/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASIDE_TRIES 100

static void close_keeping_errno(int fd)
{
    int saved = errno;
    close(fd);
    errno = saved;
}

/* ---- Reading ---- */

static skad_status read_open_file(int fd, uint8_t *out, size_t cap, size_t *len)
{
    struct stat about;
    if (fstat(fd, &about) != 0) {
        return SKAD_ERR_IO;
    }
    if (!S_ISREG(about.st_mode) || about.st_size < 0 || (uint64_t)about.st_size > cap) {
        return SKAD_ERR_FORMAT;
    }
    *len = 0;
    while (*len < cap) {
        ssize_t got = read(fd, out + *len, cap - *len);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return SKAD_ERR_IO;
        }
        *len += got > 0 ? (size_t)got : 0;
    }
    return SKAD_OK;
}

skad_status skad_disk_read(const char *path, uint8_t *out, size_t cap, size_t *len)
{
    /* O_NONBLOCK: opening a pipe that lies there must not wait for its writer. */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        switch (errno) {
        case ENOENT:
        case ENOTDIR:
            return SKAD_ERR_MISSING;
        case ELOOP: /* a symbolic link */
        case ENXIO: /* a socket */
            return SKAD_ERR_FORMAT;
        default:
            return SKAD_ERR_IO;
        }
    }
    skad_status status = read_open_file(fd, out, cap, len);
    close_keeping_errno(fd);
    return status;
}

/* ---- Writing ---- */

static bool write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno != EINTR) {
            return false;
        }
        size_t done = put > 0 ? (size_t)put : 0;
        data += done;
        len -= done;
    }
    return true;
}

/* Makes a new name in the folder of `path` last. */
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
    /* EINVAL: this file system has no such thing as syncing a folder. */
    bool synced = fsync(fd) == 0 || errno == EINVAL;
    close_keeping_errno(fd);
    return synced ? SKAD_OK : SKAD_ERR_IO;
}

skad_status skad_disk_replace(const char *path, const uint8_t *data, size_t len)
{
    char temporary[PATH_MAX];
    int printed = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (printed < 0 || (size_t)printed >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return SKAD_ERR_IO;
    }
    int fd = mkostemp(temporary, O_CLOEXEC); /* of mode 0600 */
    if (fd < 0) {
        return SKAD_ERR_IO;
    }
    bool written = write_all(fd, data, len) && fsync(fd) == 0;
    close_keeping_errno(fd);
    if (!written || rename(temporary, path) != 0) {
        int saved = errno;
        unlink(temporary);
        errno = saved;
        return SKAD_ERR_IO;
    }
    return sync_folder_of(path);
}

/* ---- Moving out of the way ---- */

skad_status skad_disk_set_aside(const char *path, uint64_t unix_s, char *aside, size_t aside_cap)
{
    for (unsigned i = 0; i < ASIDE_TRIES; i++) {
        struct stat about;
        int printed = i == 0 ? snprintf(aside, aside_cap, "%s.bad-%" PRIu64, path, unix_s)
                             : snprintf(aside, aside_cap, "%s.bad-%" PRIu64 "-%u", path, unix_s, i);
        if (printed < 0 || (size_t)printed >= aside_cap) {
            errno = ENAMETOOLONG;
            return SKAD_ERR_IO;
        }
        /* The folder is this daemon's alone, so nobody takes the name in between. */
        if (lstat(aside, &about) != 0 && errno == ENOENT) {
            return rename(path, aside) == 0 ? SKAD_OK : SKAD_ERR_IO;
        }
    }
    errno = EEXIST;
    return SKAD_ERR_IO;
}
