/* Files without a name, and how they are put in their place. */
#define _GNU_SOURCE /* O_TMPFILE, mkostemp */
#include "src/cli/file/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cli/file/terminal.h"

#define COPY_BYTES 65536

/* ---- Opening ---- */

/* Makes a file in `dir` that has no name: by O_TMPFILE, or by removing the name at once if the file
 * system does not support that. */
static bool make_nameless(const char *dir, skad_spool *spool, skad_failure *failure)
{
    char name[PATH_MAX];

    spool->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (spool->fd >= 0) {
        return true;
    }
    int len = snprintf(name, sizeof name, "%s/skad-get.XXXXXX", dir);
    if (len < 0 || (size_t)len >= sizeof name) {
        return skad_fail(failure, "the path is too long");
    }
    spool->fd = mkostemp(name, O_CLOEXEC);
    if (spool->fd < 0) {
        return skad_fail(failure, "cannot make a file in %s: %s", dir, strerror(errno));
    }
    unlink(name);
    return true;
}

static bool make_elsewhere(skad_spool *spool, skad_failure *failure)
{
    const char *dir = getenv("TMPDIR");
    return make_nameless(dir == NULL || dir[0] == 0 ? "/tmp" : dir, spool, failure);
}

bool skad_spool_open(const char *path, skad_spool *out, skad_failure *failure)
{
    struct stat info;

    *out = (skad_spool){.fd = -1, .path = path};
    if (path == NULL) {
        return make_elsewhere(out, failure);
    }
    if (stat(path, &info) != 0 || S_ISREG(info.st_mode)) {
        out->regular = true;
        bool ok = skad_part_open(path, &out->part, failure);
        out->fd = out->part.fd;
        return ok;
    }
    if (S_ISDIR(info.st_mode)) {
        return skad_fail(failure, "%s is a folder: name a file with -o", path);
    }
    return make_elsewhere(out, failure);
}

/* ---- Copying ---- */

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

/* Writes bytes as they are, or, to a terminal, what it may show of them. Returns how many were
 * written; 0 with errno set. */
static size_t write_some(int to, bool terminal, const uint8_t *bytes, size_t len)
{
    static char text[4 * COPY_BYTES];
    if (!terminal) {
        return write_all(to, (const char *)bytes, len) ? len : 0;
    }
    size_t taken;
    size_t text_len = skad_terminal_text(bytes, len, len < COPY_BYTES, text, &taken);
    return write_all(to, text, text_len) ? taken : 0;
}

/* False with errno set. */
static bool copy_to(const skad_spool *spool, int to)
{
    uint8_t buffer[COPY_BYTES];
    bool terminal = isatty(to) == 1;
    off_t at = 0;
    for (;;) {
        ssize_t got = pread(spool->fd, buffer, sizeof buffer, at);
        if (got == 0) {
            return true;
        }
        if (got < 0 && errno == EINTR) {
            continue;
        }
        size_t written = got < 0 ? 0 : write_some(to, terminal, buffer, (size_t)got);
        if (written == 0) {
            return false;
        }
        at += (off_t)written;
    }
}

static bool copy_out(const skad_spool *spool, skad_failure *failure)
{
    int to = spool->path == NULL ? STDOUT_FILENO : open(spool->path, O_WRONLY | O_CLOEXEC);
    bool ok = to >= 0 && copy_to(spool, to);
    if (!ok) {
        (void)skad_fail(failure, "cannot write to %s: %s",
                        spool->path == NULL ? "stdout" : spool->path, strerror(errno));
    }
    if (to >= 0 && to != STDOUT_FILENO) {
        close(to);
    }
    return ok;
}

/* ---- Closing ---- */

bool skad_spool_commit(skad_spool *spool, skad_failure *failure)
{
    if (spool->regular) {
        spool->fd = -1;
        return skad_part_commit(&spool->part, failure);
    }
    bool ok = copy_out(spool, failure);
    skad_spool_discard(spool);
    return ok;
}

void skad_spool_discard(skad_spool *spool)
{
    if (spool->regular) {
        skad_part_leave(&spool->part);
    } else if (spool->fd >= 0) {
        close(spool->fd);
    }
    spool->fd = -1;
}
