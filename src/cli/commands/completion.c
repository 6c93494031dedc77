/* The scripts. Each has one part for the names of commands, and one for each command: its options,
 * what they may be, and what its first argument may be. */
#include "src/cli/commands/completion.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "src/cli/base/option_table.h"
#include "src/cli/commands/command_table.h"

#define FILES "FILE"

/* Whether any file may stand there. `out`: the other words. */
static bool split_words(const char *words, char *out, size_t cap)
{
    const char *files = words == NULL ? NULL : strstr(words, FILES);
    const size_t len = words == NULL ? 0 : files == NULL ? strlen(words) : (size_t)(files - words);
    (void)snprintf(out, cap, "%.*s", (int)len, words == NULL ? "" : words);
    return files != NULL;
}

/* A text within single quotes, for any of the shells, without the marks that zsh reads. */
static void print_quoted(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            printf("'\\''");
        } else if (strchr("[]:", *text) != NULL) {
            printf("\\%c", *text);
        } else {
            putchar(*text);
        }
    }
}

static void print_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            printf("\\'"); /* fish */
        } else {
            putchar(*text);
        }
    }
}

static bool takes(const skad_command *command, const skad_option_row *row)
{
    return (command->options & row->option) != 0;
}

static void print_names(void)
{
    for (size_t i = 0; i < SKAD_COMMANDS_COUNT; i++) {
        printf("%s ", SKAD_COMMANDS[i]->name);
    }
    printf("sim help version");
}

/* ---- bash ---- */

static void print_bash_values(void)
{
    puts("    case $before in");
    for (size_t i = 0; i < SKAD_OPTION_ROWS_COUNT; i++) {
        const skad_option_row *row = &SKAD_OPTION_ROWS[i];
        char words[96];
        if (row->value == NULL) {
            continue;
        }
        const bool files = split_words(row->words, words, sizeof words);
        printf("    --%s", row->name);
        if (row->letter != 0) {
            printf("|-%c", row->letter);
        }
        printf(") _skad_words '%s'%s; return ;;\n", words, files ? " files" : "");
    }
    puts("    esac");
}

static void print_bash_command(const skad_command *command)
{
    char words[96];
    const bool files = split_words(command->words, words, sizeof words);
    printf("    %s)\n        options='--help", command->name);
    for (size_t i = 0; i < SKAD_OPTION_ROWS_COUNT; i++) {
        if (takes(command, &SKAD_OPTION_ROWS[i])) {
            printf(" --%s", SKAD_OPTION_ROWS[i].name);
        }
    }
    printf("'\n        words='%s'\n        files=%s\n        ;;\n", words,
           files || command->argument2 ? "files" : "''");
}

void skad_completion_bash(void)
{
    puts("# Completion of skad for bash, made by 'skad completion bash'.\n"
         "_skad_words() { # WORDS [files]\n"
         "    COMPREPLY=($(compgen -W \"$1\" -- \"$current\"))\n"
         "    if [ \"${2-}\" = files ]; then\n"
         "        local IFS=$'\\n'\n"
         "        COMPREPLY+=($(compgen -f -- \"$current\"))\n"
         "        compopt -o filenames 2>/dev/null\n"
         "    fi\n"
         "}\n\n"
         "_skad() {\n"
         "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "    local options='' words='' files=''\n"
         "    COMPREPLY=()\n"
         "    if [ \"$COMP_CWORD\" -eq 1 ]; then");
    printf("        _skad_words '");
    print_names();
    puts(" --help --version'\n"
         "        return\n"
         "    fi");
    print_bash_values();
    puts("    case ${COMP_WORDS[1]} in");
    for (size_t i = 0; i < SKAD_COMMANDS_COUNT; i++) {
        print_bash_command(SKAD_COMMANDS[i]);
    }
    printf("    sim) words='%s' files=files ;;\n    help) words='", SKAD_SIM_WORDS);
    print_names();
    puts("' ;;\n"
         "    esac\n"
         "    case $current in\n"
         "    -*) _skad_words \"$options\" ;;\n"
         "    *) _skad_words \"$words\" $files ;;\n"
         "    esac\n"
         "}\n\n"
         "complete -F _skad skad");
}

/* ---- zsh ---- */

/* ":label:action" */
static void print_zsh_action(const char *label, const char *words)
{
    char listed[96];
    const bool files = split_words(words, listed, sizeof listed);
    printf(":");
    print_quoted(label);
    printf(":");
    if (listed[0] != '\0' && files) {
        printf("{ compadd -- %s; _files }", listed);
    } else if (listed[0] != '\0') {
        printf("(%s)", listed);
    } else if (files) {
        printf("_files");
    }
}

