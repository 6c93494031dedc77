#define _GNU_SOURCE /* unshare */
#include "tests/support/sandbox_acts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "src/db/store_lmdb.h"

static int with_errno(bool went_well)
{
    if (went_well) {
        return TEST_ACT_WENT_WELL;
    }
    return errno == EACCES ? TEST_ACT_WAS_REFUSED : TEST_ACT_FAILED_OTHERWISE;
}

static int refused_with(bool went_well, int error)
{
    if (went_well) {
        return TEST_ACT_WENT_WELL;
    }
    return errno == error ? TEST_ACT_WAS_REFUSED : TEST_ACT_FAILED_OTHERWISE;
}

static int open_and_close(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    int code = with_errno(fd >= 0);
    if (fd >= 0) {
        (void)close(fd);
    }
    return code;
}

/* ---- What a daemon does ---- */

int test_act_keep_files(test_place *self)
{
    char temporary[TEST_PLACE_PATH_BYTES + 16];
    (void)snprintf(temporary, sizeof temporary, "%s/file.XXXXXX", self->dir);
    int fd = mkostemp(temporary, O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 && ftruncate(fd, 0) == 0 &&
              close(fd) == 0 && rename(temporary, self->inside_file) == 0 &&
              open_and_close(self->inside_file, O_RDWR | O_TRUNC) == TEST_ACT_WENT_WELL;
    fd = ok ? open(self->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return with_errno(fd >= 0 && fsync(fd) == 0 && unlink(self->inside_file) == 0);
}

int test_act_remove_control_socket(test_place *self)
{
    return with_errno(unlink(self->control) == 0);
}

int test_act_send_to_itself(test_place *self)
{
    (void)self;
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof name;
    char byte = 0;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return with_errno(fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0 &&
                      getsockname(fd, (struct sockaddr *)&name, &len) == 0 &&
                      sendto(fd, "x", 1, 0, (struct sockaddr *)&name, sizeof name) == 1 &&
                      recv(fd, &byte, 1, 0) == 1 && byte == 'x');
}

static void *allocate(void *count)
{
    free(malloc(1 << 22));
    ++*(int *)count;
    return NULL;
}

int test_act_run_threads(test_place *self)
{
    (void)self;
    int count = 0;
    for (int i = 0; i < 4; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, allocate, &count) != 0 ||
            pthread_join(thread, NULL) != 0) {
            return TEST_ACT_FAILED_OTHERWISE;
        }
    }
    return count == 4 && sysconf(_SC_NPROCESSORS_ONLN) > 0 ? TEST_ACT_WENT_WELL
                                                           : TEST_ACT_FAILED_OTHERWISE;
}

/* A minimal machine has no /etc/hosts, or nothing in it. Any other that cannot be read is a
 * refusal of the sandbox. */
static bool hosts_lack_localhost(void)
{
    char line[256];
    FILE *hosts = fopen("/etc/hosts", "re");
    if (hosts == NULL) {
        return errno == ENOENT;
    }
    bool found = false;
    while (fgets(line, sizeof line, hosts) != NULL) {
        found = found || strstr(line, "localhost") != NULL;
    }
    (void)fclose(hosts);
    return !found;
}

int test_act_resolve_localhost(test_place *self)
{
    (void)self;
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *list = NULL;
    int error = getaddrinfo("localhost", "4700", &hints, &list);
    if (error == 0) {
        freeaddrinfo(list);
    }
    return error == 0 || hosts_lack_localhost() ? TEST_ACT_WENT_WELL : TEST_ACT_FAILED_OTHERWISE;
}

/* As glibc does for a name server like fe80::1%lo. */
int test_act_number_an_interface(test_place *self)
{
    (void)self;
    char name[IF_NAMESIZE] = "";
    unsigned number = if_nametoindex("lo");
    return with_errno(number != 0 && if_indextoname(number, name) != NULL &&
                      strcmp(name, "lo") == 0);
}

/* As getaddrinfo does, and each kind of socket that we use. */
int test_act_look_at_its_addresses(test_place *self)
{
    (void)self;
    struct ifaddrs *list = NULL;
    bool ok = getifaddrs(&list) == 0;
    if (ok) {
        freeifaddrs(list);
    }
    return with_errno(ok && socket(AF_INET, SOCK_DGRAM, 0) >= 0 &&
                      socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP) >= 0 &&
                      socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP) >= 0);
}

