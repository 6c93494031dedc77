/* The built-in network profiles, the rules for a valid one, and the hash that every node of a
 * network shares. The reasons and the arithmetic stand beside each figure; S/Kademlia is Baumgart
 * and Mies, 2007. */
#include "proto/profile.h"

#include <string.h>

#include "crypto/assert.h"
#include "crypto/hard_hash.h"
#include "crypto/keys.h"
#include "crypto/tag.h"
#include "proto/writer.h"

#define PROFILE_ENCODING_VERSION 1
/* array, version, name, c1, c2, memory, epoch, k, s, d, alpha, life: at most
 * 1 + 1 + 34 + 2 + 2 + 5 + 5 + 4 * 1 + 5. */
#define PROFILE_BYTES_MAX 64

#define EPOCH_S_MIN 3600
#define ALPHA_MAX   4

/* A nonce's days in the next epoch and before its own (skad/profile.h). */
#define EPOCH_LATE_14THS    3
#define EPOCH_EARLY_DIVISOR 28

/* The figures that both built-in profiles share.
 *
 * - Epochs of 2 weeks: 14 * 86400 s = 1209600 s. The price of an identity is paid in each of them;
 *   a node solves the next one's puzzle ahead, and has three days more than that.
 *
 * - k = 16 contacts of both families are what one datagram carries (proto/limits.h); the paper
 *   advises 8 to 16.
 *
 * - s = 16 holders: with half of the nodes gone before a record is announced again, the chance that
 *   all holders are gone is 2^-16.
 *
 * - d = 4 paths: the paper evaluates 1 to 16 and finds 4 to 8 enough. With a fifth of the nodes
 *   hostile and five hops, one path survives with 0.8^5 = 0.33, one of four with 1 - 0.67^4 = 0.80,
 *   before the closing round.
 *
 * - alpha = 1 on each path, as in the paper's evaluation: four paths already make four at once.
 *
 * - A day of record life, 86400 s, outlives 23 of the hourly announcements that get lost. */
#define COMMON_FIGURES                                                                             \
    .epoch_s = 1209600, .k = 16, .siblings = 16, .paths = 4, .alpha = 1, .record_life_s = 86400

/* 256 KiB: one hash takes 41 us on the machine of docs/benchmarks.md, 65 us without AVX-512, where
 * a signature check takes 36 us. So proving an identity, which is two of them, costs 2.3 signature
 * checks, or 3.6; five was the most.
 *
 * c1 = 20: a try is a key pair and a hash, 54 us, so 2^20 = 1.05 million take about 57 s of a core,
 * once. Grinding an ID into a region that holds one node of a million costs 2^20 times that: 1.9
 * years of a core.
 *
 * c2 = 22: 2^22 = 4.2 million hashes take about 175 s of a core, for each identity and epoch. */
static const skad_profile PROFILE_PUBLIC = {
    .name = "skad-public-1",
    .static_bits = 20,
    .dynamic_bits = 22,
    .memory_kib = 256,
    COMMON_FIGURES,
    .allow_private = false,
    .group_bucket_max = 2, /* as geth has had it since it was eclipsed from two hosts */
    .group_table_max = 10,
    .group_path_max = 2,
    .limit_rates = true,
};

/* c1 = 4 and c2 = 6: 16 key pairs and 64 hashes of the least memory, about 2 ms, so that a test may
 * make thousands of nodes and yet run every check. */
static const skad_profile PROFILE_TEST = {
    .name = "skad-test-1",
    .static_bits = 4,
    .dynamic_bits = 6,
    .memory_kib = 8,
    COMMON_FIGURES,
    .allow_private = true,
};

const skad_profile *skad_profile_builtin(const char *name)
{
    if (strcmp(name, "public") == 0) {
        return &PROFILE_PUBLIC;
    }
    if (strcmp(name, "test") == 0) {
        return &PROFILE_TEST;
    }
    return NULL;
}

bool skad_profile_valid(const skad_profile *profile)
{
    size_t name_bytes = strnlen(profile->name, sizeof profile->name);

    return name_bytes >= 1 && name_bytes <= SKAD_PROFILE_NAME_BYTES_MAX &&
           skad_hard_hash_memory_ok(profile->memory_kib) && profile->epoch_s >= EPOCH_S_MIN &&
           profile->k >= 1 && profile->k <= SKAD_K_MAX && profile->siblings >= 1 &&
           profile->siblings <= profile->k && profile->siblings <= SKAD_S_MAX &&
           profile->paths >= 1 && profile->paths <= SKAD_PATHS_MAX && profile->alpha >= 1 &&
           profile->alpha <= ALPHA_MAX && profile->record_life_s >= 1;
}

uint32_t skad_profile_epoch(const skad_profile *profile, uint64_t unix_s)
{
    uint64_t epoch = unix_s / profile->epoch_s;
    return epoch > UINT32_MAX ? UINT32_MAX : (uint32_t)epoch;
}

bool skad_profile_epoch_valid(const skad_profile *profile, uint64_t unix_s, uint32_t epoch)
{
    const uint32_t into_s = (uint32_t)(unix_s % profile->epoch_s);
    const uint32_t late_s = (uint32_t)((uint64_t)profile->epoch_s * EPOCH_LATE_14THS / 14);
    const uint32_t early_s = profile->epoch_s / EPOCH_EARLY_DIVISOR;
    const uint32_t now = skad_profile_epoch(profile, unix_s);
    return epoch == now || (now > 0 && epoch == now - 1 && into_s < late_s) ||
           (now < UINT32_MAX && epoch == now + 1 && into_s >= profile->epoch_s - early_s);
}

void skad_profile_hash(const skad_profile *profile, uint8_t out[static SKAD_HASH_BYTES])
{
    uint8_t encoding[PROFILE_BYTES_MAX];
    skad_writer writer;

    skad_writer_init(&writer, encoding, sizeof encoding);
    skad_write_array(&writer, 11);
    skad_write_uint(&writer, PROFILE_ENCODING_VERSION);
    skad_write_str(&writer, profile->name);
    skad_write_uint(&writer, profile->static_bits);
    skad_write_uint(&writer, profile->dynamic_bits);
    skad_write_uint(&writer, profile->memory_kib);
    skad_write_uint(&writer, profile->epoch_s);
    skad_write_uint(&writer, profile->k);
    skad_write_uint(&writer, profile->siblings);
    skad_write_uint(&writer, profile->paths);
    skad_write_uint(&writer, profile->alpha);
    skad_write_uint(&writer, profile->record_life_s);
    SKAD_ASSERT(!writer.overflow);
    skad_hash_one(SKAD_HASH_PROFILE, encoding, writer.len, out);
}

void skad_profile_network_id(const skad_profile *profile, skad_network_id *out)
{
    uint8_t key[SKAD_HASH_BYTES];

    skad_profile_network_key(profile, key);
    skad_hash_one(SKAD_HASH_NETWORK_ID, key, sizeof key, out->bytes);
    skad_wipe(key, sizeof key);
}

void skad_profile_network_key(const skad_profile *profile, uint8_t out[static SKAD_HASH_BYTES])
{
    uint8_t hash[SKAD_HASH_BYTES];

    skad_profile_hash(profile, hash);
    skad_network_key(hash, profile->has_psk ? profile->psk : NULL, out);
}
