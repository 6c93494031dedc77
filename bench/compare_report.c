/* The report of bench_compare: times, costs, and where the time of a put of skad goes. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/compare_contest.h"
#include "bench/compare_figures.h"
#include "bench/measure.h"
#include "crypto/keys.h"
#include "skad/profile.h"
#include "tests/support/identities.h"

#define SIGN_CALLS  200
#define SIGN_ROUNDS 15

static const char *const ACTS[COMPARE_ACTS] = {"put", "get", "publish", "resolve"};

/* ---- The limit ---- */

/* Milliseconds that libsodium takes for one signature and for one check: medians. */
static void measure_signatures(double *sign_ms, double *verify_ms)
{
    static uint8_t digests[SIGN_CALLS][SKAD_HASH_BYTES];
    static uint8_t signatures[SIGN_CALLS][SKAD_SIGNATURE_BYTES];
    double sign[SIGN_ROUNDS];
    double verify[SIGN_ROUNDS];
    skad_identity identity = test_identity(skad_profile_builtin("test"), 1);
    for (uint64_t round = 0; round < SIGN_ROUNDS; round++) {
        size_t good = 0;
        double start_s = bench_cpu_s();
        for (uint64_t i = 0; i < SIGN_CALLS; i++) {
            const uint64_t number[] = {round, i};
            memcpy(digests[i], number, sizeof number);
            skad_sign(SKAD_SIGN_DATAGRAM, digests[i], identity.secret_key, signatures[i]);
        }
        double between_s = bench_cpu_s();
        for (size_t i = 0; i < SIGN_CALLS; i++) {
            good += skad_verify(SKAD_SIGN_DATAGRAM, digests[i], identity.public_key, signatures[i]);
        }
        sign[round] = (between_s - start_s) * 1e3 / SIGN_CALLS;
        verify[round] = good == SIGN_CALLS ? (bench_cpu_s() - between_s) * 1e3 / SIGN_CALLS : 0;
    }
    *sign_ms = bench_median(sign, SIGN_ROUNDS);
    *verify_ms = bench_median(verify, SIGN_ROUNDS);
}

/* ---- Report ---- */

static void print_times(compare_sample *self)
{
    double median = compare_quantile(self->ms, self->count, 0.5);
    double p90 = compare_quantile(self->ms, self->count, 0.9);
    double p99 = compare_quantile(self->ms, self->count, 0.99);
    printf("  %8.2f %8.2f %8.2f", median, p90, p99);
}

static void report_times(compare_contest *self)
{
    printf("%-8s", "ms");
    for (size_t side = 0; side < self->sides_count; side++) {
        printf("  %8s: median, p90, p99", self->sides[side].side->name);
    }
    puts(self->sides_count > 1 ? "  ratio of medians, 95 %" : "");
    for (size_t act = 0; act < COMPARE_ACTS; act++) {
        printf("%-8s", ACTS[act]);
        for (size_t side = 0; side < self->sides_count; side++) {
            print_times(&self->samples[side][act]);
        }
        if (self->sides_count > 1) {
            const compare_sample *ours = &self->samples[0][act];
            const compare_sample *theirs = &self->samples[self->sides_count - 1][act];
            compare_ratio ratio =
                compare_ratio_of(ours->ms, ours->count, theirs->ms, theirs->count, &self->random);
            printf("  %5.2f, %.2f to %.2f", ratio.median, ratio.low, ratio.high);
        }
        puts("");
    }
    for (size_t side = 0; side < self->sides_count; side++) {
        for (size_t act = 0; act < COMPARE_ACTS; act++) {
            const compare_sample *s = &self->samples[side][act];
            if (s->failed > 0 || s->count < self->operations) {
                printf("%s, %s: %zu of %zu failed, %zu had nothing to find\n",
                       self->sides[side].side->name, ACTS[act], s->failed, s->count,
                       self->operations - s->count);
            }
        }
    }
}

/* Only skad counts its signatures. */
static void print_cost(const char *name, const compare_cost *each, bool counts_signatures)
{
    printf("%-8s  %8.1f  %9.1f  %6.2f", name, each->requests, each->datagrams, each->cpu_ms);
    if (counts_signatures) {
        printf("  %10.1f  %6.1f", each->signatures, each->verifications);
    }
    puts("");
}

static void report_costs(const compare_contest *self)
{
    for (size_t side = 0; side < self->sides_count; side++) {
        bool ours = side == 0;
        printf("\n%-8s  requests  datagrams  CPU ms%s\n", self->sides[side].side->name,
               ours ? "  signatures  checks" : "");
        for (size_t act = 0; act < COMPARE_ACTS; act++) {
            print_cost(ACTS[act], &self->samples[side][act].each, ours);
        }
        print_cost("a second", &self->idle[side], ours);
    }
}

/* Where the time of skad's puts goes. */
static void report_put(compare_contest *self)
{
    double sign_ms;
    double verify_ms;
    measure_signatures(&sign_ms, &verify_ms);
    compare_sample *all = &self->samples[0][COMPARE_PUT];
    const compare_cost *each = &all->each;
    double limit_ms = each->signatures * sign_ms + each->verifications * verify_ms;
    double median_ms = compare_quantile(all->ms, all->count, 0.5);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    printf("\nlibsodium: %.1f us a signature, %.1f us a check\n", sign_ms * 1e3, verify_ms * 1e3);
    printf("a put of skad takes %.2f ms and %.2f ms of processor time of all nodes\n", median_ms,
           each->cpu_ms);
    printf(
        "signatures and checks alone: %.2f ms of it (%.0f %%), %.2f ms on %ld processors; the put "
        "takes %.2f times as long\n",
        limit_ms, 100 * limit_ms / each->cpu_ms, limit_ms / (double)processors, processors,
        median_ms * (double)processors / limit_ms);
    printf("the checks of its answers alone, which its own node makes: %.2f ms\n",
           each->requests * verify_ms);
}

void compare_report(compare_contest *self)
{
    report_times(self);
    report_costs(self);
    report_put(self);
}
