/* `skad`: finds the command and lets it do the rest. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "crypto/keys.h"
#include "src/cli/base/suggestion.h"
#include "src/cli/commands/cmd_sim.h"
#include "src/cli/commands/commands.h"
#include "src/daemon/system/signals.h"

static const skad_command *const COMMANDS[] = {
    &skad_command_keygen,    &skad_command_run,     &skad_command_testnet, &skad_command_put,
    &skad_command_get,       &skad_command_publish, &skad_command_resolve, &skad_command_announce,
    &skad_command_providers, &skad_command_watch,   &skad_command_records, &skad_command_withdraw,
    &skad_command_ping,      &skad_command_lookup,  &skad_command_table,   &skad_command_status,
    &skad_command_profile,   &skad_command_bans,    &skad_command_ban,     &skad_command_unban,
    &skad_command_allow,     &skad_command_config,  &skad_command_health,  &skad_command_top,
    &skad_command_backup,    &skad_command_restore, &skad_command_store,
};
#define COMMANDS_COUNT (sizeof COMMANDS / sizeof COMMANDS[0])

static void print_help(void)
{
    puts("usage: skad COMMAND [OPTION]...\n\nA node of a secure S/Kademlia network.\n");
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        printf("  %-9s %s\n", COMMANDS[i]->name, COMMANDS[i]->summary);
    }
    printf("  %-9s %s\n", "sim", "Simulate many nodes in virtual time, and attacks on them");
    puts("\n'skad COMMAND --help' explains a command, 'skad --version' tells the version.\n"
         "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 timed out,\n5 refused by "
         "those who should hold it.");
}

static void print_command_help(const skad_command *command)
{
    printf("usage: skad %s\n\n%s.\n", command->usage, command->summary);
    if (command->details != NULL) {
        printf("%s\n", command->details);
    }
    puts("");
    skad_options_explain(command->options);
}

static const skad_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        if (strcmp(COMMANDS[i]->name, name) == 0) {
            return COMMANDS[i];
        }
    }
    return NULL;
}

static void fail_command(const char *name, skad_failure *out)
{
    skad_suggestion nearest;
    skad_suggestion_begin(&nearest, name, strlen(name));
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        skad_suggestion_try(&nearest, COMMANDS[i]->name);
    }
    skad_suggestion_try(&nearest, "sim");
    if (nearest.best == NULL) {
        (void)skad_fail(out, "there is no command '%s': see 'skad --help'", name);
    } else {
        (void)skad_fail(out, "there is no command '%s': did you mean '%s'?", name, nearest.best);
    }
}

static skad_exit run_command(const skad_command *command, int argc, char **argv)
{
    skad_options options;
    skad_failure failure;

    if (!skad_options_read(command, argc, argv, &options, &failure)) {
        skad_exit exit = skad_complain(SKAD_EXIT_USAGE, &failure);
        if (!options.configuring) {
            (void)fprintf(stderr, "skad: see 'skad %s --help'\n", command->name);
        }
        skad_options_free(&options);
        return exit;
    }
    skad_exit exit = SKAD_EXIT_DONE;
    if (options.help) {
        print_command_help(command);
        exit = skad_printed();
    } else {
        exit = command->run(&options);
    }
    skad_options_free(&options);
    return exit;
}

int main(int argc, char **argv)
{
    skad_crypto_init();
    (void)signal(SIGPIPE, SIG_IGN);
    skad_signals_end_process_1();
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        print_help();
        return (int)skad_printed();
    }
    if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
        puts("skad " SKAD_VERSION);
        return (int)skad_printed();
    }
    if (argc >= 2 && strcmp(argv[1], "sim") == 0) {
        return (int)skad_sim_start(argc, argv);
    }
    const skad_command *command = argc >= 2 ? find_command(argv[1]) : NULL;
    if (command == NULL) {
        skad_failure failure;
        if (argc < 2) {
            (void)skad_fail(&failure, "which command? see 'skad --help'");
        } else {
            fail_command(argv[1], &failure);
        }
        return (int)skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    return (int)run_command(command, argc, argv);
}