int test_act_set_up_descriptors(test_place *self)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    struct flock asked = lock;
    int fd = open(self->inside_file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int copy = fcntl(fd, F_DUPFD, 3);
    bool ok = fd >= 0 && copy > fd && fcntl(copy, F_SETFD, FD_CLOEXEC) == 0 &&
              fcntl(copy, F_GETFD) == FD_CLOEXEC && fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
              (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 && fcntl(fd, F_SETLK, &lock) == 0 &&
              fcntl(fd, F_GETLK, &asked) == 0 && asked.l_type == F_UNLCK &&
              fcntl(fd, F_SETLKW, &lock) == 0 && fcntl(fd, F_DUPFD_CLOEXEC, 0) > copy;
    return with_errno(ok && unlink(self->inside_file) == 0);
}

int test_act_answer_a_client(test_place *self)
{
    char byte = 0;
    int fd = accept4(self->door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return with_errno(fd >= 0 && recv(fd, &byte, 1, 0) == 1 && byte == 'x' &&
                      send(fd, "y", 1, MSG_NOSIGNAL) == 1 && close(fd) == 0);
}

int test_act_store_and_close(test_place *self)
{
    static const uint8_t bytes[] = "a record";
    const skad_store_record record = {
        .name = {.type = 1},
        .expires_unix_s = TEST_PLACE_UNIX_S + 1,
        .data = bytes,
        .len = sizeof bytes,
    };
    int fd = -1;
    const skad_store_ops *ops = self->store.ops;
    bool stored =
        ops->put(self->store.self, SKAD_STORE_REPLICAS, &record, TEST_PLACE_UNIX_S) == SKAD_OK &&
        skad_store_lmdb_unsynced(&self->store, &fd) && fdatasync(fd) == 0;
    ops->free(self->store.self);
    return stored ? TEST_ACT_WENT_WELL : TEST_ACT_FAILED_OTHERWISE;
}

int test_act_read_what_others_may(test_place *self)
{
    (void)self;
    return open_and_close("/etc/passwd", O_RDONLY);
}

int test_act_has_few_descriptors(test_place *self)
{
    (void)self;
    struct rlimit descriptors;
    return with_errno(getrlimit(RLIMIT_NOFILE, &descriptors) == 0 && descriptors.rlim_max <= 256 &&
                      descriptors.rlim_cur <= 256);
}

/* ---- What is refused ---- */

int test_act_list_settings(test_place *self)
{
    (void)self;
    return open_and_close("/etc", O_RDONLY | O_DIRECTORY);
}

int test_act_read_outside(test_place *self)
{
    return open_and_close(self->outside_file, O_RDONLY);
}

int test_act_make_outside(test_place *self)
{
    char path[TEST_PLACE_PATH_BYTES + 8];
    (void)snprintf(path, sizeof path, "%s/new", self->outside);
    return open_and_close(path, O_WRONLY | O_CREAT);
}

int test_act_remove_outside(test_place *self)
{
    return with_errno(unlink(self->outside_file) == 0);
}

int test_act_list_outside(test_place *self)
{
    return open_and_close(self->outside, O_RDONLY | O_DIRECTORY);
}

int test_act_climb_out(test_place *self)
{
    char path[TEST_PLACE_PATH_BYTES + 32];
    (void)snprintf(path, sizeof path, "%s/../outside/file", self->dir);
    return open_and_close(path, O_RDONLY);
}

int test_act_reach_another_program(test_place *self)
{
    const struct sockaddr_un name = self->door_name;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return refused_with(fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof name) == 0,
                        EAFNOSUPPORT);
}

int test_act_make_a_pair(test_place *self)
{
    (void)self;
    int ends[2];
    return refused_with(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0, EAFNOSUPPORT);
}

/* Two that any socket knows: the numbers of the first and of those that are allowed are near. */
int test_act_control_a_device(test_place *self)
{
    struct ifreq lo = {.ifr_name = "lo"};
    int code = refused_with(ioctl(self->door, FIOCLEX) == 0, ENOTTY);
    return code == TEST_ACT_WAS_REFUSED
               ? refused_with(ioctl(self->door, SIOCGIFMTU, &lo) == 0, ENOTTY)
               : code;
}

/* Each step is refused by itself. */
int test_act_signal_through_a_descriptor(test_place *self)
{
    static const struct {
        int command;
        int argument;
    } steps[] = {{F_SETSIG, SIGURG}, {F_SETFL, O_ASYNC | O_NONBLOCK}, {F_SETFL, O_ASYNC}};
    struct f_owner_ex owner = {F_OWNER_PID, getppid()};
    int code = refused_with(fcntl(self->door, F_SETOWN, getppid()) == 0, EINVAL);
    for (size_t i = 0; code == TEST_ACT_WAS_REFUSED && i < sizeof steps / sizeof steps[0]; i++) {
        code = refused_with(fcntl(self->door, steps[i].command, steps[i].argument) == 0, EINVAL);
    }
    return code == TEST_ACT_WAS_REFUSED
               ? refused_with(fcntl(self->door, F_SETOWN_EX, &owner) == 0, EINVAL)
               : code;
}

/* Without a descriptor, a command that comes through is answered by EBADF. */
int test_act_command_a_descriptor(test_place *self)
{
    (void)self;
    static const long allowed[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL,
                                   F_SETFL, F_GETLK,         F_SETLK, F_SETLKW};
    for (long command = 0; command < 1 << 16; command++) {
        bool is_allowed = false;
        for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
            is_allowed = is_allowed || command == allowed[i];
        }
        if (syscall(SYS_fcntl, -1, command, 0L) != -1 || errno != (is_allowed ? EBADF : EINVAL)) {
            return TEST_ACT_FAILED_OTHERWISE;
        }
    }
    for (unsigned bit = 16; bit < 32; bit++) {
        int code = refused_with(syscall(SYS_fcntl, -1, F_GETFL | 1L << bit, 0L) != -1, EINVAL);
        if (code != TEST_ACT_WAS_REFUSED) {
            return code;
        }
    }
    return TEST_ACT_WAS_REFUSED;
}

