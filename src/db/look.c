/* Looking, in a child process. A file that another process uses is left alone: opening it will fail
 * anyway, and in other words. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "src/db/look.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/db/child.h"
#include "src/db/database.h"

#define MAP_BYTES_MIN (1U << 20)

/* Shared memory. */
typedef struct answer {
    const char *path;
    size_t map_bytes;
    bool found;
    skad_db_stated stated;
} answer;

static void read_here(void *user)
{
    answer *out = user;
    skad_db db;
    MDB_txn *txn = NULL;
    if (skad_db_open(out->path, out->map_bytes, true, &db) == 0 &&
        mdb_txn_begin(db.env, NULL, MDB_RDONLY, &txn) == 0) {
        skad_db_stated stated;
        out->found = skad_db_read_stated(txn, &stated) == 0;
        if (out->found) {
            out->stated = stated;
        }
    }
    mdb_txn_abort(txn);
    skad_db_close(&db);
}

static bool read_stated(const char *path, size_t file_bytes, skad_db_stated *out)
{
    answer *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        return false;
    }
    *shared = (answer){.path = path, .map_bytes = 2 * file_bytes + MAP_BYTES_MIN};
    const pid_t child = skad_db_child_start(read_here, shared, -1);
    if (child > 0) {
        skad_db_child_wait(child);
    }
    const bool found = child > 0 && shared->found;
    *out = shared->stated;
    (void)munmap(shared, sizeof *shared);
    return found;
}

static void judge(const skad_db_stated *stated, const uint8_t *network, skad_db_looked *out)
{
    if (stated->version != SKAD_DB_VERSION && stated->version != SKAD_DB_VERSION_OLDER) {
        out->sight = SKAD_DB_SIGHT_VERSION;
        out->version = stated->version;
    } else if (skad_db_networks_differ(stated->network, network)) {
        out->sight = SKAD_DB_SIGHT_NETWORK;
        memcpy(out->network, stated->network, sizeof out->network);
    }
}

void skad_db_look(const char *path, const uint8_t *network, skad_db_looked *out)
{
    struct stat about;
    skad_db_stated stated;
    *out = (skad_db_looked){.sight = SKAD_DB_SIGHT_FINE};
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        out->sight = errno == ELOOP || errno == ENXIO ? SKAD_DB_SIGHT_NO_FILE : SKAD_DB_SIGHT_FINE;
        return;
    }
    if (fstat(fd, &about) == 0 && !S_ISREG(about.st_mode)) {
        out->sight = SKAD_DB_SIGHT_NO_FILE;
    } else if (flock(fd, LOCK_SH | LOCK_NB) == 0 && about.st_size > 0 &&
               read_stated(path, (size_t)about.st_size, &stated)) {
        judge(&stated, network, out);
    }
    (void)close(fd);
}
