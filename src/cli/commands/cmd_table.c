/* skad table: the routing table, bin by bin, contact by contact, or as a tree. */
#include <inttypes.h>
#include <stdio.h>

#include "src/cli/client/text.h"
#include "src/cli/commands/commands.h"
#include "src/cli/commands/table_tree.h"

/* ---- Bins ---- */

/* Prints a bin. The last bin holds all peers that share as many bits or more. */
static void print_bin(skad_answer bin, bool last)
{
    char bits[SKAD_TEXT_BYTES];
    char oldest[SKAD_TEXT_BYTES];
    char rtt[SKAD_TEXT_BYTES];

    (void)snprintf(bits, sizeof bits, "%" PRIu64 "%s", skad_answer_uint(bin, "bits"),
                   last ? "+" : "");
    skad_text_duration(skad_answer_uint(bin, "oldest_us"), oldest);
    skad_text_duration(skad_answer_uint(bin, "rtt_us"), rtt);
    printf("%5s %10" PRIu64 " %6" PRIu64 " %6" PRIu64 " %12" PRIu64 " %6" PRIu64
           " %9s %9s %4.0f %%\n",
           bits, skad_answer_uint(bin, "population"), skad_answer_uint(bin, "living"),
           skad_answer_uint(bin, "silent"), skad_answer_uint(bin, "replacements"),
           skad_answer_uint(bin, "groups"), oldest, rtt,
           skad_answer_number(bin, "saturation") * 100.0);
}

static void print_bins(skad_answer result)
{
    skad_answer bins = skad_answer_get(result, "bins");
    size_t count = skad_answer_count(bins);

    printf("%5s %10s %6s %6s %12s %6s %9s %9s %6s\n", "order", "population", "living", "silent",
           "replacements", "groups", "oldest", "rtt", "full");
    for (size_t i = 0; i < count; i++) {
        print_bin(skad_answer_at(bins, i), i + 1 == count);
    }
    printf("depth %" PRIu64 ", neighbours %" PRIu64 ", siblings %" PRIu64 "\n",
           skad_answer_uint(result, "depth"), skad_answer_uint(result, "neighbours"),
           skad_answer_uint(result, "siblings"));
}

/* ---- Contacts ---- */

static void print_row(skad_answer row)
{
    char id[SKAD_TEXT_BYTES];
    char rtt[SKAD_TEXT_BYTES];
    char seen[SKAD_TEXT_BYTES];
    char known[SKAD_TEXT_BYTES];
    char addresses[SKAD_ANSWER_TEXT_BYTES];

    skad_text_short_id(row, "id", id);
    skad_text_list(skad_answer_get(row, "addresses"), addresses);
    skad_text_duration(skad_answer_uint(row, "rtt_us"), rtt);
    skad_text_duration(skad_answer_uint(row, "seen_us"), seen);
    skad_text_duration(skad_answer_uint(row, "known_us"), known);
    printf("%5" PRIu64 "  %s  %-24s %9s %9s %9s %8" PRIu64 "  %s%s\n",
           skad_answer_uint(row, "order"), id, addresses, rtt, seen, known,
           skad_answer_uint(row, "failures"), skad_answer_bool(row, "sibling") ? "sibling " : "",
           skad_answer_bool(row, "replacement") ? "replacement" : "");
}

static void print_rows(skad_answer result)
{
    skad_answer rows = skad_answer_get(result, "rows");

    printf("%5s  %-12s  %-24s %9s %9s %9s %8s  %s\n", "order", "id", "address", "rtt", "seen",
           "known", "failures", "role");
    for (size_t i = 0; i < skad_answer_count(rows); i++) {
        print_row(skad_answer_at(rows, i));
    }
}

static void print(const skad_options *options, skad_answer result)
{
    char self[SKAD_ANSWER_TEXT_BYTES];

    if (options->tree) {
        skad_table_tree_write(stdout, result);
        return;
    }
    skad_text_of(result, "self", self);
    printf("self %s\n", self);
    if (options->contacts) {
        print_rows(result);
    } else {
        print_bins(result);
    }
}

static skad_exit run(const skad_options *options)
{
    skad_control_request request = {.method = SKAD_CONTROL_TABLE};
    skad_failure failure;

    if (options->tree && (options->json || options->contacts)) {
        (void)skad_fail(&failure, "table: --tree is drawn for people: leave out %s, or --tree%s",
                        options->json ? "--json" : "--contacts",
                        options->json ? ", since --json has its figures" : "");
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    return skad_ask_and_show(options, &request, NULL, print);
}

const skad_command skad_command_table = {
    .name = "table",
    .usage = "table [--tree | [--contacts] [--json]] [--socket PATH] [--timeout SECONDS]",
    .summary = "Show the node's routing table",
    .details =
        "A line for each bin, that is for each proximity order (the first ID bits shared with\n"
        "the node); then the depth (the bits that make the node's region, whose records it\n"
        "holds), the living peers that share as many (its neighbours), and its siblings.\n"
        "With --tree a line for each order before the region, and for each neighbour.",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON | SKAD_OPTION_CONTACTS | SKAD_OPTION_TREE,
    .run = run,
};
