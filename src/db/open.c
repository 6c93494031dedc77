/* Opening:
 *
 *   claim ---- there is a file ----> check ---- good ----------> open, mark, recount if older
 *     |  \                           |   |                          ^
 *     |   `- no regular file         |   `- damaged -> set aside ---|-> claim again
 *     |            |                 `- another network or version  |
 *     |            v                            v                   |
 *     |         refused                      refused                |
 *     `------ it is empty ------------------------------------------'
 *
 * What another network or version can still use stays where it is: the right option, or the right
 * version, finds it again.
 *
 * After one round of setting aside the file is a new one. If there is no room to make it, a damaged
 * file gets its name back. If there is no room for a recount, the file is opened all the same, and
 * the recount is overdue (src/db/recount.h). */
#include "src/db/open.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/db/check.h"
#include "src/db/claim.h"
#include "src/db/proof.h"
#include "src/db/recount.h"
#include "src/db/row.h"
#include "src/db/salvage.h"

/* ---- How large the file may grow ---- */

#define MAP_BYTES_MIN (64ULL << 20)
#define MAP_BYTES_MAX (sizeof(size_t) > 4 ? 1ULL << 44 : 1ULL << 30)

/* LMDB splits full pages in halves, so each table may take twice the size of its content; a row of
 * more than a kilobyte may have a page (4096 bytes) to itself. A row takes its data and 115 bytes;
 * its place in the order and its four counters take 312 at most: 4 * (data + 427) covers both.
 * Pages that are not written take no space on the disk. */
#define MAP_FACTOR           4
#define MAP_BYTES_FOR_RECORD 768

size_t skad_db_map_bytes_for(const skad_store_caps *caps)
{
    const uint64_t records[] = {caps->records_max, caps->published_max};
    const uint64_t bytes[] = {caps->bytes_max, caps->published_bytes_max};
    uint64_t sum = MAP_BYTES_MIN;
    for (size_t i = 0; i < 2; i++) {
        uint64_t each;
        if (__builtin_mul_overflow(records[i], MAP_BYTES_FOR_RECORD, &each) ||
            __builtin_add_overflow(each, bytes[i], &each) ||
            __builtin_mul_overflow(each, MAP_FACTOR, &each) ||
            __builtin_add_overflow(sum, each, &sum) || sum > MAP_BYTES_MAX) {
            return (size_t)MAP_BYTES_MAX;
        }
    }
    return (size_t)(sum & ~(uint64_t)0xffff);
}

/* At least twice the size of the file that there is: it may be of higher caps, and a recount needs
 * room beside what it replaces. */
static size_t map_bytes_of(const skad_store_lmdb_config *config)
{
    struct stat file;
    if (config->map_bytes > 0) {
        return config->map_bytes;
    }
    uint64_t wanted = skad_db_map_bytes_for(&config->caps);
    if (stat(config->path, &file) == 0 && S_ISREG(file.st_mode) &&
        2 * (uint64_t)file.st_size > wanted) {
        wanted = 2 * (uint64_t)file.st_size;
    }
    return (size_t)(wanted < MAP_BYTES_MAX ? wanted : MAP_BYTES_MAX);
}

/* ---- Words ---- */

skad_status skad_db_report(skad_store_lmdb_report *report, skad_status status, const char *format,
                           ...)
{
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(report->text, sizeof report->text, format, arguments);
    va_end(arguments);
    errno = error;
    return status;
}

static const char *reason(skad_db_verdict verdict)
{
    switch (verdict) {
    case SKAD_DB_DAMAGED:
        return "it is damaged";
    case SKAD_DB_OTHER_PROGRAM:
        return "it is not a database of skad";
    case SKAD_DB_OTHER_VERSION:
        return "another version of skad wrote it: use that one";
    case SKAD_DB_OTHER_NETWORK:
        return "it is of another network: choose that one, or another folder";
    case SKAD_DB_GOOD:
    case SKAD_DB_UNCHECKED:
        break;
    }
    return "it cannot be used";
}

static skad_status report_refusal(skad_store_lmdb_report *report, const char *path)
{
    return skad_db_report(report, SKAD_ERR_IO, "cannot open the database %s: %s", path,
                          strerror(errno));
}

