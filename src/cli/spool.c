/* Temporary files. A regular file is replaced by renaming; a pipe or a device is written into. */
#include "src/cli/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES 65536

static bool make_file(const char *prefix, skad_spool *spool, skad_failure *failure)
{
    int len = snprintf(spool->temporary, sizeof spool->temporary, "%s.XXXXXX", prefix);
    if (len < 0 || (size_t)len >= sizeof spool->temporary) {
        return skad_fail(failure, "the path is too long");
    }
    spool->fd = mkstemp(spool->temporary);
    return spool->fd >= 0 ||
           skad_fail(failure, "cannot make a file beside %s: %s", prefix, strerror(errno));
}

static bool make_unlinked(skad_spool *spool, skad_failure *failure)
{
    char prefix[PATH_MAX];
    const char *dir = getenv("TMPDIR");
    if (dir == NULL || dir[0] == 0 || strlen(dir) > PATH_MAX - 32) {
        dir = "/tmp";
    }
    (void)snprintf(prefix, sizeof prefix, "%s/skad-get", dir);
    if (!make_file(prefix, spool, failure)) {
        return false;
    }
    unlink(spool->temporary);
    spool->temporary[0] = 0;
    return true;
}

bool skad_spool_open(const char *path, skad_spool *out, skad_failure *failure)
{
    struct stat info;

    out->path = path;
    out->temporary[0] = 0;
    if (path == NULL) {
        return make_unlinked(out, failure);
    }
    if (stat(path, &info) != 0 || S_ISREG(info.st_mode)) {
        return make_file(path, out, failure);
    }
    if (S_ISDIR(info.st_mode)) {
        return skad_fail(failure, "%s is a folder: name a file with -o", path);
    }
    return make_unlinked(out, failure);
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, data, len);
        if (written >= 0) {
            data += written;
            len -= (size_t)written;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool copy_out(const skad_spool *spool, int to, skad_failure *failure)
{
    char buffer[COPY_BYTES];
    off_t at = 0;
    for (;;) {
        ssize_t got = pread(spool->fd, buffer, sizeof buffer, at);
        if (got == 0) {
            return true;
        }
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 || !write_all(to, buffer, (size_t)got)) {
            return skad_fail(failure, "cannot write to %s: %s",
                             spool->path == NULL ? "stdout" : spool->path, strerror(errno));
        }
        at += got;
    }
}

static bool rename_into_place(skad_spool *spool, skad_failure *failure)
{
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(spool->fd, (S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH) & ~mask) !=
            0 ||
        fsync(spool->fd) != 0 || rename(spool->temporary, spool->path) != 0) {
        return skad_fail(failure, "cannot write %s: %s", spool->path, strerror(errno));
    }
    spool->temporary[0] = 0;
    return true;
}

bool skad_spool_commit(skad_spool *spool, skad_failure *failure)
{
    bool ok = false;
    if (spool->temporary[0] != 0) {
        ok = rename_into_place(spool, failure);
    } else if (spool->path == NULL) {
        ok = copy_out(spool, STDOUT_FILENO, failure);
    } else {
        int to = open(spool->path, O_WRONLY | O_CLOEXEC);
        ok = to >= 0 ? copy_out(spool, to, failure)
                     : skad_fail(failure, "cannot write %s: %s", spool->path, strerror(errno));
        if (to >= 0) {
            close(to);
        }
    }
    skad_spool_discard(spool);
    return ok;
}

void skad_spool_discard(skad_spool *spool)
{
    if (spool->temporary[0] != 0) {
        unlink(spool->temporary);
        spool->temporary[0] = 0;
    }
    if (spool->fd >= 0) {
        close(spool->fd);
        spool->fd = -1;
    }
}
