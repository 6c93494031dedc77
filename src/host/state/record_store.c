/* Opening the store, and syncing it now and then. The thread that syncs has a descriptor of its
 * own, so that it may outlive the store. */
#include "src/host/state/record_store.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/profile.h"
#include "src/db/store_lmdb.h"
#include "src/host/system/task.h"

#define PERIOD_US      (30 * SKAD_US_PER_S)
#define TELL_BYTES_MIN (64 << 20)

/* How long that may take: a slow disk, and all of it once more to salvage what is damaged. */
#define CHECK_S_MIN          60
#define CHECK_BYTES_A_SECOND (4 << 20)

struct skad_record_store {
    skad_loop *loop;
    skad_store store;
    bool in_file;
    skad_log_to log;
    skad_timer timer;
    skad_wake written; /* the thread of the store wakes the loop */
    void (*settled)(void *user);
    void *user;
    skad_task *task; /* NULL: none is running */
    int sync_error;  /* of the last one */
    int told;        /* the error that the log has told of; 0: none, or that it is over */
    bool told_now; /* within this period: a disk that is full now and then must not fill the log */
};

/* ---- Telling ---- */

/* Logs a line when the disk begins to refuse, for another reason, or no longer. */
static void tell_change(skad_record_store *records)
{
    skad_store_totals totals;
    records->store.ops->totals(records->store.self, &totals);
    const int error = records->sync_error != 0 ? records->sync_error : totals.error;
    if (error == records->told || records->told_now) {
        return;
    }
    records->told = error;
    records->told_now = true;
    if (error == 0) {
        skad_log(records->log, SKAD_LOG_INFO, "records are written to the disk again");
    } else {
        skad_log(records->log, SKAD_LOG_WARNING,
                 "cannot write records to the disk: %s: puts are refused until that is over%s",
                 strerror(error), error == ENOSPC || error == EDQUOT ? "; free some room" : "");
    }
}

/* ---- Syncing ---- */

typedef struct sync_data {
    int fd;
    int error;
} sync_data;

static void sync_file(void *user, const atomic_bool *stop)
{
    (void)stop;
    sync_data *data = user;
    data->error = fdatasync(data->fd) == 0 ? 0 : errno;
    (void)close(data->fd);
}

static void on_synced(void *user, void *result)
{
    skad_record_store *records = user;
    const sync_data *data = result;
    records->task = NULL;
    records->sync_error = data->error;
    tell_change(records);
}

static void on_timer(void *user)
{
    skad_record_store *records = user;
    skad_timer_start(records->loop, &records->timer, PERIOD_US);
    records->told_now = false;
    tell_change(records);
    sync_data *data = records->task == NULL ? malloc(sizeof *data) : NULL;
    if (data == NULL || !skad_store_lmdb_unsynced(&records->store, &data->fd)) {
        free(data);
        return;
    }
    const skad_task_work work = {
        .run = sync_file, .finish = on_synced, .user = records, .data = data};
    if (skad_task_start(records->loop, &work, &records->task) != SKAD_OK) {
        (void)close(data->fd);
        free(data);
    }
}

/* ---- Writing ---- */

/* In the thread of the store. */
static void wake(void *user)
{
    skad_record_store *records = user;
    skad_wake_ring(records->loop, &records->written);
}

static void on_written(void *user)
{
    skad_record_store *records = user;
    records->settled(records->user);
    tell_change(records);
}

void skad_record_store_behind(skad_record_store *records, void (*settled)(void *user), void *user)
{
    if (!records->in_file) {
        return;
    }
    records->settled = settled;
    records->user = user;
    skad_wake_start(records->loop, &records->written);
    skad_store_lmdb_behind(&records->store, wake, records);
}

/* ---- Opening ---- */

/* A large database that was not closed takes a while to be read, before anything else is said. */
static void tell_check(const skad_record_store_config *config)
{
    struct stat file;
    if (stat(config->path, &file) == 0 && file.st_size >= TELL_BYTES_MIN &&
        !skad_store_lmdb_was_closed(config->path)) {
        skad_log(config->log, SKAD_LOG_INFO,
                 "reading all of the database %s, %jd MB: it was not closed, or it is a copy",
                 config->path, (intmax_t)file.st_size / 1000000);
        if (config->takes_long != NULL) {
            config->takes_long(CHECK_S_MIN + (unsigned)(file.st_size / CHECK_BYTES_A_SECOND),
                               "reading the whole database");
        }
    }
}

static bool open_database(skad_record_store *records, const skad_record_store_config *config,
                          skad_failure *failure)
{
    uint8_t network[SKAD_HASH_BYTES];
    skad_store_lmdb_report report;
    skad_profile_hash(config->profile, network);
    const skad_store_lmdb_config database = {
        .path = config->path,
        .network = network,
        .caps = config->caps,
        .map_bytes = (size_t)config->file_bytes_max,
        .now_unix_s = config->now_unix_s,
    };
    tell_check(config);
    skad_status status = skad_store_lmdb_open(&database, &records->store, &report);
    if (status == SKAD_ERR_EXISTS) {
        return skad_fail(failure,
                         "another daemon is using %s: stop it, or choose another folder with --dir",
                         config->path);
    }
    if (status != SKAD_OK) {
        return skad_fail(failure, "%s", report.text);
    }
    if (report.text[0] != '\0') {
        skad_log(config->log, SKAD_LOG_WARNING, "%s", report.text);
    } else if (report.checked) {
        skad_log(config->log, SKAD_LOG_INFO,
                 "the database %s was not closed, or it is a copy: it was checked as a whole, and "
                 "is intact",
                 config->path);
    }
    skad_timer_start(config->loop, &records->timer, PERIOD_US);
    records->in_file = true;
    return true;
}

static bool open_store(skad_record_store *records, const skad_record_store_config *config,
                       skad_failure *failure)
{
    if (config->path != NULL) {
        return open_database(records, config, failure);
    }
    skad_status status = skad_store_memory_new(&config->caps, &records->store);
    return status == SKAD_OK ||
           skad_fail(failure, "cannot keep records: %s", skad_status_text(status));
}

void skad_record_store_default_caps(skad_store_caps *caps)
{
    /* A file of 256 MB can be published; a million records are held in some 700 MiB of disk. */
    *caps = (skad_store_caps){
        .records_max = 1ULL << 20,
        .bytes_max = 1ULL << 30,
        .published_max = 1ULL << 18,
        .published_bytes_max = 256ULL << 20,
    };
}

bool skad_record_store_new(const skad_record_store_config *config, skad_record_store **out,
                           skad_failure *failure)
{
    skad_record_store *records = calloc(1, sizeof *records);
    if (records == NULL) {
        return skad_fail(failure, "out of memory");
    }
    records->loop = config->loop;
    records->log = config->log;
    records->timer = (skad_timer){.due = on_timer, .user = records};
    records->written = (skad_wake){.woken = on_written, .user = records, .standing = true};
    if (!open_store(records, config, failure)) {
        free(records);
        return false;
    }
    *out = records;
    return true;
}

void skad_record_store_free(skad_record_store *records)
{
    if (records == NULL) {
        return;
    }
    skad_timer_stop(records->loop, &records->timer);
    skad_task_abandon(records->task);
    records->store.ops->free(records->store.self); /* its thread ends */
    skad_wake_stop(records->loop, &records->written);
    free(records);
}

skad_store skad_record_store_store(const skad_record_store *records)
{
    return records->store;
}

bool skad_record_store_resize(skad_record_store *records, const skad_store_caps *caps)
{
    return records->in_file && skad_store_lmdb_resize(&records->store, caps);
}
