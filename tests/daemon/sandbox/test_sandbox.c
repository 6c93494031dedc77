/* The sandbox, tried out in children: what is refused, what kills, what a daemon can still do. Each
 * child enters it, does one thing and tells by its exit code how that went. */
#define _GNU_SOURCE /* unshare */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "src/daemon/sandbox/sandbox.h"
#include "src/db/store_lmdb.h"

#define PATH_BYTES 300
#define NOW_S      1000000000

/* Exit codes of a child. */
enum {
    WENT_WELL = 0,
    WAS_REFUSED, /* EACCES */
    FAILED_OTHERWISE,
    HAS_NO_SANDBOX, /* as far as this case needs it */
};

/* The node's folder and others. */
typedef struct place {
    char base[128];
    char dir[PATH_BYTES];
    char outside[PATH_BYTES];
    char run[PATH_BYTES]; /* of the control socket */
    char inside_file[PATH_BYTES];
    char outside_file[PATH_BYTES];
    char control[PATH_BYTES];
    skad_store store; /* opened before the sandbox, like a daemon's */
} place;

static int with_errno(bool went_well)
{
    if (went_well) {
        return WENT_WELL;
    }
    return errno == EACCES ? WAS_REFUSED : FAILED_OTHERWISE;
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

static int keep_files(place *self)
{
    char temporary[PATH_BYTES + 16];
    (void)snprintf(temporary, sizeof temporary, "%s/file.XXXXXX", self->dir);
    int fd = mkostemp(temporary, O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 && ftruncate(fd, 0) == 0 &&
              close(fd) == 0 && rename(temporary, self->inside_file) == 0 &&
              open_and_close(self->inside_file, O_RDWR | O_TRUNC) == WENT_WELL;
    fd = ok ? open(self->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return with_errno(fd >= 0 && fsync(fd) == 0 && unlink(self->inside_file) == 0);
}

static int remove_control_socket(place *self)
{
    return with_errno(unlink(self->control) == 0);
}

static int send_to_itself(place *self)
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

static int run_threads(place *self)
{
    (void)self;
    int count = 0;
    for (int i = 0; i < 4; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, allocate, &count) != 0 ||
            pthread_join(thread, NULL) != 0) {
            return FAILED_OTHERWISE;
        }
    }
    return count == 4 && sysconf(_SC_NPROCESSORS_ONLN) > 0 ? WENT_WELL : FAILED_OTHERWISE;
}

static int resolve_localhost(place *self)
{
    (void)self;
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *list = NULL;
    int error = getaddrinfo("localhost", "4700", &hints, &list);
    if (error == 0) {
        freeaddrinfo(list);
    }
    return error == 0 ? WENT_WELL : FAILED_OTHERWISE;
}

static int store_and_close(place *self)
{
    static const uint8_t bytes[] = "a record";
    const skad_store_record record = {
        .name = {.type = 1},
        .expires_unix_s = NOW_S + 1,
        .data = bytes,
        .len = sizeof bytes,
    };
    int fd = -1;
    const skad_store_ops *ops = self->store.ops;
    bool stored = ops->put(self->store.self, SKAD_STORE_REPLICAS, &record, NOW_S) == SKAD_OK &&
                  skad_store_lmdb_unsynced(&self->store, &fd) && fdatasync(fd) == 0;
    ops->free(self->store.self);
    return stored ? WENT_WELL : FAILED_OTHERWISE;
}

static int read_what_others_may(place *self)
{
    (void)self;
    return open_and_close("/etc/hosts", O_RDONLY);
}

static int has_few_descriptors(place *self)
{
    (void)self;
    struct rlimit descriptors;
    return with_errno(getrlimit(RLIMIT_NOFILE, &descriptors) == 0 && descriptors.rlim_max <= 256 &&
                      descriptors.rlim_cur <= 256);
}

/* ---- What is refused ---- */

static int read_passwords(place *self)
{
    (void)self;
    return open_and_close("/etc/shadow", O_RDONLY);
}

static int read_outside(place *self)
{
    return open_and_close(self->outside_file, O_RDONLY);
}

static int make_outside(place *self)
{
    char path[PATH_BYTES + 8];
    (void)snprintf(path, sizeof path, "%s/new", self->outside);
    return open_and_close(path, O_WRONLY | O_CREAT);
}

static int remove_outside(place *self)
{
    return with_errno(unlink(self->outside_file) == 0);
}

static int list_outside(place *self)
{
    return open_and_close(self->outside, O_RDONLY | O_DIRECTORY);
}

static int climb_out(place *self)
{
    char path[PATH_BYTES + 32];
    (void)snprintf(path, sizeof path, "%s/../outside/file", self->dir);
    return open_and_close(path, O_RDONLY);
}

/* ---- What kills ---- */

static int become_another_program(place *self)
{
    (void)self;
    (void)execl("/bin/true", "true", (char *)NULL);
    return FAILED_OTHERWISE;
}

static int make_a_process(place *self)
{
    (void)self;
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return child > 0 ? WENT_WELL : FAILED_OTHERWISE;
}

static int trace(place *self)
{
    (void)self;
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? WENT_WELL : FAILED_OTHERWISE;
}

static int open_a_raw_door(place *self)
{
    (void)self;
    (void)socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    return WENT_WELL;
}

static int write_and_execute(place *self)
{
    (void)self;
    (void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return WENT_WELL;
}

static int make_executable(place *self)
{
    (void)self;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)mprotect(page, 4096, PROT_READ | PROT_EXEC);
    return WENT_WELL;
}

static int raise_a_limit(place *self)
{
    (void)self;
    const struct rlimit many = {4096, 4096};
    (void)setrlimit(RLIMIT_NOFILE, &many);
    return WENT_WELL;
}

static int become_readable(place *self)
{
    (void)self;
    (void)prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L);
    return WENT_WELL;
}

