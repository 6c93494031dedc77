/* How many gets succeed while nodes come and go: tests/support/churn.h tells the experiment. The
 * first node publishes 20 immutable and 5 mutable values and announces them hourly; after an hour
 * to settle, ten gets a minute are counted.
 *
 *   build/bench_churn [--uptime MINUTES[,MINUTES...]] [--hours H] [--nodes N] [--seed S]
 *                     [--keep-store]
 *
 * Signatures are modelled (tests/support/modelled_signatures.h): real ones would take days. */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"
#include "tests/support/churn.h"

#define US_PER_MIN     (60 * SKAD_US_PER_S)
#define IMMUTABLES     20
#define MUTABLES       5
#define GETS_PER_MIN   10
#define WARMUP_US      (60 * US_PER_MIN)
#define UPTIMES_MAX    16
#define NORMAL_95      1.959964 /* the 97.5th percentile of the normal distribution */
#define UPTIME_DEFAULT "1,2,5,10,30,60"

typedef struct settings {
    double uptimes_min[UPTIMES_MAX];
    size_t uptimes_count;
    double hours;
    size_t nodes;
    uint64_t seed;
    bool keeps_store;
} settings;

/* Wilson's interval for a share of `right` in `all`. */
static void wilson(uint64_t right, uint64_t all, double *low, double *high)
{
    double n = (double)all;
    double share = (double)right / n;
    double z2 = NORMAL_95 * NORMAL_95;
    double centre = share + z2 / (2 * n);
    double spread = NORMAL_95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n));
    *low = (centre - spread) / (1 + z2 / n);
    *high = (centre + spread) / (1 + z2 / n);
}

static void print_line(double uptime_min, const test_churn *churn, double simulated_s,
                       double real_s)
{
    const test_churn_tally *tally = &churn->tally;
    double low;
    double high;
    if (tally->gets == 0) {
        printf("%7g  no get ended\n", uptime_min);
        return;
    }
    wilson(tally->right, tally->gets, &low, &high);
    printf("%7g %6" PRIu64 " %8.3f  %7.3f to %7.3f %6" PRIu64 " %5" PRIu64 " %6" PRIu64 " %6" PRIu64
           " %8.1f %10" PRIu64 " %7.0f\n",
           uptime_min, tally->gets, 100.0 * (double)tally->right / (double)tally->gets, 100 * low,
           100 * high, tally->missed, tally->lost, tally->wrong, tally->timed_out,
           (double)tally->rpcs / (double)tally->gets, churn->network.delivered,
           simulated_s / real_s);
}

static void measure(const settings *options, double uptime_min)
{
    test_churn_plan plan = {.profile = *skad_profile_builtin("test"),
                            .nodes = options->nodes,
                            .seed = options->seed,
                            .uptime_us = (uint64_t)(uptime_min * (double)US_PER_MIN),
                            .get_interval_us = US_PER_MIN / GETS_PER_MIN,
                            .keeps_store = options->keeps_store};
    double start_s = bench_wall_s();
    test_churn *churn = test_churn_new(&plan);
    uint64_t begin_us = churn->network.now_us;
    test_churn_publish(
        churn,
        &(test_churn_batch){.type = SKAD_RECORD_IMMUTABLE, .count = IMMUTABLES, .keep = true});
    test_churn_publish(
        churn, &(test_churn_batch){.type = SKAD_RECORD_MUTABLE, .count = MUTABLES, .keep = true});
    test_churn_run(churn, WARMUP_US, false);
    test_churn_run(churn, (uint64_t)(options->hours * 60 * (double)US_PER_MIN), true);
    double simulated_s = (double)(churn->network.now_us - begin_us) / (double)SKAD_US_PER_S;
    print_line(uptime_min, churn, simulated_s, bench_wall_s() - start_s);
    fflush(stdout);
    test_churn_free(churn);
}

static bool parse_uptimes(const char *text, settings *out)
{
    out->uptimes_count = 0;
    while (out->uptimes_count < UPTIMES_MAX) {
        char *end;
        double minutes = strtod(text, &end);
        if (end == text || minutes <= 0 || (*end != ',' && *end != '\0')) {
            return false;
        }
        out->uptimes_min[out->uptimes_count++] = minutes;
        if (*end == '\0') {
            return true;
        }
        text = end + 1;
    }
    return false;
}

static bool parse(int argc, char **argv, settings *out)
{
    static const struct option longs[] = {
        {"uptime", required_argument, NULL, 'u'}, {"hours", required_argument, NULL, 'h'},
        {"nodes", required_argument, NULL, 'n'},  {"seed", required_argument, NULL, 's'},
        {"keep-store", no_argument, NULL, 'k'},   {NULL, 0, NULL, 0},
    };
    *out = (settings){.hours = 6, .nodes = 400, .seed = 1};
    bool good = parse_uptimes(UPTIME_DEFAULT, out);
    int option;
    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (option == 'u') {
            good = good && parse_uptimes(optarg, out);
        } else if (option == 'h') {
            out->hours = strtod(optarg, NULL);
        } else if (option == 'n') {
            out->nodes = strtoul(optarg, NULL, 10);
        } else if (option == 's') {
            out->seed = strtoull(optarg, NULL, 10);
        } else if (option == 'k') {
            out->keeps_store = true;
        } else {
            good = false;
        }
    }
    return good && optind == argc && out->hours > 0 && out->nodes >= 2 &&
           out->nodes <= TEST_NODES_MAX;
}

int main(int argc, char **argv)
{
    settings options;
    if (!parse(argc, argv, &options)) {
        fprintf(stderr, "usage: bench_churn [--uptime MINUTES[,MINUTES...]] [--hours H] "
                        "[--nodes 2..1024] [--seed S] [--keep-store]\n");
        return EXIT_FAILURE;
    }
    printf("%zu nodes, half of them up, k = s = 16, d = 4, alpha = 1; seed %" PRIu64 "; who comes "
           "back has %s its records.\n",
           options.nodes, options.seed, options.keeps_store ? "kept" : "lost");
    printf(
        "Signatures are modelled by keyed hashes. %d values, %d gets a minute for %g hours after "
        "one to settle.\n\n",
        IMMUTABLES + MUTABLES, GETS_PER_MIN, options.hours);
    printf(
        " up-time   gets    right       95 %% interval missed  lost  wrong silent RPCs/get   "
        "messages   speed\n"
        "     min               %%                   %%                                          "
        "          sim/real\n");
    for (size_t i = 0; i < options.uptimes_count; i++) {
        measure(&options, options.uptimes_min[i]);
    }
    return EXIT_SUCCESS;
}
