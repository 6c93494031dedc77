#include "bench/flood_amplify.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/flood_traffic.h"
#include "bench/measure.h"
#include "crypto/assert.h"
#include "tests/support/wire.h"

#define TRIES       8 /* of each kind, each from an address and an identity of its own */
#define WAIT_MS     300
#define PAUSE_US    10000 /* 6,400 a second */
#define FORGED      4096
#define GREETER     UINT32_C(0x7fc90101) /* 127.201.1.1 */
#define STRANGERS   UINT32_C(0x7fca0001) /* 127.202.0.1 */
#define GROUP_BYTES 256 /* addresses of a /24: each remote peer has one for itself */

/* ---- Kinds of requests ---- */

#define KINDS 10

typedef struct kinds {
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    uint8_t announcement[SKAD_RECORD_BYTES_MAX];
    skad_message ping;
    skad_message find_node;
    skad_message find_value; /* of a record that is held */
    skad_message store;
    skad_message announce;
} kinds;

static void kinds_init(kinds *self, const daemon_peer *publisher)
{
    const skad_address nowhere = {.family = SKAD_FAMILY_NONE};
    const skad_span metadata = {NULL, 0};
    const uint64_t now_unix_s = (uint64_t)time(NULL);
    memset(self, 0, sizeof *self);
    memset(self->value, 7, sizeof self->value);
    self->ping.kind = SKAD_KIND_PING;
    self->find_node.kind = SKAD_KIND_FIND_NODE;
    self->find_node.u.find_node.want = SKAD_FAMILIES_ALL;
    self->find_value.kind = SKAD_KIND_FIND_VALUE;
    self->find_value.u.find_value.want = SKAD_FAMILIES_ALL;
    self->find_value.u.find_value.type = SKAD_RECORD_IMMUTABLE;
    skad_value_key(self->value, sizeof self->value, &self->find_value.u.find_value.key);
    self->store.kind = SKAD_KIND_STORE;
    self->store.u.store.life_s = 60;
    self->store.u.store.record =
        (skad_span){self->record, skad_record_encode_immutable(self->value, sizeof self->value,
                                                               self->record, sizeof self->record)};
    self->announce.kind = SKAD_KIND_ANNOUNCE;
    self->announce.u.announce.record =
        (skad_span){self->announcement,
                    skad_record_encode_announcement(skad_wire_publisher(&publisher->identity),
                                                    &self->find_node.u.find_node.target, 1,
                                                    now_unix_s + 60, &nowhere, metadata,
                                                    self->announcement, sizeof self->announcement)};
    SKAD_ASSERT(self->store.u.store.record.len > 0 && self->announce.u.announce.record.len > 0);
}

typedef struct kind_row {
    const char *label;
    flood_request request;
} kind_row;

/* Lists the kinds of requests. No node that keeps to the protocol sends unpadded ones, but an
 * attacker may. */
static void list_kinds(const kinds *self, kind_row out[static KINDS])
{
    const size_t padded = SKAD_FIRST_CONTACT_BYTES;
    const kind_row rows[KINDS] = {
        {"hello", {.message = &self->ping, .hello = true}},
        {"ping", {.message = &self->ping, .bytes_min = SKAD_CHALLENGE_BYTES_MAX}},
        {"ping, not padded", {.message = &self->ping}},
        {"find_node", {.message = &self->find_node, .bytes_min = padded}},
        {"find_node, not padded", {.message = &self->find_node}},
        {"find_value", {.message = &self->find_value, .bytes_min = padded}},
        {"find_value, not padded", {.message = &self->find_value}},
        {"store", {.message = &self->store}},
        {"announce", {.message = &self->announce, .bytes_min = padded}},
        {"announce, not padded", {.message = &self->announce}},
    };
    memcpy(out, rows, sizeof rows);
}

/* ---- Measuring ---- */

typedef struct amplified {
    size_t asked;    /* bytes of the request */
    size_t answered; /* tries to which anything came back */
    size_t back;     /* most bytes that came back to one of them */
} amplified;

