/* A daemon in this process, and clients of every manner at its control socket. The loop is turned
 * by hand until what is awaited has come. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "proto/address.h"
#include "src/cli/answer.h"
#include "src/daemon/clock.h"
#include "src/daemon/control.h"
#include "src/daemon/control_listen.h"
#include "src/daemon/daemon.h"

#define IN_BYTES  (4U << 20)
#define ITEMS_MAX 65536

/* Requests as they are on the wire: [0, 5, "status", []] and so on. */
static const uint8_t STATUS[] = {0x94, 0, 5, 0xa6, 's', 't', 'a', 't', 'u', 's', 0x90};
static const uint8_t TABLE[] = {0x94, 0, 6, 0xa5, 't', 'a', 'b', 'l', 'e', 0x90};
static const uint8_t PUT[] = {0x94, 0, 7, 0xa3, 'p', 'u', 't', 0x91, 0xc4, 3, 'a', 'b', 'c'};
static const uint8_t EMPTY_PUT[] = {0x94, 0, 8, 0xa3, 'p', 'u', 't', 0x91, 0xc4, 0};
static const uint8_t NO_METHOD[] = {0x94, 0, 9, 0xa1, 'x', 0x90};

typedef struct house {
    char dir[64];
    char path[128];
    struct ev_loop *loop;
    skad_daemon *daemon;
    uint8_t *in; /* what a client has read */
    skad_item *items;
} house;

static bool identify(void *user, skad_identity *out, skad_failure *failure)
{
    (void)user;
    (void)failure;
    const skad_solve_options options = {.threads = 1};
    const skad_profile *profile = skad_profile_builtin("test");
    uint32_t epoch = skad_profile_epoch(profile, skad_clock_now().unix_s);
    return skad_identity_generate(profile, epoch, &options, out) == SKAD_OK;
}

static int set_up(void **state)
{
    house *self = calloc(1, sizeof *self);
    const skad_address listen = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}};
    skad_failure failure = {""};

    skad_crypto_init();
    (void)snprintf(self->dir, sizeof self->dir, "/tmp/skad-test-XXXXXX");
    assert_non_null(mkdtemp(self->dir));
    (void)snprintf(self->path, sizeof self->path, "%s/control.sock", self->dir);
    self->loop = ev_loop_new(EVFLAG_AUTO);
    self->in = malloc(IN_BYTES);
    self->items = calloc(ITEMS_MAX, sizeof *self->items);
    const skad_daemon_config config = {
        .loop = self->loop,
        .profile = skad_profile_builtin("test"),
        .identify = identify,
        .control_path = self->path,
        .listen = &listen,
        .listen_count = 1,
        .inlets = true,
        .log = SKAD_LOG_NOTHING,
    };
    if (!skad_daemon_new(&config, &self->daemon, &failure)) {
        fail_msg("%s", failure.text);
    }
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    house *self = *state;
    skad_daemon_free(self->daemon);
    ev_loop_destroy(self->loop);
    assert_int_equal(rmdir(self->dir), 0); /* the socket is gone */
    free(self->in);
    free(self->items);
    free(self);
    return 0;
}

/* ---- A client ---- */

static int dial(const house *self)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    memcpy(name.sun_path, self->path, strlen(self->path));
    assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

