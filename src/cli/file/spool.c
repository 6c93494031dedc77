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
#define LINKS_MAX  40 /* as the system follows */

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

/* The descriptor that a path stands for, or -1. Opening such a path again would begin a redirected
 * file anew, and fails for a socket; making a file beside it is no help at all. */
static int descriptor_of(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0) {
        return STDOUT_FILENO;
    }
    if (strcmp(path, "/dev/stderr") == 0) {
        return STDERR_FILENO;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const size_t len = strlen(folders[i]);
        if (strncmp(path, folders[i], len) == 0) {
            char *end = NULL;
            const long number = strtol(path + len, &end, 10);
            return end != path + len && *end == 0 && number >= 0 && number <= INT_MAX ? (int)number
                                                                                      : -1;
        }
    }
    return -1;
}

/* Where a link leads to, from the folder that it lies in. False if it does not fit. */
static bool step(char path[static PATH_MAX], const char *link)
{
    char next[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const int folder_len = slash == NULL || link[0] == '/' ? 0 : (int)(slash + 1 - path);
    int len = snprintf(next, sizeof next, "%.*s%s", folder_len, path, link);
    if (len < 0 || (size_t)len >= sizeof next) {
        return false;
    }
    memcpy(path, next, (size_t)len + 1);
    return true;
}

/* Follows links, also one that leads to a file that is not there yet. */
static bool follow(const char *path, char out[static PATH_MAX], skad_failure *failure)
{
    char link[PATH_MAX];
    int len = snprintf(out, PATH_MAX, "%s", path);
    if (len < 0 || len >= PATH_MAX) {
        return skad_fail(failure, "the path is too long");
    }
    for (unsigned i = 0; i < LINKS_MAX; i++) {
        const ssize_t got = readlink(out, link, sizeof link - 1);
        if (got < 0) {
            return true; /* it is no link */
        }
        link[got] = 0;
        if (!step(out, link)) {
            return skad_fail(failure, "the path is too long");
        }
    }
    return skad_fail(failure, "%s leads in a circle of links", path);
}

static bool mounted(const char *path)
{
    struct statx about;
    return statx(AT_FDCWD, path, 0, STATX_TYPE, &about) == 0 &&
           (about.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* Whether the file exists and can only be written where it is: its folder takes no other, or it is
 * a mount of its own, which cannot be replaced. */
static bool fixed(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash + 1 - path),
                   slash == NULL ? "." : path);
    return access(path, W_OK) == 0 && (access(folder, W_OK) != 0 || mounted(path));
}

bool skad_spool_open(const char *path, skad_spool *out, skad_failure *failure)
{
    struct stat info;

    *out = (skad_spool){.fd = -1, .path = path, .to = STDOUT_FILENO};
    if (path == NULL) {
        return make_elsewhere(out, failure);
    }
    out->to = descriptor_of(path);
    if (out->to >= 0) {
        return make_elsewhere(out, failure);
    }
    if (!follow(path, out->target, failure)) {
        return false;
    }
    if (stat(out->target, &info) != 0 || S_ISREG(info.st_mode)) {
        out->in_place = fixed(out->target);
        if (out->in_place) {
            return make_elsewhere(out, failure);
        }
        out->regular = true;
        bool ok = skad_part_open(out->target, &out->part, failure);
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
    const int flags = O_WRONLY | O_CLOEXEC | (spool->in_place ? O_TRUNC : 0);
    int to = spool->to >= 0 ? spool->to : open(spool->target, flags);
    bool ok = to >= 0 && copy_to(spool, to);
    if (!ok) {
        (void)skad_fail(failure, "cannot write to %s: %s",
                        spool->path == NULL ? "stdout" : spool->path, strerror(errno));
    }
    if (to >= 0 && to != spool->to) {
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
