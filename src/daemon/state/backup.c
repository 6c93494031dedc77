/* Making and restoring. */
#define _GNU_SOURCE /* renameat2 */
#include "src/daemon/state/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/small_file.h"
#include "proto/peer_file.h"
#include "proto/profile.h"
#include "src/daemon/state/tending.h"
#include "src/db/backup.h"
#include "src/host/state/peer_store.h"
#include "src/host/state/record_store.h"
#include "src/host/system/clock.h"

#define PART_SUFFIX ".part"

static bool sync_folder(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    skad_small_file_close(fd);
    return synced;
}

static bool fail_write(const char *path, skad_failure *failure)
{
    return errno == ENOSPC || errno == EDQUOT
               ? skad_fail(failure, "no room for %s: free some, and begin again", path)
               : skad_fail(failure, "cannot write %s: %s", path, strerror(errno));
}

/* ---- Making ---- */

typedef struct making {
    const skad_data_directory *from;
    const skad_profile *profile;
    const char *to;
    skad_data_directory part; /* what it is until it is complete */
    int part_fd;              /* locks it */
    skad_backup_report *report;
} making;

/* Removes what a backup that was killed left. */
static void clear(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        (void)unlinkat(dirfd(folder), entry->d_name, 0); /* folders stay */
    }
    (void)closedir(folder);
}

static bool begin(making *self, skad_failure *failure)
{
    struct stat info;
    char path[PATH_MAX];
    const int printed = snprintf(path, sizeof path, "%s" PART_SUFFIX, self->to);
    if (self->to[0] == '\0' || printed < 0 || (size_t)printed >= sizeof path ||
        !skad_data_directory_init(path, &self->part, failure)) {
        return skad_fail(failure, "the path of the backup is empty or too long");
    }
    if (lstat(self->to, &info) == 0) {
        return skad_fail(failure, "%s is there already: name a new folder for the backup",
                         self->to);
    }
    if (mkdir(path, S_IRWXU) != 0 && errno != EEXIST) {
        return errno == ENOENT ? skad_fail(failure,
                                           "cannot make %s: the folder above it does not exist: "
                                           "make that first",
                                           self->to)
                               : fail_write(self->to, failure);
    }
    self->part_fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (self->part_fd < 0 || flock(self->part_fd, LOCK_EX | LOCK_NB) != 0) {
        return skad_fail(failure, "cannot use %s: %s: remove it, or name another folder", path,
                         errno == EWOULDBLOCK ? "another backup is being made there"
                                              : strerror(errno));
    }
    /* One of an interrupted backup is ours alone. Another user's would stay that user's. */
    if (fstat(self->part_fd, &info) != 0 || info.st_uid != geteuid() ||
        (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        (void)close(self->part_fd);
        self->part_fd = -1;
        return skad_fail(failure, "%s is in the hand of others: name another folder", path);
    }
    clear(path);
    return true;
}

static bool copy_identity(const making *self, skad_failure *failure)
{
    skad_identity identity;
    if (!skad_data_directory_load(self->from, self->profile, &identity, failure)) {
        return false;
    }
    self->report->id = identity.id;
    const skad_status status = skad_identity_create(self->part.identity, &identity);
    skad_identity_wipe(&identity);
    return status == SKAD_OK || fail_write(self->part.identity, failure);
}

/* The node replaces the file as a whole, so that any reading is of one moment. */
static bool copy_peers(const char *from, const char *to, bool *there, skad_failure *failure)
{
    uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX];
    size_t len = 0;
    const int fd = skad_small_file_open(from);
    *there = false;
    if (fd < 0 && errno == ENOENT) {
        return true;
    }
    if (fd < 0 || !skad_small_file_read(fd, bytes, sizeof bytes, &len)) {
        const int error = errno;
        skad_small_file_close(fd);
        return skad_fail(failure, "cannot read %s: %s", from, strerror(error));
    }
    skad_small_file_close(fd);
    *there = true;
    return skad_small_file_replace(to, bytes, len) == SKAD_OK || fail_write(to, failure);
}

static bool copy_records(const making *self, skad_failure *failure)
{
    uint8_t network[SKAD_HASH_BYTES];
    skad_db_backed_up done = {0};
    skad_profile_hash(self->profile, network);
    skad_store_lmdb_config config = {
        .path = self->part.records,
        .network = network,
        .now_unix_s = skad_clock_now().unix_s,
    };
    skad_record_store_default_caps(&config.caps);
    const skad_db_tended outcome = skad_db_back_up(self->from->records, &config, &done);
    self->report->published = done.copied;
    self->report->damaged = done.damaged;
    if (outcome == SKAD_DB_TENDED || outcome == SKAD_DB_TEND_MISSING) {
        return true;
    }
    return outcome == SKAD_DB_TEND_UNFIT
               ? skad_tending_fail_unfit(self->from->records, self->profile, done.verdict, failure)
               : fail_write(self->part.records, failure);
}

