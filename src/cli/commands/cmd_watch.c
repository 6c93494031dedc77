/* skad watch: prints each change of a record, or of the providers under a key. */
#include <inttypes.h>
#include <stdio.h>

#include "skad/record.h"
#include "src/cli/client/client.h"
#include "src/cli/client/text.h"
#include "src/cli/commands/commands.h"

static void print_record(skad_answer change)
{
    char value[4 * SKAD_MUTABLE_VALUE_BYTES_MAX + 8];
    skad_text_escape(skad_answer_bytes(change, "value"), value, sizeof value);
    printf("%" PRIu64 " %s%s\n", skad_answer_uint(change, "sequence"),
           skad_answer_bool(change, "conflict") ? "(in conflict) " : "", value);
}

static void print_providers(skad_answer change)
{
    skad_answer providers = skad_answer_get(change, "providers");
    printf("%zu", skad_answer_count(providers));
    for (size_t i = 0; i < skad_answer_count(providers); i++) {
        skad_answer provider = skad_answer_at(providers, i);
        char endpoint[SKAD_ANSWER_TEXT_BYTES];
        char publisher[SKAD_TEXT_BYTES];
        skad_text_of(provider, "endpoint", endpoint);
        skad_text_short_id(provider, "publisher", publisher);
        printf(" %s/%s", publisher, endpoint);
    }
    puts("");
}

static void print(const skad_options *options, skad_answer change)
{
    if (options->providers) {
        print_providers(change);
    } else {
        print_record(change);
    }
}

/* Prints changes until the daemon ends the watch, or until the wanted number was printed. */
static skad_exit follow(const skad_options *options, skad_client *client, skad_failure *failure)
{
    skad_reply reply;
    uint64_t told = 0;

    client->timeout_ms = -1; /* nothing may change for weeks */
    do {
        skad_exit exit = skad_client_next(client, &reply, failure);
        if (exit != SKAD_EXIT_DONE) {
            return exit;
        }
        if (!reply.notice) {
            (void)skad_fail(failure, "%s",
                            reply.message[0] != 0 ? reply.message : "the daemon ended the watch");
            return reply.error != SKAD_EXIT_DONE ? reply.error : SKAD_EXIT_FAILED;
        }
        skad_show_answer(options, reply.result, print);
        exit = skad_printed();
        if (exit != SKAD_EXIT_DONE) {
            (void)skad_fail(failure, "the output cannot be written");
            return exit;
        }
        told++;
    } while (told != options->count);
    return SKAD_EXIT_DONE;
}

static skad_exit run(const skad_options *options)
{
    skad_control_request request = {
        .method = options->providers ? SKAD_CONTROL_WATCH_PROVIDERS : SKAD_CONTROL_WATCH_RECORD,
        .salt = skad_text_span(options->salt),
        .every_s = (uint32_t)options->every_s,
    };
    const char *what = options->providers ? "key" : "public key";
    skad_failure failure;
    skad_client client;

    if (!skad_read_id(&skad_command_watch, options->argument, what, &request.id, &failure)) {
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    if (options->providers && options->salt != NULL) {
        (void)skad_fail(&failure, "watch: announcements have no --salt");
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    skad_exit exit = skad_client_open(options, &client, &failure);
    if (exit == SKAD_EXIT_DONE) {
        exit = skad_client_request(&client, &request, &failure);
        if (exit == SKAD_EXIT_DONE) {
            exit = follow(options, &client, &failure);
        }
        skad_client_close(&client);
    }
    return exit == SKAD_EXIT_DONE ? exit : skad_complain(exit, &failure);
}

const skad_command skad_command_watch = {
    .name = "watch",
    .usage = "watch PUBKEY [--salt TEXT] [--every SECONDS] [--count N] [--json] [--socket PATH]\n"
             "       skad watch --providers KEY [--every SECONDS] [--count N] [--json]\n"
             "                  [--socket PATH]",
    .summary = "Print a line each time what is published changes",
    .details =
        "Of a record: its sequence and value. With --providers: how many are announced under\n"
        "the key, and for each the start of its public key, a slash and its endpoint. The\n"
        "first line tells what is there, as soon as there is something.",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON | SKAD_OPTION_SALT | SKAD_OPTION_EVERY |
               SKAD_OPTION_PROVIDERS | SKAD_OPTION_COUNT,
    .argument = true,
    .argument_needed = true,
    .run = run,
};