static int signal_its_parent(place *self)
{
    (void)self;
    (void)kill(getppid(), 0);
    return WENT_WELL;
}

static int leave_its_namespace(place *self)
{
    (void)self;
    (void)unshare(CLONE_NEWNS);
    return WENT_WELL;
}

static int make_a_folder(place *self)
{
    char path[PATH_BYTES + 8];
    (void)snprintf(path, sizeof path, "%s/folder", self->dir);
    (void)mkdir(path, 0700);
    return WENT_WELL;
}

/* ---- Cases ---- */

typedef struct sandbox_case {
    const char *label;
    int (*act)(place *self);
    skad_sandbox wanted;
    int code;   /* what the child exits with; -1: it is killed by `signal` */
    int signal; /* 0: none */
} sandbox_case;

#define KILLED(what)                                                                               \
    {                                                                                              \
#what, what, SKAD_SANDBOX_ON, -1, SIGSYS                                                   \
    }
#define REFUSED(what)                                                                              \
    {                                                                                              \
#what, what, SKAD_SANDBOX_ON, WAS_REFUSED, 0                                               \
    }
#define ALLOWED(what)                                                                              \
    {                                                                                              \
#what, what, SKAD_SANDBOX_ON, WENT_WELL, 0                                                 \
    }
#define LOGGED(what)                                                                               \
    {                                                                                              \
#what, what, SKAD_SANDBOX_LOG, WENT_WELL, 0                                                \
    }

static const sandbox_case cases[] = {
    ALLOWED(keep_files),
    ALLOWED(remove_control_socket),
    ALLOWED(send_to_itself),
    ALLOWED(run_threads),
    ALLOWED(resolve_localhost),
    ALLOWED(store_and_close),
    ALLOWED(read_what_others_may),
    ALLOWED(has_few_descriptors),
    REFUSED(read_passwords),
    REFUSED(read_outside),
    REFUSED(make_outside),
    REFUSED(remove_outside),
    REFUSED(list_outside),
    REFUSED(climb_out),
    KILLED(become_another_program),
    KILLED(make_a_process),
    KILLED(trace),
    KILLED(open_a_raw_door),
    KILLED(write_and_execute),
    KILLED(make_executable),
    KILLED(raise_a_limit),
    KILLED(become_readable),
    KILLED(signal_its_parent),
    KILLED(leave_its_namespace),
    KILLED(make_a_folder),
    LOGGED(keep_files),
    LOGGED(read_outside),
    LOGGED(run_threads),
    LOGGED(trace),
    LOGGED(make_a_process),
    {"a bug of ours", NULL, SKAD_SANDBOX_ON, -1, SIGABRT},
};

static bool open_store(place *self)
{
    static const uint8_t network[32] = {1};
    skad_store_lmdb_report report;
    char path[PATH_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/records.db", self->dir);
    const skad_store_lmdb_config config = {
        .path = path,
        .network = network,
        .caps = {100, 1 << 20, 10, 1 << 16},
        .now_unix_s = NOW_S,
    };
    return skad_store_lmdb_open(&config, &self->store, &report) == SKAD_OK;
}

static int enter_and_act(place *self, const sandbox_case *one)
{
    const skad_sandbox_config config = {
        .wanted = one->wanted,
        .dir = self->dir,
        .control_path = self->control,
        .log = SKAD_LOG_NOTHING,
    };
    skad_sandbox_guard_secrets();
    if (!open_store(self)) {
        return FAILED_OTHERWISE;
    }
    if (skad_sandbox_enter(&config) != one->wanted) {
        return HAS_NO_SANDBOX;
    }
    if (one->act == NULL) {
        abort();
    }
    return one->act(self);
}

static int in_child(place *self, const sandbox_case *one)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(enter_and_act(self, one));
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
}