static skad_status report_overdue(skad_store_lmdb_report *report, const char *path)
{
    return skad_db_report(
        report, SKAD_OK,
        "the database %s is of an older version, and there is no room to count its "
        "records anew: they are all there, but none is added until the disk has "
        "room",
        path);
}

/* ---- From a path to a file that can be used ---- */

static void read_boot(const char *given, char out[static SKAD_DB_BOOT_BYTES])
{
    out[0] = '\0';
    if (given != NULL) {
        (void)snprintf(out, SKAD_DB_BOOT_BYTES, "%s", given);
        return;
    }
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (file != NULL) {
        if (fgets(out, SKAD_DB_BOOT_BYTES, file) == NULL) {
            out[0] = '\0';
        }
        out[strcspn(out, "\n")] = '\0';
        (void)fclose(file);
    }
}

static skad_status set_aside(const skad_store_lmdb_config *config, const char *why,
                             char aside[static PATH_MAX], skad_store_lmdb_report *report)
{
    if (skad_db_set_aside(config->path, config->now_unix_s, aside, PATH_MAX) != SKAD_OK) {
        return skad_db_report(report, SKAD_ERR_IO,
                              "cannot use the database %s (%s), nor set it aside: %s", config->path,
                              why, strerror(errno));
    }
    return skad_db_report(report, SKAD_OK, "cannot use the database %s (%s): set aside as %s",
                          config->path, why, aside);
}

static skad_status claim(const skad_store_lmdb_config *config, int *fd, bool *is_empty,
                         skad_store_lmdb_report *report)
{
    skad_status status = skad_db_claim(config->path, fd, is_empty);
    if (status == SKAD_ERR_EXISTS) {
        return skad_db_report(report, status, "another process uses the database %s", config->path);
    }
    if (status == SKAD_ERR_FORMAT) {
        return skad_db_report(report, status, "cannot use the database %s: it is not a file",
                              config->path);
    }
    return status == SKAD_OK ? status : report_refusal(report, config->path);
}

static skad_status refuse(const skad_store_lmdb_config *config, skad_db_verdict verdict,
                          skad_store_lmdb_report *report)
{
    switch (verdict) {
    case SKAD_DB_UNCHECKED:
        return report_refusal(report, config->path);
    case SKAD_DB_OTHER_VERSION:
    case SKAD_DB_OTHER_NETWORK:
        return skad_db_report(report, SKAD_ERR_VERSION, "cannot use the database %s (%s)",
                              config->path, reason(verdict));
    case SKAD_DB_GOOD:
    case SKAD_DB_DAMAGED:
    case SKAD_DB_OTHER_PROGRAM:
        break;
    }
    return SKAD_OK;
}

static skad_status claim_usable(const skad_store_lmdb_config *config,
                                const skad_db_check_config *check, bool *is_empty,
                                skad_db_opened *out, skad_store_lmdb_report *report)
{
    char aside[PATH_MAX];
    skad_status status = claim(config, &out->fd, is_empty, report);
    if (status != SKAD_OK || *is_empty) {
        return status;
    }
    skad_db_verdict verdict = skad_db_check(check, &report->checked);
    if (verdict == SKAD_DB_GOOD) {
        return SKAD_OK;
    }
    status = refuse(config, verdict, report);
    if (status == SKAD_OK) {
        status = set_aside(config, reason(verdict), aside, report);
    }
    int error = errno;
    (void)close(out->fd);
    out->fd = -1;
    errno = error;
    if (status == SKAD_OK && verdict == SKAD_DB_DAMAGED) {
        memcpy(out->damaged, aside, sizeof aside);
    }
    return status == SKAD_OK ? claim(config, &out->fd, is_empty, report) : status;
}

/* ---- Opening and closing ---- */

/* Counts anew; without room for it, later. */
static int recount(const skad_store_lmdb_config *config, skad_db_opened *out)
{
    skad_db_totals totals; /* read again with the others */
    int result = skad_db_recount(&out->db, config->network, &totals);
    if (result != 0 && skad_db_write_errno(&out->db, result) == ENOSPC) {
        skad_db_recount_later(&out->overdue, config->network, config->now_unix_s);
        return 0;
    }
    return result;
}

