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
    skad_network_id network_id;              /* records are signed for it */
    uint8_t token_key[SKAD_TOKEN_KEY_BYTES]; /* makes address tokens; secret, drawn at the start */
    skad_random random;
    uint8_t clients;  /* skad_family bits: where we say that we cannot be reached, */
    uint8_t guarded;  /* and where that strangers have to be introduced */
    skad_time now;    /* of the current call */
    skad_local local; /* where the datagram of the current call came to: its answer leaves there */
} skad_env;

/* Returns an hour where a record lives for a day: a 24th of a record's life, at least a second.
 * Hourly work follows it, so that a network of short-lived records does all of it more often. */
uint64_t skad_env_hour_us(const skad_env *env);

/* Draw a delay, so that nodes and records that began together drift apart: the first returns about
 * `us`, a quarter more or less; the second at least `us`, up to a quarter more. us >= 4. */
uint64_t skad_env_about_us(skad_env *env, uint64_t us);
uint64_t skad_env_at_least_us(skad_env *env, uint64_t us);

#endif