static void send_bytes(int fd, const void *bytes, size_t len)
{
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

/* Turns the loop until the client has `count` answers or the daemon has hung up; returns how many
 * whole answers there are, the last of them in *last. */
static size_t read_answers(house *self, int fd, size_t count, skad_answer *last)
{
    size_t len = 0;
    size_t at = 0;
    size_t answers = 0;
    while (answers < count) {
        ssize_t got = recv(fd, self->in + len, IN_BYTES - len, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            break;
        }
        if (got < 0) {
            ev_run(self->loop, EVRUN_ONCE);
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

static void assert_error(skad_answer answer, const char *code)
{
    skad_span text = skad_answer_bytes(skad_answer_at(answer, 2), "code");
    assert_int_equal(text.len, strlen(code));
    assert_memory_equal(text.data, code, text.len);
    assert_int_equal(skad_answer_at(answer, 3).item->type, SKAD_ITEM_NIL);
}

static uint64_t msgid_of(skad_answer answer)
{
    return skad_answer_at(answer, 1).item->u.number;
}

static bool hangs_up(house *self, int fd)
{
    skad_answer last;
    return read_answers(self, fd, SIZE_MAX, &last) == 0;
}

/* Any client is served as ever. */
static void assert_healthy(house *self)
{
    skad_answer answer;
    int fd = dial(self);
    send_bytes(fd, STATUS, sizeof STATUS);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    assert_int_equal(msgid_of(answer), 5);
    assert_int_equal(skad_answer_bytes(skad_answer_at(answer, 3), "id").len, 64);
    close(fd);
}

static uint64_t operations_of_node(house *self)
{
    skad_answer answer;
    int fd = dial(self);
    send_bytes(fd, STATUS, sizeof STATUS);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    close(fd);
    return skad_answer_uint(skad_answer_at(answer, 3), "operations");
}

/* ---- Tests ---- */

static void requests_get_their_answers(void **state)
{
    house *self = *state;
    skad_answer answer;
    int fd = dial(self);

    send_bytes(fd, TABLE, sizeof TABLE);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    assert_int_equal(msgid_of(answer), 6);
    assert_int_equal(skad_answer_count(skad_answer_get(skad_answer_at(answer, 3), "rows")), 0);

    send_bytes(fd, PUT, sizeof PUT);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    assert_int_equal(msgid_of(answer), 7);
    assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "stored"), 1); /* by itself */

    send_bytes(fd, EMPTY_PUT, sizeof EMPTY_PUT);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    assert_int_equal(msgid_of(answer), 8);
    assert_error(answer, "input");

    send_bytes(fd, NO_METHOD, sizeof NO_METHOD);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    assert_int_equal(msgid_of(answer), 9);
    assert_error(answer, "method");
    close(fd);
}

static void a_request_may_come_byte_by_byte(void **state)
{
    house *self = *state;
    skad_answer answer;
    int fd = dial(self);
    for (size_t i = 0; i < sizeof STATUS; i++) {
        send_bytes(fd, &STATUS[i], 1);
        ev_run(self->loop, EVRUN_NOWAIT);
    }
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    assert_int_equal(msgid_of(answer), 5);
    close(fd);
}

static void rubbish_ends_the_connection_and_nothing_else(void **state)
{
    house *self = *state;
    static const uint8_t nonsense[] = {0xc1, 0xff, 0x00};
    int idle = dial(self);
    int fd = dial(self);
    send_bytes(fd, nonsense, sizeof nonsense);
    assert_true(hangs_up(self, fd));
    close(fd);
    assert_healthy(self);
    skad_answer answer;
    send_bytes(idle, STATUS, sizeof STATUS);
    assert_int_equal(read_answers(self, idle, 1, &answer), 1);
    close(idle);
}

static void a_request_that_is_too_long_is_answered_and_ends_the_connection(void **state)
{
    house *self = *state;
    static const uint8_t head[] = {0x94, 0, 42, 0xa3, 'p', 'u', 't', 0x91, 0xc5, 0x20, 0};
    uint8_t bytes[5000] = {0};
    skad_answer answer;
    int fd = dial(self);
    memcpy(bytes, head, sizeof head);
    send_bytes(fd, bytes, sizeof bytes);
    assert_int_equal(read_answers(self, fd, SIZE_MAX, &answer), 1);
    assert_int_equal(msgid_of(answer), 42);
    assert_error(answer, "params");
    close(fd);
    assert_healthy(self);
}

/* 200 puts at once are more than one client may have in flight, and more than the node takes. */
static void more_requests_than_there_is_room_for_wait_their_turn(void **state)
{
    house *self = *state;
    skad_answer answer;
    int fd = dial(self);
    for (size_t i = 0; i < 200; i++) {
        send_bytes(fd, PUT, sizeof PUT);
    }
    assert_int_equal(read_answers(self, fd, 200, &answer), 200);
    assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "stored"), 1);
    close(fd);
}

