/* A landlock ruleset names the rights that it handles. All of them are refused unless a rule grants
 * them, below a folder or for a file. A rule applies to the file that exists now, not to its name:
 * if the file is replaced later, the new one cannot be used. */
#define _GNU_SOURCE /* O_PATH */
#include "src/daemon/sandbox/sandbox_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>

/* Rights that came with later versions of landlock, and which older headers lack. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

#define RIGHTS_OF_V1                                                                               \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |   \
     LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |                                 \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)
#define RIGHTS_OF_FILES                                                                            \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |   \
     LANDLOCK_ACCESS_FS_TRUNCATE)

#define LIST (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define KEEP                                                                                       \
    (LIST | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |                          \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

/* Files that are read after the start: name service configuration and modules (glibc loads them at
 * the first lookup), the number of processors (a new epoch's puzzle uses all), and how glibc's
 * allocator may give memory back. Missing files are left out. */
static const char *const readable[] = {
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/localtime",
    "/etc/ld.so.cache",
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/sys/devices/system/cpu",
    "/proc/stat",
    "/proc/sys/vm/overcommit_memory",
    "/dev/urandom",
};

typedef struct ruleset {
    int fd;
    uint64_t handled;
} ruleset;

static uint64_t handled_by(long version)
{
    uint64_t rights = RIGHTS_OF_V1;
    if (version >= 2) {
        rights |= LANDLOCK_ACCESS_FS_REFER;
    }
    if (version >= 3) {
        rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
    }
    return rights;
}

static bool make_ruleset(ruleset *rules)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0UL, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 0) {
        return false;
    }
    rules->handled = handled_by(version);
    const struct landlock_ruleset_attr about = {.handled_access_fs = rules->handled};
    rules->fd =
        (int)syscall(SYS_landlock_create_ruleset, &about, sizeof about.handled_access_fs, 0UL);
    return rules->fd >= 0;
}

static bool is_missing(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EACCES;
}

/* Grants rights to a path. True as well if the path does not exist. */
static bool grant(const ruleset *rules, const char *path, uint64_t rights)
{
    struct stat about;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) {
        return is_missing(errno);
    }
    bool granted = fstat(fd, &about) == 0;
    if (granted) {
        uint64_t possible =
            S_ISDIR(about.st_mode) ? rules->handled : rules->handled & RIGHTS_OF_FILES;
        const struct landlock_path_beneath_attr rule = {.allowed_access = rights & possible,
                                                        .parent_fd = fd};
        granted =
            syscall(SYS_landlock_add_rule, rules->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0UL) == 0;
    }
    int error = errno;
    (void)close(fd);
    errno = error;
    return granted;
}

/* The folder in which the name of a file lies. */
static void folder_of(const char *path, char out[static PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (len == 0 || len >= PATH_MAX) {
        memcpy(out, ".", 2);
        return;
    }
    memcpy(out, path, len);
    out[len] = '\0';
}

/* Grants reading the list of name servers. Programs that write the list replace it with a new file.
 * If it is a link into a folder of its own, as with resolvers that run in the background, that
 * whole folder may be read. */
static bool grant_name_servers(const ruleset *rules)
{
    char real[PATH_MAX];
    char folder[PATH_MAX];
    if (realpath("/etc/resolv.conf", real) == NULL) {
        return true;
    }
    folder_of(real, folder);
    return strcmp(folder, "/etc") == 0 || strcmp(folder, "/") == 0 || grant(rules, folder, LIST);
}

static bool grant_all(const ruleset *rules, const char *dir, const char *control_path)
{
    char folder[PATH_MAX];
    folder_of(control_path, folder);
    bool granted = grant(rules, dir, KEEP) &&
                   grant(rules, folder, LANDLOCK_ACCESS_FS_REMOVE_FILE) &&
                   grant_name_servers(rules);
    for (size_t i = 0; granted && i < sizeof readable / sizeof readable[0]; i++) {
        granted = grant(rules, readable[i], LIST);
    }
    return granted;
}

bool skad_sandbox_close_files(const char *dir, const char *control_path)
{
    ruleset rules;
    if (!make_ruleset(&rules)) {
        return false;
    }
    bool closed = grant_all(&rules, dir, control_path) &&
                  syscall(SYS_landlock_restrict_self, rules.fd, 0UL) == 0;
    int error = errno;
    (void)close(rules.fd);
    errno = error;
    return closed;
}
