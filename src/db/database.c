/* Opens an LMDB file and finds out its origin. */
#define _GNU_SOURCE /* memmem */
#include "src/db/database.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* Commits are left to the kernel's writeback (MDB_NOSYNC): changes that a killed process has
 * committed stay in the page cache. Reads are random, so reading ahead would be waste
 * (MDB_NORDAHEAD), and a read transaction belongs to its store, not to a thread (MDB_NOTLS). */
#define FLAGS (MDB_NOSUBDIR | MDB_NOSYNC | MDB_NORDAHEAD | MDB_NOTLS)

#define READERS_MAX 8 /* ours, and LMDB's own tools */

#define MAGIC        "skad records\n"
#define MAGIC_BYTES  13
#define ORIGIN_BYTES (MAGIC_BYTES + 2 + SKAD_DB_NETWORK_BYTES)

/* Two hashes have as few bytes apart by damage only: by chance in 1 of 2^209. */
#define TORN_BYTES_MAX 4

static const char *const names[SKAD_DB_TABLES] = {
    [SKAD_DB_META] = "meta",
    [SKAD_DB_RECORDS] = "records",
    [SKAD_DB_EXPIRY] = "expiry",
    [SKAD_DB_COUNTERS] = "counters",
};

/* LMDB follows a link in the place of its lock file, and overwrites what it leads to: root's backup
 * of a folder that belongs to another user must not. */
static int check_lock(const char *path)
{
    struct stat about;
    char lock[PATH_MAX + 8];
    int len = snprintf(lock, sizeof lock, "%s-lock", path);
    if (len < 0 || (size_t)len >= sizeof lock) {
        return ENAMETOOLONG;
    }
    return lstat(lock, &about) == 0 && !S_ISREG(about.st_mode) ? ELOOP : 0;
}

static int open_with(const char *path, size_t map_bytes, unsigned flags, skad_db *out)
{
    *out = (skad_db){0};
    int result = mdb_env_create(&out->env);
    if (result != 0) {
        return result;
    }
    result = mdb_env_set_maxdbs(out->env, SKAD_DB_TABLES);
    if (result == 0) {
        result = mdb_env_set_maxreaders(out->env, READERS_MAX);
    }
    if (result == 0) {
        result = mdb_env_set_mapsize(out->env, map_bytes);
    }
    if (result == 0 && (flags & MDB_NOLOCK) == 0) {
        result = check_lock(path);
    }
    if (result == 0) {
        result = mdb_env_open(out->env, path, FLAGS | flags, S_IRUSR | S_IWUSR);
    }
    if (result != 0) {
        skad_db_close(out);
    }
    return result;
}

int skad_db_open(const char *path, size_t map_bytes, bool read_only, skad_db *out)
{
    return open_with(path, map_bytes, read_only ? MDB_RDONLY | MDB_NOLOCK : 0U, out);
}

int skad_db_open_beside(const char *path, size_t map_bytes, skad_db *out)
{
    return open_with(path, map_bytes, MDB_RDONLY, out);
}

void skad_db_close(skad_db *db)
{
    if (db->env != NULL) {
        mdb_env_close(db->env);
    }
    *db = (skad_db){0};
}

int skad_db_is_new(const skad_db *db, MDB_txn *txn, bool *out)
{
    (void)db;
    MDB_dbi root;
    MDB_stat about;
    int result = mdb_dbi_open(txn, NULL, 0, &root);
    if (result == 0) {
        result = mdb_stat(txn, root, &about);
    }
    *out = result == 0 && about.ms_entries == 0 && about.ms_leaf_pages == 0;
    return result;
}

bool skad_db_tells_damage(int result)
{
    switch (result) {
    case MDB_PAGE_NOTFOUND:
    case MDB_CORRUPTED:
    case MDB_PANIC:
    case MDB_INVALID:
    case MDB_CURSOR_FULL:
    case MDB_PAGE_FULL:
        return true;
    default:
        return false;
    }
}

