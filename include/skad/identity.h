/* A node's identity: its Ed25519 key pair, the node ID derived from it, and the solved puzzle
 * nonces. It holds a secret: wipe it with skad_identity_wipe when done. */
#ifndef SKAD_IDENTITY_H
#define SKAD_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/compiler.h"
#include "skad/profile.h"
#include "skad/status.h"
#include "skad/types.h"

SKAD_BEGIN

#define SKAD_SECRET_KEY_BYTES    64 /* libsodium's layout: 32-byte seed, then the public key */
#define SKAD_NONCE_BYTES         8
#define SKAD_IDENTITY_NONCES_MAX 4 /* previous, current and next epoch, one to spare */

/* The solution of the dynamic puzzle for one epoch. */
typedef struct skad_puzzle_nonce {
    uint32_t epoch;
    uint8_t bytes[SKAD_NONCE_BYTES];
} skad_puzzle_nonce;

typedef struct skad_identity {
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
    uint8_t secret_key[SKAD_SECRET_KEY_BYTES];
    uint32_t memory_kib; /* of the profile that it was made for; the ID depends on it */
    skad_id id;          /* derived from public_key, satisfies the profile's static puzzle */
    skad_puzzle_nonce nonces[SKAD_IDENTITY_NONCES_MAX]; /* distinct epochs, in no order */
    size_t nonces_count;                                /* 0..SKAD_IDENTITY_NONCES_MAX */
} skad_identity;

/* A solver's progress. It is passed to skad_solve_progress about five times a second, always from
 * the thread that called the solver. Puzzles have no memory: the expected rest stays the same
 * however long it took so far. */
typedef struct skad_progress {
    const char *stage;     /* "static" or "dynamic" */
    uint64_t tries;        /* done so far in this stage */
    double tries_expected; /* 2^bits */
    double tries_per_s;    /* measured over this stage so far; 0 while unknown */
    double elapsed_s;      /* of this stage */
} skad_progress;

typedef void (*skad_solve_progress)(const skad_progress *progress, void *user);

typedef struct skad_solve_options {
    unsigned threads;             /* 0: as many as there are processors online */
    bool background;              /* give way to every other thread of the machine */
    const skad_flag *stop;        /* raised by another thread or a signal handler; may be NULL */
    skad_solve_progress progress; /* may be NULL */
    void *user;                   /* passed to progress */
    uint64_t reserved[4];         /* 0: room for later versions (docs/abi.md) */
} skad_solve_options;

/* Draws key pairs until one satisfies the profile's static puzzle, then solves the dynamic puzzle
 * for `epoch`. Expected work: 2^c1 key pairs, each with a memory-hard hash, and
 * 2^c2 such hashes. options may be NULL: all processors,
 * no progress, no stop. Errors: SKAD_ERR_STOPPED, SKAD_ERR_MEMORY (a thread could not be started).
 * On error *out is wiped. */
SKAD_MUST_CHECK skad_status skad_identity_generate(const skad_profile *profile, uint32_t epoch,
                                                   const skad_solve_options *options,
                                                   skad_identity *out);

/* Derives the identity of a given 32-byte Ed25519 seed for networks with this memory
 * (skad_profile), without nonces. The identity may fail the static puzzle of a profile: check with
 * skad_identity_fits. Errors: SKAD_ERR_INPUT (memory_kib), SKAD_ERR_MEMORY (never with 0); *out is
 * then wiped. */
SKAD_MUST_CHECK skad_status skad_identity_from_seed(const uint8_t seed[SKAD_AT_LEAST(32)],
                                                    uint32_t memory_kib, skad_identity *out);

/* Whether the identity was made with the profile's memory and satisfies its static puzzle. */
bool skad_identity_fits(const skad_identity *identity, const skad_profile *profile);

/* Solves the dynamic puzzle of `epoch` for a node ID. It needs no secret, so it may be done ahead
 * of time, or elsewhere, and imported. Errors: as skad_identity_generate. */
SKAD_MUST_CHECK skad_status skad_puzzle_solve(const skad_id *id, const skad_profile *profile,
                                              uint32_t epoch, const skad_solve_options *options,
                                              skad_puzzle_nonce *out);

/* Returns the identity's nonce for `epoch`, or NULL. Borrowed until the identity changes. */
const skad_puzzle_nonce *skad_identity_nonce(const skad_identity *identity, uint32_t epoch);

/* Checks a nonce and adds it, or replaces the one of its epoch. When all entries are taken, it
 * replaces the oldest epoch's, even if the new epoch is older still.
 *
 * Errors: SKAD_ERR_PUZZLE when it does not solve the profile's dynamic puzzle. */
SKAD_MUST_CHECK skad_status skad_identity_add_nonce(skad_identity *identity,
                                                    const skad_profile *profile,
                                                    const skad_puzzle_nonce *nonce);

/* Reads an identity file. It must be a regular file that only its owner can read.
 *
 * Errors: SKAD_ERR_MISSING, SKAD_ERR_PERMISSION, SKAD_ERR_FORMAT (size, magic, checksum, or keys
 * that do not belong together), SKAD_ERR_VERSION (also an identity from before node IDs were
 * memory-hard: it is worth nothing now), SKAD_ERR_MEMORY, SKAD_ERR_IO (also for a symbolic link, a
 * folder or another thing that is not a regular file). The file is never changed; on error *out is
 * wiped. Format: docs/files.md. */
SKAD_MUST_CHECK skad_status skad_identity_load(const char *path, skad_identity *out);

/* Writes a new identity file with mode 0600, whole or not at all: a temporary file in the same
 * folder is synced, then linked under the name. Errors: SKAD_ERR_EXISTS (nothing is ever
 * overwritten), SKAD_ERR_MISSING (no such folder), SKAD_ERR_IO. */
SKAD_MUST_CHECK skad_status skad_identity_create(const char *path, const skad_identity *identity);

/* Replaces the nonces in an existing file of the *same* key pair, atomically (temporary file, sync,
 * rename). Errors: those of skad_identity_load, SKAD_ERR_EXISTS when the file holds another key. */
SKAD_MUST_CHECK skad_status skad_identity_update(const char *path, const skad_identity *identity);

/* Overwrites the secret and everything else with zeros. */
void skad_identity_wipe(skad_identity *identity);

SKAD_END

#endif
