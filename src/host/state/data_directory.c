/* The folder of a node, and every way in which its identity can be unusable. */
#include "src/host/state/data_directory.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/host/state/identity_cost.h"
#include "src/host/system/clock.h"

static bool join_path(const char *dir, const char *name, char out[static PATH_MAX])
{
    int len = snprintf(out, PATH_MAX, "%s/%s", dir, name);
    return len > 0 && len < PATH_MAX;
}

/* Names of files within the folder. */
typedef struct directory_names {
    char identity[40];
    char peers[40];
    char records[40];
    char control[40];
} directory_names;

static bool init_paths(const char *dir, const directory_names *names, skad_data_directory *out,
                       skad_failure *failure)
{
    size_t len = strlen(dir);
    if (len == 0) {
        return skad_fail(failure, "which folder? HOME is not set, so name one with --dir");
    }
    if (len >= sizeof out->dir || !join_path(dir, names->identity, out->identity) ||
        !join_path(dir, names->peers, out->peers) ||
        !join_path(dir, names->records, out->records) ||
        !join_path(dir, names->control, out->control) ||
        !join_path(dir, "restoring", out->restoring)) {
        return skad_fail(failure, "the path of the folder is too long: choose another with --dir");
    }
    memcpy(out->dir, dir, len + 1);
    out->unix_s = 0;
    return true;
}

bool skad_data_directory_init(const char *dir, skad_data_directory *out, skad_failure *failure)
{
    const directory_names names = {"identity", "peers", "records.db", "control.sock"};
    return init_paths(dir, &names, out, failure);
}

bool skad_data_directory_init_member(const char *dir, size_t i, skad_data_directory *out,
                                     skad_failure *failure)
{
    directory_names names;
    (void)snprintf(names.identity, sizeof names.identity, "node-%zu.identity", i);
    (void)snprintf(names.peers, sizeof names.peers, "node-%zu.peers", i);
    (void)snprintf(names.records, sizeof names.records, "node-%zu.db", i);
    (void)snprintf(names.control, sizeof names.control, "node-%zu.sock", i);
    return init_paths(dir, &names, out, failure);
}

bool skad_data_directory_make(const skad_data_directory *directory, skad_failure *failure)
{
    struct stat info;
    if (mkdir(directory->dir, S_IRWXU) == 0) {
        return true;
    }
    switch (errno) {
    case EEXIST:
        if (stat(directory->dir, &info) == 0 && S_ISDIR(info.st_mode)) {
            return true;
        }
        return skad_fail(failure, "%s exists, but it is not a folder: choose another with --dir",
                         directory->dir);
    case ENOENT:
        return skad_fail(failure,
                         "cannot make %s: the folder above it does not exist: make that first, or "
                         "choose another with --dir",
                         directory->dir);
    default:
        return skad_fail(failure, "cannot make %s: %s: choose another folder with --dir",
                         directory->dir, strerror(errno));
    }
}

/* ---- The identity ---- */

static bool fail_load(const skad_data_directory *directory, skad_status status,
                      skad_failure *failure)
{
    switch (status) {
    case SKAD_ERR_PERMISSION:
        return skad_fail(failure,
                         "%s can be read by others: 'chmod 600' it, and consider the key "
                         "known to all who could read it",
                         directory->identity);
    case SKAD_ERR_FORMAT:
        return skad_fail(failure,
                         "%s is damaged: restore it from a backup, or move it away to "
                         "get a new identity",
                         directory->identity);
    case SKAD_ERR_VERSION:
        return skad_fail(failure,
                         "%s is of another version of skad, most likely of one before node IDs "
                         "were memory-hard: move it away, and make a new one with 'skad keygen'",
                         directory->identity);
    case SKAD_ERR_MISSING:
        return skad_fail(failure, "%s is missing: make it with 'skad keygen'", directory->identity);
    case SKAD_ERR_EXISTS:
        return skad_fail(failure, "%s is there already; move it away to get a new identity",
                         directory->identity);
    case SKAD_ERR_IO:
        return errno == ENOSPC || errno == EDQUOT
                   ? skad_fail(failure,
                               "no room for %s on its disk: free some, and start again; nothing "
                               "was written",
                               directory->identity)
                   : skad_fail(failure, "cannot use %s: %s: see to its owner and mode",
                               directory->identity, strerror(errno));
    case SKAD_ERR_STOPPED:
        return skad_fail(failure, "stopped before the puzzle was solved; nothing was written");
    case SKAD_OK:
    case SKAD_ERR_MEMORY:
    case SKAD_ERR_INPUT:
    case SKAD_ERR_FULL:
    case SKAD_ERR_PUZZLE:
    case SKAD_ERR_BUSY:
    case SKAD_ERR_CLOSED:
    case SKAD_ERR_THREAD:
    case SKAD_ERR_TIMEOUT:
        break;
    }
    return skad_fail(failure, "%s: %s", directory->identity, skad_status_text(status));
}