/* LMDB aborts when it meets what cannot be. The next start must not meet it again. */
static void condemn(MDB_env *env, const char *text)
{
    (void)text; /* LMDB prints it */
    skad_db_proof_condemn(mdb_env_get_userctx(env));
}

static int open_guarded(const skad_store_lmdb_config *config, skad_db_opened *out)
{
    int printed = snprintf(out->path, sizeof out->path, "%s", config->path);
    if (printed < 0 || (size_t)printed >= sizeof out->path) {
        return ENAMETOOLONG;
    }
    skad_db_proof_remove(out->path);
    int result = skad_db_open(out->path, out->map_bytes, false, &out->db);
    if (result == 0) {
        (void)mdb_env_set_userctx(out->db.env, out->path);
        (void)mdb_env_set_assert(out->db.env, condemn);
    }
    return result;
}

/* The row "salvage" of the table "meta": the file that is being salvaged. A process that is killed
 * meanwhile, or that has no room for all of it, leaves it behind, and the next one salvages the
 * file once more. */
static int note_damaged(skad_db_opened *out, MDB_txn *txn)
{
    const MDB_dbi meta = out->db.tables[SKAD_DB_META];
    MDB_val key = skad_db_value("salvage", 7);
    MDB_val value = skad_db_value(out->damaged, strlen(out->damaged));
    if (value.mv_size > 0) {
        return mdb_put(txn, meta, &key, &value, 0);
    }
    int result = mdb_get(txn, meta, &key, &value);
    if (result == 0 && value.mv_size < sizeof out->damaged) {
        memcpy(out->damaged, value.mv_data, value.mv_size);
        out->damaged[value.mv_size] = '\0';
    }
    return result == MDB_NOTFOUND ? 0 : result;
}

static int open_marked(const skad_store_lmdb_config *config, const char *boot, skad_db_opened *out)
{
    skad_db *db = &out->db;
    bool is_new = false;
    skad_db_origin origin = SKAD_DB_OURS;
    MDB_txn *txn = NULL;
    int result = open_guarded(config, out);
    if (result == 0) {
        result = mdb_txn_begin(db->env, NULL, 0, &txn);
    }
    if (result == 0) {
        result = skad_db_is_new(db, txn, &is_new);
    }
    if (result == 0) {
        result = is_new ? skad_db_make_tables(db, txn, config->network)
                        : skad_db_open_tables(db, txn, config->network, &origin);
    }
    if (result == 0) {
        const bool older = origin == SKAD_DB_OF_OLDER_VERSION;
        result = older || origin == SKAD_DB_OURS ? skad_db_mark(db, txn, boot) : MDB_INVALID;
    }
    if (result == 0) {
        result = note_damaged(out, txn);
    }
    if (result == 0) {
        result = mdb_txn_commit(txn);
        txn = NULL;
    }
    if (result == 0) {
        result = mdb_env_sync(db->env, 1); /* the mark, before any change that it stands for */
    }
    if (result == 0 && origin == SKAD_DB_OF_OLDER_VERSION) {
        result = recount(config, out);
    }
    mdb_txn_abort(txn);
    if (result != 0) {
        result = skad_db_write_errno(db, result) == ENOSPC ? ENOSPC : result;
        skad_db_close(db);
    }
    return result;
}

/* Puts a damaged file back that was set aside, where there is no room to make the one that would
 * remember it. The next start sets it aside again. */
static void put_back(const char *path, const skad_db_opened *out)
{
    if (out->damaged[0] != '\0' && rename(out->damaged, path) == 0) {
        skad_db_proof_condemn(path); /* without room for that, it is checked again */
    }
}

