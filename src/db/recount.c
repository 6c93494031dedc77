#include "src/db/recount.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "src/db/row.h"
#include "src/db/walk.h"

#define WAIT_S_MIN 60
#define WAIT_S_MAX 3600

/* Counts each row that has the right shape; the others count nowhere, and neither does their
 * removal later (src/db/change.c). */
static int count_rows(skad_db_change *change, MDB_cursor *cursor)
{
    static const skad_store_name first = {.type = 0};
    skad_db_walk walk;
    int result = 0;
    for (skad_db_walk_to(cursor, SKAD_STORE_REPLICAS, &first, &walk);
         skad_db_walk_stands(&walk, 0) && result == 0; skad_db_walk_on(&walk)) {
        skad_store_section section;
        skad_store_record record;
        if (skad_db_row_key_read(skad_db_span(&walk.key), &section, &record.name) &&
            skad_db_walk_glance(&walk, &record)) {
            result = skad_db_change_account(change, section, &record, true);
        }
    }
    if (result == 0 && walk.result != MDB_NOTFOUND) {
        result = walk.result;
    }
    return result;
}

int skad_db_recount(const skad_db *db, const uint8_t network[static 32], skad_db_totals *totals)
{
    skad_db_totals counted = {0};
    skad_db_change change;
    MDB_cursor *cursor = NULL;
    int result = skad_db_change_begin(db, &counted, &change);
    if (result != 0) {
        return result;
    }
    result = mdb_drop(change.txn, db->tables[SKAD_DB_COUNTERS], 0);
    if (result == 0) {
        result = mdb_cursor_open(change.txn, db->tables[SKAD_DB_RECORDS], &cursor);
    }
    if (result == 0) {
        result = count_rows(&change, cursor);
        mdb_cursor_close(cursor);
    }
    if (result == 0) {
        result = skad_db_state_origin(db, change.txn, network);
    }
    if (result != 0) {
        skad_db_change_abort(&change);
        return result;
    }
    result = skad_db_change_commit(&change, &counted);
    if (result == 0) {
        *totals = counted;
    }
    return result;
}

/* ---- Later ---- */

void skad_db_recount_later(skad_db_overdue *self, const uint8_t network[static 32],
                           uint64_t now_unix_s)
{
    self->wait_s = self->is ? 2 * self->wait_s : WAIT_S_MIN;
    if (self->wait_s > WAIT_S_MAX) {
        self->wait_s = WAIT_S_MAX;
    }
    self->is = true;
    self->tried_unix_s = now_unix_s;
    memmove(self->network, network, sizeof self->network);
}

/* Half the file's size: a row's counters are smaller than the row. What the file has free itself
 * comes on top. */
static bool disk_has_room(const skad_db *db)
{
    mdb_filehandle_t fd;
    struct statvfs disk;
    struct stat file;
    return mdb_env_get_fd(db->env, &fd) == 0 && fstatvfs(fd, &disk) == 0 && fstat(fd, &file) == 0 &&
           (uint64_t)disk.f_bavail * disk.f_frsize > (uint64_t)file.st_size / 2;
}

static bool is_due(const skad_db *db, const skad_db_overdue *self, uint64_t now_unix_s)
{
    /* A clock that was set back must not put it off. */
    const uint64_t passed_s =
        now_unix_s >= self->tried_unix_s ? now_unix_s - self->tried_unix_s : WAIT_S_MAX;
    return passed_s >= WAIT_S_MAX || (passed_s >= self->wait_s && disk_has_room(db));
}

int skad_db_recount_late(const skad_db *db, skad_db_overdue *self, uint64_t now_unix_s,
                         skad_db_totals *totals)
{
    if (self->is && is_due(db, self, now_unix_s)) {
        if (skad_db_recount(db, self->network, totals) == 0) {
            self->is = false;
        } else {
            skad_db_recount_later(self, self->network, now_unix_s);
        }
    }
    return self->is ? ENOSPC : 0;
}
