/* skad sim ablate: every attack of the library with all defences, with each one off, and with all
 * off: what each defence is worth against each attack, and what it costs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/sim/base/memory.h"
#include "src/sim/program/batch.h"
#include "src/sim/report/prices.h"
#include "src/sim/scenario/keys.h"
#include "src/sim/scenario/library.h"

#define CELL 19

static void prepare(skad_sim_scenario *scenario)
{
    const skad_profile *profile = skad_profile_builtin("public");
    scenario->nodes = 500;
    scenario->visited = true;
    scenario->limit_rates = true;
    scenario->group_bucket_max = profile->group_bucket_max;
    scenario->group_table_max = profile->group_table_max;
    scenario->group_path_max = profile->group_path_max;
    scenario->static_bits = profile->static_bits;
    scenario->dynamic_bits = profile->dynamic_bits;
    scenario->memory_kib = profile->memory_kib;
    scenario->values = 3;
    scenario->mutables = 2;
    scenario->lookups = 40;
    scenario->lookup_every_ms = 500;
    scenario->get_every_ms = 1000;
    scenario->duration_s = 40;
}

static const char *word_of(const skad_sim_scenario *scenario, const char *key,
                           skad_sim_row_text *row)
{
    (void)skad_sim_scenario_row(scenario, skad_sim_scenario_find(key), row);
    return row->value;
}

/* "none|a|b" as a list, unless the user has given one. */
static bool complete_axis(skad_sim_sweep *sweep, const char *key, const char *choices, char *reason)
{
    char list[SKAD_SIM_RANGE_BYTES];
    skad_sim_row_text row;
    for (size_t i = 0; i < sweep->axes_count; i++) {
        if (strcmp(sweep->axes[i].keys, key) == 0) {
            return true;
        }
    }
    const char *single = word_of(&sweep->base, key, &row);
    if (strcmp(single, "none") != 0) {
        return skad_sim_sweep_set_list(sweep, key, single, reason);
    }
    (void)snprintf(list, sizeof list, "%s", choices);
    for (char *bar = list; (bar = strchr(bar, '|')) != NULL;) {
        *bar = ',';
    }
    return skad_sim_sweep_set(sweep, key, list, reason);
}

static void print_cell(const skad_sim_estimate *it, double scale)
{
    char text[32] = "-";
    if (it->samples > 0) {
        (void)snprintf(text, sizeof text, "%.0f (%.0f to %.0f)", scale * it->value,
                       scale * it->interval.low, scale * it->interval.high);
    }
    printf(" %*s", CELL - 1, text);
}

static void print_head(const skad_sim_batch *batch, size_t columns)
{
    skad_sim_row_text row;
    printf("%-18s %-8s", "attack", "against");
    for (size_t i = 0; i < columns; i++) {
        const char *off = word_of(&batch->scenarios[i * batch->results.worlds], "without", &row);
        printf(" %*s", CELL - 1, strcmp(off, "none") == 0 ? "all on" : off);
    }
}

/* The settings lie one attack after the other, each with all defences. Prints what each comes to:
 * success, or milliseconds. */
static void print_matrix(const skad_sim_batch *batch, size_t columns, bool ms,
                         skad_sim_summary *summary)
{
    const size_t worlds = batch->results.worlds;
    skad_sim_row_text row;
    SKAD_ASSERT(worlds > 0 && columns > 0);
    print_head(batch, columns);
    for (size_t i = 0; i < batch->jobs.count; i += worlds) {
        const skad_sim_scenario *scenario = &batch->scenarios[i];
        const skad_sim_measure measure =
            ms ? skad_sim_attack_ms(scenario->attack) : skad_sim_attack_measure(scenario->attack);
        if (i / worlds % columns == 0) {
            printf("\n%-18s %-8s", word_of(scenario, "attack", &row),
                   skad_sim_measure_at(measure)->section);
        }
        skad_sim_summarise(scenario, &batch->outcomes[i], worlds, summary);
        print_cell(&summary->estimates[measure], ms ? 1 : 100);
    }
    printf("\n");
}

static void print_prices(const skad_sim_batch *batch, size_t columns, skad_sim_summary *summary)
{
    const size_t worlds = batch->results.worlds;
    skad_sim_row_text row;
    printf("\nwhat an attack costs with the puzzles of the public profile, for one epoch; an owner "
           "of real machines pays nothing\n\n%-18s %11s %11s %11s %11s %11s\n",
           "attack", "identities", "core-hours", "GPU-hours", "groups", "dollars");
    for (size_t i = 0; i < batch->jobs.count; i += worlds * columns) {
        skad_sim_summarise(&batch->scenarios[i], &batch->outcomes[i], worlds, summary);
        const double counted = summary->worlds > 0 ? (double)summary->worlds : 1;
        const skad_price price = skad_sim_price_of(summary->scenario, summary->sum.draws / counted);
        printf("%-18s %11.0f %11.4g %11.3g %11.0f %11.3g\n",
               word_of(summary->scenario, "attack", &row), price.identities, price.core_hours,
               price.gpu_hours, price.groups, skad_sim_dollars(&price));
    }
}

