/* Small files on disk. */
#include "src/host/state/disk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/small_file.h"

#define ASIDE_TRIES 100

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
    return skad_small_file_read(fd, out, cap, len) ? SKAD_OK : SKAD_ERR_IO;
}

skad_status skad_disk_read(const char *path, uint8_t *out, size_t cap, size_t *len)
{
    int fd = skad_small_file_open(path);
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
    skad_small_file_close(fd);
    return status;
}

/* ---- Writing ---- */

skad_status skad_disk_replace(const char *path, const uint8_t *data, size_t len)
{
    return skad_small_file_replace(path, data, len) == SKAD_OK ? SKAD_OK : SKAD_ERR_IO;
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
        /* Only this daemon uses the folder, so no other process takes the name in between. */
        if (lstat(aside, &about) != 0 && errno == ENOENT) {
            return rename(path, aside) == 0 ? SKAD_OK : SKAD_ERR_IO;
        }
    }
    errno = EEXIST;
    return SKAD_ERR_IO;
}
