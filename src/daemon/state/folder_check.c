/* Looking, and sentences. */
#include "src/daemon/state/folder_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/profile.h"
#include "src/db/look.h"
#include "src/host/state/peer_store.h"

#define SHORT_HASH_BYTES 8

/* The name of a built-in profile with a hash; NULL: it is none of these. */
static const char *builtin_name(const uint8_t hash[static SKAD_HASH_BYTES])
{
    static const char *const names[] = {"public", "test"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint8_t ours[SKAD_HASH_BYTES];
        skad_profile_hash(skad_profile_builtin(names[i]), ours);
        if (memcmp(hash, ours, sizeof ours) == 0) {
            return names[i];
        }
    }
    return NULL;
}

static bool fail_network(const skad_data_directory *directory, const skad_profile *profile,
                         const uint8_t theirs[static SKAD_HASH_BYTES], skad_failure *failure)
{
    const char *name = builtin_name(theirs);
    if (name != NULL) {
        return skad_fail(failure,
                         "%s is of the network '%s', not of '%s': start with --profile %s, or "
                         "choose another folder with --dir",
                         directory->records, name, profile->name, name);
    }
    char hash[2 * SHORT_HASH_BYTES + 1];
    for (size_t i = 0; i < SHORT_HASH_BYTES; i++) {
        (void)snprintf(hash + 2 * i, 3, "%02x", theirs[i]);
    }
    return skad_fail(failure,
                     "%s is of a network other than '%s': start with the --profile of which "
                     "'skad profile show' prints a hash %s..., or choose another folder with --dir",
                     directory->records, profile->name, hash);
}

static bool check_records(const skad_data_directory *directory, const skad_profile *profile,
                          skad_failure *failure)
{
    uint8_t network[SKAD_HASH_BYTES];
    skad_db_looked looked;
    skad_profile_hash(profile, network);
    skad_db_look(directory->records, network, &looked);
    switch (looked.sight) {
    case SKAD_DB_SIGHT_NETWORK:
        return fail_network(directory, profile, looked.network, failure);
    case SKAD_DB_SIGHT_VERSION:
        return skad_fail(failure,
                         "%s was written by a newer version of skad (its tables are of version "
                         "%u): start that version, or move the file away to begin without records",
                         directory->records, looked.version);
    case SKAD_DB_SIGHT_NO_FILE:
        return skad_fail(failure,
                         "%s is a link or no file: put the file itself there, or choose another "
                         "folder with --dir",
                         directory->records);
    case SKAD_DB_SIGHT_FINE:
        break;
    }
    return true;
}

static bool check_peers(const skad_data_directory *directory, const skad_profile *profile,
                        skad_failure *failure)
{
    switch (skad_peer_store_look(directory->peers, profile)) {
    case SKAD_ERR_INPUT:
        return skad_fail(failure,
                         "%s is of a network other than '%s': start with its own --profile, or "
                         "choose another folder with --dir",
                         directory->peers, profile->name);
    case SKAD_ERR_VERSION:
        return skad_fail(failure,
                         "%s was written by another version of skad: start that version, or move "
                         "the file away and start with --join",
                         directory->peers);
    case SKAD_OK:
    case SKAD_ERR_MEMORY:
    case SKAD_ERR_FULL:
    case SKAD_ERR_IO:
    case SKAD_ERR_EXISTS:
    case SKAD_ERR_MISSING:
    case SKAD_ERR_PERMISSION:
    case SKAD_ERR_FORMAT:
    case SKAD_ERR_STOPPED:
    case SKAD_ERR_PUZZLE:
    case SKAD_ERR_BUSY:
    case SKAD_ERR_CLOSED:
    case SKAD_ERR_THREAD:
    case SKAD_ERR_TIMEOUT:
        break;
    }
    return true;
}

static bool check_access(const skad_data_directory *directory, skad_failure *failure)
{
    if (access(directory->dir, R_OK | W_OK | X_OK) == 0) {
        return true;
    }
    return errno == EROFS
               ? skad_fail(failure,
                           "%s lies on a file system that is mounted read-only: mount it to be "
                           "written, or choose another folder with --dir",
                           directory->dir)
               : skad_fail(failure,
                           "cannot use the folder %s (%s): start as its owner, or give it to user "
                           "%u with 'chown'",
                           directory->dir, strerror(errno), (unsigned)geteuid());
}

/* A mode that lets others write lets them put a key, a database or a link of theirs in the place of
 * the node's. */
static bool check_others(const skad_data_directory *directory, skad_failure *failure)
{
    struct stat about;
    return stat(directory->dir, &about) != 0 || (about.st_mode & S_IWOTH) == 0 ||
           skad_fail(failure,
                     "%s can be written by others, who can replace the node's key: 'chmod o-w' it, "
                     "or choose another folder with --dir",
                     directory->dir);
}

/* LMDB follows links, and overwrites what it finds. */
static bool check_lock(const skad_data_directory *directory, skad_failure *failure)
{
    struct stat about;
    char lock[PATH_MAX + 8];
    (void)snprintf(lock, sizeof lock, "%s-lock", directory->records);
    return lstat(lock, &about) != 0 || S_ISREG(about.st_mode) ||
           skad_fail(failure,
                     "%s is a link or no file: remove it, or choose another folder with --dir",
                     lock);
}

static bool check_restored(const skad_data_directory *directory, skad_failure *failure)
{
    return access(directory->restoring, F_OK) != 0 ||
           skad_fail(failure,
                     "a backup was not put into %s to its end: run 'skad restore' once more",
                     directory->dir);
}

bool skad_folder_check(const skad_data_directory *directory, const skad_profile *profile,
                       skad_failure *failure)
{
    return check_access(directory, failure) && check_others(directory, failure) &&
           check_restored(directory, failure) && check_lock(directory, failure) &&
           check_records(directory, profile, failure) && check_peers(directory, profile, failure);
}
