/* A pool at a real node: order, bounds, what goes first, and the end. A worker can be held within
 * its wake-up call, so that what waits for it is certain; nothing depends on time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "proto/address.h"
#include "src/core/node/parts.h"
#include "src/host/net/workers.h"
#include "tests/support/fixture.h"
#include "tests/support/prng.h"
#include "tests/support/resident.h"

#define STRANGERS 40 /* so many that no worker is without, but once in 2^39 */

typedef struct bench {
    test_fixture fixture;
    skad_workers *workers;
    sem_t woken;      /* posted for each call of wake */
    sem_t released;   /* what a held worker waits for */
    atomic_bool held; /* whether wake waits for it */
    atomic_bool interruptible;
} bench;

static const skad_local asked_at = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 9}};

/* ---- The pool ---- */

static void wake(void *user)
{
    bench *self = user;
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    if (sigismember(&blocked, SIGTERM) != 1 || sigismember(&blocked, SIGINT) != 1) {
        atomic_store(&self->interruptible, true);
    }
    /* Read first: once the test knows that we are here, it may change its mind. */
    bool held = atomic_load(&self->held);
    sem_post(&self->woken);
    if (held) {
        sem_wait(&self->released);
    }
}

static int begin(void **state)
{
    static bench made;
    const skad_profile profile = test_fixture_profile();
    memset(&made, 0, sizeof made);
    test_fixture_init(&made.fixture, &profile);
    for (size_t i = 0; i < STRANGERS; i++) {
        (void)test_fixture_remote(&made.fixture);
    }
    *state = &made;
    return sem_init(&made.woken, 0, 0) == 0 && sem_init(&made.released, 0, 0) == 0 ? 0 : -1;
}

static int end(void **state)
{
    bench *self = *state;
    atomic_store(&self->held, false); /* a test that failed may have left one waiting */
    sem_post(&self->released);
    skad_workers_free(self->workers);
    test_fixture_free(&self->fixture);
    sem_destroy(&self->woken);
    sem_destroy(&self->released);
    return 0;
}

static void employ(bench *self, size_t count)
{
    const skad_workers_config config = {count, self->fixture.node, wake, self};
    assert_int_equal(skad_workers_new(&config, &self->workers), SKAD_OK);
}

static skad_workers_stats pool(const bench *self)
{
    skad_workers_stats stats;
    skad_workers_stats_get(self->workers, &stats);
    return stats;
}

static skad_node_stats node(const bench *self)
{
    skad_node_stats stats;
    skad_node_stats_get(self->fixture.node, self->fixture.now, &stats);
    return stats;
}

static void hand_in(bench *self, const skad_address *from, const skad_datagram *datagram)
{
    skad_workers_receive(self->workers, datagram->bytes, datagram->len, from, &asked_at,
                         self->fixture.now);
}

/* Hands in another PING of a remote peer; without token it is unvalidated. */
static void ask(bench *self, const test_remote *who, bool token, skad_datagram *out)
{
    static const skad_message ping = {.kind = SKAD_KIND_PING};
    uint8_t granted[SKAD_TOKEN_BYTES];
    test_fixture_token(&self->fixture, who, granted);
    test_fixture_request(&self->fixture, who, &ping, token ? granted : NULL, out);
    hand_in(self, &who->address, out);
}

/* Turns like those of a loop, until all that was handed in has been handled. */
static void settle(bench *self)
{
    (void)skad_workers_collect(self->workers, self->fixture.now);
    while (pool(self).waiting > 0) {
        sem_wait(&self->woken);
        (void)skad_workers_collect(self->workers, self->fixture.now);
    }
}

/* The next datagram to leave; waits for its signature. There must be one. */
static void leave(bench *self, skad_datagram *out)
{
    skad_workers_seal(self->workers);
    while (!skad_workers_poll(self->workers, out)) {
        sem_wait(&self->woken);
        (void)skad_workers_collect(self->workers, self->fixture.now);
        skad_workers_seal(self->workers);
    }
}

