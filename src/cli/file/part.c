#include "src/cli/file/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES_MAX 8 /* each time another run has just given the file its name */

static bool give_up(skad_part *part, skad_failure *failure, const char *why)
{
    (void)skad_fail(failure, "cannot write %s: %s", part->part, why);
    if (part->fd >= 0) {
        close(part->fd);
        part->fd = -1;
    }
    return false;
}

/* Whether the open file still has the name: the process that had the lock before may have renamed
 * it. */
static bool is_named(const skad_part *part)
{
    struct stat opened;
    struct stat named;
    return fstat(part->fd, &opened) == 0 && lstat(part->part, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

bool skad_part_open(const char *path, skad_part *out, skad_failure *failure)
{
    struct stat info;

    out->fd = -1;
    out->path = path;
    int len = snprintf(out->part, sizeof out->part, "%s.part", path);
    if (len < 0 || (size_t)len >= sizeof out->part) {
        return skad_fail(failure, "the path is too long");
    }
    for (int i = 0; i < TRIES_MAX; i++) {
        /* Not to hang on a pipe of that name: it is refused below. */
        out->fd = open(out->part, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                       S_IRUSR | S_IWUSR);
        if (out->fd < 0) {
            return give_up(out, failure, strerror(errno));
        }
        if (fstat(out->fd, &info) != 0 || !S_ISREG(info.st_mode)) {
            return give_up(out, failure, "something that is not a file is in the way");
        }
        if (flock(out->fd, LOCK_EX | LOCK_NB) != 0) {
            return give_up(out, failure,
                           errno == EWOULDBLOCK ? "another 'skad get' is writing it"
                                                : strerror(errno));
        }
        if (is_named(out)) {
            return true;
        }
        close(out->fd);
        out->fd = -1;
    }
    return give_up(out, failure, "it keeps being replaced");
}

bool skad_part_commit(skad_part *part, skad_failure *failure)
{
    mode_t mask = umask(0);
    umask(mask);
    const mode_t mode = (S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH) & ~mask;
    bool ok =
        fchmod(part->fd, mode) == 0 && fsync(part->fd) == 0 && rename(part->part, part->path) == 0;
    if (!ok) {
        (void)skad_fail(failure, "cannot write %s: %s", part->path, strerror(errno));
    }
    close(part->fd);
    part->fd = -1;
    return ok;
}

void skad_part_leave(skad_part *part)
{
    struct stat info;
    if (part->fd < 0) {
        return;
    }
    if (fstat(part->fd, &info) == 0 && info.st_size == 0) {
        unlink(part->part);
    }
    close(part->fd);
    part->fd = -1;
}
