/* What every part of a node may read: our identity, the network's profile, the current time, and a
 * random number generator. It is the first member of a node. A part that needs nothing else takes
 * only this and its own state, so that a test can call it without a node. */
#ifndef SKAD_BASE_ENV_H
#define SKAD_BASE_ENV_H

#include <stdint.h>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/token.h"
#include "skad/identity.h"
#include "skad/profile.h"
#include "skad/types.h"

typedef struct skad_env {
    skad_profile profile;
    skad_identity identity;
    uint8_t network_key[SKAD_HASH_BYTES];    /* tags datagrams; follows from the profile */
    uint8_t token_key[SKAD_TOKEN_KEY_BYTES]; /* makes address tokens; secret, drawn at the start */
    skad_random random;
    skad_time now; /* of the current call */
} skad_env;

#endif