int test_act_open_other_sockets(test_place *self)
{
    (void)self;
    static const struct {
        int family;
        int type;
        int protocol;
        int error;
    } kinds[] = {
        {AF_INET, SOCK_RAW, IPPROTO_ICMP, ESOCKTNOSUPPORT},
        {AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP, ESOCKTNOSUPPORT},
        {AF_INET, SOCK_SEQPACKET, 0, ESOCKTNOSUPPORT},
        {AF_INET6, SOCK_RDM | SOCK_NONBLOCK, 0, ESOCKTNOSUPPORT},
        {AF_INET6, SOCK_DCCP, 0, ESOCKTNOSUPPORT},
        {AF_INET6, SOCK_PACKET, 0, ESOCKTNOSUPPORT},
        {AF_INET6, SOCK_STREAM | 1 << 30, 0, ESOCKTNOSUPPORT},
        {AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG, EPROTONOSUPPORT},
        {AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER, EPROTONOSUPPORT},
        {AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT, EPROTONOSUPPORT},
    };
    int code = TEST_ACT_WAS_REFUSED;
    for (size_t i = 0; code == TEST_ACT_WAS_REFUSED && i < sizeof kinds / sizeof kinds[0]; i++) {
        int fd = socket(kinds[i].family, kinds[i].type, kinds[i].protocol);
        code = refused_with(fd >= 0, kinds[i].error);
    }
    return code;
}

int test_act_ask_about_itself(test_place *self)
{
    (void)self;
    int code = refused_with(getsid(0) >= 0, ENOSYS);
    return code == TEST_ACT_WAS_REFUSED
               ? refused_with(prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) >= 0, EINVAL)
               : code;
}

/* ---- What kills ---- */

int test_act_become_another_program(test_place *self)
{
    (void)self;
    (void)execl("/bin/true", "true", (char *)NULL);
    return TEST_ACT_FAILED_OTHERWISE;
}

int test_act_make_a_process(test_place *self)
{
    (void)self;
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return child > 0 ? TEST_ACT_WENT_WELL : TEST_ACT_FAILED_OTHERWISE;
}

int test_act_trace(test_place *self)
{
    (void)self;
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? TEST_ACT_WENT_WELL
                                                      : TEST_ACT_FAILED_OTHERWISE;
}

int test_act_open_a_raw_door(test_place *self)
{
    (void)self;
    (void)socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    return TEST_ACT_WENT_WELL;
}

int test_act_write_and_execute(test_place *self)
{
    (void)self;
    (void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return TEST_ACT_WENT_WELL;
}

int test_act_make_executable(test_place *self)
{
    (void)self;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)mprotect(page, 4096, PROT_READ | PROT_EXEC);
    return TEST_ACT_WENT_WELL;
}

int test_act_raise_a_limit(test_place *self)
{
    (void)self;
    const struct rlimit many = {4096, 4096};
    (void)setrlimit(RLIMIT_NOFILE, &many);
    return TEST_ACT_WENT_WELL;
}

int test_act_become_readable(test_place *self)
{
    (void)self;
    (void)prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L);
    return TEST_ACT_WENT_WELL;
}

int test_act_signal_its_parent(test_place *self)
{
    (void)self;
    (void)kill(getppid(), 0);
    return TEST_ACT_WENT_WELL;
}

int test_act_leave_its_namespace(test_place *self)
{
    (void)self;
    (void)unshare(CLONE_NEWNS);
    return TEST_ACT_WENT_WELL;
}

int test_act_make_a_folder(test_place *self)
{
    char path[TEST_PLACE_PATH_BYTES + 8];
    (void)snprintf(path, sizeof path, "%s/folder", self->dir);
    (void)mkdir(path, 0700);
    return TEST_ACT_WENT_WELL;
}

/* ---- What guards secrets ---- */

int test_act_look_at_guards(test_place *self)
{
    (void)self;
    struct rlimit cores;
    return with_errno(prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) == 0 &&
                      prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1 &&
                      getrlimit(RLIMIT_CORE, &cores) == 0 && cores.rlim_max == 0);
}
