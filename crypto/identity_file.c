/* The identity file: one fixed layout of 168 bytes, described byte by byte in docs/files.md.
 *
 * Reading refuses everything that is not exactly such a file. Writing leaves either the old state
 * or the new one (small_file.h). Every buffer that held the seed is wiped. */
#include "crypto/identity_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "crypto/assert.h"
#include "crypto/hash.h"
#include "crypto/keys.h"
#include "crypto/small_file.h"

#define FILE_VERSION 2 /* 1: before node IDs were memory-hard */
#define SEED_BYTES   32
#define ENTRY_BYTES  (4 + SKAD_NONCE_BYTES) /* epoch, nonce */

static const uint8_t magic[14] = {'s', 'k', 'a', 'd', ' ', 'i', 'd',
                                  'e', 'n', 't', 'i', 't', 'y', '\n'};

enum {
    AT_MAGIC = 0,
    AT_VERSION = AT_MAGIC + sizeof magic, /* 2 bytes, big-endian */
    AT_FLAGS = AT_VERSION + 2,            /* 1 byte, zero in this version */
    AT_COUNT = AT_FLAGS + 1,              /* 1 byte: nonces that follow */
    AT_MEMORY = AT_COUNT + 1,             /* 4 bytes, big-endian: KiB of the node ID's hash */
    AT_RESERVED = AT_MEMORY + 4,          /* 2 bytes, zero */
    AT_SEED = AT_RESERVED + 2,
    AT_PUBLIC_KEY = AT_SEED + SEED_BYTES,
    AT_NONCES = AT_PUBLIC_KEY + SKAD_PUBLIC_KEY_BYTES,
    AT_CHECKSUM = AT_NONCES + SKAD_IDENTITY_NONCES_MAX * ENTRY_BYTES,
};
_Static_assert(AT_CHECKSUM + SKAD_HASH_BYTES == SKAD_IDENTITY_FILE_BYTES, "docs/files.md");

