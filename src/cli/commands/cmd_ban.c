/* skad ban, skad unban, skad allow: bans a node or an address, ends a ban, exempts an address. */
#include <stdio.h>

#include "src/cli/client/client.h"
#include "src/cli/client/text.h"
#include "src/cli/commands/commands.h"

static skad_exit change(const skad_options *options, skad_control_method method, const char *done)
{
    skad_control_request request = {
        .method = method,
        .value = skad_text_span(options->argument),
        .life_s = (uint32_t)options->life_s,
    };
    skad_client client;
    skad_answer result;
    skad_exit exit = skad_daemon_request(options, &request, NULL, &client, &result);
    if (exit != SKAD_EXIT_DONE) {
        return exit;
    }
    char subject[SKAD_ANSWER_TEXT_BYTES];
    skad_text_of(result, "subject", subject);
    printf("%s  %s\n", done, subject);
    skad_client_close(&client);
    return skad_printed();
}

static skad_exit run_ban(const skad_options *options)
{
    return change(options, SKAD_CONTROL_BAN, "banned");
}

static skad_exit run_unban(const skad_options *options)
{
    return change(options, SKAD_CONTROL_UNBAN, "unbanned");
}

static skad_exit run_allow(const skad_options *options)
{
    return change(options, SKAD_CONTROL_ALLOW, "allowed");
}

const skad_command skad_command_ban = {
    .name = "ban",
    .usage = "ban ID|ADDR[/BITS] [--life SECONDS] [--socket PATH] [--timeout SECONDS]",
    .summary = "Keep out a node or an address prefix",
    .details =
        "What comes from it is dropped, and it is asked nothing, for a day unless --life says\n"
        "otherwise. Bans are forgotten when the node ends.",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_LIFE,
    .argument = true,
    .argument_needed = true,
    .run = run_ban,
};

const skad_command skad_command_unban = {
    .name = "unban",
    .usage = "unban ID|ADDR[/BITS] [--socket PATH] [--timeout SECONDS]",
    .summary = "Lift a ban",
    .details = "The subject is to be written as 'skad bans' shows it.",
    .options = SKAD_OPTIONS_CLIENT,
    .argument = true,
    .argument_needed = true,
    .run = run_unban,
};

const skad_command skad_command_allow = {
    .name = "allow",
    .usage = "allow ADDR[/BITS] [--socket PATH] [--timeout SECONDS]",
    .summary = "Exempt an address prefix from bans by the node itself",
    .details = "'skad ban' still bans it. Forgotten when the node ends.",
    .options = SKAD_OPTIONS_CLIENT,
    .argument = true,
    .argument_needed = true,
    .run = run_allow,
};
