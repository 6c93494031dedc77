/* Claiming and setting aside. */
#include "src/db/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/db/proof.h"

#define ASIDE_TRIES 100
#define CLAIM_TRIES 10
#define CLAIM_NS    10000000L /* between them */

/* ---- Claiming ---- */

/* Locks the file, with a few tries: the child of a process that was killed while it opened the file
 * (src/db/child.h) keeps the lock for a moment. */
static bool lock_soon(int fd)
{
    const struct timespec blink = {.tv_nsec = CLAIM_NS};
    for (unsigned i = 0; i < CLAIM_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return false;
        }
        (void)nanosleep(&blink, NULL);
    }
    errno = EWOULDBLOCK;
    return false;
}

static skad_status claim_open_file(int fd, const char *path, bool *is_empty)
{
    struct stat about;
    struct stat named;
    if (fstat(fd, &about) != 0) {
        return SKAD_ERR_IO;
    }
    if (!S_ISREG(about.st_mode)) {
        return SKAD_ERR_FORMAT;
    }
    if (!lock_soon(fd)) {
        return errno == EWOULDBLOCK ? SKAD_ERR_EXISTS : SKAD_ERR_IO;
    }
    /* The process that had the lock may have set the file aside meanwhile, and made a new one. */
    if (fstat(fd, &about) != 0 || lstat(path, &named) != 0) {
        return SKAD_ERR_IO;
    }
    *is_empty = about.st_size == 0;
    bool same = named.st_dev == about.st_dev && named.st_ino == about.st_ino;
    return same ? SKAD_OK : SKAD_ERR_EXISTS;
}

skad_status skad_db_claim(const char *path, int *fd, bool *is_empty)
{
    /* O_NONBLOCK: a pipe that lies there must not make us wait. */
    *fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (*fd < 0) {
        switch (errno) {
        case ELOOP:  /* a symbolic link */
        case EISDIR: /* a folder */
        case ENXIO:  /* a socket */
            return SKAD_ERR_FORMAT;
        default:
            return SKAD_ERR_IO;
        }
    }
    skad_status status = claim_open_file(*fd, path, is_empty);
    if (status != SKAD_OK) {
        int error = errno;
        (void)close(*fd);
        *fd = -1;
        errno = error;
    }
    return status;
}

/* ---- Setting aside ---- */

static bool print_path(char *out, size_t cap, const char *path, const char *suffix)
{
    int printed = snprintf(out, cap, "%s%s", path, suffix);
    if (printed < 0 || (size_t)printed >= cap) {
        errno = ENAMETOOLONG;
        return false;
    }
    return true;
}

/* Gives a file the name under which it is set aside: by `name_it`, rename or link. */
static skad_status name_aside(const char *path, uint64_t unix_s,
                              int (*name_it)(const char *from, const char *to), char *aside,
                              size_t aside_cap)
{
    char suffix[48];
    struct stat about;
    for (unsigned i = 0; i < ASIDE_TRIES; i++) {
        int printed = snprintf(suffix, sizeof suffix, ".aside-%" PRIu64, unix_s);
        if (i > 0) {
            (void)snprintf(suffix + printed, sizeof suffix - (size_t)printed, "-%u", i);
        }
        if (!print_path(aside, aside_cap, path, suffix)) {
            return SKAD_ERR_IO;
        }
        /* No other process takes the name: it would have to claim the file first. */
        if (lstat(aside, &about) == 0 || errno != ENOENT) {
            continue;
        }
        return name_it(path, aside) == 0 ? SKAD_OK : SKAD_ERR_IO;
    }
    errno = EEXIST;
    return SKAD_ERR_IO;
}

skad_status skad_db_set_aside(const char *path, uint64_t unix_s, char *aside, size_t aside_cap)
{
    char lock[PATH_MAX];
    if (!print_path(lock, sizeof lock, path, "-lock")) {
        return SKAD_ERR_IO;
    }
    skad_status status = name_aside(path, unix_s, rename, aside, aside_cap);
    if (status == SKAD_OK) {
        (void)unlink(lock); /* only lists the current readers and writers */
        skad_db_proof_remove(path);
    }
    return status;
}

skad_status skad_db_keep_aside(const char *path, uint64_t unix_s, char *aside, size_t aside_cap)
{
    return name_aside(path, unix_s, link, aside, aside_cap);
}