/* [0, 0, "ping", ["127.0.0.1:9"]]: nobody is there, so it takes its time. */
static void send_slow_ping(int fd)
{
    static const uint8_t ping[] = {0x94, 0,   0,   0xa4, 'p', 'i', 'n', 'g', 0x91, 0xab, '1',
                                   '2',  '7', '.', '0',  '.', '0', '.', '1', ':',  '9'};
    send_bytes(fd, ping, sizeof ping);
}

/* ---- Records ---- */

static const uint8_t KEY[SKAD_ID_BYTES] = {0x17, 0x23};

/* Begins a request of a method with so many parameters in `bytes`. */
static skad_writer begin_request(uint8_t bytes[static 512], uint64_t msgid, const char *method,
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

static void send_writer(int fd, const skad_writer *writer)
{
    assert_false(writer->overflow);
    send_bytes(fd, writer->data, writer->len);
}

static void send_watch(int fd, uint64_t msgid)
{
    uint8_t bytes[512];
    skad_writer writer = begin_request(bytes, msgid, "watch_providers", 1);
    skad_write_bin(&writer, KEY, sizeof KEY);
    send_writer(fd, &writer);
}

static void send_announce(int fd, uint64_t msgid, const char *metadata)
{
    uint8_t bytes[512];
    skad_writer writer = begin_request(bytes, msgid, "announce", 3);
    skad_write_bin(&writer, KEY, sizeof KEY);
    skad_write_str(&writer, "127.0.0.1:80");
    skad_write_str(&writer, metadata);
    send_writer(fd, &writer);
}

static void send_number(int fd, uint64_t msgid, const char *method, uint64_t number)
{
    uint8_t bytes[512];
    skad_writer writer = begin_request(bytes, msgid, method, 1);
    skad_write_uint(&writer, number);
    send_writer(fd, &writer);
}

static uint64_t status_of_node(house *self, const char *field)
{
    skad_answer answer;
    int fd = dial(self);
    send_bytes(fd, STATUS, sizeof STATUS);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    close(fd);
    return skad_answer_uint(skad_answer_at(answer, 3), field);
}

/* A cap of the node, of the daemon, and a rate: what is used, and what there is. */
static void status_tells_how_full_the_node_is(void **state)
{
    house *self = *state;
    static const struct {
        const char *name;
        uint64_t used;
        uint64_t max;
        size_t values;
    } caps[] = {
        {"clients", 2, 64, 2},
        {"operations", 0, 128, 2},
        {"queue", 0, 0, 2}, /* no workers */
        {"answer_bytes", 0, 0, 3},
    };
    skad_answer answer;
    int other = dial(self);
    int fd = dial(self);
    send_bytes(fd, STATUS, sizeof STATUS);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    skad_answer all = skad_answer_get(skad_answer_at(answer, 3), "caps");
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        skad_answer cap = skad_answer_get(all, caps[i].name);
        assert_int_equal(skad_answer_count(cap), caps[i].values);
        assert_int_equal(skad_answer_at(cap, 0).item->u.number, caps[i].used);
        assert_int_equal(skad_answer_at(cap, 1).item->u.number, caps[i].max);
    }
    close(other);
    close(fd);
}

static void a_watch_tells_each_change_until_it_is_ended(void **state)
{
    house *self = *state;
    skad_answer answer;
    int watcher = dial(self);
    int fd = dial(self);

    send_watch(watcher, 77);
    for (int i = 0; status_of_node(self, "watches") < 1 && i < 1000; i++) {
        ev_run(self->loop, EVRUN_NOWAIT);
    }
    for (uint64_t i = 0; i < 3; i++) {
        send_announce(fd, i, i == 0 ? "one" : i == 1 ? "two" : "three");
        assert_int_equal(read_answers(self, fd, 1, &answer), 1);
        assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "stored"), 1);
        assert_int_equal(read_answers(self, watcher, 1, &answer), 1);
        assert_int_equal(skad_answer_at(answer, 0).item->u.number, 2);
        skad_answer params = skad_answer_at(answer, 2);
        assert_int_equal(skad_answer_at(params, 0).item->u.number, 77);
        skad_answer providers = skad_answer_get(skad_answer_at(params, 1), "providers");
        assert_int_equal(skad_answer_count(providers), 1);
    }
    send_number(watcher, 78, "unwatch", 76); /* there is no such watch */
    assert_int_equal(read_answers(self, watcher, 1, &answer), 1);
    assert_false(skad_answer_at(answer, 3).item->u.number != 0);
    send_number(watcher, 79, "unwatch", 77);
    skad_answer last;
    assert_int_equal(read_answers(self, watcher, 2, &last), 2);
    assert_int_equal(msgid_of(last), 79);
    assert_int_equal(skad_answer_at(last, 3).item->type, SKAD_ITEM_BOOL);
    assert_int_equal(skad_answer_at(last, 3).item->u.number, 1);
    assert_int_equal(status_of_node(self, "watches"), 0);
    close(fd);
    close(watcher);
}

