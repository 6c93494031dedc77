/* Files without a name. A regular file is replaced by renaming; a pipe or a device is written
 * into. */
#define _GNU_SOURCE /* O_TMPFILE, mkostemp */
#include "src/cli/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES 65536

/* ---- Opening ---- */

/* Makes a file in `dir` that has no name: by O_TMPFILE, or by taking the name away at once where
 * the file system has no such thing. */
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

static bool make_beside(const char *path, skad_spool *spool, skad_failure *failure)
{
    char dir[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL) {
        size_t len = slash == path ? 1 : (size_t)(slash - path);
        if (len >= sizeof dir) {
            return skad_fail(failure, "the path is too long");
        }
        memcpy(dir, path, len);
        dir[len] = 0;
    }
    spool->replaces = true;
    return make_nameless(dir, spool, failure);
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
        return make_beside(path, out, failure);
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

/* False with errno set. */
static bool copy_to(const skad_spool *spool, int to)
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
            return false;
        }
        at += got;
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

/* ---- Replacing ---- */

static bool finish_file(int fd)
{
    mode_t mask = umask(0);
    umask(mask);
    return fchmod(fd, (S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH) & ~mask) == 0 &&
           fsync(fd) == 0;
}

/* Gives the spool's file a name. Works for O_TMPFILE only, and needs /proc. */
static bool give_name(const skad_spool *spool, const char *name)
{
    char self[64];
    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", spool->fd);
    return finish_file(spool->fd) && linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
}

/* The next best: a copy that has one. */
static bool copy_with_name(const skad_spool *spool, char *name)
{
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool ok = copy_to(spool, fd) && finish_file(fd);
    int saved = errno;
    close(fd);
    if (!ok) {
        unlink(name);
    }
    errno = saved;
    return ok;
}

static bool rename_into_place(const skad_spool *spool)
{
    char name[PATH_MAX];
    char copy[PATH_MAX];
    int name_len = snprintf(name, sizeof name, "%s.%ld", spool->path, (long)getpid());
    int copy_len = snprintf(copy, sizeof copy, "%s.XXXXXX", spool->path);
    if (name_len < 0 || (size_t)name_len >= sizeof name || copy_len < 0 ||
        (size_t)copy_len >= sizeof copy) {
        errno = ENAMETOOLONG;
        return false;
    }
    const char *made = name;
    if (!give_name(spool, name)) {
        if (!copy_with_name(spool, copy)) {
            return false;
        }
        made = copy;
    }
    if (rename(made, spool->path) != 0) {
        int saved = errno;
        unlink(made);
        errno = saved;
        return false;
    }
    return true;
}

/* Signals wait while there is a temporary name: it must not outlive us. */
static bool replace(const skad_spool *spool, skad_failure *failure)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &before);
    bool ok = rename_into_place(spool) ||
              skad_fail(failure, "cannot write %s: %s", spool->path, strerror(errno));
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return ok;
}

bool skad_spool_commit(skad_spool *spool, skad_failure *failure)
{
    bool ok = spool->replaces ? replace(spool, failure) : copy_out(spool, failure);
    skad_spool_discard(spool);
    return ok;
}

void skad_spool_discard(skad_spool *spool)
{
    if (spool->fd >= 0) {
        close(spool->fd);
        spool->fd = -1;
    }
}
