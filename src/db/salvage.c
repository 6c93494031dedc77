/* Salvaging. A child reads rows and writes them into a pipe, stretch by stretch of the key space:
 *
 *   stretch 0..255    published, first byte of the key: the first to get what room there is
 *   stretch 256..511  held: others have them as well
 *
 * If it crashes, another child goes on with the next stretch. If LMDB does not find the tables, all
 * pages are scanned instead (src/db/scan.h). */
#define _GNU_SOURCE /* MAP_ANONYMOUS, pipe2 */
#include "src/db/salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/db/child.h"
#include "src/db/database.h"
#include "src/db/row.h"
#include "src/db/scan.h"

#define STRETCHES 512U

/* Shared with the child. */
typedef struct salvage {
    const char *aside;
    const uint8_t *network;
    size_t map_bytes;
    int pipe_end;
    unsigned stretch; /* where it is */
} salvage;

typedef struct parcel {
    uint8_t key[SKAD_DB_ROW_KEY_BYTES];
    uint16_t len;
    uint8_t row[SKAD_DB_ROW_BYTES_MAX];
} parcel;

/* ---- In the child ---- */

static void send_row(int pipe_end, skad_span key, skad_span row)
{
    if (key.len != SKAD_DB_ROW_KEY_BYTES || row.len > SKAD_DB_ROW_BYTES_MAX) {
        return;
    }
    parcel out = {.len = (uint16_t)row.len};
    memcpy(out.key, key.data, sizeof out.key);
    memcpy(out.row, row.data, row.len);
    const uint8_t *bytes = (const uint8_t *)&out;
    for (size_t done = 0; done < sizeof out;) {
        ssize_t put = write(pipe_end, bytes + done, sizeof out - done);
        if (put < 0 && errno != EINTR) {
            return;
        }
        done += put > 0 ? (size_t)put : 0;
    }
}

/* Keys must ascend, so that the walk ends. */
static void walk_stretch(const salvage *work, MDB_txn *txn, MDB_dbi table, MDB_cursor *cursor)
{
    const bool published = work->stretch < STRETCHES / 2;
    const uint8_t first[SKAD_DB_ROW_KEY_BYTES] = {
        published ? SKAD_STORE_PUBLICATIONS : SKAD_STORE_REPLICAS, (uint8_t)work->stretch};
    MDB_val key = skad_db_value(first, sizeof first);
    MDB_val before = {0};
    MDB_val row;
    skad_store_record record;
    int result = mdb_cursor_get(cursor, &key, &row, MDB_SET_RANGE);
    while (result == 0 && key.mv_size >= 2 && memcmp(key.mv_data, first, 2) == 0 &&
           (before.mv_data == NULL || mdb_cmp(txn, table, &before, &key) < 0)) {
        const skad_span key_bytes = skad_db_span(&key);
        const skad_span row_bytes = skad_db_span(&row);
        if (skad_db_row_read(key_bytes, row_bytes, &record) &&
            skad_db_row_intact(key_bytes, row_bytes)) {
            send_row(work->pipe_end, key_bytes, row_bytes);
        }
        before = key;
        result = mdb_cursor_get(cursor, &key, &row, MDB_NEXT);
    }
}

/* Reads a stretch in a transaction of its own: after an error LMDB refuses to go on with the same
 * transaction. */
