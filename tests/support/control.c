#include "tests/support/control.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/keys.h"
#include "src/host/system/clock.h"
#include "tests/support/folder.h"
#include "tests/support/ipv6.h"

#define IN_BYTES   (4U << 20)
#define ITEMS_MAX  131072
#define PATIENCE_S 30.0 /* an answer that takes longer never comes */

/* [0, 5, "status", []] */
static const uint8_t STATUS[] = {0x94, 0, 5, 0xa6, 's', 't', 'a', 't', 'u', 's', 0x90};

static bool identify(void *user, const atomic_bool *stop, skad_identity *out, skad_failure *failure)
{
    (void)stop;
    const test_control *self = user;
    (void)failure;
    const skad_solve_options options = {.threads = 1};
    const skad_profile *profile = skad_profile_builtin("test");
    uint32_t epoch = skad_profile_epoch(profile, skad_clock_now().unix_s);
    return skad_identity_generate(profile, epoch, &options, out) == SKAD_OK &&
           (self->identity[0] == '\0' || skad_identity_create(self->identity, out) == SKAD_OK);
}

static int begin(void **state, bool kept, size_t families)
{
    test_control *self = calloc(1, sizeof *self);
    const skad_address listen[2] = {{.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}},
                                    {.family = SKAD_FAMILY_IPV6, .ip = {[15] = 1}}};
    skad_failure failure = {""};

    skad_crypto_init();
    test_folder_make(self->dir, sizeof self->dir);
    (void)snprintf(self->path, sizeof self->path, "%s/control.sock", self->dir);
    if (kept) {
        (void)snprintf(self->identity, sizeof self->identity, "%s/id", self->dir);
    }
    self->loop = ev_loop_new(EVFLAG_AUTO);
    self->in = malloc(IN_BYTES);
    self->items = calloc(ITEMS_MAX, sizeof *self->items);
    const skad_daemon_config config = {
        .loop = self->loop,
        .profile = skad_profile_builtin("test"),
        .identify = identify,
        .user = self,
        .identity_path = kept ? self->identity : NULL,
        .control_path = self->path,
        .listen = listen,
        .listen_count = families,
        .peer_sockets = true,
        .log = skad_log_stderr(kept ? SKAD_LOG_INFO : SKAD_LOG_NOTHING),
    };
    if (!skad_daemon_new(&config, &self->daemon, &failure)) {
        fail_msg("%s", failure.text);
    }
    *state = self;
    return 0;
}

int test_control_begin(void **state)
{
    return begin(state, false, 1);
}

int test_control_begin_kept(void **state)
{
    return begin(state, true, 1);
}

int test_control_begin_with_ipv6(void **state)
{
    return begin(state, false, test_has_ipv6() ? 2 : 1);
}

int test_control_end(void **state)
{
    test_control *self = *state;
    skad_daemon_free(self->daemon);
    ev_loop_destroy(self->loop);
    if (self->identity[0] != '\0') {
        assert_int_equal(unlink(self->identity), 0);
    }
    assert_int_equal(rmdir(self->dir), 0); /* the socket is gone */
    free(self->in);
    free(self->items);
    free(self);
    return 0;
}

/* ---- A client ---- */

int test_control_dial(const test_control *self)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    memcpy(name.sun_path, self->path, strlen(self->path));
    assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

