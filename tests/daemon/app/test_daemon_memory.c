/* Each allocation of a starting daemon, and of one that answers its first clients, fails once: it
 * says so, or goes on; nothing crashes, and no memory, descriptor or file is left behind. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "src/daemon/app/daemon.h"
#include "src/host/state/peer_store.h"
#include "src/host/system/clock.h"
#include "tests/support/failing_allocation.h"
#include "tests/support/folder.h"

#define TURNS 20 /* of the loop: all that a request at a Unix socket needs */

typedef struct house {
    char dir[64];
    char control[96];
    char peers[96];
    skad_identity identity;
    struct ev_loop *loop;
} house;

static bool identify(void *user, const atomic_bool *stop, skad_identity *out, skad_failure *failure)
{
    (void)stop;
    (void)failure;
    *out = ((const house *)user)->identity;
    return true;
}

static size_t entries(const char *folder)
{
    size_t count = 0;
    DIR *open_folder = opendir(folder);
    assert_non_null(open_folder);
    while (readdir(open_folder) != NULL) {
        count++;
    }
    closedir(open_folder);
    return count;
}

static int set_up(void **state)
{
    static house self;
    const skad_solve_options options = {.threads = 1};
    const skad_profile *profile = skad_profile_builtin("test");
    uint32_t epoch = skad_profile_epoch(profile, skad_clock_now().unix_s);
    assert_int_equal(skad_identity_generate(profile, epoch, &options, &self.identity), SKAD_OK);
    test_folder_make(self.dir, sizeof self.dir);
    (void)snprintf(self.control, sizeof self.control, "%s/control.sock", self.dir);
    (void)snprintf(self.peers, sizeof self.peers, "%s/peers", self.dir);
    self.loop = ev_loop_new(EVFLAG_AUTO);
    /* A peer of an earlier run, which does not answer: the daemon waits for it for a while. */
    static skad_peer_file peers = {.count = 1};
    peers.contacts[0].id = (skad_id){{1}};
    peers.contacts[0].ipv4 = (skad_address){SKAD_FAMILY_IPV4, 9, {127, 0, 0, 1}};
    assert_int_equal(skad_peer_store_save(self.peers, skad_profile_builtin("test"), &peers),
                     SKAD_OK);
    *state = &self;
    return 0;
}

static int tear_down(void **state)
{
    house *self = *state;
    ev_loop_destroy(self->loop);
    (void)unlink(self->peers);
    return rmdir(self->dir);
}

static void turn(const house *self)
{
    for (unsigned i = 0; i < TURNS; i++) {
        ev_run(self->loop, EVRUN_NOWAIT);
    }
}

/* A client asks for much at once and leaves. */
static void visit(const house *self)
{
    static const uint8_t requests[] = "\x94\x00\x05\xa6status\x90\x94\x00\x06\xa5table\x90"
                                      "\x94\x00\x07\xa3put\x91\xc4\x03"
                                      "abc\x94\x00\x08\xa4"
                                      "bans\x90";
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    memcpy(name.sun_path, self->control, strlen(self->control));
    assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    assert_true(send(fd, requests, sizeof requests - 1, MSG_NOSIGNAL) > 0);
    turn(self);
    close(fd);
    turn(self);
}

static bool start(house *self, int workers, skad_daemon **daemon, skad_failure *failure)
{
    const skad_address listen = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}};
    const skad_daemon_config config = {
        .loop = self->loop,
        .profile = skad_profile_builtin("test"),
        .identify = identify,
        .control_path = self->control,
        .peers_path = self->peers,
        .listen = &listen,
        .listen_count = 1,
        .workers = workers,
        .log = skad_log_stderr(SKAD_LOG_NOTHING),
        .user = self,
    };
    return skad_daemon_new(&config, daemon, failure);
}

/* Returns whether there was such an allocation. */
static bool live_with_failure(house *self, int workers, size_t nth, bool *started)
{
    skad_daemon *daemon = NULL;
    skad_failure failure = {""};
    const size_t descriptors = entries("/proc/self/fd");
    const long held = test_allocations_held();
    test_allocation_fail(nth);
    *started = start(self, workers, &daemon, &failure);
    if (*started) {
        visit(self);
    } else {
        assert_true(failure.text[0] != 0);
    }
    bool failed = test_allocation_failed();
    assert_true(*started || failed);
    skad_daemon_free(*started ? daemon : NULL);
    assert_int_equal(ev_run(self->loop, EVRUN_NOWAIT), 0); /* nothing is watched any more */
    assert_int_equal(entries("/proc/self/fd"), descriptors);
    assert_int_equal(test_allocations_held(), held);
    assert_int_not_equal(access(self->control, F_OK), 0);
    return failed;
}

static void fail_each(house *self, int workers)
{
    size_t nth = 0;
    size_t refused = 0;
    bool started = false;
    skad_daemon *daemon = NULL;
    skad_failure failure = {""};
    /* Once without a failure: what the loop opens for itself stays open. */
    assert_true(start(self, workers, &daemon, &failure));
    skad_daemon_free(daemon);
    do {
        nth++;
    } while (live_with_failure(self, workers, nth, &started) && (refused += !started, true));
    print_message("%d workers: %zu allocations, %zu of which it cannot start without\n", workers,
                  nth - 1, refused);
    assert_true(refused > 10 && nth - 1 > refused);
}

static void a_daemon_starts_whole_or_not_at_all(void **state)
{
    fail_each(*state, 0);
}

static void so_does_one_with_workers(void **state)
{
    fail_each(*state, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_daemon_starts_whole_or_not_at_all),
        cmocka_unit_test(so_does_one_with_workers),
    };
    return cmocka_run_group_tests_name("daemon_memory", tests, set_up, tear_down);
}