static void read_stretch(const salvage *work, const skad_db *db)
{
    const MDB_dbi table = db->tables[SKAD_DB_RECORDS];
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    if (mdb_txn_begin(db->env, NULL, MDB_RDONLY, &txn) == 0 &&
        mdb_cursor_open(txn, table, &cursor) == 0) {
        walk_stretch(work, txn, table, cursor);
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
}

static void send_scanned(void *user, skad_span key, skad_span row)
{
    const salvage *work = user;
    send_row(work->pipe_end, key, row);
}

static void read_rows(void *user)
{
    salvage *work = user;
    skad_db db;
    MDB_txn *txn = NULL;
    skad_db_origin origin = SKAD_DB_OF_OTHER_PROGRAM;
    int result = skad_db_open(work->aside, work->map_bytes, true, &db);
    if (result == 0) {
        result = mdb_txn_begin(db.env, NULL, MDB_RDONLY, &txn);
    }
    if (result == 0) {
        result = skad_db_open_tables(&db, txn, work->network, &origin);
    }
    if (result == 0) {
        result = mdb_txn_commit(txn); /* keeps the tables open */
        txn = NULL;
    }
    mdb_txn_abort(txn);
    if (result == 0 && (origin == SKAD_DB_OURS || origin == SKAD_DB_OF_OLDER_VERSION)) {
        for (; work->stretch < STRETCHES; work->stretch++) {
            read_stretch(work, &db);
        }
    } else {
        skad_db_scan_rows(work->aside, send_scanned, work);
    }
    work->stretch = STRETCHES;
    skad_db_close(&db);
}

/* ---- In the parent ---- */

static bool receive_row(int pipe_end, parcel *out)
{
    uint8_t *bytes = (uint8_t *)out;
    for (size_t done = 0; done < sizeof *out;) {
        ssize_t got = read(pipe_end, bytes + done, sizeof *out - done);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return false;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* Whether there is a later edition of a row already: a scan meets earlier ones, too. */
static bool is_older(const skad_store *into, skad_store_section section,
                     const skad_store_record *record)
{
    skad_store_record there;
    return into->ops->find(into->self, section, &record->name, 0, &there) &&
           (there.sequence > record->sequence ||
            (there.sequence == record->sequence && there.stored_unix_s >= record->stored_unix_s));
}

/* Keeps a row. The child may have read wrong memory before it crashed, so this checks it again.
 * Whether it has expired is no matter of salvaging: the clock may be wrong at the start, and a
 * publication of ours is signed anew. What is beyond the caps is left, what the disk or memory has
 * no room for is missed. */
static void keep_row(const parcel *from, const skad_store *into, uint64_t now_unix_s,
                     skad_db_salvaged *out)
{
    skad_store_section section;
    skad_store_record record;
    const skad_span key = {from->key, sizeof from->key};
    const skad_span row = {from->row, from->len};
    if (!skad_db_row_key_read(key, &section, &record.name) ||
        !skad_db_row_read(key, row, &record) || !skad_db_row_intact(key, row) ||
        is_older(into, section, &record)) {
        return;
    }
    const skad_status status = into->ops->put(into->self, section, &record, now_unix_s);
    if (status == SKAD_OK) {
        out->kept++;
    } else if (status != SKAD_ERR_FULL) {
        out->error = status == SKAD_ERR_IO ? errno : ENOMEM;
    }
}

static void salvage_once(salvage *work, const skad_store *into, uint64_t now_unix_s,
                         skad_db_salvaged *out)
{
    int ends[2];
    parcel row;
    const unsigned begin = work->stretch;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        out->error = errno;
        work->stretch = STRETCHES;
        return;
    }
    work->pipe_end = ends[1];
    pid_t child = skad_db_child_start(read_rows, work, ends[1]);
    out->error = child < 0 ? errno : out->error;
    (void)close(ends[1]);
    while (child > 0 && receive_row(ends[0], &row)) {
        keep_row(&row, into, now_unix_s, out);
    }
    (void)close(ends[0]);
    if (child > 0) {
        skad_db_child_wait(child);
    }
    /* Go forward in any case, even if a failing child wrote nonsense there. */
    if (child < 0 || work->stretch > STRETCHES) {
        work->stretch = STRETCHES;
    } else if (work->stretch < STRETCHES) {
        work->stretch = (work->stretch < begin ? begin : work->stretch) + 1;
    }
}

skad_db_salvaged skad_db_salvage(const char *aside, const skad_store_lmdb_config *config,
                                 size_t map_bytes, const skad_store *into)
{
    skad_db_salvaged out = {0};
    salvage *work =
        mmap(NULL, sizeof *work, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (work == MAP_FAILED) {
        out.error = errno;
        return out;
    }
    while (work->stretch < STRETCHES) {
        work->aside = aside;
        work->network = config->network;
        work->map_bytes = map_bytes;
        salvage_once(work, into, config->now_unix_s, &out);
    }
    (void)munmap(work, sizeof *work);
    return out;
}