static int make_place(void **state)
{
    place *made = calloc(1, sizeof *made);
    const char *base = getenv("TMPDIR");
    assert_non_null(made);
    (void)snprintf(made->base, sizeof made->base, "%.90s/skad-test-XXXXXX",
                   base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(made->base));
    (void)snprintf(made->dir, sizeof made->dir, "%s/node", made->base);
    (void)snprintf(made->outside, sizeof made->outside, "%s/outside", made->base);
    (void)snprintf(made->run, sizeof made->run, "%s/run", made->base);
    (void)snprintf(made->inside_file, sizeof made->inside_file, "%s/node/file", made->base);
    (void)snprintf(made->outside_file, sizeof made->outside_file, "%s/outside/file", made->base);
    (void)snprintf(made->control, sizeof made->control, "%s/run/control.sock", made->base);
    assert_int_equal(mkdir(made->dir, 0700), 0);
    assert_int_equal(mkdir(made->outside, 0700), 0);
    assert_int_equal(mkdir(made->run, 0700), 0);
    *state = made;
    return 0;
}

static int remove_place(void **state)
{
    place *self = *state;
    /* Files before their folders. */
    const char *const names[] = {
        "node/records.db", "node/records.db-lock", "node/file", "node/folder",      "node",
        "outside/file",    "outside/new",          "outside",   "run/control.sock", "run"};
    char path[PATH_BYTES];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", self->base, names[i]);
        (void)remove(path);
    }
    int left = rmdir(self->base);
    free(self);
    return left;
}

/* Asked in another way than the sandbox does it, so that one which fails is not taken for one that
 * is not to be had. */
static bool kernel_has_one(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0UL, 1UL) > 0 &&
           prctl(PR_GET_SECCOMP, 0L, 0L, 0L, 0L) >= 0;
}

static void check_case(place *self, const sandbox_case *one)
{
    make_file(self->outside_file);
    make_file(self->control);
    int status = in_child(self, one);
    if (WIFEXITED(status) && WEXITSTATUS(status) == HAS_NO_SANDBOX && !kernel_has_one()) {
        print_message("%s: this kernel has no such sandbox\n", one->label);
        return;
    }
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    int killed_by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (code != one->code || killed_by != one->signal) {
        fail_msg("%s (%s): exit code %d instead of %d, signal %d instead of %d", one->label,
                 skad_sandbox_name(one->wanted), code, one->code, killed_by, one->signal);
    }
}

static void a_daemon_can_do_its_work_and_nothing_else(void **state)
{
    if (!skad_sandbox_built()) {
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case(*state, &cases[i]);
    }
}

static int look_at_guards(place *self)
{
    (void)self;
    struct rlimit cores;
    return with_errno(prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) == 0 &&
                      prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1 &&
                      getrlimit(RLIMIT_CORE, &cores) == 0 && cores.rlim_max == 0);
}

static void secrets_are_guarded_and_privileges_given_up(void **state)
{
    static const sandbox_case look = LOGGED(look_at_guards);
    if (!skad_sandbox_built()) {
        skip();
    }
    check_case(*state, &look);
}

static void nothing_changes_where_it_is_off(void **state)
{
    static const sandbox_case free_cases[] = {
        {"read_outside", read_outside, SKAD_SANDBOX_OFF, WENT_WELL, 0},
        {"make_a_process", make_a_process, SKAD_SANDBOX_OFF, WENT_WELL, 0},
    };
    for (size_t i = 0; i < sizeof free_cases / sizeof free_cases[0]; i++) {
        check_case(*state, &free_cases[i]);
    }
}

static void three_of_its_names_can_be_asked_for(void **state)
{
    (void)state;
    skad_sandbox sandbox = SKAD_SANDBOX_OFF;
    assert_true(skad_sandbox_parse("on", &sandbox));
    assert_int_equal(sandbox, SKAD_SANDBOX_ON);
    assert_true(skad_sandbox_parse("log", &sandbox));
    assert_int_equal(sandbox, SKAD_SANDBOX_LOG);
    assert_true(skad_sandbox_parse("off", &sandbox));
    assert_int_equal(sandbox, SKAD_SANDBOX_OFF);
    assert_false(skad_sandbox_parse("partial", &sandbox));
    assert_false(skad_sandbox_parse("", &sandbox));
    assert_string_equal(skad_sandbox_name(SKAD_SANDBOX_PARTIAL), "partial");
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_daemon_can_do_its_work_and_nothing_else),
        IN_PLACE(secrets_are_guarded_and_privileges_given_up),
        IN_PLACE(nothing_changes_where_it_is_off),
        cmocka_unit_test(three_of_its_names_can_be_asked_for),
    };
    skad_crypto_init();
    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
