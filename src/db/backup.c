/* Copying in a child process. While a node uses the file, LMDB's lock file keeps the pages that the
 * copy reads. Otherwise a lock of ours keeps nodes out, and no lock file is touched, which may
 * belong to another user. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "src/db/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/db/child.h"
#include "src/db/database.h"
#include "src/db/row.h"

#define MAP_BYTES_MIN (64U << 20) /* room for what a node adds meanwhile */

/* Shared with the child. */
typedef struct work {
    const char *from;
    const skad_store_lmdb_config *to;
    size_t map_bytes;
    bool in_use;
    skad_db_tended outcome;
    int error;
    skad_db_backed_up done;
} work;

/* ---- In the child ---- */

static int open_source(const work *self, skad_db *out)
{
    if (!self->in_use) {
        return skad_db_open(self->from, self->map_bytes, true, out);
    }
    int result = skad_db_open_beside(self->from, self->map_bytes, out);
    int dead = 0;
    if (result == 0) {
        (void)mdb_reader_check(out->env, &dead); /* copies that were killed */
    }
    return result;
}

static skad_db_verdict verdict_on(skad_db_origin origin)
{
    switch (origin) {
    case SKAD_DB_OURS:
    case SKAD_DB_OF_OLDER_VERSION:
        return SKAD_DB_GOOD;
    case SKAD_DB_OF_OTHER_PROGRAM:
        return SKAD_DB_OTHER_PROGRAM;
    case SKAD_DB_OF_OTHER_VERSION:
        return SKAD_DB_OTHER_VERSION;
    case SKAD_DB_OF_OTHER_NETWORK:
        break;
    }
    return SKAD_DB_OTHER_NETWORK;
}

/* A publication goes over as it is, expired or not. False if the other database took it not. */
static bool copy_row(work *self, const skad_store *into, skad_span key, skad_span row)
{
    skad_store_section section;
    skad_store_record record;
    if (!skad_db_row_key_read(key, &section, &record.name) ||
        !skad_db_row_read(key, row, &record) || !skad_db_row_intact(key, row)) {
        self->done.damaged++;
        return true;
    }
    const skad_status status = into->ops->put(into->self, section, &record, self->to->now_unix_s);
    self->error = status == SKAD_ERR_IO ? errno : ENOMEM;
    self->done.copied += status == SKAD_OK;
    return status == SKAD_OK;
}

static void copy_rows(work *self, MDB_cursor *cursor, const skad_store *into)
{
    const uint8_t first[SKAD_DB_ROW_KEY_BYTES] = {SKAD_STORE_PUBLICATIONS};
    MDB_val key = skad_db_value(first, sizeof first);
    MDB_val row;
    int result = mdb_cursor_get(cursor, &key, &row, MDB_SET_RANGE);
    while (result == 0 && key.mv_size > 0 && *(const uint8_t *)key.mv_data == first[0]) {
        if (!copy_row(self, into, skad_db_span(&key), skad_db_span(&row))) {
            return;
        }
        result = mdb_cursor_get(cursor, &key, &row, MDB_NEXT);
    }
    if (result == 0 || result == MDB_NOTFOUND) {
        self->outcome = SKAD_DB_TENDED;
    }
    self->error = skad_db_errno(result);
}

static void copy_into_new(work *self, MDB_txn *txn, MDB_dbi table)
{
    skad_store into;
    skad_store_lmdb_report report;
    MDB_cursor *cursor = NULL;
    int result = mdb_cursor_open(txn, table, &cursor);
    self->error = skad_db_errno(result);
    if (result == 0 && skad_store_lmdb_open(self->to, &into, &report) == SKAD_OK) {
        copy_rows(self, cursor, &into);
        into.ops->free(into.self); /* syncs */
    } else if (result == 0) {
        self->error = errno;
    }
    mdb_cursor_close(cursor);
}

static void copy_here(void *user)
{
    work *self = user;
    skad_db db;
    MDB_txn *txn = NULL;
    skad_db_origin origin;
    self->outcome = SKAD_DB_TEND_FAILED;
    int result = open_source(self, &db);
    if (result == 0) {
        result = mdb_txn_begin(db.env, NULL, MDB_RDONLY, &txn);
    }
    if (result == 0) {
        result = skad_db_open_tables(&db, txn, self->to->network, &origin);
    }
    if (result == 0) {
        self->done.verdict = verdict_on(origin);
        if (self->done.verdict == SKAD_DB_GOOD) {
            copy_into_new(self, txn, db.tables[SKAD_DB_RECORDS]);
        } else {
            self->outcome = SKAD_DB_TEND_UNFIT;
        }
    } else if (skad_db_tells_damage(result)) {
        self->done.verdict = SKAD_DB_DAMAGED;
        self->outcome = SKAD_DB_TEND_UNFIT;
    } else {
        self->error = skad_db_errno(result);
    }
    mdb_txn_abort(txn);
    skad_db_close(&db);
}

/* ---- In the parent ---- */

static skad_db_tended copy_in_child(work *wanted)
{
    work *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        return SKAD_DB_TEND_FAILED;
    }
    *shared = *wanted;
    /* The file counts as damaged unless the child lives to say otherwise. */
    shared->outcome = SKAD_DB_TEND_UNFIT;
    shared->done.verdict = SKAD_DB_DAMAGED;
    const pid_t child = skad_db_child_start(copy_here, shared, -1);
    int error = errno;
    if (child > 0) {
        skad_db_child_wait(child);
        error = shared->error;
    }
    *wanted = *shared;
    (void)munmap(shared, sizeof *shared);
    errno = error;
    return child > 0 ? wanted->outcome : SKAD_DB_TEND_FAILED;
}

skad_db_tended skad_db_back_up(const char *from, const skad_store_lmdb_config *to,
                               skad_db_backed_up *out)
{
    struct stat about;
    const int fd = open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? SKAD_DB_TEND_MISSING : SKAD_DB_TEND_FAILED;
    }
    skad_db_tended outcome = SKAD_DB_TEND_FAILED;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
        work self = {
            .from = from,
            .to = to,
            .map_bytes = 2 * (size_t)about.st_size + MAP_BYTES_MIN,
            .in_use = flock(fd, LOCK_SH | LOCK_NB) != 0,
        };
        outcome = copy_in_child(&self);
        *out = self.done;
    }
    const int error = errno;
    (void)close(fd);
    errno = error;
    return outcome;
}