/* Has the first remote peer's worker do one request and then stand still. */
static void hold(bench *self)
{
    skad_datagram request;
    atomic_store(&self->held, true);
    ask(self, &self->fixture.remotes[0], true, &request);
    sem_wait(&self->woken);
    (void)skad_workers_collect(self->workers, self->fixture.now);
    assert_int_equal(pool(self).waiting, 0);
}

static void release(bench *self)
{
    atomic_store(&self->held, false);
    sem_post(&self->released);
}

static uint64_t rpc_number(const uint8_t rpc_id[static SKAD_RPC_ID_BYTES])
{
    uint64_t number;
    memcpy(&number, rpc_id, sizeof number);
    return number;
}

static test_remote *remote_at(bench *self, const skad_address *address)
{
    for (size_t i = 0; i < self->fixture.remotes_count; i++) {
        if (skad_address_equal(&self->fixture.remotes[i].address, address)) {
            return &self->fixture.remotes[i];
        }
    }
    fail_msg("a datagram to nobody");
    return NULL;
}

/* ---- Tests ---- */

static void answers_open_at_those_who_asked(void **state)
{
    bench *self = *state;
    skad_datagram requests[STRANGERS];
    uint64_t bytes = 0;
    employ(self, 2);
    for (size_t i = 0; i < STRANGERS; i++) {
        ask(self, &self->fixture.remotes[i], true, &requests[i]);
    }
    settle(self);
    for (size_t i = 0; i < STRANGERS; i++) {
        skad_datagram answer;
        leave(self, &answer);
        bytes += answer.len;
        test_remote *who = remote_at(self, &answer.to);
        const skad_datagram *request = &requests[who - self->fixture.remotes];
        skad_envelope envelope;
        skad_opened opened;
        uint8_t digest[SKAD_HASH_BYTES];
        assert_int_equal(skad_envelope_decode(request->bytes + SKAD_TAG_BYTES,
                                              request->len - SKAD_TAG_BYTES, &envelope),
                         SKAD_VERDICT_ACCEPT);
        skad_envelope_digest(self->fixture.network_key, &self->fixture.identity.id, NULL,
                             envelope.signed_part, digest);
        test_fixture_open(&self->fixture, who, &answer, digest, &envelope, &opened);
        assert_int_equal(opened.message.kind, SKAD_KIND_PONG);
        assert_memory_equal(&answer.local, &asked_at, sizeof asked_at);
        assert_int_equal(who->asked++, 0);
    }
    assert_int_equal(node(self).verdicts[SKAD_VERDICT_ACCEPT], STRANGERS);
    assert_true(node(self).signatures < STRANGERS); /* in batches */
    assert_int_equal(node(self).sent, STRANGERS);
    assert_int_equal(node(self).sent_bytes, bytes);
}

static void each_source_is_answered_in_the_order_in_which_it_asked(void **state)
{
    bench *self = *state;
    uint64_t last[STRANGERS] = {0};
    size_t answered = 0;
    size_t asked = 0;
    skad_datagram datagram;
    employ(self, 3);
    for (size_t turn = 0; turn < 60; turn++) {
        for (size_t i = 0; i < 1 + turn % 13; i++) {
            ask(self, &self->fixture.remotes[asked++ * 7 % STRANGERS], true, &datagram);
        }
        (void)skad_workers_collect(self->workers, self->fixture.now);
        skad_workers_seal(self->workers);
        if (turn % 10 == 9) {
            settle(self);
        }
        while (answered < asked && (turn == 59 || skad_workers_poll(self->workers, &datagram))) {
            if (turn == 59) {
                leave(self, &datagram);
            }
            skad_envelope envelope;
            assert_int_equal(skad_envelope_decode(datagram.bytes + SKAD_TAG_BYTES,
                                                  datagram.len - SKAD_TAG_BYTES, &envelope),
                             SKAD_VERDICT_ACCEPT);
            size_t who = (size_t)(remote_at(self, &datagram.to) - self->fixture.remotes);
            assert_true(rpc_number(envelope.rpc_id) > last[who]);
            last[who] = rpc_number(envelope.rpc_id);
            answered++;
        }
    }
    assert_int_equal(answered, asked);
}

