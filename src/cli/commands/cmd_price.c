/* skad price: what identities of a network cost an attacker, and a key with them. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/commands/commands.h"
#include "src/cli/commands/price_rates.h"

#define REGION_NODES 16 /* honest nodes that keep a record, on average */
#define PRICE_MAX    1e6
#define DAY_S        86400.0

/* What is priced, and for whom. */
typedef struct inquiry {
    const skad_profile *profile;
    skad_price_terms terms;
    skad_price_rates here; /* of a core */
    skad_price_rates reference;
    double core_hour; /* dollars */
    double gpu_hour;
    uint64_t nodes;
    uint64_t ids;
} inquiry;

#define GOODS 4

typedef struct good {
    const char *name; /* in JSON */
    char text[64];
    double draws;
    double identities;
} good;

static void list_goods(const inquiry *asked, good out[static GOODS])
{
    const double nodes = (double)asked->nodes;
    const double ids = (double)asked->ids;
    const double percent = ceil(nodes / 100);
    out[0] = (good){.name = "identity", .draws = 1, .identities = 1};
    out[1] = (good){.name = "percent", .draws = percent, .identities = percent};
    out[2] = (good){.name = "capture_region",
                    .draws = skad_price_draws_near(ids, nodes, REGION_NODES),
                    .identities = ids};
    out[3] = (good){.name = "capture_nearest",
                    .draws = skad_price_draws_near(ids, nodes, 1),
                    .identities = ids};
    (void)snprintf(out[0].text, sizeof out[0].text, "one identity");
    (void)snprintf(out[1].text, sizeof out[1].text, "one percent of the network, %.0f", percent);
    (void)snprintf(out[2].text, sizeof out[2].text, "a key: %.0f all over its region", ids);
    (void)snprintf(out[3].text, sizeof out[3].text, "a key: %.0f before the first honest node",
                   ids);
}

typedef struct quote {
    skad_price price; /* of the attacker of reference */
    double here;      /* core-hours of this machine */
    double money;
} quote;

static quote quote_of(const inquiry *asked, const good *it)
{
    quote out = {.price =
                     skad_price_of(&asked->terms, &asked->reference, it->draws, it->identities)};
    skad_price_rates here = asked->reference;
    here.static_core = asked->here.static_core;
    here.dynamic_core = asked->here.dynamic_core;
    out.here = skad_price_of(&asked->terms, &here, it->draws, it->identities).core_hours;
    out.money = skad_price_money(&out.price, asked->core_hour, asked->gpu_hour);
    return out;
}

/* ---- Printing ---- */

#define NUMBER_BYTES 32

/* Three digits of a small number, all of a larger one, in groups of three, a power of ten beyond.
 */
static const char *number(double value, char out[static NUMBER_BYTES])
{
    if (value < 1000 || value >= 1e12) {
        (void)snprintf(out, NUMBER_BYTES, "%.3g", value);
        return out;
    }
    char digits[NUMBER_BYTES];
    size_t len = (size_t)snprintf(digits, sizeof digits, "%.0f", value);
    size_t to = 0;
    for (size_t i = 0; i < len; i++) {
        out[to++] = digits[i];
        if ((len - i - 1) % 3 == 0 && i + 1 < len) {
            out[to++] = ',';
        }
    }
    out[to] = 0;
    return out;
}

static void print_head(const inquiry *asked)
{
    char a[NUMBER_BYTES];
    char b[NUMBER_BYTES];
    printf("%s: %u KiB a try, 2^%u tries for an identity, 2^%u for each of its epochs of %g days\n",
           asked->profile->name, asked->terms.memory_kib, asked->terms.static_bits,
           asked->terms.dynamic_bits, asked->profile->epoch_s / DAY_S);
    printf("a core of this machine: %s tries a second, %s at the puzzle of an epoch\n",
           number(asked->here.static_core, a), number(asked->here.dynamic_core, b));
    printf("the attacker of reference: %s a core,", number(asked->reference.static_core, a));
    printf(" %s a GPU; $%g a core-hour, $%g a GPU-hour\n\n", number(asked->reference.static_gpu, b),
           asked->core_hour, asked->gpu_hour);
    printf("%-42s %17s %12s %12s %12s %8s %12s\n", "for an epoch, from keys to nonces", "tries",
           "core-h here", "core-h", "or GPU-h", "groups", "or $");
}

static void print_quote(const good *it, const quote *of)
{
    char n[6][NUMBER_BYTES];
    printf("%-42s %17s %12s %12s %12s %8s %12s\n", it->text, number(of->price.tries, n[0]),
           number(of->here, n[1]), number(of->price.core_hours, n[2]),
           number(of->price.gpu_hours, n[3]), number(of->price.groups, n[4]),
           number(of->money, n[5]));
}

