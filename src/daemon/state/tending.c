/* Calls of src/db and sentences. */
#include "src/daemon/state/tending.h"

#include <errno.h>
#include <string.h>

#include "proto/profile.h"
#include "src/host/state/record_store.h"
#include "src/host/system/clock.h"

bool skad_tending_fail_unfit(const char *path, const skad_profile *profile, skad_db_verdict verdict,
                             skad_failure *failure)
{
    switch (verdict) {
    case SKAD_DB_OTHER_PROGRAM:
        return skad_fail(failure, "%s is not a database of skad: name another file", path);
    case SKAD_DB_OTHER_VERSION:
        return skad_fail(failure, "%s was written by a newer version of skad: use that one", path);
    case SKAD_DB_OTHER_NETWORK:
        return skad_fail(failure, "%s is of a network other than '%s': name its own with --profile",
                         path, profile->name);
    case SKAD_DB_GOOD:
    case SKAD_DB_DAMAGED:
    case SKAD_DB_UNCHECKED:
        break;
    }
    return skad_fail(failure,
                     "%s is damaged: 'skad store salvage' takes over what can still be read", path);
}

static bool fail_tended(const char *path, skad_db_tended outcome, skad_failure *failure)
{
    switch (outcome) {
    case SKAD_DB_TEND_MISSING:
        return skad_fail(failure, "%s does not exist: name the folder with --dir, or the file",
                         path);
    case SKAD_DB_TEND_BUSY:
        return skad_fail(failure, "a node is using %s: stop it first, or use a backup", path);
    case SKAD_DB_TENDED:
    case SKAD_DB_TEND_UNFIT:
    case SKAD_DB_TEND_FAILED:
        break;
    }
    return skad_fail(failure, "cannot use %s: %s", path, strerror(errno));
}

bool skad_tending_examine(const char *path, const skad_profile *profile, skad_db_examined *out,
                          skad_failure *failure)
{
    uint8_t network[SKAD_HASH_BYTES];
    skad_profile_hash(profile, network);
    const skad_db_tended outcome = skad_db_examine(path, network, out);
    if (outcome != SKAD_DB_TENDED) {
        return fail_tended(path, outcome, failure);
    }
    return out->verdict == SKAD_DB_GOOD ||
           skad_tending_fail_unfit(path, profile, out->verdict, failure);
}

bool skad_tending_salvage(const skad_data_directory *directory, const char *from,
                          const skad_profile *profile, const skad_store_caps *caps,
                          skad_db_taken *out, skad_failure *failure)
{
    uint8_t network[SKAD_HASH_BYTES];
    skad_profile_hash(profile, network);
    const skad_store_lmdb_config config = {
        .path = directory->records,
        .network = network,
        .caps = *caps,
        .now_unix_s = skad_clock_now().unix_s,
    };
    const skad_db_tended outcome = skad_db_take_over(from, &config, out);
    if (outcome == SKAD_DB_TENDED) {
        return true;
    }
    return outcome == SKAD_DB_TEND_FAILED
               ? skad_fail(failure, "%s", out->report.text)
               : fail_tended(outcome == SKAD_DB_TEND_MISSING ? from : directory->records, outcome,
                             failure);
}

bool skad_tending_replace(const skad_data_directory *directory, const char *from,
                          const skad_profile *profile, char aside[static PATH_MAX],
                          skad_failure *failure)
{
    uint8_t network[SKAD_HASH_BYTES];
    skad_db_verdict verdict = SKAD_DB_DAMAGED;
    skad_profile_hash(profile, network);
    const skad_store_lmdb_config config = {
        .path = directory->records,
        .network = network,
        .now_unix_s = skad_clock_now().unix_s,
    };
    const skad_db_tended outcome = skad_db_replace(from, &config, aside, &verdict);
    if (outcome == SKAD_DB_TEND_UNFIT) {
        return skad_tending_fail_unfit(from, profile, verdict, failure);
    }
    return outcome == SKAD_DB_TENDED ||
           fail_tended(outcome == SKAD_DB_TEND_BUSY ? directory->records : from, outcome, failure);
}
