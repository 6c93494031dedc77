/* Tending. Each file that is read is locked against a node that starts meanwhile. */
#define _GNU_SOURCE /* O_DIRECTORY */
#include "src/db/tend.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/db/change.h"
#include "src/db/claim.h"
#include "src/db/database.h"
#include "src/db/open.h"
#include "src/db/proof.h"
#include "src/db/salvage.h"

#define MAP_BYTES_MIN    (1U << 20)
#define COPY_BYTES       65536
#define COPY_SUFFIX      ".copying"
#define FILE_ACCESS_MODE (S_IRUSR | S_IWUSR)

static size_t map_bytes_of(const struct stat *about)
{
    return 2 * (size_t)about->st_size + MAP_BYTES_MIN;
}

/* Opens a file for reading and keeps others from claiming it (src/db/claim.h). */
static skad_db_tended lock_shared(const char *path, int *fd, struct stat *about)
{
    *fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0) {
        return errno == ENOENT ? SKAD_DB_TEND_MISSING : SKAD_DB_TEND_FAILED;
    }
    skad_db_tended outcome = SKAD_DB_TENDED;
    if (fstat(*fd, about) != 0) {
        outcome = SKAD_DB_TEND_FAILED;
    } else if (!S_ISREG(about->st_mode)) {
        errno = EINVAL;
        outcome = SKAD_DB_TEND_FAILED;
    } else if (flock(*fd, LOCK_SH | LOCK_NB) != 0) {
        outcome = errno == EWOULDBLOCK ? SKAD_DB_TEND_BUSY : SKAD_DB_TEND_FAILED;
    }
    if (outcome != SKAD_DB_TENDED) {
        const int error = errno;
        (void)close(*fd);
        errno = error;
    }
    return outcome;
}

/* ---- Checking ---- */

/* Of a database that was found to be good. */
static void count_records(const char *path, const struct stat *about,
                          const uint8_t network[static 32], skad_db_examined *out)
{
    skad_db db;
    MDB_txn *txn = NULL;
    skad_db_origin origin;
    skad_db_totals totals;
    if (skad_db_open(path, map_bytes_of(about), true, &db) == 0 &&
        mdb_txn_begin(db.env, NULL, MDB_RDONLY, &txn) == 0 &&
        skad_db_open_tables(&db, txn, network, &origin) == 0 &&
        (origin == SKAD_DB_OURS || origin == SKAD_DB_OF_OLDER_VERSION) &&
        skad_db_totals_read(&db, txn, &totals) == 0) {
        out->held = totals.of[SKAD_STORE_REPLICAS].records;
        out->published = totals.of[SKAD_STORE_PUBLICATIONS].records;
    }
    mdb_txn_abort(txn);
    skad_db_close(&db);
}

/* Of a file that is locked. */
static skad_db_tended examine(const char *path, const struct stat *about,
                              const uint8_t network[static 32], skad_db_examined *out)
{
    bool whole;
    const skad_db_check_config check = {
        .path = path, .map_bytes = map_bytes_of(about), .network = network, .all = true};
    *out = (skad_db_examined){.bytes = (uint64_t)about->st_size};
    if (about->st_size == 0) {
        return SKAD_DB_TENDED; /* new */
    }
    out->verdict = skad_db_check(&check, &whole);
    if (out->verdict == SKAD_DB_UNCHECKED) {
        return SKAD_DB_TEND_FAILED;
    }
    if (out->verdict == SKAD_DB_GOOD) {
        count_records(path, about, network, out);
    }
    return SKAD_DB_TENDED;
}

skad_db_tended skad_db_examine(const char *path, const uint8_t network[static 32],
                               skad_db_examined *out)
{
    int fd;
    struct stat about;
    skad_db_tended outcome = lock_shared(path, &fd, &about);
    if (outcome == SKAD_DB_TENDED) {
        outcome = examine(path, &about, network, out);
        const int error = errno;
        (void)close(fd);
        errno = error;
    }
    return outcome;
}

/* ---- Taking over ---- */

static skad_db_tended take_over(const char *from, size_t map_bytes,
                                const skad_store_lmdb_config *config, skad_db_taken *out)
{
    skad_store store;
    const skad_status status = skad_store_lmdb_open(config, &store, &out->report);
    if (status != SKAD_OK) {
        return status == SKAD_ERR_EXISTS ? SKAD_DB_TEND_BUSY : SKAD_DB_TEND_FAILED;
    }
    if (from != NULL) {
        const skad_db_salvaged done = skad_db_salvage(from, config, map_bytes, &store);
        out->kept = done.kept;
        out->error = done.error;
    }
    store.ops->free(store.self);
    return SKAD_DB_TENDED;
}