skad_status skad_db_open_or_make(const skad_store_lmdb_config *config, skad_db_opened *out,
                                 skad_store_lmdb_report *report)
{
    char boot[SKAD_DB_BOOT_BYTES];
    bool is_empty = false;
    const size_t map_bytes = map_bytes_of(config);
    *out = (skad_db_opened){.fd = -1, .map_bytes = map_bytes};
    read_boot(config->boot, boot);
    const skad_db_check_config check = {
        .path = config->path, .map_bytes = map_bytes, .network = config->network};
    skad_status status = claim_usable(config, &check, &is_empty, out, report);
    if (status != SKAD_OK) {
        return status;
    }
    int result = open_marked(config, boot, out);
    if (skad_db_tells_damage(result) && !is_empty) { /* which no check found */
        (void)close(out->fd);
        skad_db_proof_condemn(config->path);
        status = claim_usable(config, &check, &is_empty, out, report);
        if (status != SKAD_OK) {
            return status;
        }
        result = open_marked(config, boot, out);
    }
    if (result == 0) {
        return out->overdue.is ? report_overdue(report, config->path) : SKAD_OK;
    }
    if (is_empty) {
        (void)unlink(config->path); /* half made */
        put_back(config->path, out);
    }
    (void)close(out->fd);
    errno = skad_db_errno(result);
    return errno == ENOSPC
               ? skad_db_report(report, SKAD_ERR_IO,
                                "cannot open the database %s: the disk is full; free some room and "
                                "start again, nothing is lost",
                                config->path)
               : skad_db_report(report, SKAD_ERR_IO, "cannot open the database %s: %s",
                                config->path, mdb_strerror(result));
}

static int forget_damaged(skad_db_opened *opened)
{
    MDB_txn *txn = NULL;
    MDB_val key = skad_db_value("salvage", 7);
    int result = mdb_env_sync(opened->db.env, 1); /* what was taken over, before the row goes */
    if (result == 0) {
        result = mdb_txn_begin(opened->db.env, NULL, 0, &txn);
    }
    if (result == 0) {
        result = mdb_del(txn, opened->db.tables[SKAD_DB_META], &key, NULL);
        result = result == MDB_NOTFOUND ? 0 : result;
    }
    if (result != 0) {
        mdb_txn_abort(txn);
        return result;
    }
    opened->damaged[0] = '\0';
    return mdb_txn_commit(txn);
}

__attribute__((format(printf, 2, 3))) static void add_to_report(skad_store_lmdb_report *report,
                                                                const char *format, ...)
{
    const size_t len = strlen(report->text);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(report->text + len, sizeof report->text - len, format, arguments);
    va_end(arguments);
}

void skad_db_salvage_damaged(skad_db_opened *opened, const skad_store_lmdb_config *config,
                             const skad_store *into, skad_store_lmdb_report *report)
{
    if (report->text[0] == '\0') {
        (void)skad_db_report(report, SKAD_OK, "the last start did not come to salvage all of %s",
                             opened->damaged);
    }
    const skad_db_salvaged salvaged =
        skad_db_salvage(opened->damaged, config, opened->map_bytes, into);
    add_to_report(report, "; %" PRIu64 " records in it could still be read and were taken over",
                  salvaged.kept);
    if (salvaged.error != 0) {
        add_to_report(report, ", but not all (%s)%s: the next start takes over the others",
                      strerror(salvaged.error),
                      salvaged.error == ENOSPC ? "; free some room on the disk" : "");
        return;
    }
    (void)forget_damaged(opened); /* without room for that, the next start salvages once more */
}

/* Syncs before the mark and after it, so that the mark never reaches the disk before what it stands
 * for. */
static bool mark_closed(const skad_db *db)
{
    MDB_txn *txn = NULL;
    if (mdb_env_sync(db->env, 1) != 0 || mdb_txn_begin(db->env, NULL, 0, &txn) != 0) {
        return false;
    }
    if (skad_db_mark(db, txn, SKAD_DB_CLOSED) != 0) {
        mdb_txn_abort(txn);
        return false;
    }
    return mdb_txn_commit(txn) == 0 && mdb_env_sync(db->env, 1) == 0;
}

void skad_db_close_cleanly(skad_db_opened *opened)
{
    MDB_envinfo info;
    bool closed = mark_closed(&opened->db) && mdb_env_info(opened->db.env, &info) == 0;
    skad_db_close(&opened->db);
    /* LMDB syncs the data; the proof names the time of the last change as well. */
    if (closed && !opened->suspect && fsync(opened->fd) == 0) {
        skad_db_proof_write(opened->path, opened->fd, info.me_last_txnid);
    }
    (void)close(opened->fd);
}