int skad_db_errno(int result)
{
    if (result == MDB_MAP_FULL || result == MDB_TXN_FULL) {
        return ENOSPC;
    }
    return result > 0 ? result : EIO;
}

int skad_db_write_errno(const skad_db *db, int result)
{
    int error = skad_db_errno(result);
    mdb_filehandle_t fd;
    struct statvfs disk;
    bool full = result == EIO && mdb_env_get_fd(db->env, &fd) == 0 && fstatvfs(fd, &disk) == 0 &&
                disk.f_bavail == 0;
    return full ? ENOSPC : error;
}

/* ---- Whose it is ---- */

static void write_origin(unsigned version, const uint8_t network[static 32],
                         uint8_t out[static ORIGIN_BYTES])
{
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): bytes, not text. */
    memcpy(out, MAGIC, MAGIC_BYTES);
    out[MAGIC_BYTES] = (uint8_t)(version >> 8);
    out[MAGIC_BYTES + 1] = (uint8_t)version;
    memcpy(out + MAGIC_BYTES + 2, network, SKAD_DB_NETWORK_BYTES);
}

int skad_db_state_origin(const skad_db *db, MDB_txn *txn, const uint8_t network[static 32])
{
    uint8_t origin[ORIGIN_BYTES];
    write_origin(SKAD_DB_VERSION, network, origin);
    MDB_val key = skad_db_value("skad", 4);
    MDB_val value = skad_db_value(origin, sizeof origin);
    return mdb_put(txn, db->tables[SKAD_DB_META], &key, &value, 0);
}

int skad_db_make_tables(skad_db *db, MDB_txn *txn, const uint8_t network[static 32])
{
    for (size_t i = 0; i < SKAD_DB_TABLES; i++) {
        int result = mdb_dbi_open(txn, names[i], MDB_CREATE, &db->tables[i]);
        if (result != 0) {
            return result;
        }
    }
    return skad_db_state_origin(db, txn, network);
}

bool skad_db_networks_differ(const uint8_t a[static 32], const uint8_t b[static 32])
{
    size_t differing = 0;
    for (size_t i = 0; i < SKAD_DB_NETWORK_BYTES; i++) {
        differing += a[i] != b[i];
    }
    return differing > TORN_BYTES_MAX;
}

/* Whether a row is ours or another's but for some bytes that the disk changed. */
static bool is_torn(skad_span stated, const uint8_t network[static 32])
{
    const uint8_t *theirs = stated.data + MAGIC_BYTES + 2;
    return stated.len >= MAGIC_BYTES + 2 && memcmp(stated.data, MAGIC, MAGIC_BYTES) == 0 &&
           (stated.data[MAGIC_BYTES] != 0 ||
            (stated.len == ORIGIN_BYTES && memcmp(theirs, network, SKAD_DB_NETWORK_BYTES) != 0 &&
             !skad_db_networks_differ(theirs, network)));
}

/* The magic and the version stay where they are in every version. */
static skad_db_origin judge(skad_span stated, const uint8_t network[static 32])
{
    uint8_t ours[ORIGIN_BYTES];
    uint8_t older[ORIGIN_BYTES];
    write_origin(SKAD_DB_VERSION, network, ours);
    write_origin(SKAD_DB_VERSION_OLDER, network, older);
    if (stated.len < MAGIC_BYTES + 2 || memcmp(stated.data, ours, MAGIC_BYTES) != 0) {
        return SKAD_DB_OF_OTHER_PROGRAM;
    }
    bool is_ours = memcmp(stated.data, ours, MAGIC_BYTES + 2) == 0;
    if ((!is_ours && memcmp(stated.data, older, MAGIC_BYTES + 2) != 0) ||
        stated.len != ORIGIN_BYTES) {
        return SKAD_DB_OF_OTHER_VERSION;
    }
    if (memcmp(stated.data + MAGIC_BYTES + 2, network, SKAD_DB_NETWORK_BYTES) != 0) {
        return SKAD_DB_OF_OTHER_NETWORK;
    }
    return is_ours ? SKAD_DB_OURS : SKAD_DB_OF_OLDER_VERSION;
}

