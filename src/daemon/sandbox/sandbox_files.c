/* A landlock ruleset names the rights that it handles. All of them are refused unless a rule grants
 * them, below a folder or for a file. A rule applies to the file that exists now, not to its name:
 * if the file is replaced later, the new one cannot be used. So files that the system replaces are
 * granted by their folder. */
#define _GNU_SOURCE /* O_PATH */
#include "src/daemon/sandbox/sandbox_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/sys/devices/system/cpu",
    "/proc/stat",
    "/proc/sys/vm/overcommit_memory",
    "/dev/urandom",
};

/* What name lookups read anew each time. The system replaces these files while we run: a DHCP
 * client the name servers, an operator the hosts. Each may be a link that leads out of /etc. */
static const char *const replaced[] = {
    "/etc/resolv.conf", "/etc/hosts",    "/etc/nsswitch.conf", "/etc/host.conf",
    "/etc/gai.conf",    "/etc/services", "/etc/localtime",     "/etc/ld.so.cache",
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

/* The place that a link names, which need not exist. Returns false if the path is no link. */
static bool read_link(const char *path, char out[static PATH_MAX])
{
    char target[PATH_MAX];
    ssize_t len = readlink(path, target, sizeof target - 1);
    if (len <= 0) {
        return false;
    }
    target[len] = '\0';
    int written = target[0] == '/' ? snprintf(out, PATH_MAX, "%s", target)
                                   : snprintf(out, PATH_MAX, "/etc/%s", target);
    return written > 0 && written < PATH_MAX;
}

/* Whether a folder is one of those that hold everything: "/", "/run", "/var". */
static bool too_wide(const char *folder)
{
    return strrchr(folder, '/') == folder;
}

/* Grants reading a file and what will replace it. If it is a link into a folder of its own, as the
 * list of name servers is with resolvers that run in the background, that whole folder may be read.
 * If the folder does not exist yet, because its program starts after us, the one above it may. */
static bool grant_replaced(const ruleset *rules, const char *path)
{
    char target[PATH_MAX];
    char folder[PATH_MAX];
    if (!read_link(path, target)) {
        return true; /* it lies in /etc itself */
    }
    if (realpath(target, folder) != NULL) { /* may be a link once more */
        memcpy(target, folder, sizeof target);
    }
    folder_of(target, folder);
    if (access(folder, F_OK) != 0) {
        memcpy(target, folder, sizeof target);
        folder_of(target, folder);
    }
    return too_wide(folder) ? grant(rules, path, LIST) : grant(rules, folder, LIST);
}

/* Grants reading the files of /etc, without listing it. Only its folder can be granted, not names
 * in it. What our user may not read there stays closed. */
static bool grant_settings(const ruleset *rules)
{
    bool granted = grant(rules, "/etc", LANDLOCK_ACCESS_FS_READ_FILE);
    for (size_t i = 0; granted && i < sizeof replaced / sizeof replaced[0]; i++) {
        granted = grant_replaced(rules, replaced[i]);
    }
    return granted;
}

/* Grants reading a file of configuration, what replaces it, and the folder conf.d beside it. */
static bool grant_configuration(const ruleset *rules, const char *path)
{
    const char *home = getenv("HOME");
    char named[PATH_MAX];
    char folder[PATH_MAX];
    char parts[PATH_MAX];
    folder_of(path, named);
    if (realpath(named, folder) == NULL) {
        return true; /* it does not exist */
    }
    if (!too_wide(folder) && (home == NULL || strcmp(folder, home) != 0)) {
        return grant(rules, folder, LIST);
    }
    const int len = snprintf(parts, sizeof parts, "%s/conf.d", folder);
    return grant(rules, path, LIST) && (len >= PATH_MAX || grant(rules, parts, LIST));
}

/* The same if the file is a link that leads elsewhere. */
static bool grant_configurations(const ruleset *rules, const char *path)
{
    char target[PATH_MAX];
    return grant_configuration(rules, path) &&
           (realpath(path, target) == NULL || grant_configuration(rules, target));
}

static bool grant_removing(const ruleset *rules, const char *path)
{
    char folder[PATH_MAX];
    folder_of(path, folder);
    return grant(rules, folder, LANDLOCK_ACCESS_FS_REMOVE_FILE);
}

static bool grant_all(const ruleset *rules, const skad_sandbox_config *config)
{
    bool granted =
        (config->dir == NULL || grant(rules, config->dir, KEEP)) &&
        (config->control_path == NULL || grant_removing(rules, config->control_path)) &&
        (config->monitor_path == NULL || grant_removing(rules, config->monitor_path)) &&
        (config->metrics_path == NULL || grant_removing(rules, config->metrics_path)) &&
        grant_settings(rules) &&
        (config->settings_path == NULL || grant_configurations(rules, config->settings_path));
    for (size_t i = 0; granted && i < sizeof readable / sizeof readable[0]; i++) {
        granted = grant(rules, readable[i], LIST);
    }
    return granted;
}

bool skad_sandbox_close_files(const skad_sandbox_config *config)
{
    ruleset rules;
    if (!make_ruleset(&rules)) {
        return false;
    }
    bool closed =
        grant_all(&rules, config) && syscall(SYS_landlock_restrict_self, rules.fd, 0UL) == 0;
    int error = errno;
    (void)close(rules.fd);
    errno = error;
    return closed;
}
