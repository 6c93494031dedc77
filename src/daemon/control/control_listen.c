/* Binding a Unix socket. Its permissions are right from the first moment on: the umask is narrowed
 * around bind. */
#include "src/daemon/control/control_listen.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_WAITING 16

static const char *option_of(const skad_control_place *place)
{
    return place->option != NULL ? place->option : "--socket";
}

static bool fail_missing(const skad_control_place *place, skad_failure *failure)
{
    return skad_fail(failure,
                     "cannot make the control socket %s: its folder does not exist: make it, or "
                     "name another socket with %s",
                     place->path, option_of(place));
}

static bool name_socket(const skad_control_place *place, struct sockaddr_un *out,
                        skad_failure *failure)
{
    const char *path = place->path;
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof out->sun_path) {
        return skad_fail(failure,
                         "the path of the control socket is longer than %zu bytes: choose a "
                         "shorter one with %s",
                         sizeof out->sun_path - 1, option_of(place));
    }
    memcpy(out->sun_path, path, strlen(path));
    return true;
}

/* Whether the path can be taken. *stale: a dead daemon's socket file is there. */
static bool look(const struct sockaddr_un *name, const char *option, bool *stale,
                 skad_failure *failure)
{
    struct stat info;
    *stale = false;
    if (lstat(name->sun_path, &info) != 0) {
        return errno == ENOENT ||
               skad_fail(failure, "cannot look at %s: %s", name->sun_path, strerror(errno));
    }
    if (!S_ISSOCK(info.st_mode)) {
        return skad_fail(failure, "%s is in the way and is not a socket: name another with %s",
                         name->sun_path, option);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return skad_fail(failure, "cannot make a socket: %s", strerror(errno));
    }
    /* A full queue (EAGAIN) also means that a process listens. */
    *stale = connect(fd, (const struct sockaddr *)name, sizeof *name) != 0 && errno == ECONNREFUSED;
    close(fd);
    return *stale || skad_fail(failure,
                               "another daemon is using %s: stop it, or choose another folder with "
                               "--dir or another socket with %s",
                               name->sun_path, option);
}

/* Removes a dead daemon's socket file. True if the path is free now. */
static bool clear_way(const struct sockaddr_un *name, const char *option, skad_failure *failure)
{
    bool stale;
    if (!look(name, option, &stale, failure)) {
        return false;
    }
    if (stale && unlink(name->sun_path) != 0) {
        return skad_fail(failure, "cannot remove the stale socket %s: %s", name->sun_path,
                         strerror(errno));
    }
    return true;
}

bool skad_control_listen_check(const skad_control_place *place, skad_failure *failure)
{
    struct sockaddr_un name;
    char folder[sizeof name.sun_path];
    bool stale;
    if (!name_socket(place, &name, failure) || !look(&name, option_of(place), &stale, failure)) {
        return false;
    }
    memcpy(folder, name.sun_path, sizeof folder);
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        return true;
    }
    slash[slash == folder] = '\0';
    if (access(folder, W_OK | X_OK) == 0) {
        return true;
    }
    return errno == ENOENT ? fail_missing(place, failure)
                           : skad_fail(failure,
                                       "cannot make the control socket %s: %s: name another with "
                                       "%s",
                                       place->path, strerror(errno), option_of(place));
}

bool skad_control_mode_parse(const char *text, mode_t *out)
{
    static const struct {
        const char *text;
        mode_t mode;
    } all[] = {{"0600", 0600}, {"0660", 0660}, {"0666", 0666}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(text, all[i].text) == 0) {
            *out = all[i].mode;
            return true;
        }
    }
    return false;
}

static bool fail_listen(const skad_control_place *place, int error, skad_failure *failure)
{
    return error == ENOENT ? fail_missing(place, failure)
                           : skad_fail(failure, "cannot make the control socket %s: %s",
                                       place->path, strerror(error));
}

/* First the group, then the mode that lets it in. */
static bool open_to_others(const skad_control_place *place, skad_failure *failure)
{
    if (place->has_group && chown(place->path, (uid_t)-1, place->group) != 0) {
        return skad_fail(failure,
                         "cannot give the socket %s to group %u: %s: put the user of the node into "
                         "that group",
                         place->path, (unsigned)place->group, strerror(errno));
    }
    return place->mode == 0 || chmod(place->path, place->mode) == 0 ||
           fail_listen(place, errno, failure);
}

/* Until it is opened to others the socket is for its owner only: the umask is narrowed. */
static bool bind_and_listen(int fd, const struct sockaddr_un *name, const skad_control_place *place,
                            skad_failure *failure)
{
    const mode_t before = umask(S_IXUSR | S_IRWXG | S_IRWXO);
    const int bound = bind(fd, (const struct sockaddr *)name, sizeof *name);
    const int error = errno;
    umask(before);
    if (bound != 0) {
        return fail_listen(place, error, failure);
    }
    if (!open_to_others(place, failure)) {
        unlink(place->path);
        return false;
    }
    if (listen(fd, CONNECTIONS_WAITING) != 0) {
        (void)fail_listen(place, errno, failure);
        unlink(place->path);
        return false;
    }
    return true;
}

bool skad_control_listen_at(const skad_control_place *place, int *fd, skad_failure *failure)
{
    struct sockaddr_un name;

    if (!name_socket(place, &name, failure) || !clear_way(&name, option_of(place), failure)) {
        return false;
    }
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0) {
        return skad_fail(failure, "cannot make a socket: %s", strerror(errno));
    }
    if (!bind_and_listen(*fd, &name, place, failure)) {
        close(*fd);
        return false;
    }
    return true;
}

bool skad_control_listen(const char *path, int *fd, skad_failure *failure)
{
    const skad_control_place place = {.path = path};
    return skad_control_listen_at(&place, fd, failure);
}
