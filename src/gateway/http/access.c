#include "src/gateway/http/access.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "src/host/system/failure.h"

/* ---- The token ---- */

static bool check_file(int fd, const char *path, skad_failure *failure)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        return skad_fail(failure, "%s is no file", path);
    }
    if (about.st_uid != geteuid() || (about.st_mode & 077) != 0) {
        return skad_fail(failure, "others may read %s, or it is another user's: 'chmod 600' it",
                         path);
    }
    return true;
}

static bool take_token(const char *text, size_t len, const char *path, skad_access *out,
                       skad_failure *failure)
{
    size_t used = 0;
    while (used < len && text[used] > ' ' && text[used] < 0x7f) {
        used++;
    }
    if (used < SKAD_ACCESS_TOKEN_MIN || used > SKAD_ACCESS_TOKEN_BYTES ||
        (used < len && text[used] != '\n' && text[used] != '\r')) {
        return skad_fail(failure,
                         "%s: its first line must be a token of %d to %d letters, digits and "
                         "signs: 'openssl rand -hex 32' prints one",
                         path, SKAD_ACCESS_TOKEN_MIN, SKAD_ACCESS_TOKEN_BYTES);
    }
    memset(out->token, 0, sizeof out->token);
    memcpy(out->token, text, used);
    return true;
}

bool skad_access_read_token(const char *path, skad_access *out, skad_failure *failure)
{
    char text[SKAD_ACCESS_TOKEN_BYTES + 2];
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return skad_fail(failure, "cannot read %s: %s", path, strerror(errno));
    }
    bool ok = check_file(fd, path, failure);
    if (ok) {
        const ssize_t len = read(fd, text, sizeof text);
        ok = len >= 0 ? take_token(text, (size_t)len, path, out, failure)
                      : skad_fail(failure, "cannot read %s: %s", path, strerror(errno));
    }
    skad_wipe(text, sizeof text);
    close(fd);
    return ok;
}

bool skad_access_write(const skad_access *access, const char *authorization, skad_web_error *error)
{
    static const char scheme[] = "Bearer ";
    char given[SKAD_ACCESS_TOKEN_BYTES + 1] = {0};
    if (access->token[0] == 0) {
        return skad_web_refuse(error, 403, "denied",
                               "this gateway is for reading: start it with --token-file to write");
    }
    if (authorization == NULL || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0) {
        return skad_web_refuse(error, 401, "denied",
                               "writing needs the token: send Authorization: Bearer TOKEN");
    }
    const char *token = authorization + sizeof scheme - 1;
    const size_t len = strnlen(token, sizeof given);
    if (len < sizeof given) {
        memcpy(given, token, len);
    }
    const bool same = skad_equal(given, access->token, sizeof given);
    skad_wipe(given, sizeof given);
    return same || skad_web_refuse(error, 401, "denied", "this is not the token");
}

/* ---- Names and origins ---- */

static bool is_host_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.';
}

bool skad_access_add_name(skad_access *access, const char *name, skad_failure *failure)
{
    size_t len = 0;
    while (is_host_character(name[len])) {
        len++;
    }
    if (len == 0 || len > 253 || name[len] != 0) {
        return skad_fail(failure, "%s is not a host name: give one without a port", name);
    }
    if (access->names_count == SKAD_ACCESS_NAMES_MAX) {
        return skad_fail(failure, "there are more than %d names", SKAD_ACCESS_NAMES_MAX);
    }
    access->names[access->names_count++] = name;
    return true;
}

bool skad_access_add_origin(skad_access *access, const char *origin, skad_failure *failure)
{
    const char *host = strncmp(origin, "https://", 8) == 0  ? origin + 8
                       : strncmp(origin, "http://", 7) == 0 ? origin + 7
                                                            : "";
    size_t len = 0;
    while (is_host_character(host[len]) || (host[len] != 0 && strchr(":[]", host[len]) != NULL)) {
        len++;
    }
    if (len == 0 || host[len] != 0) {
        return skad_fail(failure, "%s is not an origin: give one like https://pages.example",
                         origin);
    }
    if (access->origins_count == SKAD_ACCESS_NAMES_MAX) {
        return skad_fail(failure, "there are more than %d origins", SKAD_ACCESS_NAMES_MAX);
    }
    access->origins[access->origins_count++] = origin;
    return true;
}

bool skad_access_origin(const skad_access *access, const char *origin)
{
    for (size_t i = 0; origin != NULL && i < access->origins_count; i++) {
        if (strcmp(access->origins[i], origin) == 0) {
            return true;
        }
    }
    return false;
}

/* Cuts a host without its port and brackets out of the header. False if it is none. */
static bool cut_host(const char *header, char out[static 256])
{
    const bool bracket = header[0] == '[';
    const char *begin = header + (bracket ? 1 : 0);
    const size_t len = strcspn(begin, bracket ? "]" : ":");
    const char *rest = begin + len;
    if (len == 0 || len > 255 || (bracket && *rest != ']')) {
        return false;
    }
    rest += bracket ? 1 : 0;
    memcpy(out, begin, len);
    out[len] = 0;
    return *rest == 0 || (*rest == ':' && strspn(rest + 1, "0123456789") == strlen(rest + 1));
}

static bool is_listed(const skad_access *access, const char *host)
{
    for (size_t i = 0; i < access->names_count; i++) {
        if (strcasecmp(access->names[i], host) == 0) {
            return true;
        }
    }
    return strcasecmp(host, "localhost") == 0;
}

bool skad_access_host(const skad_access *access, const char *host, skad_web_error *error)
{
    char name[256];
    uint8_t number[16];
    if (host == NULL || !cut_host(host, name)) {
        return skad_web_refuse(error, 400, "params", "the header Host is missing or wrong");
    }
    if (inet_pton(host[0] == '[' ? AF_INET6 : AF_INET, name, number) == 1 ||
        (host[0] != '[' && is_listed(access, name))) {
        return true;
    }
    return skad_web_refuse(error, 421, "denied",
                           "this gateway does not answer under that name: use its address, or "
                           "start it with --host-name");
}
