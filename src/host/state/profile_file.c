/* Reads the files. All buffers are memory for secrets, so that a pre-shared key is wiped in any
 * case. */
#include "src/host/state/profile_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "crypto/secret.h"
#include "proto/address.h"
#include "src/host/state/profile_text.h"

#define HEX_DIGITS ((size_t)2 * SKAD_PSK_BYTES)

/* What a file held; lies in memory for secrets. */
typedef struct file_content {
    size_t len;
    bool private;                                /* only its owner can use it */
    char bytes[SKAD_PROFILE_FILE_BYTES_MAX + 1]; /* the last one is zero */
} file_content;

static bool fail_read(const char *path, skad_failure *failure)
{
    return skad_fail(failure, "cannot read %s: %s", path, strerror(errno));
}

static bool read_open_file(int fd, const char *path, file_content *out, skad_failure *failure)
{
    struct stat about;
    if (fstat(fd, &about) != 0) {
        return fail_read(path, failure);
    }
    if (!S_ISREG(about.st_mode)) {
        return skad_fail(failure, "%s is not a file", path);
    }
    out->private = (about.st_mode & (S_IRWXG | S_IRWXO)) == 0;
    while (out->len < sizeof out->bytes) {
        ssize_t got = read(fd, out->bytes + out->len, sizeof out->bytes - out->len);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return fail_read(path, failure);
        }
        out->len += got > 0 ? (size_t)got : 0;
    }
    if (out->len > SKAD_PROFILE_FILE_BYTES_MAX) {
        return skad_fail(failure, "%s is larger than %d bytes", path, SKAD_PROFILE_FILE_BYTES_MAX);
    }
    out->bytes[out->len] = 0;
    return true;
}

static bool read_file(const char *path, file_content *out, skad_failure *failure)
{
    /* O_NONBLOCK: opening a pipe that lies there must not wait for its writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return fail_read(path, failure);
    }
    bool ok = read_open_file(fd, path, out, failure);
    (void)close(fd);
    return ok;
}

static bool fail_public(const char *path, skad_failure *failure)
{
    return skad_fail(failure,
                     "%s holds a pre-shared key and can be read by others: 'chmod 600' it, and "
                     "consider the key known to all who could read it",
                     path);
}

/* ---- A key in a file of its own ---- */

/* Beside the profile, unless the path is absolute. */
static bool place_beside(const char *profile_path, const char *name, char out[static PATH_MAX])
{
    const char *slash = name[0] == '/' ? NULL : strrchr(profile_path, '/');
    size_t folder_len = slash == NULL ? 0 : (size_t)(slash - profile_path) + 1;
    int len = snprintf(out, PATH_MAX, "%.*s%s", (int)folder_len, profile_path, name);
    return len > 0 && len < PATH_MAX;
}

/* Reads 32 raw bytes, or 64 hex digits, which a line break may follow. */
static bool decode_key(file_content *content, uint8_t out[static SKAD_PSK_BYTES])
{
    if (content->len == SKAD_PSK_BYTES) {
        memcpy(out, content->bytes, SKAD_PSK_BYTES);
        return true;
    }
    while (content->len > HEX_DIGITS &&
           (content->bytes[content->len - 1] == '\n' || content->bytes[content->len - 1] == '\r')) {
        content->bytes[--content->len] = 0;
    }
    skad_id key; /* it has as many bytes, and is written in the same way */
    bool ok = content->len == HEX_DIGITS && skad_id_parse(content->bytes, &key);
    if (ok) {
        memcpy(out, key.bytes, SKAD_PSK_BYTES);
    }
    skad_wipe(&key, sizeof key);
    return ok;
}

static bool read_key(const char *path, file_content *content, skad_profile *out,
                     skad_failure *failure)
{
    memset(content, 0, sizeof *content);
    if (!read_file(path, content, failure)) {
        return false;
    }
    if (!content->private) {
        return fail_public(path, failure);
    }
    out->has_psk = decode_key(content, out->psk);
    return out->has_psk ||
           skad_fail(failure, "%s is not a pre-shared key: it has 32 bytes, or 64 hex digits",
                     path);
}

/* ---- The profile ---- */

/* What reading takes, in memory for secrets. */
typedef struct workshop {
    skad_profile_text text;
    file_content content;
} workshop;

static bool read_profile(const char *path, workshop *work, skad_failure *failure)
{
    skad_failure reason;
    char key_path[PATH_MAX];
    if (!read_file(path, &work->content, failure)) {
        return false;
    }
    if (!skad_profile_text_read(work->content.bytes, work->content.len, &work->text, &reason)) {
        return skad_fail(failure, "%s: %s", path, reason.text);
    }
    if (work->text.profile.has_psk && !work->content.private) {
        return fail_public(path, failure);
    }
    if (work->text.psk_file[0] == 0) {
        return true;
    }
    return (place_beside(path, work->text.psk_file, key_path) ||
            skad_fail(failure, "%s: the path of psk_file is too long", path)) &&
           read_key(key_path, &work->content, &work->text.profile, failure);
}

bool skad_profile_choose(const char *name, skad_profile *out, skad_failure *failure)
{
    const skad_profile *builtin = skad_profile_builtin(name);
    if (builtin != NULL) {
        *out = *builtin;
        return true;
    }
    skad_wipe(out, sizeof *out);
    if (strpbrk(name, "/.") == NULL && access(name, F_OK) != 0) {
        return skad_fail(failure, "there is no profile '%s': give public, test, or a file", name);
    }
    workshop *work = skad_secret_alloc(sizeof *work, NULL);
    if (work == NULL) {
        return skad_fail(failure, "out of memory");
    }
    bool ok = read_profile(name, work, failure);
    if (ok) {
        *out = work->text.profile;
    }
    skad_secret_free(work, sizeof *work);
    return ok;
}