void test_control_send(int fd, const void *bytes, size_t len)
{
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

static void arrived(struct ev_loop *loop, ev_io *watcher, int events)
{
    (void)loop;
    (void)watcher;
    (void)events;
}

static void lost_patience(struct ev_loop *loop, ev_timer *watcher, int events)
{
    (void)events;
    ev_timer_stop(loop, watcher);
}

/* Turns the loop once. What the daemon sends to the client ends the turn, even if the daemon sends
 * it right before the loop sleeps. */
static void turn(struct ev_loop *loop, int fd)
{
    ev_io readable;
    ev_timer patience;
    ev_io_init(&readable, arrived, fd, EV_READ);
    ev_timer_init(&patience, lost_patience, PATIENCE_S, 0.);
    ev_io_start(loop, &readable);
    ev_now_update(loop);
    ev_timer_start(loop, &patience);
    ev_run(loop, EVRUN_ONCE);
    ev_io_stop(loop, &readable);
    ev_timer_stop(loop, &patience);
}

size_t test_control_read(test_control *self, int fd, size_t count, skad_answer *last)
{
    size_t len = 0;
    size_t at = 0;
    size_t answers = 0;
    double given_up = ev_time() + PATIENCE_S;
    while (answers < count) {
        ssize_t got = recv(fd, self->in + len, IN_BYTES - len, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            break;
        }
        if (got < 0) {
            if (ev_time() > given_up) {
                fail_msg("%zu of %zu answers came", answers, count);
            }
            turn(self->loop, fd);
            continue;
        }
        len += (size_t)got;
        size_t items = 0;
        size_t consumed = 0;
        while (at < len && skad_cut(self->in + at, len - at, SKAD_CUT_LENIENT, self->items,
                                    ITEMS_MAX, &items, &consumed) == SKAD_CUT_OK) {
            at += consumed;
            answers++;
            *last = (skad_answer){self->items, self->items + items};
        }
    }
    return answers;
}

void test_control_expect_error(skad_answer answer, const char *code)
{
    skad_span text = skad_answer_bytes(skad_answer_at(answer, 2), "code");
    assert_int_equal(text.len, strlen(code));
    assert_memory_equal(text.data, code, text.len);
    assert_int_equal(skad_answer_at(answer, 3).item->type, SKAD_ITEM_NIL);
}

uint64_t test_control_msgid(skad_answer answer)
{
    return skad_answer_at(answer, 1).item->u.number;
}

bool test_control_hangs_up(test_control *self, int fd)
{
    skad_answer last;
    return test_control_read(self, fd, SIZE_MAX, &last) == 0;
}

void test_control_expect_healthy(test_control *self)
{
    skad_answer answer;
    int fd = test_control_dial(self);
    test_control_send(fd, STATUS, sizeof STATUS);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_int_equal(test_control_msgid(answer), 5);
    assert_int_equal(skad_answer_bytes(skad_answer_at(answer, 3), "id").len, 64);
    close(fd);
}

skad_writer test_control_request(uint8_t bytes[static 512], uint64_t msgid, const char *method,
                                 size_t params)
{
    skad_writer writer;
    skad_writer_init(&writer, bytes, 512);
    skad_write_array(&writer, 4);
    skad_write_uint(&writer, 0);
    skad_write_uint(&writer, msgid);
    skad_write_str(&writer, method);
    skad_write_array(&writer, params);
    return writer;
}

void test_control_send_request(int fd, const skad_writer *writer)
{
    assert_false(writer->overflow);
    test_control_send(fd, writer->data, writer->len);
}

void test_control_send_number(int fd, uint64_t msgid, const char *method, uint64_t number)
{
    uint8_t bytes[512];
    skad_writer writer = test_control_request(bytes, msgid, method, 1);
    skad_write_uint(&writer, number);
    test_control_send_request(fd, &writer);
}

uint64_t test_control_status(test_control *self, const char *field)
{
    skad_answer answer;
    int fd = test_control_dial(self);
    test_control_send(fd, STATUS, sizeof STATUS);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    close(fd);
    return skad_answer_uint(skad_answer_at(answer, 3), field);
}

void test_control_await_status(test_control *self, const char *field, uint64_t least)
{
    double given_up = ev_time() + PATIENCE_S;
    while (test_control_status(self, field) < least) {
        if (ev_time() > given_up) {
            fail_msg("%s does not reach %llu", field, (unsigned long long)least);
        }
        ev_run(self->loop, EVRUN_NOWAIT);
    }
}
