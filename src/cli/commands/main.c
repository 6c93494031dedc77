/* `skad`: finds the command and lets it do the rest. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "crypto/keys.h"
#include "skad/version.h"
#include "src/cli/base/suggestion.h"
#include "src/cli/commands/cmd_sim.h"
#include "src/cli/commands/command_table.h"
#include "src/cli/commands/commands.h"
#include "src/daemon/system/signals.h"

static void print_help(void)
{
    puts("usage: skad COMMAND [OPTION]...\n\nA node of a secure S/Kademlia network.\n");
    for (size_t i = 0; i < SKAD_COMMANDS_COUNT; i++) {
        printf("  %-10s %s\n", SKAD_COMMANDS[i]->name, SKAD_COMMANDS[i]->summary);
    }
    printf("  %-10s %s\n", "sim", SKAD_SIM_SUMMARY);
    printf("  %-10s %s\n", "help", SKAD_HELP_SUMMARY);
    printf("  %-10s %s\n", "version", SKAD_VERSION_SUMMARY);
    puts("\n'skad help COMMAND' or 'skad COMMAND --help' explains a command.\n"
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

static void fail_command(const char *name, skad_failure *out)
{
    skad_suggestion nearest;
    skad_suggestion_begin(&nearest, name, strlen(name));
    for (size_t i = 0; i < SKAD_COMMANDS_COUNT; i++) {
        skad_suggestion_try(&nearest, SKAD_COMMANDS[i]->name);
    }
    skad_suggestion_try(&nearest, "sim");
    skad_suggestion_try(&nearest, "help");
    skad_suggestion_try(&nearest, "version");
    if (nearest.best == NULL) {
        (void)skad_fail(out, "there is no command '%s': see 'skad help'", name);
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

static skad_exit fail_name(const char *name)
{
    skad_failure failure;
    fail_command(name, &failure);
    return skad_complain(SKAD_EXIT_USAGE, &failure);
}

/* "skad help [COMMAND]" */
static skad_exit help(int argc, char **argv)
{
    const skad_command *command = argc >= 3 ? skad_command_find(argv[2]) : NULL;
    if (argc > 3) {
        skad_failure failure;
        (void)skad_fail(&failure, "help: '%s' is one argument too many", argv[3]);
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    if (command != NULL) {
        print_command_help(command);
    } else if (argc >= 3 && strcmp(argv[2], "sim") == 0) {
        static char explain[] = "--help";
        char *words[] = {argv[0], argv[2], explain, NULL};
        return skad_sim_start(3, words);
    } else if (argc >= 3 && strcmp(argv[2], "--help") != 0 && strcmp(argv[2], "help") != 0 &&
               strcmp(argv[2], "version") != 0) {
        return fail_name(argv[2]);
    } else {
        print_help();
    }
    return skad_printed();
}

static bool is(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

int main(int argc, char **argv)
{
    skad_crypto_init();
    (void)signal(SIGPIPE, SIG_IGN);
    skad_signals_end_process_1();
    if (argc < 2) {
        skad_failure failure;
        (void)skad_fail(&failure, "which command? see 'skad help'");
        return (int)skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    if (is(argv[1], "--help", "-h") || strcmp(argv[1], "help") == 0) {
        return (int)help(strcmp(argv[1], "help") == 0 ? argc : 2, argv);
    }
    if (is(argv[1], "--version", "version")) {
        puts("skad " SKAD_VERSION);
        return (int)skad_printed();
    }
    if (strcmp(argv[1], "sim") == 0) {
        return (int)skad_sim_start(argc, argv);
    }
    const skad_command *command = skad_command_find(argv[1]);
    return command == NULL ? (int)fail_name(argv[1]) : (int)run_command(command, argc, argv);
}