static void a_watch_of_who_sends_no_more_is_answered_and_ended(void **state)
{
    house *self = *state;
    skad_answer answer;
    int fd = dial(self);
    send_watch(fd, 5);
    shutdown(fd, SHUT_WR);
    assert_int_equal(read_answers(self, fd, SIZE_MAX, &answer), 1); /* and then it is hung up */
    assert_int_equal(msgid_of(answer), 5);
    assert_int_equal(skad_answer_get(skad_answer_at(answer, 3), "changes").item->type,
                     SKAD_ITEM_UINT);
    assert_int_equal(status_of_node(self, "watches"), 0);
    close(fd);
}

static void watches_of_a_client_that_hangs_up_are_ended(void **state)
{
    house *self = *state;
    int fd = dial(self);
    send_watch(fd, 5);
    for (int i = 0; status_of_node(self, "watches") < 1 && i < 1000; i++) {
        ev_run(self->loop, EVRUN_NOWAIT);
    }
    close(fd);
    ev_run(self->loop, EVRUN_ONCE);
    assert_int_equal(status_of_node(self, "watches"), 0);
}

/* As many as a client may have; one more is refused, and its other requests go on. */
static void watches_do_not_keep_a_client_from_other_things(void **state)
{
    house *self = *state;
    skad_answer answer;
    int fd = dial(self);
    for (uint64_t i = 0; i < SKAD_CONTROL_CLIENT_WATCHES_MAX; i++) {
        send_watch(fd, 1000 + i);
    }
    send_watch(fd, 9999);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    assert_int_equal(msgid_of(answer), 9999);
    assert_error(answer, "busy");
    send_bytes(fd, PUT, sizeof PUT);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "stored"), 1);
    close(fd);
}

/* Page by page, of one record each: all are met, and each once. */
static void records_are_listed_page_by_page(void **state)
{
    house *self = *state;
    skad_answer answer;
    uint8_t bytes[512];
    uint8_t cursor[SKAD_CONTROL_CURSOR_BYTES];
    int fd = dial(self);
    size_t found = 0;
    for (uint8_t i = 0; i < 5; i++) {
        skad_writer writer = begin_request(bytes, i, "put", 2);
        skad_write_bin(&writer, &i, 1);
        skad_write_bool(&writer, true);
        send_writer(fd, &writer);
        assert_int_equal(read_answers(self, fd, 1, &answer), 1);
        assert_true(skad_answer_bool(skad_answer_at(answer, 3), "kept"));
    }
    for (bool first = true, more = true; more; first = false) {
        skad_writer writer = begin_request(bytes, 9, "records", 3);
        skad_write_str(&writer, "published");
        if (first) {
            skad_write_nil(&writer);
        } else {
            skad_write_bin(&writer, cursor, sizeof cursor);
        }
        skad_write_uint(&writer, 1);
        send_writer(fd, &writer);
        assert_int_equal(read_answers(self, fd, 1, &answer), 1);
        skad_answer result = skad_answer_at(answer, 3);
        skad_span next = skad_answer_bytes(result, "next");
        found += skad_answer_count(skad_answer_get(result, "records"));
        more = next.len == sizeof cursor;
        if (more) {
            memcpy(cursor, next.data, sizeof cursor);
        }
        assert_true(found <= 5);
    }
    assert_int_equal(found, 5);
    close(fd);
}

