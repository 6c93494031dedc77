/* Kills a real daemon again and again while it takes records, and asks it for them afterwards.
 *
 *   crash SKAD [ROUNDS] [RECORDS A SECOND]
 *
 * Each round starts the daemon in the same folder, asks it for all records that it acknowledged in
 * the round before, sends it new ones at an even pace, and kills it (SIGKILL) at a random moment
 * within a third of a second. At the end it is asked for all records of all rounds. One that was
 * acknowledged and is gone, or comes back with another byte, ends the program with a failure; so
 * does a database that was set aside. */
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "skad/record.h"
#include "tests/support/daemon_process.h"
#include "tests/support/prng.h"

#define ROUNDS         200
#define RECORDS_A_S    1000
#define LIFE_US_MIN    20000
#define LIFE_US_SPREAD 300000
#define PATIENCE_MS    200
#define VALUE_BYTES    300
#define WINDOW         64
#define TRIES          5

typedef struct trial {
    const char *binary;
    char dir[32];
    uint16_t port;
    unsigned rounds;
    unsigned records_a_s;
    uint64_t *acknowledged; /* numbers of records */
    size_t count;
    size_t max;
    uint64_t next; /* the number of the next record to be sent */
    uint64_t rpcs; /* numbers the questions */
} trial;

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

/* Record number n: its value is drawn from n alone. */
static size_t make_record(uint64_t number, uint8_t out[static SKAD_RECORD_BYTES_MAX])
{
    uint8_t value[VALUE_BYTES];
    test_prng prng = {number + 1};
    for (size_t i = 0; i < sizeof value; i++) {
        value[i] = (uint8_t)test_prng_next(&prng);
    }
    return skad_record_encode_immutable(value, sizeof value, out, SKAD_RECORD_BYTES_MAX);
}

static void send_store(const daemon_peer *peer, uint64_t number)
{
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    skad_draft draft;
    skad_message message = {.kind = SKAD_KIND_STORE};
    message.u.store.record = (skad_span){record, make_record(number, record)};
    message.u.store.life_s = 86400;
    daemon_peer_seal(peer, &message, number, &draft);
    (void)!send(peer->fd, draft.bytes, draft.len, 0);
}

static void take_acknowledgements(trial *self, const daemon_peer *peer)
{
    daemon_answer answer;
    while (daemon_peer_receive(peer, MSG_DONTWAIT, &answer)) {
        if (answer.message.kind == SKAD_KIND_STORED && self->count < self->max) {
            self->acknowledged[self->count++] = answer.rpc_id;
        }
    }
}

/* Sends records at an even pace until the time is over. */
static void send_records(trial *self, const daemon_peer *peer, uint64_t life_us)
{
    uint64_t start = now_us();
    uint64_t sent = 0;
    while (now_us() - start < life_us) {
        while (sent < (now_us() - start) * self->records_a_s / 1000000U) {
            send_store(peer, self->next++);
            sent++;
        }
        take_acknowledgements(self, peer);
        usleep(200);
    }
}

static void ask_for(trial *self, const daemon_peer *peer, uint64_t number, uint64_t *rpc)
{
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    skad_record decoded;
    skad_draft draft;
    skad_message message = {.kind = SKAD_KIND_FIND_VALUE};
    size_t len = make_record(number, record);
    if (!skad_record_decode(record, len, &decoded)) {
        abort();
    }
    message.u.find_value.key = decoded.key;
    message.u.find_value.want = SKAD_FAMILIES_ALL;
    message.u.find_value.type = SKAD_RECORD_IMMUTABLE;
    *rpc = UINT64_MAX - self->rpcs++;
    daemon_peer_seal(peer, &message, *rpc, &draft);
    (void)!send(peer->fd, draft.bytes, draft.len, 0);
}

static bool is_record(const daemon_answer *answer, uint64_t number)
{
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    size_t len = make_record(number, record);
    const skad_message *message = &answer->message;
    return message->kind == SKAD_KIND_VALUE && message->u.reply.u.value.records_count == 1 &&
           message->u.reply.u.value.records[0].len == len &&
           memcmp(message->u.reply.u.value.records[0].data, record, len) == 0;
}

/* One of the questions under way. */
typedef struct question {
    uint64_t rpc; /* 0: free */
    uint64_t number;
    unsigned tries;
} question;

