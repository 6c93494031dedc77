/* skad table: the node's contacts. */
#include <inttypes.h>
#include <stdio.h>

#include "src/cli/client.h"
#include "src/cli/commands.h"
#include "src/cli/json.h"
#include "src/cli/text.h"

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
    printf("%6" PRIu64 "  %s  %-24s %9s %9s %9s %8" PRIu64 "  %s%s\n",
           skad_answer_uint(row, "bucket"), id, addresses, rtt, seen, known,
           skad_answer_uint(row, "failures"), skad_answer_bool(row, "sibling") ? "sibling " : "",
           skad_answer_bool(row, "replacement") ? "replacement" : "");
}

static void print(skad_answer result)
{
    char self[SKAD_ANSWER_TEXT_BYTES];
    skad_answer rows = skad_answer_get(result, "rows");

    skad_text_of(result, "self", self);
    printf("self %s\n", self);
    printf("%6s  %-12s  %-24s %9s %9s %9s %8s  %s\n", "bucket", "id", "address", "rtt", "seen",
           "known", "failures", "role");
    for (size_t i = 0; i < skad_answer_count(rows); i++) {
        print_row(skad_answer_at(rows, i));
    }
}

static skad_exit run(const skad_options *options)
{
    skad_control_request request = {.method = SKAD_CONTROL_TABLE};
    skad_client client;
    skad_answer result;

    skad_exit exit = skad_ask_daemon(options, &request, &client, &result);
    if (exit != SKAD_EXIT_DONE) {
        return exit;
    }
    if (options->json) {
        skad_json_write(stdout, result);
        puts("");
    } else {
        print(result);
    }
    skad_client_close(&client);
    return skad_printed();
}

const skad_command skad_command_table = {
    .name = "table",
    .usage = "table [--json] [--socket PATH] [--timeout SECONDS]",
    .summary = "Show the node's routing table",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON,
    .run = run,
};