static bool finish(const making *self, skad_failure *failure)
{
    char name[PATH_MAX];
    static const char *const means_nothing[] = {"records.db-lock", "records.db-clean"};
    for (size_t i = 0; i < sizeof means_nothing / sizeof means_nothing[0]; i++) {
        (void)unlinkat(self->part_fd, means_nothing[i], 0);
    }
    (void)snprintf(name, sizeof name, "%s", self->to);
    if (fsync(self->part_fd) != 0 ||
        renameat2(AT_FDCWD, self->part.dir, AT_FDCWD, self->to, RENAME_NOREPLACE) != 0) {
        return errno == EEXIST
                   ? skad_fail(failure, "%s is there already: name a new folder", self->to)
                   : fail_write(self->to, failure);
    }
    return sync_folder(dirname(name)) || fail_write(self->to, failure);
}

bool skad_backup_make(const skad_data_directory *from, const skad_profile *profile, const char *to,
                      skad_backup_report *out, skad_failure *failure)
{
    static making self; /* paths are long */
    self = (making){.from = from, .profile = profile, .to = to, .part_fd = -1, .report = out};
    *out = (skad_backup_report){0};
    const bool made = begin(&self, failure) && copy_identity(&self, failure) &&
                      copy_peers(from->peers, self.part.peers, &out->peers, failure) &&
                      copy_records(&self, failure) && finish(&self, failure);
    if (self.part_fd >= 0) {
        if (!made) {
            clear(self.part.dir);
            (void)rmdir(self.part.dir);
        }
        (void)close(self.part_fd);
    }
    return made;
}

/* ---- Restoring ---- */

static bool is_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

/* All that can be told of a backup before anything is changed. */
static bool check_backup(const skad_data_directory *from, const skad_profile *profile,
                         skad_identity *identity, skad_backup_report *out, skad_failure *failure)
{
    skad_db_examined examined = {0};
    if (!is_there(from->identity)) {
        return skad_fail(failure, "%s is no backup: there is no identity in it", from->dir);
    }
    if (!skad_data_directory_load(from, profile, identity, failure)) {
        return false;
    }
    out->id = identity->id;
    if (skad_peer_store_look(from->peers, profile) == SKAD_ERR_INPUT) {
        return skad_fail(failure, "%s is of a network other than '%s': name its own with --profile",
                         from->peers, profile->name);
    }
    if (!is_there(from->records)) {
        return true;
    }
    const bool sound = skad_tending_examine(from->records, profile, &examined, failure);
    out->published = examined.published;
    return sound;
}

/* The folder takes a backup if no node is in it, or if it is the same backup that was not put there
 * to its end. */
static bool begin_restore(const skad_data_directory *to, skad_failure *failure)
{
    const char *const files[] = {to->identity, to->records, to->peers};
    if (!skad_data_directory_make(to, failure) || !skad_data_directory_check_owner(to, failure)) {
        return false;
    }
    if (is_there(to->restoring)) {
        return true;
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (is_there(files[i])) {
            return skad_fail(failure,
                             "%s is there already: move the node in that folder away, or name "
                             "another folder with --dir",
                             files[i]);
        }
    }
    return skad_small_file_create(to->restoring, (const uint8_t *)"", 0) == SKAD_OK ||
           fail_write(to->restoring, failure);
}

static bool restore_identity(const skad_data_directory *to, const skad_identity *identity,
                             skad_failure *failure)
{
    skad_identity there;
    skad_status status = skad_identity_create(to->identity, identity);
    if (status == SKAD_ERR_EXISTS) {
        status = skad_identity_load(to->identity, &there);
        const bool same =
            status == SKAD_OK && memcmp(&there.id, &identity->id, sizeof there.id) == 0;
        skad_identity_wipe(&there);
        return same || skad_fail(failure,
                                 "%s is there already and is another one: move it away, and begin "
                                 "again",
                                 to->identity);
    }
    return status == SKAD_OK || fail_write(to->identity, failure);
}

static bool put_back(const skad_data_directory *from, const skad_data_directory *to,
                     const skad_identity *identity, skad_backup_report *out, skad_failure *failure)
{
    if (is_there(from->records) && !skad_db_copy_file(from->records, to->records)) {
        return fail_write(to->records, failure);
    }
    if (!copy_peers(from->peers, to->peers, &out->peers, failure) ||
        !restore_identity(to, identity, failure)) {
        return false;
    }
    return (unlink(to->restoring) == 0 && sync_folder(to->dir)) || fail_write(to->dir, failure);
}

bool skad_backup_restore(const char *from, const skad_data_directory *to,
                         const skad_profile *profile, skad_backup_report *out,
                         skad_failure *failure)
{
    static skad_data_directory source;
    skad_identity identity = {0};
    *out = (skad_backup_report){0};
    const bool restored = skad_data_directory_init(from, &source, failure) &&
                          check_backup(&source, profile, &identity, out, failure) &&
                          begin_restore(to, failure) &&
                          put_back(&source, to, &identity, out, failure);
    skad_identity_wipe(&identity);
    return restored;
}
