/* skad lookup: finds the nodes closest to an ID, and shows how. */
#include <inttypes.h>
#include <stdio.h>

#include "proto/address.h"
#include "skad/profile.h"
#include "src/cli/client/text.h"
#include "src/cli/commands/commands.h"

/* The closing round is shown after all paths. */
#define CLOSING UINT64_MAX

static uint64_t path_of(skad_answer step)
{
    skad_answer path = skad_answer_get(step, "path");
    bool numbered = path.item != NULL && path.item->type == SKAD_ITEM_UINT;
    return numbered ? path.item->u.number : CLOSING;
}

/* Says whether a node that named it was asked to have it call us. */
static const char *introduced(skad_answer step)
{
    return skad_answer_bool(step, "introduced") ? "  introduced" : "";
}

static void print_step(skad_answer step)
{
    char id[SKAD_TEXT_BYTES];
    char rtt[SKAD_TEXT_BYTES];
    char address[SKAD_ANSWER_TEXT_BYTES];
    char state[SKAD_ANSWER_TEXT_BYTES];

    skad_text_short_id(step, "id", id);
    skad_text_of(step, "address", address);
    skad_text_of(step, "state", state);
    skad_text_duration(skad_answer_uint(step, "rtt_us"), rtt);
    printf("  hop %-3" PRIu64 " %s  %-24s %-9s %9s%s%s\n", skad_answer_uint(step, "hop"), id,
           address, state, rtt, skad_answer_bool(step, "closest") ? "  closest" : "",
           introduced(step));
}

static void print_path(skad_answer steps, uint64_t path)
{
    bool first = true;
    for (size_t i = 0; i < skad_answer_count(steps); i++) {
        skad_answer step = skad_answer_at(steps, i);
        if (path_of(step) != path) {
            continue;
        }
        if (first && path == CLOSING) {
            puts("closing round");
        } else if (first) {
            printf("path %" PRIu64 "\n", path + 1);
        }
        first = false;
        print_step(step);
    }
}

static void print_closest(skad_answer closest)
{
    puts("closest");
    for (size_t i = 0; i < skad_answer_count(closest); i++) {
        skad_answer contact = skad_answer_at(closest, i);
        char id[SKAD_ANSWER_TEXT_BYTES];
        char addresses[SKAD_ANSWER_TEXT_BYTES];
        skad_text_of(contact, "id", id);
        skad_text_list(skad_answer_get(contact, "addresses"), addresses);
        printf("  %s  %s\n", id, addresses);
    }
}

static void print(const skad_options *options, skad_answer result)
{
    (void)options;
    char duration[SKAD_TEXT_BYTES];
    char target[SKAD_ANSWER_TEXT_BYTES];
    skad_answer steps = skad_answer_get(result, "steps");

    skad_text_of(result, "target", target);
    printf("target %s\n", target);
    for (uint64_t path = 0; path < SKAD_PATHS_MAX; path++) {
        print_path(steps, path);
    }
    print_path(steps, CLOSING);
    print_closest(skad_answer_get(result, "closest"));
    skad_text_duration(skad_answer_uint(result, "duration_us"), duration);
    if (skad_answer_bool(result, "dense")) {
        puts("the closest nodes are denser than chance allows: this key may be under attack; "
             "the whole region was looked at");
    }
    printf("%" PRIu64 " of %" PRIu64 " paths agreed; %" PRIu64 " requests in %s\n",
           skad_answer_uint(result, "paths_agreed"), skad_answer_uint(result, "paths"),
           skad_answer_uint(result, "rpcs"), duration);
}

/* One line as it happens: to stderr where stdout is to be one JSON object. */
static void trace_to(FILE *stream, skad_answer step)
{
    char id[SKAD_TEXT_BYTES];
    char rtt[SKAD_TEXT_BYTES];
    char address[SKAD_ANSWER_TEXT_BYTES];
    char state[SKAD_ANSWER_TEXT_BYTES];
    char path[32] = "closing";

    if (path_of(step) != CLOSING) {
        (void)snprintf(path, sizeof path, "path %" PRIu64, path_of(step) + 1);
    } else if (skad_answer_bytes(step, "path").len > 0) {
        (void)snprintf(path, sizeof path, "region");
    }
    skad_text_short_id(step, "id", id);
    skad_text_of(step, "address", address);
    skad_text_of(step, "state", state);
    skad_text_duration(skad_answer_uint(step, "rtt_us"), rtt);
    (void)fprintf(stream, "%-8s hop %-3" PRIu64 " %s  %-24s %-9s %9s%s\n", path,
                  skad_answer_uint(step, "hop"), id, address, state, rtt, introduced(step));
    (void)fflush(stream);
}

static void trace(skad_answer step)
{
    trace_to(stdout, step);
}

static void trace_aside(skad_answer step)
{
    trace_to(stderr, step);
}

static skad_exit run(const skad_options *options)
{
    skad_control_request request = {
        .method = options->trace ? SKAD_CONTROL_TRACE : SKAD_CONTROL_LOOKUP,
        .forward = options->forward,
        .chains = (uint8_t)options->chains,
    };
    skad_failure failure;

    if (!skad_id_parse(options->argument, &request.id)) {
        (void)skad_fail(&failure, "lookup: an ID or a key has 64 hex digits");
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    return skad_ask_and_show(options, &request, options->json ? trace_aside : trace, print);
}

const skad_command skad_command_lookup = {
    .name = "lookup",
    .usage =
        "lookup ID [--trace] [--forward] [--chains N] [--json] [--socket PATH] [--timeout SECONDS]",
    .summary = "Find the nodes closest to an ID or a key, and show each path",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON | SKAD_OPTION_TRACE | SKAD_OPTIONS_FORWARD,
    .argument = true,
    .argument_needed = true,
    .run = run,
};