bool skad_db_states_origin(skad_span bytes, const uint8_t network[static 32])
{
    static const unsigned versions[] = {SKAD_DB_VERSION, SKAD_DB_VERSION_OLDER};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        uint8_t origin[ORIGIN_BYTES];
        write_origin(versions[i], network, origin);
        if (memmem(bytes.data, bytes.len, origin, sizeof origin) != NULL) {
            return true;
        }
    }
    return false;
}

int skad_db_read_stated(MDB_txn *txn, skad_db_stated *out)
{
    MDB_dbi meta;
    MDB_val key = skad_db_value("skad", 4);
    MDB_val value;
    int result = mdb_dbi_open(txn, names[SKAD_DB_META], 0, &meta);
    if (result == 0) {
        result = mdb_get(txn, meta, &key, &value);
    }
    if (result != 0) {
        return result;
    }
    const skad_span stated = skad_db_span(&value);
    if (stated.len < MAGIC_BYTES + 2 || memcmp(stated.data, MAGIC, MAGIC_BYTES) != 0) {
        return MDB_NOTFOUND;
    }
    if (stated.data[MAGIC_BYTES] != 0) {
        return MDB_CORRUPTED; /* no version has come that far */
    }
    *out = (skad_db_stated){.version = (unsigned)stated.data[MAGIC_BYTES] << 8 |
                                       stated.data[MAGIC_BYTES + 1]};
    if (stated.len >= ORIGIN_BYTES) {
        memcpy(out->network, stated.data + MAGIC_BYTES + 2, SKAD_DB_NETWORK_BYTES);
    }
    return 0;
}

int skad_db_open_tables(skad_db *db, MDB_txn *txn, const uint8_t network[static 32],
                        skad_db_origin *origin)
{
    *origin = SKAD_DB_OF_OTHER_PROGRAM;
    for (size_t i = 0; i < SKAD_DB_TABLES; i++) {
        int result = mdb_dbi_open(txn, names[i], 0, &db->tables[i]);
        if (result == 0 && i == SKAD_DB_META) {
            MDB_val key = skad_db_value("skad", 4);
            MDB_val value;
            result = mdb_get(txn, db->tables[i], &key, &value);
            if (result == 0) {
                skad_span stated = skad_db_span(&value);
                *origin = judge(stated, network);
                result = is_torn(stated, network) ? MDB_CORRUPTED : 0;
            }
        }
        if (result == MDB_NOTFOUND || result == MDB_INCOMPATIBLE) {
            *origin = SKAD_DB_OF_OTHER_PROGRAM;
            return 0;
        }
        if (result != 0 || (*origin != SKAD_DB_OURS && *origin != SKAD_DB_OF_OLDER_VERSION)) {
            return result;
        }
    }
    return 0;
}

/* ---- The mark ---- */

int skad_db_mark(const skad_db *db, MDB_txn *txn, const char *mark)
{
    MDB_val key = skad_db_value("mark", 4);
    MDB_val value = skad_db_value(mark, strlen(mark));
    return mdb_put(txn, db->tables[SKAD_DB_META], &key, &value, 0);
}

int skad_db_marked(const skad_db *db, MDB_txn *txn, char out[static SKAD_DB_BOOT_BYTES])
{
    MDB_val key = skad_db_value("mark", 4);
    MDB_val value;
    int result = mdb_get(txn, db->tables[SKAD_DB_META], &key, &value);
    if (result != 0) {
        return result;
    }
    size_t len = value.mv_size < SKAD_DB_BOOT_BYTES ? value.mv_size : SKAD_DB_BOOT_BYTES - 1;
    memcpy(out, value.mv_data, len);
    out[len] = '\0';
    return 0;
}
