/* Reading a command line by the table of options, and the files of configuration after it. */
#include "src/cli/base/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "src/cli/base/settings.h"

/* ---- The command line ---- */

typedef struct reading {
    const skad_command *command;
    int argc;
    char **argv;
    int next; /* of argv */
    skad_options *out;
    skad_failure *failure;
} reading;

static bool fail_unknown(const reading *self, const char *word, size_t name_len)
{
    const char *nearest =
        name_len > 2 ? skad_option_nearest(self->command->options, word + 2, name_len - 2) : NULL;
    if (nearest == NULL) {
        return skad_fail(self->failure, "%s: there is no option %.*s", self->command->name,
                         (int)name_len, word);
    }
    return skad_fail(self->failure, "%s: there is no option %.*s: did you mean --%s?",
                     self->command->name, (int)name_len, word, nearest);
}

static bool take(reading *self, const skad_option_row *row, const char *value)
{
    skad_failure flaw;
    skad_options *out = self->out;
    out->given |= row->option;
    if (out->settings != NULL && !skad_settings_command(out->settings, row, value)) {
        return skad_fail(self->failure, "%s: there are too many options", self->command->name);
    }
    return row->take(row, value, out, &flaw) ||
           skad_fail(self->failure, "--%s: %s", row->name, flaw.text);
}

/* Takes the word behind an option as its value. */
static bool take_next(reading *self, const skad_option_row *row, const char *word)
{
    if (row->value == NULL) {
        return take(self, row, NULL);
    }
    if (self->next == self->argc) {
        return skad_fail(self->failure, "%s: %s needs a value", self->command->name, word);
    }
    return take(self, row, self->argv[self->next++]);
}

/* "--name", "--name VALUE" or "--name=VALUE". */
static bool read_long(reading *self, const char *word)
{
    const size_t name_len = strcspn(word, "=");
    const bool has_value = word[name_len] == '=';
    const skad_option_row *row =
        skad_option_row_find(self->command->options, word + 2, name_len - 2);
    if (strcmp(word, "--help") == 0) {
        self->out->help = true;
        return true;
    }
    if (row == NULL) {
        return fail_unknown(self, word, name_len);
    }
    if (has_value && row->value == NULL) {
        return skad_fail(self->failure, "%s: --%s takes no value", self->command->name, row->name);
    }
    return has_value ? take(self, row, word + name_len + 1) : take_next(self, row, word);
}

/* "-o VALUE" or "-oVALUE". */
static bool read_short(reading *self, const char *word)
{
    if (strcmp(word, "-h") == 0) {
        self->out->help = true;
        return true;
    }
    for (size_t i = 0; i < SKAD_OPTION_ROWS_COUNT; i++) {
        const skad_option_row *row = &SKAD_OPTION_ROWS[i];
        if ((self->command->options & row->option) != 0 && row->letter == word[1]) {
            return word[2] != 0 ? take(self, row, word + 2) : take_next(self, row, word);
        }
    }
    return fail_unknown(self, word, strlen(word));
}

static bool read_argument(const reading *self, const char *word)
{
    skad_options *out = self->out;
    if (self->command->argument && out->argument == NULL) {
        out->argument = word;
        return true;
    }
    if (self->command->argument2 && out->argument2 == NULL) {
        out->argument2 = word;
        return true;
    }
    return skad_fail(self->failure, "%s: '%s' is one argument too many", self->command->name, word);
}

/* Options may follow arguments; behind "--" there are none. */
static bool read_words(reading *self)
{
    bool options = true;
    while (self->next < self->argc) {
        const char *word = self->argv[self->next++];
        bool ok;
        if (options && strcmp(word, "--") == 0) {
            options = false;
            continue;
        }
        if (!options || word[0] != '-' || word[1] == 0) {
            ok = read_argument(self, word);
        } else {
            ok = word[1] == '-' ? read_long(self, word) : read_short(self, word);
        }
        if (!ok) {
            return false;
        }
    }
    if (self->out->argument == NULL && self->command->argument_needed && !self->out->help) {
        return skad_fail(self->failure, "%s: an argument is missing", self->command->name);
    }
    return true;
}

static void pass_over(void *user, const char *sentence)
{
    (void)user;
    (void)sentence;
}

/* The socket of the node that the files of configuration describe, for commands that talk to it.
 * What is wrong with other keys is no business of theirs. */
