/* skad health: whether the node does its work, for people, load balancers and monitoring. */
#include <stdio.h>
#include <string.h>

#include "src/cli/client/client.h"
#include "src/cli/client/text.h"
#include "src/cli/commands/commands.h"

/* Exit codes of this command, as checks of monitoring systems have them. */
#define EXIT_OK       0
#define EXIT_DEGRADED 1
#define EXIT_FAILING  2

static void print(const skad_options *options, skad_answer result)
{
    char text[SKAD_ANSWER_TEXT_BYTES];
    const skad_answer checks = skad_answer_get(result, "checks");
    (void)options;
    skad_answer_text(skad_answer_get(result, "verdict"), text);
    printf("%s\n\n", text);
    for (size_t i = 0; checks.item != NULL && i < checks.item->count; i++) {
        char name[SKAD_ANSWER_TEXT_BYTES];
        char state[SKAD_ANSWER_TEXT_BYTES];
        const skad_answer check = skad_answer_at(checks, 2 * i + 1);
        skad_answer_text(skad_answer_at(checks, 2 * i), name);
        skad_answer_text(skad_answer_get(check, "state"), state);
        skad_answer_text(skad_answer_get(check, "text"), text);
        printf("%-9s %-9s %s\n", name, state, text);
    }
}

static int code_of(skad_answer result)
{
    char verdict[SKAD_ANSWER_TEXT_BYTES];
    skad_answer_text(skad_answer_get(result, "verdict"), verdict);
    if (strcmp(verdict, "ok") == 0) {
        return EXIT_OK;
    }
    return strcmp(verdict, "degraded") == 0 ? EXIT_DEGRADED : EXIT_FAILING;
}

static skad_exit run(const skad_options *options)
{
    skad_control_request request = {.method = SKAD_CONTROL_HEALTH};
    skad_client client;
    skad_answer result;

    if (skad_daemon_request(options, &request, NULL, &client, &result) != SKAD_EXIT_DONE) {
        return (skad_exit)EXIT_FAILING; /* a node that does not answer is the worst of all */
    }
    const int code = code_of(result);
    skad_show_answer(options, result, print);
    skad_client_close(&client);
    return skad_printed() == SKAD_EXIT_DONE ? (skad_exit)code : (skad_exit)EXIT_FAILING;
}

const skad_command skad_command_health = {
    .name = "health",
    .usage = "health [--json] [--socket PATH] [--timeout SECONDS]",
    .summary = "Tell whether the node does its work",
    .details =
        "Exits with 0 if all is ok, with 1 if the node is degraded, and with 2 if it fails or\n"
        "does not answer.",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON,
    .run = run,
};