static void print_zsh_command(const skad_command *command)
{
    printf("    %s)\n        _arguments '--help[print the help]'", command->name);
    for (size_t i = 0; i < SKAD_OPTION_ROWS_COUNT; i++) {
        const skad_option_row *row = &SKAD_OPTION_ROWS[i];
        if (!takes(command, row)) {
            continue;
        }
        printf(" \\\n            '%s--%s%s[", (row->option & SKAD_OPTIONS_LISTS) != 0 ? "*" : "",
               row->name, row->value != NULL ? "=" : "");
        print_quoted(row->text);
        printf("]");
        if (row->value != NULL) {
            print_zsh_action(row->value, row->words);
        }
        printf("'");
    }
    if (command->argument) {
        printf(" \\\n            '1");
        print_zsh_action("argument", command->words);
        printf("'");
    }
    if (command->argument2) {
        printf(" \\\n            '2:file:_files'");
    }
    puts("\n        ;;");
}

void skad_completion_zsh(void)
{
    puts("#compdef skad\n"
         "# Completion of skad for zsh, made by 'skad completion zsh'.\n\n"
         "local -a commands\n"
         "commands=(");
    for (size_t i = 0; i < SKAD_COMMANDS_COUNT; i++) {
        printf("    '%s:", SKAD_COMMANDS[i]->name);
        print_quoted(SKAD_COMMANDS[i]->summary);
        puts("'");
    }
    puts("    'sim:" SKAD_SIM_SUMMARY "'\n"
         "    'help:" SKAD_HELP_SUMMARY "'\n"
         "    'version:" SKAD_VERSION_SUMMARY "'\n"
         ")\n\n"
         "if (( CURRENT == 2 )); then\n"
         "    _describe command commands\n"
         "    return\n"
         "fi\n"
         "shift words\n"
         "(( CURRENT-- ))\n"
         "case $words[1] in");
    for (size_t i = 0; i < SKAD_COMMANDS_COUNT; i++) {
        print_zsh_command(SKAD_COMMANDS[i]);
    }
    puts("    sim) _arguments '1:command:(" SKAD_SIM_WORDS ")' '*:file:_files' ;;\n"
         "    help) _describe command commands ;;\n"
         "esac");
}

/* ---- fish ---- */

static void print_fish_option(const skad_command *command, const skad_option_row *row)
{
    char words[96];
    const bool files = split_words(row->words, words, sizeof words);
    printf("complete -c skad -n '__fish_seen_subcommand_from %s' -l %s", command->name, row->name);
    if (row->letter != 0) {
        printf(" -s %c", row->letter);
    }
    if (row->value != NULL) {
        printf(files ? " -r -F" : " -x");
    }
    if (words[0] != '\0') {
        printf(" -a '%s'", words);
    }
    printf(" -d '");
    print_plain(row->text);
    puts("'");
}

static void print_fish_command(const skad_command *command)
{
    char words[96];
    const bool files = split_words(command->words, words, sizeof words);
    printf("complete -c skad -n __fish_use_subcommand -a %s -d '", command->name);
    print_plain(command->summary);
    puts("'");
    for (size_t i = 0; i < SKAD_OPTION_ROWS_COUNT; i++) {
        if (takes(command, &SKAD_OPTION_ROWS[i])) {
            print_fish_option(command, &SKAD_OPTION_ROWS[i]);
        }
    }
    if (words[0] != '\0') {
        printf("complete -c skad -n '__fish_seen_subcommand_from %s' -a '%s'\n", command->name,
               words);
    }
    if (files || command->argument2) {
        printf("complete -c skad -n '__fish_seen_subcommand_from %s' -F\n", command->name);
    }
}

void skad_completion_fish(void)
{
    puts("# Completion of skad for fish, made by 'skad completion fish'.\n"
         "complete -c skad -f");
    for (size_t i = 0; i < SKAD_COMMANDS_COUNT; i++) {
        print_fish_command(SKAD_COMMANDS[i]);
    }
    puts("complete -c skad -n __fish_use_subcommand -a sim -d '" SKAD_SIM_SUMMARY "'\n"
         "complete -c skad -n '__fish_seen_subcommand_from sim' -a '" SKAD_SIM_WORDS "'\n"
         "complete -c skad -n '__fish_seen_subcommand_from sim' -F\n"
         "complete -c skad -n __fish_use_subcommand -a help -d '" SKAD_HELP_SUMMARY "'\n"
         "complete -c skad -n __fish_use_subcommand -a version -d '" SKAD_VERSION_SUMMARY "'");
    printf("complete -c skad -n '__fish_seen_subcommand_from help' -a '");
    print_names();
    puts("'");
}
