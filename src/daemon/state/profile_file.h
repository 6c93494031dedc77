/* The network that an operator names with --profile: a built-in one, or one of his own from a file
 * (docs/profiles.md). */
#ifndef SKAD_DAEMON_STATE_PROFILE_FILE_H
#define SKAD_DAEMON_STATE_PROFILE_FILE_H

#include "skad/profile.h"
#include "skad/status.h"
#include "src/daemon/system/failure.h"

#define SKAD_PROFILE_FILE_BYTES_MAX 65536

/* A built-in profile by name, else the profile in the file of that name. Where it has a pre-shared
 * key *out holds it: a caller that cares keeps it in memory for secrets (crypto/secret.h), and
 * wipes it. A file with a key that others than its owner can use is refused. On failure *out is
 * wiped. */
SKAD_MUST_CHECK bool skad_profile_choose(const char *name, skad_profile *out,
                                         skad_failure *failure);

#endif