static void a_source_stays_with_its_worker_while_others_are_free(void **state)
{
    bench *self = *state;
    const test_remote *first = &self->fixture.remotes[0];
    const skad_outbox *outbox = skad_node_parts_of(self->fixture.node).outbox;
    skad_datagram request;
    employ(self, 2);
    hold(self);
    atomic_store(&self->held, false); /* the other one shall work */
    for (size_t i = 0; i < 6; i++) {
        ask(self, first, true, &request);
    }
    for (size_t i = 1; i < STRANGERS; i++) {
        ask(self, &self->fixture.remotes[i], true, &request);
    }
    while (outbox->count < 2) {
        sem_wait(&self->woken);
        (void)skad_workers_collect(self->workers, self->fixture.now);
    }
    for (size_t i = 1; i < outbox->count; i++) {
        assert_false(skad_address_equal(&outbox->ring[outbox->first + i].to, &first->address));
    }
    sem_post(&self->released);
    settle(self);
}

static void a_full_ring_drops_requests_and_counts_them(void **state)
{
    bench *self = *state;
    skad_datagram request;
    employ(self, 1);
    hold(self);
    for (size_t i = 0; i < SKAD_WORKERS_REQUESTS + 10; i++) {
        ask(self, &self->fixture.remotes[i % STRANGERS], true, &request);
    }
    assert_int_equal(pool(self).waiting, SKAD_WORKERS_REQUESTS);
    assert_int_equal(pool(self).dropped, 10);
    skad_workers_spare(self->workers); /* takes nothing that waits */
    release(self);
    settle(self);
    assert_int_equal(node(self).verdicts[SKAD_VERDICT_ACCEPT], 1 + SKAD_WORKERS_REQUESTS);
    unsigned long before = test_resident_kib("RssAnon");
    skad_workers_spare(self->workers);
    assert_true(test_resident_kib("RssAnon") + SKAD_WORKERS_REQUESTS < before);
    ask(self, &self->fixture.remotes[0], true, &request);
    settle(self);
    assert_int_equal(node(self).verdicts[SKAD_VERDICT_ACCEPT], 2 + SKAD_WORKERS_REQUESTS);
    assert_int_equal(pool(self).dropped, 10);
}

static void a_reply_finds_room_and_overtakes_the_requests_that_wait(void **state)
{
    bench *self = *state;
    const test_remote *pinged = &self->fixture.remotes[1];
    const skad_message pong = {.kind = SKAD_KIND_PONG, .u.reply.observed = test_prng_address(1)};
    skad_datagram ping;
    skad_datagram datagram;
    skad_event event;
    skad_op op;
    employ(self, 1);
    assert_int_equal(skad_node_ping(self->fixture.node, &pinged->address, self->fixture.now, &op),
                     SKAD_OK);
    leave(self, &ping);
    hold(self);
    for (size_t i = 0; i < SKAD_WORKERS_REQUESTS; i++) {
        ask(self, &self->fixture.remotes[i % STRANGERS], true, &datagram);
    }
    test_fixture_answer(&self->fixture, pinged, &ping, &pong, &datagram);
    hand_in(self, &pinged->address, &datagram);
    assert_int_equal(pool(self).dropped, 0);
    assert_false(skad_node_poll_event(self->fixture.node, &event));

    sem_post(&self->released); /* still held: it stands still again at its next word */
    sem_wait(&self->woken);
    (void)skad_workers_collect(self->workers, self->fixture.now);
    assert_true(pool(self).waiting > SKAD_WORKERS_REQUESTS / 2);
    assert_true(skad_node_poll_event(self->fixture.node, &event));
    assert_int_equal(event.kind, SKAD_EVENT_PING);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    release(self);
    settle(self);
}