static uint32_t epoch_of(const skad_data_directory *directory, const skad_profile *profile)
{
    return skad_profile_epoch(profile,
                              directory->unix_s != 0 ? directory->unix_s : skad_clock_now().unix_s);
}

static bool make_identity(const skad_data_directory *directory, const skad_profile *profile,
                          const skad_solve_options *options, skad_identity *out,
                          skad_failure *failure)
{
    uint32_t epoch = epoch_of(directory, profile);
    skad_status status = skad_identity_generate(profile, epoch, options, out);
    if (status == SKAD_OK) {
        status = skad_identity_create(directory->identity, out);
    }
    if (status != SKAD_OK) {
        skad_identity_wipe(out);
        return fail_load(directory, status, failure);
    }
    return true;
}

static bool solve_epoch(const skad_data_directory *directory, const skad_profile *profile,
                        const skad_solve_options *options, skad_identity *identity,
                        skad_failure *failure)
{
    uint32_t epoch = epoch_of(directory, profile);
    if (skad_identity_nonce(identity, epoch) != NULL) {
        return true;
    }
    skad_puzzle_nonce nonce;
    skad_status status = skad_puzzle_solve(&identity->id, profile, epoch, options, &nonce);
    if (status == SKAD_OK) {
        status = skad_identity_add_nonce(identity, profile, &nonce);
    }
    if (status == SKAD_OK) {
        status = skad_identity_update(directory->identity, identity);
    }
    return status == SKAD_OK || fail_load(directory, status, failure);
}

bool skad_data_directory_keygen(const skad_data_directory *directory, const skad_profile *profile,
                                const skad_solve_options *options, skad_identity *out,
                                skad_failure *failure)
{
    /* Look first, so that no work goes into a key that cannot be written. */
    struct stat info;
    if (lstat(directory->identity, &info) == 0) {
        return fail_load(directory, SKAD_ERR_EXISTS, failure);
    }
    if (!skad_identity_cost_check(profile, SKAD_IDENTITY_COST_US_MAX, failure)) {
        return false;
    }
    return make_identity(directory, profile, options, out, failure);
}

static bool check_fits(const skad_data_directory *directory, const skad_profile *profile,
                       skad_identity *identity, skad_failure *failure)
{
    if (skad_identity_fits(identity, profile)) {
        return true;
    }
    const uint32_t memory_kib = identity->memory_kib;
    skad_identity_wipe(identity);
    if (memory_kib != profile->memory_kib) {
        return skad_fail(failure,
                         "%s was made with %" PRIu32 " KiB of memory, and the network '%s' "
                         "takes %" PRIu32 ": choose its own network with --profile, or another "
                         "folder with --dir",
                         directory->identity, memory_kib, profile->name, profile->memory_kib);
    }
    return skad_fail(failure,
                     "%s does not solve the puzzle of the network '%s': choose its own "
                     "network with --profile, or another folder with --dir",
                     directory->identity, profile->name);
}

bool skad_data_directory_identity(const skad_data_directory *directory, const skad_profile *profile,
                                  const skad_solve_options *options, skad_identity *out, bool *made,
                                  skad_failure *failure)
{
    skad_status status = skad_identity_load(directory->identity, out);
    *made = status == SKAD_ERR_MISSING;
    if ((*made || status == SKAD_OK) &&
        !skad_identity_cost_check(profile, SKAD_IDENTITY_COST_US_MAX, failure)) {
        skad_identity_wipe(out);
        return false;
    }
    if (*made) {
        return make_identity(directory, profile, options, out, failure);
    }
    if (status != SKAD_OK) {
        return fail_load(directory, status, failure);
    }
    if (!check_fits(directory, profile, out, failure)) {
        return false;
    }
    if (!solve_epoch(directory, profile, options, out, failure)) {
        skad_identity_wipe(out);
        return false;
    }
    return true;
}

bool skad_data_directory_load(const skad_data_directory *directory, const skad_profile *profile,
                              skad_identity *out, skad_failure *failure)
{
    const skad_status status = skad_identity_load(directory->identity, out);
    return status == SKAD_OK ? check_fits(directory, profile, out, failure)
                             : fail_load(directory, status, failure);
}

bool skad_data_directory_check_owner(const skad_data_directory *directory, skad_failure *failure)
{
    struct stat info;
    if (stat(directory->dir, &info) != 0) {
        return skad_fail(failure, "cannot use the folder %s: %s: name another with --dir",
                         directory->dir, strerror(errno));
    }
    if (info.st_uid == geteuid()) {
        return true;
    }
    const struct passwd *owner = getpwuid(info.st_uid);
    if (owner == NULL) {
        return skad_fail(failure, "%s belongs to user %u: run this as that user", directory->dir,
                         (unsigned)info.st_uid);
    }
    return skad_fail(failure, "%s belongs to %s: run this as that user, with 'sudo -u %s'",
                     directory->dir, owner->pw_name, owner->pw_name);
}