static void print_json(const inquiry *asked, const good goods[static GOODS])
{
    printf("{\"profile\":\"%s\",\"memory_kib\":%u,\"static_bits\":%u,\"dynamic_bits\":%u,"
           "\"epoch_s\":%u,\"nodes\":%" PRIu64 ",\"ids\":%" PRIu64 ",",
           asked->profile->name, asked->terms.memory_kib, asked->terms.static_bits,
           asked->terms.dynamic_bits, asked->profile->epoch_s, asked->nodes, asked->ids);
    printf("\"here\":{\"static_per_s\":%.6g,\"dynamic_per_s\":%.6g},\"reference\":{"
           "\"core_per_s\":%.6g,\"gpu_per_s\":%.6g,\"core_hour\":%.6g,\"gpu_hour\":%.6g}",
           asked->here.static_core, asked->here.dynamic_core, asked->reference.static_core,
           asked->reference.static_gpu, asked->core_hour, asked->gpu_hour);
    for (size_t i = 0; i < GOODS; i++) {
        const quote of = quote_of(asked, &goods[i]);
        printf(",\"%s\":{\"tries\":%.6g,\"core_hours_here\":%.6g,\"core_hours\":%.6g,"
               "\"gpu_hours\":%.6g,\"identities\":%.0f,\"groups\":%.0f,\"money\":%.6g}",
               goods[i].name, of.price.tries, of.here, of.price.core_hours, of.price.gpu_hours,
               of.price.identities, of.price.groups, of.money);
    }
    printf("}\n");
}

/* ---- Reading ---- */

/* Dollars; what is not given stays. */
static bool read_price(const char *name, const char *text, double *out, skad_failure *failure)
{
    char *end = NULL;
    if (text == NULL) {
        return true;
    }
    double value = strtod(text, &end);
    if (end == text || *end != 0 || !(value >= 0 && value <= PRICE_MAX)) {
        return skad_fail(failure, "--%s: %s is not a number of dollars from 0 to %g", name, text,
                         PRICE_MAX);
    }
    *out = value;
    return true;
}

static bool read_inquiry(const skad_options *options, inquiry *out, skad_failure *failure)
{
    const skad_profile *profile = options->profile;
    *out = (inquiry){.profile = profile,
                     .terms = {.memory_kib = profile->memory_kib,
                               .static_bits = profile->static_bits,
                               .dynamic_bits = profile->dynamic_bits},
                     .core_hour = SKAD_PRICE_CORE_HOUR,
                     .gpu_hour = SKAD_PRICE_GPU_HOUR,
                     .nodes = options->nodes,
                     .ids = options->ids};
    out->reference = skad_price_reference(&out->terms);
    if (options->core_rate > 0) {
        out->reference.static_core = (double)options->core_rate;
        out->reference.dynamic_core = (double)options->core_rate;
    }
    if (options->gpu_rate > 0) {
        out->reference.static_gpu = (double)options->gpu_rate;
        out->reference.dynamic_gpu = (double)options->gpu_rate;
    }
    return read_price("core-hour", options->core_hour, &out->core_hour, failure) &&
           read_price("gpu-hour", options->gpu_hour, &out->gpu_hour, failure);
}

static void tell_wait(const skad_options *options)
{
    if (!options->json && isatty(STDERR_FILENO)) {
        (void)fprintf(stderr, "measuring this machine for %" PRIu64 " s ...\n", options->seconds);
    }
}

static skad_exit run(const skad_options *options)
{
    inquiry asked;
    good goods[GOODS];
    skad_failure failure;
    if (!read_inquiry(options, &asked, &failure)) {
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    tell_wait(options);
    if (!skad_price_measure(asked.profile, (double)options->seconds, &asked.here, &failure)) {
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    list_goods(&asked, goods);
    if (options->json) {
        print_json(&asked, goods);
        return skad_printed();
    }
    print_head(&asked);
    for (size_t i = 0; i < GOODS; i++) {
        const quote of = quote_of(&asked, &goods[i]);
        print_quote(&goods[i], &of);
    }
    return skad_printed();
}

const skad_command skad_command_price = {
    .name = "price",
    .usage = "price [--nodes N] [--ids N] [--profile NAME|FILE] [--core-rate TRIES]\n"
             "                  [--gpu-rate TRIES] [--core-hour USD] [--gpu-hour USD] [--seconds S]"
             " [--json]",
    .summary = "Tell what identities cost an attacker, and a key with them",
    .details =
        "It measures how fast a core of this machine solves the network's puzzles, and counts\n"
        "what an attacker has to pay: for one identity, for one percent of a network of N nodes,\n"
        "and for identities whose IDs lie around one key, either all over the region of sixteen\n"
        "honest nodes or nearer than the first of them. docs/price.md has the figures, and tells\n"
        "what no puzzle stops.",
    .options = SKAD_OPTION_PROFILE | SKAD_OPTION_JSON | SKAD_OPTIONS_PRICE,
    .run = run,
};