static void put_u32(uint8_t *out, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static uint32_t get_u32(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

void skad_identity_encode(const skad_identity *identity,
                          uint8_t out[static SKAD_IDENTITY_FILE_BYTES])
{
    SKAD_ASSERT(identity->nonces_count <= SKAD_IDENTITY_NONCES_MAX);
    memset(out, 0, SKAD_IDENTITY_FILE_BYTES);
    memcpy(out + AT_MAGIC, magic, sizeof magic);
    out[AT_VERSION + 1] = FILE_VERSION;
    out[AT_COUNT] = (uint8_t)identity->nonces_count;
    put_u32(out + AT_MEMORY, identity->memory_kib);
    memcpy(out + AT_SEED, identity->secret_key, SEED_BYTES);
    memcpy(out + AT_PUBLIC_KEY, identity->public_key, SKAD_PUBLIC_KEY_BYTES);
    for (size_t i = 0; i < identity->nonces_count; i++) {
        uint8_t *entry = out + AT_NONCES + i * ENTRY_BYTES;
        put_u32(entry, identity->nonces[i].epoch);
        memcpy(entry + 4, identity->nonces[i].bytes, SKAD_NONCE_BYTES);
    }
    skad_hash_one(SKAD_HASH_FILE, out, AT_CHECKSUM, out + AT_CHECKSUM);
}

static bool all_zero(const uint8_t *data, size_t len)
{
    uint8_t any = 0;
    for (size_t i = 0; i < len; i++) {
        any |= data[i];
    }
    return any == 0;
}

static bool decode_nonces(const uint8_t in[static SKAD_IDENTITY_FILE_BYTES], skad_identity *out)
{
    size_t count = in[AT_COUNT];
    if (count > SKAD_IDENTITY_NONCES_MAX) {
        return false;
    }
    const uint8_t *entry = in + AT_NONCES;
    for (size_t i = 0; i < count; i++, entry += ENTRY_BYTES) {
        uint32_t epoch = get_u32(entry);
        if (skad_identity_nonce(out, epoch) != NULL) {
            return false;
        }
        out->nonces[i].epoch = epoch;
        memcpy(out->nonces[i].bytes, entry + 4, SKAD_NONCE_BYTES);
        out->nonces_count = i + 1;
    }
    return all_zero(entry, (size_t)(in + AT_CHECKSUM - entry));
}

/* Checks the version first: another version may have another size and checksum. */
static skad_status decode(const uint8_t *in, size_t len, skad_identity *out)
{
    if (len < AT_VERSION + 2 || memcmp(in + AT_MAGIC, magic, sizeof magic) != 0) {
        return SKAD_ERR_FORMAT;
    }
    if (in[AT_VERSION] != 0 || in[AT_VERSION + 1] != FILE_VERSION) {
        return SKAD_ERR_VERSION;
    }
    if (len != SKAD_IDENTITY_FILE_BYTES) {
        return SKAD_ERR_FORMAT;
    }
    uint8_t checksum[SKAD_HASH_BYTES];
    skad_hash_one(SKAD_HASH_FILE, in, AT_CHECKSUM, checksum);
    if (!skad_equal(checksum, in + AT_CHECKSUM, sizeof checksum)) {
        return SKAD_ERR_FORMAT;
    }
    skad_status status = skad_identity_from_seed(in + AT_SEED, get_u32(in + AT_MEMORY), out);
    if (status != SKAD_OK) {
        return status == SKAD_ERR_INPUT ? SKAD_ERR_FORMAT : status;
    }
    if (in[AT_FLAGS] != 0 || !all_zero(in + AT_RESERVED, AT_SEED - AT_RESERVED) ||
        !skad_equal(out->public_key, in + AT_PUBLIC_KEY, SKAD_PUBLIC_KEY_BYTES) ||
        !decode_nonces(in, out)) {
        return SKAD_ERR_FORMAT;
    }
    return SKAD_OK;
}

skad_status skad_identity_decode(const uint8_t *in, size_t len, skad_identity *out)
{
    skad_identity_wipe(out);
    skad_status status = decode(in, len, out);
    if (status != SKAD_OK) {
        skad_identity_wipe(out);
    }
    return status;
}

static skad_status load_open_file(int fd, skad_identity *out)
{
    struct stat about;
    if (fstat(fd, &about) != 0) {
        return SKAD_ERR_IO;
    }
    if (!S_ISREG(about.st_mode)) {
        errno = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
        return SKAD_ERR_IO;
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return SKAD_ERR_PERMISSION;
    }
    uint8_t bytes[SKAD_IDENTITY_FILE_BYTES + 1]; /* one more, to detect a longer file */
    size_t len;
    skad_status status = SKAD_ERR_IO;
    if (skad_small_file_read(fd, bytes, sizeof bytes, &len)) {
        status = skad_identity_decode(bytes, len, out);
    }
    skad_wipe(bytes, sizeof bytes);
    return status;
}

skad_status skad_identity_load(const char *path, skad_identity *out)
{
    skad_identity_wipe(out);
    int fd = skad_small_file_open(path);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? SKAD_ERR_MISSING : SKAD_ERR_IO;
    }
    skad_status status = load_open_file(fd, out);
    skad_small_file_close(fd);
    if (status != SKAD_OK) {
        skad_identity_wipe(out);
    }
    return status;
}

/* Either of the two ways to write a small file. */
typedef skad_status (*file_writer)(const char *path, const uint8_t *data, size_t len);

static skad_status write_by(file_writer writer, const char *path, const skad_identity *identity)
{
    uint8_t bytes[SKAD_IDENTITY_FILE_BYTES];
    skad_identity_encode(identity, bytes);
    skad_status status = writer(path, bytes, sizeof bytes);
    skad_wipe(bytes, sizeof bytes);
    return status;
}

skad_status skad_identity_create(const char *path, const skad_identity *identity)
{
    return write_by(skad_small_file_create, path, identity);
}

skad_status skad_identity_update(const char *path, const skad_identity *identity)
{
    skad_identity held;
    skad_status status = skad_identity_load(path, &held);
    if (status == SKAD_OK &&
        !skad_equal(held.public_key, identity->public_key, sizeof held.public_key)) {
        status = SKAD_ERR_EXISTS;
    }
    skad_identity_wipe(&held);
    if (status != SKAD_OK) {
        return status;
    }
    return write_by(skad_small_file_replace, path, identity);
}