static void look_up_socket(skad_options *out)
{
    const char *dir = NULL;
    const char *path = NULL;
    const char *monitor = NULL;
    skad_failure failure;
    skad_settings *settings = calloc(1, sizeof *settings);
    if (settings == NULL ||
        !skad_settings_read(settings, NULL, SKAD_OPTIONS_KEYS, pass_over, NULL, &failure)) {
        skad_settings_free(settings);
        return;
    }
    for (size_t i = 0; i < settings->count; i++) {
        const skad_setting *setting = &settings->all[i];
        const skad_option_set option = setting->dropped ? 0 : setting->row->option;
        dir = option == SKAD_OPTION_DIR ? setting->value : dir;
        path = option == SKAD_OPTION_SOCKET ? setting->value : path;
        monitor = option == SKAD_OPTION_MONITOR_SOCKET ? setting->value : monitor;
    }
    if (path != NULL && strlen(path) < sizeof out->socket) {
        memcpy(out->socket, path, strlen(path) + 1);
    } else if (path == NULL && dir != NULL && strlen(dir) < sizeof out->socket - 32) {
        (void)snprintf(out->socket, sizeof out->socket, "%s/control.sock", dir);
    }
    /* A user that may only look uses the socket for that. */
    if (monitor != NULL && strlen(monitor) < sizeof out->socket &&
        access(out->socket, R_OK | W_OK) != 0 && errno == EACCES &&
        access(monitor, R_OK | W_OK) == 0) {
        memcpy(out->socket, monitor, strlen(monitor) + 1);
    }
    skad_settings_free(settings);
}

/* Whether a command talks to a node, is not told to which one, and the user has none. */
static bool lacks_socket(const skad_options *out)
{
    const skad_option_set options = out->command->options;
    const char *set = getenv("SKAD_SOCKET");
    return (options & SKAD_OPTION_SOCKET) != 0 && (options & SKAD_OPTION_CONFIG) == 0 &&
           (out->given & SKAD_OPTION_SOCKET) == 0 && (set == NULL || set[0] == 0) &&
           (out->socket[0] == 0 || access(out->socket, F_OK) != 0);
}

static bool read_all(const skad_command *command, int argc, char **argv, bool again,
                     skad_options *out, skad_failure *failure)
{
    reading self = {.command = command,
                    .argc = argc,
                    .argv = argv,
                    .next = 2, /* after the command's name */
                    .out = out,
                    .failure = failure};
    skad_options_set_defaults(out);
    out->command = command;
    out->argc = argc;
    out->argv = argv;
    out->again = again;
    if ((command->options & SKAD_OPTION_CONFIG) != 0) {
        out->settings = calloc(1, sizeof *out->settings);
        if (out->settings == NULL) {
            return skad_fail(failure, "out of memory");
        }
    }
    if (!read_words(&self)) {
        return false;
    }
    if (lacks_socket(out)) {
        look_up_socket(out);
    }
    return !command->configured || out->help ||
           skad_options_configure(out, out->config, NULL, NULL, failure);
}

bool skad_options_read(const skad_command *command, int argc, char **argv, skad_options *out,
                       skad_failure *failure)
{
    return read_all(command, argc, argv, false, out, failure);
}

bool skad_options_read_again(const skad_command *command, int argc, char **argv, skad_options *out,
                             skad_failure *failure)
{
    return read_all(command, argc, argv, true, out, failure);
}

/* ---- Files of configuration ---- */

/* Takes the values that count and are not the command line's. */
static bool take_settings(skad_options *out, skad_options_problem *problem, void *user,
                          skad_failure *failure)
{
    const skad_settings *settings = out->settings;
    for (size_t i = 0; i < settings->count; i++) {
        const skad_setting *setting = &settings->all[i];
        skad_failure flaw;
        char place[PATH_MAX];
        if (setting->dropped || setting->file == SKAD_CONFIG_FILES_MAX) {
            continue;
        }
        out->given |= setting->row->option;
        if (setting->row->take(setting->row, setting->value, out, &flaw)) {
            continue;
        }
        skad_settings_place(settings, setting, place);
        (void)skad_fail(failure, "%.250s: %s: %.200s", place, setting->row->name, flaw.text);
        if (problem == NULL) {
            return false;
        }
        problem(user, failure->text);
    }
    return true;
}

bool skad_options_configure(skad_options *out, const char *config, skad_options_problem *problem,
                            void *user, skad_failure *failure)
{
    out->configuring = true;
    return skad_settings_read(out->settings, config, SKAD_OPTIONS_KEYS, problem, user, failure) &&
           take_settings(out, problem, user, failure);
}

void skad_options_free(skad_options *options)
{
    skad_secret_free(options->profile_read, sizeof *options->profile_read);
    options->profile_read = NULL;
    skad_settings_free(options->settings);
    options->settings = NULL;
}

void skad_options_explain(skad_option_set options)
{
    for (size_t i = 0; i < SKAD_OPTION_ROWS_COUNT; i++) {
        const skad_option_row *row = &SKAD_OPTION_ROWS[i];
        if ((options & row->option) != 0) {
            char left[48];
            (void)snprintf(left, sizeof left, "%s--%s %s", row->letter != 0 ? "-o, " : "",
                           row->name, row->value == NULL ? "" : row->value);
            printf("  %-22s %s\n", left, row->text);
        }
    }
    printf("  %-22s %s\n", "--help", "print this");
}
