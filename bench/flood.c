/* What a flood does to a node and to its user: a daemon on loopback, a small network around it, a
 * client that does one lookup after the other through it, and a process that sends to it as fast as
 * it can, all on the same processors.
 *
 *   build/bench_flood build/skad [SECONDS [PROFILE]]    by default 5 for each flood, and the test
 *                                                       network with the limits of the public one;
 *                                                       PROFILE test: without any
 *
 * A lookup has succeeded if it found the truly nearest node within ten seconds. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/flood_amplify.h"
#include "bench/flood_network.h"
#include "bench/flood_noise.h"
#include "bench/flood_traffic.h"
#include "bench/measure.h"
#include "crypto/keys.h"
#include "src/daemon/control/refusals.h"

#define SECONDS_DEFAULT 5
#define SECONDS_MAX     60
#define LOOKUPS_MAX     100000 /* in one flood */
#define SAMPLE_S        0.1    /* between looks at the memory */
#define CALM_US         500000 /* between two floods */
#define NOISE_POOL      4096
#define FORGED_POOL     4096  /* forged ones are never remembered: each is new each time */
#define VALID_POOL      50000 /* more than a node remembers: sent again, they are as good as new */

typedef enum payload { NOTHING, NOISE, FORGED, VALID, REPLAY } payload;

static const struct flood_row {
    const char *name;
    payload payload;
    bool validated; /* shows a token */
    bool many;      /* from FLOOD_SOURCES addresses */
} floods[] = {
    {"none", NOTHING, false, false},
    {"random bytes", NOISE, false, false},
    {"bad signatures", FORGED, false, false},
    {"the same, with a token", FORGED, true, false},
    {"the same, 10,000 sources", FORGED, false, true},
    {"valid, one identity", VALID, true, false},
    {"one request again and again", REPLAY, true, false},
};
#define FLOODS (sizeof floods / sizeof floods[0])

typedef struct outcome {
    double took_s;
    double cpu_s;
    double waited_s;
    uint64_t sent;
    flood_counters counters; /* what they grew by */
    size_t lookups;
    size_t succeeded;
    double median_ms;
    double p99_ms;
    double recovery_s; /* until lookups found all nodes again */
    long rss_kib[3];   /* before, at most, afterwards */
} outcome;

/* ---- One flood ---- */

static bool make_pool(const struct flood_row *row, const daemon_peer *peer, flood_pool *out)
{
    switch (row->payload) {
    case NOTHING:
        return true;
    case NOISE:
        flood_pool_noise(NOISE_POOL, SKAD_DATAGRAM_BYTES_MIN, SKAD_DATAGRAM_BYTES_MAX, out);
        return true;
    case FORGED:
        flood_pool_requests(peer, FORGED_POOL, row->validated, true, out);
        return true;
    case VALID:
        flood_pool_requests(peer, VALID_POOL, row->validated, false, out);
        return true;
    case REPLAY:
        flood_pool_requests(peer, 1, row->validated, false, out);
        return true;
    }
    return false;
}

/* Lets the client work for so long. */
static void look_up(flood_network *network, double seconds, outcome *out)
{
    static double took_ms[LOOKUPS_MAX];
    static uint64_t number;
    const double start = bench_wall_s();
    double sample_s = start;
    for (double now = start; now < start + seconds && out->lookups < LOOKUPS_MAX;) {
        out->succeeded += flood_network_lookup(network, number++);
        const double end = bench_wall_s();
        took_ms[out->lookups++] = (end - now) * 1e3;
        now = end;
        if (now >= sample_s) {
            const long rss_kib = flood_network_rss_kib(network);
            out->rss_kib[1] = rss_kib > out->rss_kib[1] ? rss_kib : out->rss_kib[1];
            sample_s = now + SAMPLE_S;
        }
    }
    out->median_ms = bench_median(took_ms, out->lookups);
    out->p99_ms = took_ms[out->lookups * 99 / 100]; /* they are sorted now */
}

static void count_from(const flood_counters *before, flood_counters *counters)
{
    counters->received -= before->received;
    counters->sent -= before->sent;
    counters->verifications -= before->verifications;
    for (size_t i = 0; i < SKAD_VERDICT_COUNT; i++) {
        counters->drops[i] -= before->drops[i];
    }
    for (size_t i = 0; i < SKAD_REFUSALS; i++) {
        counters->refused[i] -= before->refused[i];
    }
}

static bool run(flood_network *network, const flood_plan *plan, double seconds, outcome *out)
{
    flood_counters before;
    flooder sender;
    *out = (outcome){0};
    out->rss_kib[0] = flood_network_rss_kib(network);
    if (!flood_network_counters(network, &before)) {
        return false;
    }
    const double cpu_s = flood_network_cpu_s(network);
    const double waited_s = flood_network_waited_s(network);
    const double start = bench_wall_s();
    if (plan != NULL && !flooder_start(plan, &sender)) {
        return false;
    }
    look_up(network, seconds, out);
    out->cpu_s = flood_network_cpu_s(network) - cpu_s;
    out->waited_s = flood_network_waited_s(network) - waited_s;
    if (plan != NULL) {
        out->sent = flooder_stop(&sender);
    }
    out->took_s = bench_wall_s() - start;
    usleep(CALM_US);
    out->rss_kib[2] = flood_network_rss_kib(network);
    if (!flood_network_counters(network, &out->counters)) {
        return false;
    }
    count_from(&before, &out->counters);
    const double calm = bench_wall_s();
    const bool whole = flood_network_recover(network);
    out->recovery_s = bench_wall_s() - calm;
    return whole;
}

