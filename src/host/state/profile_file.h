/* The network that an operator names with --profile: a built-in one, or another one from a file
 * (docs/profiles.md). */
#ifndef SKAD_HOST_STATE_PROFILE_FILE_H
#define SKAD_HOST_STATE_PROFILE_FILE_H

#include "skad/profile.h"
#include "skad/status.h"
#include "src/host/system/failure.h"

#define SKAD_PROFILE_FILE_BYTES_MAX 65536

/* Finds a built-in profile by name, else reads the profile in the file of that name. *out holds its
 * pre-shared key, if it has one: keep *out in memory for secrets (crypto/secret.h), and wipe it. A
 * file with a key is refused if users other than its owner can use it. On failure *out is wiped. */
SKAD_MUST_CHECK bool skad_profile_choose(const char *name, skad_profile *out,
                                         skad_failure *failure);

#endif
