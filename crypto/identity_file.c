/* The identity file: one fixed layout of 168 bytes, described byte by byte in docs/files.md.
 *
 * Reading refuses whatever is not exactly such a file. Writing always goes through a temporary file
 * in the same folder, synced before it gets the final name, so that a crash or a full disk leaves
 * either the old state or the new one. Every buffer that held the seed is wiped. */
#define _GNU_SOURCE /* mkostemp */
#include "crypto/identity_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/assert.h"
#include "crypto/hash.h"
#include "crypto/keys.h"

#define FILE_VERSION 1
#define SEED_BYTES   32
#define PLACE_BYTES  (4 + SKAD_NONCE_BYTES) /* epoch, nonce */

static const uint8_t magic[14] = {'s', 'k', 'a', 'd', ' ', 'i', 'd',
                                  'e', 'n', 't', 'i', 't', 'y', '\n'};

enum {
    AT_MAGIC = 0,
    AT_VERSION = AT_MAGIC + sizeof magic, /* 2 bytes, big-endian */
    AT_FLAGS = AT_VERSION + 2,            /* 1 byte, zero in this version */
    AT_COUNT = AT_FLAGS + 1,              /* 1 byte: nonces that follow */
    AT_RESERVED = AT_COUNT + 1,           /* 6 bytes, zero */
    AT_SEED = AT_RESERVED + 6,
    AT_PUBLIC_KEY = AT_SEED + SEED_BYTES,
    AT_NONCES = AT_PUBLIC_KEY + SKAD_PUBLIC_KEY_BYTES,
    AT_CHECKSUM = AT_NONCES + SKAD_IDENTITY_NONCES_MAX * PLACE_BYTES,
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
    memcpy(out + AT_SEED, identity->secret_key, SEED_BYTES);
    memcpy(out + AT_PUBLIC_KEY, identity->public_key, SKAD_PUBLIC_KEY_BYTES);
    for (size_t i = 0; i < identity->nonces_count; i++) {
        uint8_t *place = out + AT_NONCES + i * PLACE_BYTES;
        put_u32(place, identity->nonces[i].epoch);
        memcpy(place + 4, identity->nonces[i].bytes, SKAD_NONCE_BYTES);
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
    const uint8_t *place = in + AT_NONCES;
    for (size_t i = 0; i < count; i++, place += PLACE_BYTES) {
        uint32_t epoch = get_u32(place);
        if (skad_identity_nonce(out, epoch) != NULL) {
            return false;
        }
        out->nonces[i].epoch = epoch;
        memcpy(out->nonces[i].bytes, place + 4, SKAD_NONCE_BYTES);
        out->nonces_count = i + 1;
    }
    return all_zero(place, (size_t)(in + AT_CHECKSUM - place));
}

/* The version is looked at first: another version may have another size and checksum. */
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
    skad_identity_from_seed(in + AT_SEED, out);
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

/* Reads until the end of the file or of the buffer; false with errno set. */
static bool read_all(int fd, uint8_t *out, size_t cap, size_t *len)
{
    *len = 0;
    while (*len < cap) {
        ssize_t got = read(fd, out + *len, cap - *len);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return false;
        }
        *len += got > 0 ? (size_t)got : 0;
    }
    return true;
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
    uint8_t bytes[SKAD_IDENTITY_FILE_BYTES + 1]; /* one more, to notice a longer file */
    size_t len;
    skad_status status = SKAD_ERR_IO;
    if (read_all(fd, bytes, sizeof bytes, &len)) {
        status = skad_identity_decode(bytes, len, out);
    }
    skad_wipe(bytes, sizeof bytes);
    return status;
}

static void close_keeping_errno(int fd)
{
    int saved = errno;
    close(fd);
    errno = saved;
}

static skad_status status_of_errno(void)
{
    return errno == ENOENT || errno == ENOTDIR ? SKAD_ERR_MISSING : SKAD_ERR_IO;
}

skad_status skad_identity_load(const char *path, skad_identity *out)
{
    skad_identity_wipe(out);
    /* O_NONBLOCK: opening a pipe that lies there must not wait for its writer. */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return status_of_errno();
    }
    skad_status status = load_open_file(fd, out);
    close_keeping_errno(fd);
    if (status != SKAD_OK) {
        skad_identity_wipe(out);
    }
    return status;
}

static bool write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno != EINTR) {
            return false;
        }
        size_t done = put > 0 ? (size_t)put : 0;
        data += done;
        len -= done;
    }
    return true;
}

static void unlink_keeping_errno(const char *path)
{
    int saved = errno;
    unlink(path);
    errno = saved;
}

/* Writes the identity to a new file beside `path`, mode 0600, synced; its name goes to
 * `temporary`. On error nothing is left. */
static skad_status write_beside(const char *path, const skad_identity *identity,
                                char temporary[static PATH_MAX])
{
    int printed = snprintf(temporary, PATH_MAX, "%s.XXXXXX", path);
    if (printed < 0 || printed >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return SKAD_ERR_IO;
    }
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return status_of_errno();
    }
    uint8_t bytes[SKAD_IDENTITY_FILE_BYTES];
    skad_identity_encode(identity, bytes);
    bool written = write_all(fd, bytes, sizeof bytes) && fsync(fd) == 0;
    skad_wipe(bytes, sizeof bytes);
    close_keeping_errno(fd);
    if (!written) {
        unlink_keeping_errno(temporary);
        return SKAD_ERR_IO;
    }
    return SKAD_OK;
}

/* Makes a new name in the folder of `path` last. `path` was short enough for write_beside. */
static skad_status sync_folder_of(const char *path)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL) {
        size_t len = slash == path ? 1 : (size_t)(slash - path);
        memcpy(folder, path, len);
        folder[len] = '\0';
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return SKAD_ERR_IO;
    }
    /* EINVAL: this file system has no such thing as syncing a folder. */
    bool synced = fsync(fd) == 0 || errno == EINVAL;
    close_keeping_errno(fd);
    return synced ? SKAD_OK : SKAD_ERR_IO;
}

skad_status skad_identity_create(const char *path, const skad_identity *identity)
{
    char temporary[PATH_MAX];
    skad_status status = write_beside(path, identity, temporary);
    if (status != SKAD_OK) {
        return status;
    }
    /* link, unlike rename, never replaces what is there. */
    if (link(temporary, path) != 0) {
        status = errno == EEXIST ? SKAD_ERR_EXISTS : SKAD_ERR_IO;
    }
    unlink_keeping_errno(temporary);
    return status == SKAD_OK ? sync_folder_of(path) : status;
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
    char temporary[PATH_MAX];
    status = write_beside(path, identity, temporary);
    if (status != SKAD_OK) {
        return status;
    }
    if (rename(temporary, path) != 0) {
        unlink_keeping_errno(temporary);
        return SKAD_ERR_IO;
    }
    return sync_folder_of(path);
}
