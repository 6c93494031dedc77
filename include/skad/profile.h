/* The network profile: everything that all nodes of one network must agree on, and a few local
 * policies that travel with it. Nodes of different profiles never understand each other, because
 * the profile's hash keys the network tag (proto/PROTOCOL.md, "Network tag"). */
#ifndef SKAD_PROFILE_H
#define SKAD_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/compiler.h"
#include "skad/types.h"

SKAD_BEGIN

#define SKAD_PROFILE_NAME_BYTES_MAX 32
#define SKAD_PSK_BYTES              32
#define SKAD_K_MAX                  20 /* a reply names 16 of them, as many as fit */
#define SKAD_S_MAX                  16
#define SKAD_PATHS_MAX              8

typedef struct skad_profile {
    /* Agreed by the network: hashed into the network key. */
    char name[SKAD_PROFILE_NAME_BYTES_MAX + 1]; /* 1..32 bytes, zero-terminated */
    uint8_t static_bits;                        /* c1: zero bits demanded by the static puzzle */
    uint8_t dynamic_bits;                       /* c2: zero bits demanded by the dynamic puzzle */
    uint32_t memory_kib; /* of a node ID's and a dynamic puzzle's hash: 8..65536 (KiB); 0: a plain
                            hash, for simulated worlds and unit tests */
    uint32_t epoch_s;    /* length of a puzzle epoch, seconds, at least 3600 */
    uint8_t k;        /* bucket size, and contacts in a reply as far as they fit, 1..SKAD_K_MAX */
    uint8_t siblings; /* s: nodes that hold a record, 1..k, at most SKAD_S_MAX */
    uint8_t paths;    /* d: disjoint paths of a lookup, 1..SKAD_PATHS_MAX */
    uint8_t alpha;    /* concurrent queries on one path, 1..4 */
    uint32_t record_life_s; /* how long a holder keeps a record, seconds, at least 1 */

    /* Local policy: not hashed. */
    bool allow_private; /* loopback, private and other non-global addresses may be contacted */
    /* How many peers of one address group (IPv4 /24, IPv6 /56) are allowed; 0: any number. Of an
     * IPv6 /48 twice as many are, of an IPv4 /16 or IPv6 /32 four times as many. */
    uint8_t group_bucket_max; /* in one bucket, its replacements included */
    uint8_t group_table_max;  /* in the whole table, and asked in one lookup */
    uint8_t group_path_max;   /* asked on one path of a lookup */
    bool limit_rates;         /* requests are limited by source and in all (skad_node_rates) */

    /* Optional pre-shared key of a private network; it keys the network key. */
    bool has_psk;
    uint8_t psk[SKAD_PSK_BYTES];
} skad_profile;

/* Returns a built-in profile by name ("public" or "test"); NULL if there is none of that name. */
const skad_profile *skad_profile_builtin(const char *name);

/* Whether every field is within the range given above. */
bool skad_profile_valid(const skad_profile *profile);

/* Derives the network's ID from the profile and the pre-shared key, if there is one. It is no
 * secret: the key cannot be computed from it. proto/PROTOCOL.md, "Network profile". */
void skad_profile_network_id(const skad_profile *profile, skad_network_id *out);

/* Returns the puzzle epoch of a wall-clock second. */
uint32_t skad_profile_epoch(const skad_profile *profile, uint64_t unix_s);

/* Whether a nonce of this epoch is valid at a wall-clock second: in its own epoch, in the first
 * three fourteenths of the next one (three days of two weeks), so that a node that was off has time
 * to solve a new one, and in the last 28th of the one before (twelve hours), since clocks differ.
 */
bool skad_profile_epoch_valid(const skad_profile *profile, uint64_t unix_s, uint32_t epoch);

SKAD_END

#endif
