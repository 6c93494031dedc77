/* skad bans: lists the bans, their reasons, and how long they last. */
#include <inttypes.h>
#include <stdio.h>

#include "src/cli/client/text.h"
#include "src/cli/commands/commands.h"

static void print(const skad_options *options, skad_answer result)
{
    (void)options;
    skad_answer bans = skad_answer_get(result, "bans");
    for (size_t i = 0; i < skad_answer_count(bans); i++) {
        skad_answer ban = skad_answer_at(bans, i);
        char subject[SKAD_ANSWER_TEXT_BYTES];
        char reason[SKAD_ANSWER_TEXT_BYTES];
        skad_text_of(ban, "subject", subject);
        skad_text_of(ban, "reason", reason);
        printf("%-10s %8" PRIu64 " s  %s\n", reason, skad_answer_uint(ban, "left_s"), subject);
    }
}

static skad_exit run(const skad_options *options)
{
    skad_control_request request = {.method = SKAD_CONTROL_BANS};
    return skad_ask_and_show(options, &request, NULL, print);
}

const skad_command skad_command_bans = {
    .name = "bans",
    .usage = "bans [--json] [--socket PATH] [--timeout SECONDS]",
    .summary = "Show who is kept out",
    .details =
        "A line for each: the reason, the seconds left, and the subject. The reason 'operator'\n"
        "means by hand. The node itself bans for ten minutes, for requests with a wrong\n"
        "signature that show a valid token ('signatures'), for storing what is no record\n"
        "('records'), and for answers that contradict the question ('answers'). It bans a node\n"
        "at one address (ID@ADDR:PORT). If many nodes of one address earn it, requests from\n"
        "that address are checked rarely, and only with a token.",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON,
    .run = run,
};