static void what_is_withdrawn_is_published_no_more(void **state)
{
    house *self = *state;
    skad_answer answer;
    uint8_t bytes[512];
    int fd = dial(self);
    send_announce(fd, 1, "");
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    for (uint64_t expected = 2; expected > 0; expected--) {
        skad_writer writer = begin_request(bytes, 2, "withdraw", 1);
        skad_write_bin(&writer, KEY, sizeof KEY);
        send_writer(fd, &writer);
        assert_int_equal(read_answers(self, fd, 1, &answer), 1);
        assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "withdrawn"), expected - 1);
    }
    close(fd);
}

typedef struct refusal_case {
    const char *label;
    const char *method;
    const char *value;
    const char *code;
} refusal_case;

static void what_the_node_cannot_take_is_refused_in_words(void **state)
{
    house *self = *state;
    static const refusal_case refusals[] = {
        {"an empty value", "put", "", "input"},
        {"no record", "store", "not a record", "input"},
    };
    int fd = dial(self);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        uint8_t bytes[512];
        skad_answer answer;
        skad_writer writer = begin_request(bytes, i, refusals[i].method, 1);
        skad_write_str(&writer, refusals[i].value);
        send_writer(fd, &writer);
        assert_int_equal(read_answers(self, fd, 1, &answer), 1);
        assert_error(answer, refusals[i].code);
    }
    close(fd);
}

/* A lower sequence than what is there: the only holder, ourselves, refuses, and says what it has.
 */
static void a_put_that_all_refuse_is_an_error_with_the_reason(void **state)
{
    house *self = *state;
    int fd = dial(self);
    for (uint64_t sequence = 9; sequence > 7; sequence--) {
        uint8_t bytes[512];
        skad_answer answer;
        skad_writer writer = begin_request(bytes, sequence, "publish", 3);
        skad_write_str(&writer, "value");
        skad_write_nil(&writer);
        skad_write_uint(&writer, sequence);
        send_writer(fd, &writer);
        assert_int_equal(read_answers(self, fd, 1, &answer), 1);
        if (sequence == 9) {
            assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "sequence"), 9);
            continue;
        }
        assert_error(answer, "refused");
        char text[SKAD_ANSWER_TEXT_BYTES];
        skad_answer_text(skad_answer_get(skad_answer_at(answer, 2), "message"), text);
        assert_non_null(strstr(text, "1 older (they hold sequence 9)"));
    }
    close(fd);
}

static void a_half_closed_client_still_gets_its_answers(void **state)
{
    house *self = *state;
    skad_answer answer;
    int fd = dial(self);
    send_bytes(fd, STATUS, sizeof STATUS);
    send_slow_ping(fd);
    shutdown(fd, SHUT_WR);
    assert_int_equal(read_answers(self, fd, SIZE_MAX, &answer), 2); /* and then it is hung up */
    assert_error(answer, "timed_out");
    close(fd);
}

static void operations_of_a_client_that_hangs_up_are_cancelled(void **state)
{
    house *self = *state;
    int fd = dial(self);
    for (int i = 0; i < 10; i++) {
        send_slow_ping(fd);
    }
    while (operations_of_node(self) < 10) {
        ev_run(self->loop, EVRUN_NOWAIT);
    }
    close(fd);
    /* The hang-up is seen before the next status: pings would last for seconds. */
    ev_run(self->loop, EVRUN_ONCE);
    assert_int_equal(operations_of_node(self), 0);
}

static void a_client_beyond_the_64th_is_told_so(void **state)
{
    house *self = *state;
    int fds[SKAD_CONTROL_CLIENTS_MAX];
    skad_answer answer;
    for (size_t i = 0; i < SKAD_CONTROL_CLIENTS_MAX; i++) {
        fds[i] = dial(self);
        ev_run(self->loop, EVRUN_ONCE);
    }
    int extra = dial(self);
    assert_int_equal(read_answers(self, extra, SIZE_MAX, &answer), 1);
    assert_error(answer, "busy");
    close(extra);
    close(fds[10]);
    ev_run(self->loop, EVRUN_ONCE);
    assert_healthy(self);
    for (size_t i = 0; i < SKAD_CONTROL_CLIENTS_MAX; i++) {
        if (i != 10) {
            close(fds[i]);
        }
    }
}