skad_db_tended skad_db_take_over(const char *from, const skad_store_lmdb_config *config,
                                 skad_db_taken *out)
{
    int fd;
    struct stat about;
    *out = (skad_db_taken){0};
    if (from == NULL) {
        return take_over(NULL, 0, config, out);
    }
    skad_db_tended outcome = lock_shared(from, &fd, &about);
    if (outcome != SKAD_DB_TENDED) {
        (void)skad_db_report(&out->report, SKAD_ERR_IO, "cannot read %s: %s", from,
                             strerror(errno));
        return outcome;
    }
    outcome = take_over(from, map_bytes_of(&about), config, out);
    (void)close(fd);
    return outcome;
}

/* ---- Copying files ---- */

static bool copy_bytes(int from, int to)
{
    uint8_t bytes[COPY_BYTES];
    for (;;) {
        const ssize_t got = read(from, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got == 0;
        }
        for (ssize_t done = 0; done < got;) {
            const ssize_t put = write(to, bytes + done, (size_t)(got - done));
            if (put < 0 && errno != EINTR) {
                return false;
            }
            done += put > 0 ? put : 0;
        }
    }
}

static bool sync_folder_of(const char *path)
{
    char name[PATH_MAX];
    (void)snprintf(name, sizeof name, "%s", path);
    const int fd = open(dirname(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return synced;
}

/* Copies to a temporary name, which goes to `part`. */
static bool copy_part(const char *from, const char *to, char part[static PATH_MAX])
{
    const int printed = snprintf(part, PATH_MAX, "%s" COPY_SUFFIX, to);
    if (printed < 0 || printed >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    const int in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (in < 0) {
        return false;
    }
    const int out =
        open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_ACCESS_MODE);
    const bool copied = out >= 0 && copy_bytes(in, out) && fsync(out) == 0;
    const int error = errno;
    if (out >= 0) {
        (void)close(out);
        if (!copied) {
            (void)unlink(part);
        }
    }
    (void)close(in);
    errno = error;
    return copied;
}

static bool rename_part(const char *part, const char *to)
{
    if (rename(part, to) == 0) {
        return sync_folder_of(to);
    }
    const int error = errno;
    (void)unlink(part);
    errno = error;
    return false;
}

bool skad_db_copy_file(const char *from, const char *to)
{
    char part[PATH_MAX];
    return copy_part(from, to, part) && rename_part(part, to);
}

/* ---- Replacing ---- */

/* The database is claimed, and `from` is locked and good. */
static bool replace(const char *from, const skad_store_lmdb_config *config, bool was_there,
                    char aside[static PATH_MAX])
{
    char part[PATH_MAX];
    aside[0] = '\0';
    if (!copy_part(from, config->path, part)) {
        return false;
    }
    if (was_there &&
        skad_db_keep_aside(config->path, config->now_unix_s, aside, PATH_MAX) != SKAD_OK) {
        const int error = errno;
        (void)unlink(part);
        errno = error;
        return false;
    }
    skad_db_proof_remove(config->path); /* of the other file */
    return rename_part(part, config->path);
}

skad_db_tended skad_db_replace(const char *from, const skad_store_lmdb_config *config,
                               char aside[static PATH_MAX], skad_db_verdict *verdict)
{
    int fd;
    int claimed;
    bool is_empty;
    struct stat about;
    skad_db_examined examined = {0};
    skad_db_tended outcome = lock_shared(from, &fd, &about);
    if (outcome != SKAD_DB_TENDED) {
        return outcome;
    }
    outcome = examine(from, &about, config->network, &examined);
    *verdict = examined.verdict;
    if (outcome == SKAD_DB_TENDED && *verdict != SKAD_DB_GOOD) {
        outcome = SKAD_DB_TEND_UNFIT;
    }
    if (outcome == SKAD_DB_TENDED) {
        const skad_status status = skad_db_claim(config->path, &claimed, &is_empty);
        if (status != SKAD_OK) {
            outcome = status == SKAD_ERR_EXISTS ? SKAD_DB_TEND_BUSY : SKAD_DB_TEND_FAILED;
        } else {
            outcome =
                replace(from, config, !is_empty, aside) ? SKAD_DB_TENDED : SKAD_DB_TEND_FAILED;
            const int error = errno;
            (void)close(claimed);
            errno = error;
        }
    }
    const int error = errno;
    (void)close(fd);
    errno = error;
    return outcome;
}