/* Gathers everything that arrives until nothing more may arrive; bytes for each socket. */
static void gather(const daemon_peer *peers, size_t back[static TRIES])
{
    struct pollfd sockets[TRIES];
    uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX];
    const double end_s = bench_wall_s() + WAIT_MS * 1e-3;
    for (size_t i = 0; i < TRIES; i++) {
        sockets[i] = (struct pollfd){.fd = peers[i].fd, .events = POLLIN};
    }
    for (double left_s = WAIT_MS * 1e-3; left_s > 0; left_s = end_s - bench_wall_s()) {
        (void)poll(sockets, TRIES, (int)(left_s * 1e3) + 1);
        for (size_t i = 0; i < TRIES; i++) {
            ssize_t got = recv(peers[i].fd, bytes, sizeof bytes, MSG_DONTWAIT);
            back[i] += got > 0 ? (size_t)got : 0;
        }
    }
}

/* Each remote peer asks once, from its own /24. `first`: number of the first remote peer. */
static bool measure(const flood_network *network, const skad_id *victim, const kind_row *row,
                    uint32_t first, amplified *out)
{
    static daemon_peer peers[TRIES];
    size_t back[TRIES] = {0};
    size_t opened = 0;
    bool ok = true;
    *out = (amplified){0};
    for (size_t i = 0; ok && i < TRIES; i++) {
        skad_draft draft;
        const uint32_t number = first + (uint32_t)i;
        ok = flood_peer_open(&peers[i], 100 + number, STRANGERS + number * GROUP_BYTES,
                             network->port);
        opened += ok;
        if (ok) {
            peers[i].daemon = *victim;
            flood_seal(&peers[i], &row->request, &draft);
            out->asked = draft.len;
            ok = send(peers[i].fd, draft.bytes, draft.len, 0) == (ssize_t)draft.len;
        }
    }
    if (ok) {
        gather(peers, back);
    }
    for (size_t i = 0; i < opened; i++) {
        out->answered += back[i] > 0;
        out->back = back[i] > out->back ? back[i] : out->back;
        daemon_peer_close(&peers[i]);
    }
    return ok;
}

static bool measure_all(const flood_network *network, const daemon_peer *greeter,
                        const kind_row *rows, uint32_t first, amplified out[static KINDS])
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < KINDS; i++) {
        ok = measure(network, &greeter->daemon, &rows[i], first + i * TRIES, &out[i]);
    }
    return ok;
}

/* The same while forged requests come from ten thousand addresses: more than are verified, so that
 * others get a challenge, but few enough for every request to be read. */
static bool measure_flooded(const flood_network *network, const daemon_peer *greeter,
                            const kind_row *rows, amplified out[static KINDS])
{
    flood_pool pool;
    flooder sender;
    flood_pool_requests(greeter, FORGED, false, true, &pool);
    const flood_plan plan = {.pool = &pool, .fd = -1, .port = network->port, .pause_us = PAUSE_US};
    bool ok = flooder_start(&plan, &sender);
    if (ok) {
        usleep(WAIT_MS * 1000);
        ok = measure_all(network, greeter, rows, KINDS * TRIES, out);
        (void)flooder_stop(&sender);
    }
    flood_pool_free(&pool);
    return ok;
}

static double ratio(const amplified *self)
{
    return (double)self->back / (double)self->asked;
}

bool flood_amplify(flood_network *network)
{
    static kinds all;
    kind_row rows[KINDS];
    amplified quiet[KINDS];
    amplified flooded[KINDS];
    daemon_peer greeter;
    if (!flood_peer_open(&greeter, 2, GREETER, network->port)) {
        return false;
    }
    kinds_init(&all, &greeter);
    list_kinds(&all, rows);
    bool ok = daemon_peer_greet(&greeter) &&
              flood_network_put(network, (skad_span){all.value, sizeof all.value}) &&
              measure_all(network, &greeter, rows, 0, quiet) &&
              measure_flooded(network, &greeter, rows, flooded);
    daemon_peer_close(&greeter);
    if (ok) {
        printf("\namplification, one request from each of %d unvalidated addresses: answered, most "
               "bytes\nthat came back within %d ms, their ratio to those sent\n",
               TRIES, WAIT_MS);
        printf("%-24s %6s   %-22s %s\n", "", "sent", "quiet", "flooded");
        for (size_t i = 0; i < KINDS; i++) {
            printf("%-24s %6zu   %zu %5zu bytes %6.2f   %zu %5zu bytes %6.2f\n", rows[i].label,
                   quiet[i].asked, quiet[i].answered, quiet[i].back, ratio(&quiet[i]),
                   flooded[i].answered, flooded[i].back, ratio(&flooded[i]));
        }
    }
    return ok;
}