/* A client that asks on and on and never reads: its requests stay with it once 256 KiB wait. */
static void a_client_that_does_not_read_stops_being_read(void **state)
{
    house *self = *state;
    int fd = dial(self);
    size_t sent = 0;
    size_t refused = 0;
    while (refused < 100) {
        ssize_t now = send(fd, STATUS, sizeof STATUS, MSG_NOSIGNAL);
        if (now == (ssize_t)sizeof STATUS) {
            sent++;
            refused = 0;
        } else {
            assert_int_equal(now, -1); /* whole or not at all: the request is that small */
            assert_int_equal(errno, EAGAIN);
            refused++;
        }
        ev_run(self->loop, EVRUN_NOWAIT);
        assert_true(sent < 100000);
    }
    assert_healthy(self);
    skad_answer answer;
    assert_int_equal(read_answers(self, fd, sent, &answer), sent); /* none is lost */
    close(fd);
}

static void the_socket_belongs_to_its_owner(void **state)
{
    house *self = *state;
    struct stat info;
    assert_int_equal(stat(self->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void a_socket_in_use_is_not_taken_over(void **state)
{
    house *self = *state;
    skad_failure failure = {""};
    int fd = -1;
    assert_false(skad_control_listen(self->path, &fd, &failure));
    assert_non_null(strstr(failure.text, "another daemon is using"));
    assert_healthy(self);
}

static void a_socket_of_a_dead_daemon_is_taken_over(void **state)
{
    house *self = *state;
    skad_failure failure = {""};
    char path[sizeof self->path + 8];
    int dead = -1;
    int fd = -1;
    (void)snprintf(path, sizeof path, "%s.dead", self->path);
    assert_true(skad_control_listen(path, &dead, &failure));
    close(dead); /* and leaves the file */
    assert_true(skad_control_listen(path, &fd, &failure));
    close(fd);
    assert_int_equal(unlink(path), 0);
}

static void other_files_are_never_taken_for_sockets(void **state)
{
    house *self = *state;
    skad_failure failure = {""};
    char path[sizeof self->path + 8];
    int fd = -1;
    (void)snprintf(path, sizeof path, "%s.file", self->path);
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(file >= 0);
    close(file);
    assert_false(skad_control_listen(path, &fd, &failure));
    assert_non_null(strstr(failure.text, "is no socket"));
    assert_int_equal(unlink(path), 0); /* it is still there */
}

#define WITH_DAEMON(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DAEMON(requests_get_their_answers),
        WITH_DAEMON(a_request_may_come_byte_by_byte),
        WITH_DAEMON(rubbish_ends_the_connection_and_nothing_else),
        WITH_DAEMON(a_request_that_is_too_long_is_answered_and_ends_the_connection),
        WITH_DAEMON(a_half_closed_client_still_gets_its_answers),
        cmocka_unit_test_setup_teardown(status_tells_how_full_the_node_is, set_up, tear_down),
        WITH_DAEMON(a_watch_tells_each_change_until_it_is_ended),
        WITH_DAEMON(a_watch_of_who_sends_no_more_is_answered_and_ended),
        WITH_DAEMON(watches_of_a_client_that_hangs_up_are_ended),
        WITH_DAEMON(watches_do_not_keep_a_client_from_other_things),
        WITH_DAEMON(records_are_listed_page_by_page),
        WITH_DAEMON(what_is_withdrawn_is_published_no_more),
        WITH_DAEMON(what_the_node_cannot_take_is_refused_in_words),
        WITH_DAEMON(a_put_that_all_refuse_is_an_error_with_the_reason),
        WITH_DAEMON(more_requests_than_there_is_room_for_wait_their_turn),
        WITH_DAEMON(operations_of_a_client_that_hangs_up_are_cancelled),
        WITH_DAEMON(a_client_beyond_the_64th_is_told_so),
        WITH_DAEMON(a_client_that_does_not_read_stops_being_read),
        WITH_DAEMON(the_socket_belongs_to_its_owner),
        WITH_DAEMON(a_socket_in_use_is_not_taken_over),
        WITH_DAEMON(a_socket_of_a_dead_daemon_is_taken_over),
        WITH_DAEMON(other_files_are_never_taken_for_sockets),
    };
    return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}