/* Runs one flood. Each has an address and an identity of its own, so that none suffers from an
 * earlier one: the first has 127.210.1.1. */
static bool run_flood(flood_network *network, size_t i, double seconds, outcome *out)
{
    const uint32_t source = UINT32_C(0x7fd20101) + (uint32_t)(i << 16);
    daemon_peer peer;
    flood_pool pool = {0};
    if (!flood_peer_open(&peer, 10 + (uint32_t)i, source, network->port)) {
        return false;
    }
    const flood_plan plan = {
        .pool = &pool, .fd = floods[i].many ? -1 : peer.fd, .port = network->port};
    bool ok = daemon_peer_greet(&peer) && make_pool(&floods[i], &peer, &pool) &&
              run(network, floods[i].payload == NOTHING ? NULL : &plan, seconds, out);
    flood_pool_free(&pool);
    daemon_peer_close(&peer);
    return ok;
}

/* ---- Telling ---- */

/* Prints the rates. A victim that waits is starved by other processes, among them the flooder. */
static void print_rates(const outcome outcomes[static FLOODS])
{
    printf(
        "\na second                      flooded  received verified     sent  CPU %%  waits %%\n");
    for (size_t i = 0; i < FLOODS; i++) {
        const outcome *it = &outcomes[i];
        printf("%-28s %9.0f %9.0f %8.0f %8.0f %6.0f %8.0f\n", floods[i].name,
               (double)it->sent / it->took_s, (double)it->counters.received / it->took_s,
               (double)it->counters.verifications / it->took_s,
               (double)it->counters.sent / it->took_s, 100 * it->cpu_s / it->took_s,
               100 * it->waited_s / it->took_s);
    }
}

static void print_reason(const char *what, const char *name, uint64_t count, double took_s)
{
    if (count > 0) {
        printf(" %s%s %.0f", what, name, (double)count / took_s);
    }
}

static void print_drops(const outcome outcomes[static FLOODS])
{
    printf("\ndropped a second, by reason; the rest of what was sent did not fit the socket\n");
    for (size_t i = 0; i < FLOODS; i++) {
        const flood_counters *counters = &outcomes[i].counters;
        printf("%-28s", floods[i].name);
        for (size_t j = 0; j < SKAD_VERDICT_COUNT; j++) {
            print_reason("", skad_verdict_name((skad_verdict)j), counters->drops[j],
                         outcomes[i].took_s);
        }
        for (size_t j = 0; j < SKAD_REFUSALS; j++) {
            print_reason("answered: ", skad_refusals_name(j), counters->refused[j],
                         outcomes[i].took_s);
        }
        puts("");
    }
}

static void print_client(const outcome outcomes[static FLOODS])
{
    printf("\n%-28s %7s %9s %9s %7s %7s %7s  %s\n", "the client", "lookups", "success %",
           "median ms", "to none", "99 % ms", "whole s", "RSS MiB: before, most, after");
    for (size_t i = 0; i < FLOODS; i++) {
        const outcome *it = &outcomes[i];
        printf("%-28s %7zu %9.2f %9.2f %7.2f %7.1f %7.1f  %.1f %.1f %.1f\n", floods[i].name,
               it->lookups, 100 * (double)it->succeeded / (double)it->lookups, it->median_ms,
               it->median_ms / outcomes[0].median_ms, it->p99_ms, it->recovery_s,
               (double)it->rss_kib[0] / 1024, (double)it->rss_kib[1] / 1024,
               (double)it->rss_kib[2] / 1024);
    }
}

static bool bench(flood_network *network, double seconds)
{
    static outcome outcomes[FLOODS];
    for (size_t i = 0; i < FLOODS; i++) {
        if (!run_flood(network, i, seconds, &outcomes[i])) {
            (void)fprintf(stderr, "bench_flood: '%s' did not run\n", floods[i].name);
            return false;
        }
    }
    print_rates(outcomes);
    print_drops(outcomes);
    print_client(outcomes);
    return flood_noise(network, seconds / 5) && flood_amplify(network);
}

int main(int argc, char **argv)
{
    static flood_network network;
    const double seconds = argc > 2 ? strtod(argv[2], NULL) : SECONDS_DEFAULT;
    if (argc < 2 || argc > 4 || !(seconds >= 1 && seconds <= SECONDS_MAX)) {
        (void)fprintf(stderr, "usage: bench_flood SKAD [SECONDS [PROFILE]]\n");
        return 2;
    }
    skad_crypto_init();
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%.0f s a flood, a victim and %d other nodes, profile %s\n", seconds, FLOOD_NODES,
           argc > 3 ? argv[3] : "test with limits");
    bool ok = flood_network_start(argv[1], argc > 3 ? argv[3] : NULL, &network) &&
              bench(&network, seconds);
    flood_network_stop(&network);
    return ok ? 0 : 1;
}