static void print_costs(const skad_sim_batch *batch, size_t columns, skad_sim_summary *summary)
{
    static const skad_sim_measure costs[] = {SKAD_SIM_LOOKUP_RPCS, SKAD_SIM_LOOKUP_MS,
                                             SKAD_SIM_GET_RPCS,    SKAD_SIM_GET_MS,
                                             SKAD_SIM_PUT_RPCS,    SKAD_SIM_PUT_MS};
    const size_t worlds = batch->results.worlds;
    double all_on[sizeof costs / sizeof costs[0]] = {0};
    skad_sim_row_text row;
    printf(
        "\nwhat a defence costs under the first attack of the list: a mean with the defence off, "
        "and what it\nadds to that when it is on\n\n%-14s %21s %21s %21s %21s %21s %21s\n",
        "without", "RPCs a lookup", "ms", "RPCs a get", "ms", "RPCs a put", "ms");
    for (size_t column = 0; column < columns; column++) {
        const skad_sim_scenario *scenario = &batch->scenarios[column * worlds];
        skad_sim_summarise(scenario, &batch->outcomes[column * worlds], worlds, summary);
        printf("%-14s", word_of(scenario, "without", &row));
        for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
            const double mean = summary->estimates[costs[i]].value;
            all_on[i] = column == 0 ? mean : all_on[i];
            printf(" %11.1f %+9.1f", mean, all_on[i] - mean);
        }
        printf("\n");
    }
}

static skad_sim_exit run(skad_sim_request *request)
{
    skad_sim_batch batch;
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_sweep *sweep = &request->sweep;
    if (!complete_axis(sweep, "attack", SKAD_SIM_ATTACKS, reason) ||
        !complete_axis(sweep, "without", SKAD_SIM_DEFENCES, reason)) {
        return skad_sim_complain(SKAD_SIM_EXIT_USAGE, reason);
    }
    /* The defences change faster, whatever came first on the command line. */
    if (sweep->axes_count != 2) {
        return skad_sim_complain(SKAD_SIM_EXIT_USAGE,
                                 "ablate: lists are for --attack and --without only");
    }
    if (strcmp(sweep->axes[0].keys, "without") == 0) {
        const skad_sim_axis first = sweep->axes[0];
        sweep->axes[0] = sweep->axes[1];
        sweep->axes[1] = first;
    }
    const size_t columns = sweep->axes[1].count;
    SKAD_ASSERT(columns > 0);
    skad_sim_exit code = skad_sim_batch_new("ablate", request, &batch);
    if (code != SKAD_SIM_EXIT_DONE) {
        return code;
    }
    skad_sim_report_setting(sweep);
    skad_sim_batch_run(&batch);
    if (batch.whole) {
        skad_sim_summary *summary = skad_sim_alloc(1, sizeof *summary);
        printf("success of what an attack is against, in %% (95 %%), over %zu worlds\n\n",
               batch.results.worlds);
        print_matrix(&batch, columns, false, summary);
        printf("\nand its milliseconds, on average\n\n");
        print_matrix(&batch, columns, true, summary);
        print_prices(&batch, columns, summary);
        print_costs(&batch, columns, summary);
        free(summary);
    }
    return skad_sim_batch_end(&batch);
}

const skad_sim_command skad_sim_command_ablate = {
    .name = "ablate",
    .usage = "ablate [--attack A,...] [--without D,...] [--nodes N] [--worlds W] [OPTION]...",
    .summary = "Measure what each defence is worth against each attack, and what it costs",
    .details =
        "Runs every attack of the library with all defences on, with each one off, and with all\n"
        "off; 'skad sim keys' lists both under attack and without. By default 500 nodes with the\n"
        "limits of the public profile; a cell is the success of lookups, gets or puts, whichever\n"
        "the attack is against. 'skad sim report' draws the matrix.",
    .worlds = 8,
    .prepare = prepare,
    .run = run,
    .options =
        {
            {"attack", "attack", "A,...", "attacks (default: all; the first is compared by cost)",
             0},
            {"without", "without", "D,...", "defences to switch off (default: each, all, baseline)",
             0},
            {"nodes", "nodes", "N", "how many (default: 500)", 0},
        },
};