static bool ask_window(trial *self, const daemon_peer *peer, question *window, size_t open)
{
    daemon_answer answer;
    while (open > 0) {
        if (!daemon_peer_receive(peer, 0, &answer)) {
            for (size_t i = 0; i < WINDOW; i++) { /* a lost datagram: ask again */
                if (window[i].rpc != 0 && window[i].tries++ == TRIES) {
                    (void)fprintf(stderr, "crash: no answer about a record\n");
                    return false;
                }
                if (window[i].rpc != 0) {
                    ask_for(self, peer, window[i].number, &window[i].rpc);
                }
            }
            continue;
        }
        for (size_t i = 0; i < WINDOW; i++) {
            if (window[i].rpc == answer.rpc_id && answer.rpc_id != 0) {
                window[i].rpc = 0;
                open--;
                if (!is_record(&answer, window[i].number)) {
                    (void)fprintf(stderr, "crash: record %llu was acknowledged and is %s\n",
                                  (unsigned long long)window[i].number,
                                  answer.message.kind == SKAD_KIND_VALUE &&
                                          answer.message.u.reply.u.value.records_count > 0
                                      ? "torn"
                                      : "gone");
                    return false;
                }
            }
        }
    }
    return true;
}

/* Whether all records acknowledged from the first-th on are there. */
static bool all_there(trial *self, const daemon_peer *peer, size_t first)
{
    for (size_t at = first; at < self->count; at += WINDOW) {
        question window[WINDOW] = {{0}};
        size_t open = 0;
        for (; open < WINDOW && at + open < self->count; open++) {
            window[open].number = self->acknowledged[at + open];
            ask_for(self, peer, window[open].number, &window[open].rpc);
        }
        if (!ask_window(self, peer, window, open)) {
            return false;
        }
    }
    return true;
}

/* One life of the daemon; life_us 0: it is only asked, and ended in order. */
static bool live(trial *self, size_t first, uint64_t life_us)
{
    daemon_peer peer;
    pid_t pid = daemon_start(self->binary, self->dir, self->port, -1);
    bool good = pid > 0 && daemon_peer_open(&peer, 3, self->port, PATIENCE_MS);
    if (good) {
        good = daemon_peer_greet(&peer);
        if (!good) {
            (void)fprintf(stderr, "crash: the daemon does not answer\n");
        }
        good = good && all_there(self, &peer, first);
        if (good && life_us > 0) {
            send_records(self, &peer, life_us);
        }
        daemon_end(pid, life_us > 0 ? SIGKILL : SIGTERM);
        take_acknowledgements(self, &peer); /* what was sent before it died */
        daemon_peer_close(&peer);
    }
    return good;
}

static bool set_aside(const trial *self)
{
    char pattern[64];
    glob_t found;
    (void)snprintf(pattern, sizeof pattern, "%s/*aside*", self->dir);
    bool any = glob(pattern, 0, NULL, &found) == 0;
    if (any) {
        (void)fprintf(stderr, "crash: %s\n", found.gl_pathv[0]);
        globfree(&found);
    }
    return any;
}

int main(int argc, char **argv)
{
    trial self = {.dir = "/tmp/skad-crash-XXXXXX", .rounds = ROUNDS, .records_a_s = RECORDS_A_S};
    if (argc < 2 || argc > 4 || mkdtemp(self.dir) == NULL) {
        (void)fprintf(stderr, "usage: crash SKAD [ROUNDS] [RECORDS A SECOND]\n");
        return 2;
    }
    self.binary = argv[1];
    self.rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : ROUNDS;
    self.records_a_s = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : RECORDS_A_S;
    self.max = (size_t)self.rounds * self.records_a_s;
    self.acknowledged = calloc(self.max + 1, sizeof *self.acknowledged);
    self.port = daemon_free_port();
    uint64_t seed = (uint64_t)time(NULL);
    printf("crash: seed %llu\n", (unsigned long long)seed);
    test_prng prng = {seed};
    bool good = self.acknowledged != NULL && self.port != 0;
    size_t first = 0;
    for (unsigned round = 0; good && round < self.rounds; round++) {
        size_t count = self.count;
        good = live(&self, first, LIFE_US_MIN + test_prng_next(&prng) % LIFE_US_SPREAD);
        first = count;
    }
    good = good && live(&self, 0, 0) && !set_aside(&self);
    printf("crash: %u kills, %llu records sent, %zu acknowledged, %s\n", self.rounds,
           (unsigned long long)self.next, self.count,
           good ? "all of them there and whole" : "FAILED");
    free(self.acknowledged);
    daemon_remove_dir(self.dir);
    return good ? 0 : 1;
}