/* One worker's share of a turn is 256 datagrams, replies first. 300 wait, all of them opened: that
 * takes 19 wake-up calls, one for each 16 and one for the rest. */
static void a_turn_handles_its_share_and_tells_that_more_waits(void **state)
{
    bench *self = *state;
    skad_datagram pings[STRANGERS];
    skad_datagram datagram;
    skad_op op;
    const skad_message pong = {.kind = SKAD_KIND_PONG, .u.reply.observed = test_prng_address(1)};
    employ(self, 1);
    for (size_t i = 0; i < STRANGERS; i++) {
        assert_int_equal(skad_node_ping(self->fixture.node, &self->fixture.remotes[i].address,
                                        self->fixture.now, &op),
                         SKAD_OK);
        leave(self, &pings[i]);
    }
    hold(self);
    for (size_t i = 0; i < 260; i++) {
        ask(self, &self->fixture.remotes[i % STRANGERS], true, &datagram);
    }
    for (size_t i = 0; i < STRANGERS; i++) {
        test_remote *pinged = remote_at(self, &pings[i].to);
        test_fixture_answer(&self->fixture, pinged, &pings[i], &pong, &datagram);
        hand_in(self, &pinged->address, &datagram);
    }
    release(self);
    for (size_t i = 0; i < 19; i++) {
        sem_wait(&self->woken);
    }
    uint64_t before = node(self).verdicts[SKAD_VERDICT_ACCEPT];
    assert_true(skad_workers_collect(self->workers, self->fixture.now));
    assert_int_equal(node(self).verdicts[SKAD_VERDICT_ACCEPT], before + 256);
    assert_int_equal(node(self).requests[SKAD_KIND_PING], 1 + 256 - STRANGERS);
    assert_false(skad_workers_collect(self->workers, self->fixture.now));
    assert_int_equal(node(self).requests[SKAD_KIND_PING], 1 + 260);
}

static void the_node_is_pressed_while_many_requests_wait(void **state)
{
    bench *self = *state;
    skad_datagram request;
    employ(self, 1);
    hold(self);
    for (size_t i = 0; i < SKAD_WORKERS_REQUESTS / 2; i++) {
        ask(self, &self->fixture.remotes[i % STRANGERS], i % 2 == 0, &request);
    }
    assert_int_equal(node(self).verdicts[SKAD_VERDICT_CHALLENGE], 0);
    ask(self, &self->fixture.remotes[0], false, &request);
    assert_int_equal(node(self).verdicts[SKAD_VERDICT_CHALLENGE], 1);
    ask(self, &self->fixture.remotes[0], true, &request);
    assert_int_equal(node(self).verdicts[SKAD_VERDICT_CHALLENGE], 1);
    release(self);
    settle(self);
    ask(self, &self->fixture.remotes[0], false, &request);
    settle(self);
    assert_int_equal(node(self).verdicts[SKAD_VERDICT_CHALLENGE], 1);
    assert_int_equal(node(self).verdicts[SKAD_VERDICT_ACCEPT], 3 + SKAD_WORKERS_REQUESTS / 2);
}

static void a_datagram_is_judged_as_without_workers(void **state)
{
    static const struct {
        const char *label;
        bool flip; /* a bit of the signature */
        bool retag;
        skad_verdict verdict;
    } cases[] = {
        {"correct", false, false, SKAD_VERDICT_ACCEPT},
        {"tag of another datagram", true, false, SKAD_VERDICT_TAG},
        {"signature of another datagram", true, true, SKAD_VERDICT_SIGNATURE},
    };
    bench *self = *state;
    employ(self, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const test_remote *who = &self->fixture.remotes[i];
        skad_datagram request;
        uint64_t before = node(self).verdicts[cases[i].verdict];
        test_fixture_request(&self->fixture, who, &(skad_message){.kind = SKAD_KIND_PING}, NULL,
                             &request);
        request.bytes[request.len - 1] ^= cases[i].flip;
        if (cases[i].retag) {
            test_fixture_retag(&self->fixture, request.bytes, request.len);
        }
        hand_in(self, &who->address, &request);
        settle(self);
        if (node(self).verdicts[cases[i].verdict] != before + 1) {
            fail_msg("%s: not %s", cases[i].label, skad_verdict_name(cases[i].verdict));
        }
    }
}

