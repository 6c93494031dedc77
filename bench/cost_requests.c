/* A FIND_VALUE for a key with as many announcements as a key may have is the dearest of all
 * requests that need no token. Beside it stand one for a key without any, and an ANNOUNCE under the
 * full key. The store is a database in a folder of its own. */
#define _GNU_SOURCE /* mkdtemp */
#include "bench/cost_requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/measure.h"
#include "crypto/assert.h"
#include "crypto/random.h"
#include "skad/record.h"
#include "src/db/store_lmdb.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/wire.h"

#define ROUNDS        15
#define CALLS         400
#define TURN          16 /* datagrams in a turn of the loop */
#define ANNOUNCEMENTS 256
#define DATA_BYTES    304 /* of the longest announcement */

static const skad_id popular = {{9}};
static const skad_id unknown = {{8}};

/* A database in a folder that is removed afterwards. */
typedef struct database {
    char dir[64];
    char path[96];
} database;

static skad_store open_database(database *self)
{
    static const uint8_t network[32] = {1};
    skad_store_lmdb_report report;
    skad_store store;
    (void)snprintf(self->dir, sizeof self->dir, "/tmp/skad-cost-XXXXXX");
    if (mkdtemp(self->dir) == NULL) {
        perror(self->dir);
        exit(1);
    }
    (void)snprintf(self->path, sizeof self->path, "%s/records.db", self->dir);
    const skad_store_lmdb_config config = {.path = self->path,
                                           .network = network,
                                           .caps = {1 << 20, 1 << 30, 1 << 18, 256 << 20},
                                           .now_unix_s = TEST_UNIX_S};
    if (skad_store_lmdb_open(&config, &store, &report) != SKAD_OK) {
        (void)fprintf(stderr, "%s\n", report.text);
        exit(1);
    }
    return store;
}

static void remove_database(const database *self)
{
    static const char *const suffixes[] = {"", "-lock", "-clean"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char name[112];
        (void)snprintf(name, sizeof name, "%s%s", self->path, suffixes[i]);
        (void)unlink(name);
    }
    (void)rmdir(self->dir);
}

/* As many announcements as a key may have, each from another /16. */
static void fill(const skad_store *store)
{
    uint8_t data[DATA_BYTES];
    for (unsigned i = 0; i < ANNOUNCEMENTS; i++) {
        memset(data, (int)i, sizeof data);
        skad_store_record record = {.name = {.key = popular, .type = SKAD_RECORD_ANNOUNCEMENT},
                                    .expires_unix_s = TEST_UNIX_S + 86400,
                                    .group = 0x01080000 + ((uint64_t)i << 16),
                                    .data = data,
                                    .len = sizeof data};
        memset(record.name.publisher, (int)i, sizeof record.name.publisher);
        skad_status status =
            store->ops->put(store->self, SKAD_STORE_REPLICAS, &record, TEST_UNIX_S);
        SKAD_ASSERT(status == SKAD_OK);
    }
}

static void find_popular(skad_message *out, uint8_t *bytes, unsigned number)
{
    (void)bytes;
    (void)number;
    *out = (skad_message){.kind = SKAD_KIND_FIND_VALUE,
                          .u.find_value = {.key = popular,
                                           .want = SKAD_FAMILIES_ALL,
                                           .type = SKAD_RECORD_ANNOUNCEMENT}};
}

static void find_unknown(skad_message *out, uint8_t *bytes, unsigned number)
{
    find_popular(out, bytes, number);
    out->u.find_value.key = unknown;
}

/* Publishers are free: each announcement has another one. */
static void announce(skad_message *out, uint8_t *bytes, unsigned number)
{
    static const skad_address none = {0};
    uint8_t seed[SKAD_SEED_BYTES] = {(uint8_t)number, (uint8_t)(number >> 8),
                                     (uint8_t)(number >> 16), 7};
    skad_identity publisher;
    SKAD_ASSERT(skad_identity_from_seed(seed, 0, &publisher) == SKAD_OK);
    size_t len = skad_record_encode_announcement(skad_wire_publisher(&publisher), &popular, 1,
                                                 TEST_UNIX_S + 3600, &none, (skad_span){0}, bytes,
                                                 SKAD_RECORD_BYTES_MAX);
    *out = (skad_message){.kind = SKAD_KIND_ANNOUNCE, .u.announce.record = {bytes, len}};
}

typedef struct request_case {
    const char *what;
    void (*write)(skad_message *out, uint8_t *bytes, unsigned number);
} request_case;

static const request_case cases[] = {
    {"FIND_VALUE, no announcements", find_unknown},
    {"FIND_VALUE, 256 announcements", find_popular},
    {"ANNOUNCE beside 256 others", announce},
};

/* Microseconds of one; answers are drafted, and sealed outside of what is measured. */
static double handled_us(test_fixture *fixture, const test_remote *who, const request_case *it,
                         unsigned round)
{
    static skad_datagram requests[CALLS];
    uint8_t token[SKAD_TOKEN_BYTES];
    double taken_s = 0;
    test_fixture_token(fixture, who, token);
    for (unsigned i = 0; i < CALLS; i++) {
        uint8_t bytes[SKAD_RECORD_BYTES_MAX];
        skad_message message;
        it->write(&message, bytes, round * CALLS + i);
        test_fixture_request(fixture, who, &message, token, &requests[i]);
    }
    for (unsigned i = 0; i < CALLS; i += TURN) {
        const double start = bench_cpu_s();
        for (unsigned j = i; j < i + TURN && j < CALLS; j++) {
            const skad_verdict verdict = test_fixture_deliver(fixture, &who->address, &requests[j]);
            SKAD_ASSERT(verdict == SKAD_VERDICT_ACCEPT);
        }
        taken_s += bench_cpu_s() - start;
        (void)test_fixture_drain(fixture);
    }
    return taken_s * 1e6 / CALLS;
}

static void measure(const request_case *it, double (*verify_us)(void))
{
    static test_fixture fixture;
    static double handled[ROUNDS];
    static double ratio[ROUNDS];
    const skad_node_rates rates = {0};
    skad_profile profile = test_fixture_profile();
    database on_disk;
    profile.group_table_max = 10;
    skad_store store = open_database(&on_disk);
    fill(&store);
    test_fixture_init_on(&fixture, &profile, &rates, store);
    test_remote *who = test_fixture_remote(&fixture);
    for (unsigned round = 0; round < ROUNDS; round++) {
        const double reference = verify_us();
        handled[round] = handled_us(&fixture, who, it, round);
        ratio[round] = handled[round] / reference;
    }
    printf("%-38s %8.2f %10.2f\n", it->what, bench_median(handled, ROUNDS),
           bench_median(ratio, ROUNDS));
    test_fixture_free(&fixture);
    remove_database(&on_disk);
}

void bench_requests(double (*verify_us)(void))
{
    printf("\n%-38s %8s %10s\n", "request, its check included", "us", "of a check");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        measure(&cases[i], verify_us);
    }
}