static void a_copy_that_came_while_the_first_waited_is_handled_once(void **state)
{
    bench *self = *state;
    const test_remote *who = &self->fixture.remotes[1];
    skad_datagram request;
    employ(self, 1);
    hold(self);
    ask(self, who, true, &request);
    hand_in(self, &who->address, &request);
    release(self);
    settle(self);
    assert_int_equal(node(self).verdicts[SKAD_VERDICT_ACCEPT], 2);
    assert_int_equal(node(self).verdicts[SKAD_VERDICT_DUPLICATE], 1);
}

static void the_end_waits_for_no_more_than_the_jobs_in_hand(void **state)
{
    bench *self = *state;
    skad_datagram request;
    for (size_t round = 0; round < 20; round++) {
        employ(self, 2);
        for (size_t i = 0; i < 10 * round; i++) {
            ask(self, &self->fixture.remotes[i % STRANGERS], true, &request);
        }
        (void)skad_workers_collect(self->workers, self->fixture.now);
        skad_workers_seal(self->workers);
        skad_workers_free(self->workers);
        self->workers = NULL;
    }
    /* Nothing of the pool is left in the way of what the node verifies by itself. */
    test_fixture_request(&self->fixture, &self->fixture.remotes[0],
                         &(skad_message){.kind = SKAD_KIND_PING}, NULL, &request);
    assert_int_equal(
        test_fixture_deliver(&self->fixture, &self->fixture.remotes[0].address, &request),
        SKAD_VERDICT_ACCEPT);
}

static void workers_take_no_signals(void **state)
{
    bench *self = *state;
    skad_datagram request;
    sigset_t before;
    sigset_t after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    employ(self, 2);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
    ask(self, &self->fixture.remotes[0], true, &request);
    settle(self);
    assert_false(atomic_load(&self->interruptible));
}

static void no_workers_have_nothing_to_tell(void **state)
{
    skad_workers_stats stats;
    (void)state;
    skad_workers_stats_get(NULL, &stats);
    assert_int_equal(stats.count, 0);
    assert_int_equal(stats.waiting_max, 0);
    assert_true(skad_workers_default() <= SKAD_WORKERS_DEFAULT_MAX);
    skad_workers_free(NULL);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(answers_open_at_those_who_asked),
        WITH_FIXTURE(each_source_is_answered_in_the_order_in_which_it_asked),
        WITH_FIXTURE(a_source_stays_with_its_worker_while_others_are_free),
        WITH_FIXTURE(a_full_ring_drops_requests_and_counts_them),
        WITH_FIXTURE(a_reply_finds_room_and_overtakes_the_requests_that_wait),
        WITH_FIXTURE(a_turn_handles_its_share_and_tells_that_more_waits),
        WITH_FIXTURE(the_node_is_pressed_while_many_requests_wait),
        WITH_FIXTURE(a_datagram_is_judged_as_without_workers),
        WITH_FIXTURE(a_copy_that_came_while_the_first_waited_is_handled_once),
        WITH_FIXTURE(the_end_waits_for_no_more_than_the_jobs_in_hand),
        WITH_FIXTURE(workers_take_no_signals),
        cmocka_unit_test(no_workers_have_nothing_to_tell),
    };
    return cmocka_run_group_tests_name("workers", tests, NULL, NULL);
}
