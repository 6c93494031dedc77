/* getopt_long with a table of all options, of which each command accepts some. */
#include "src/cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/address.h"

/* An operation ends within 60 s by itself; the daemon's word is better than our own impatience. */
#define TIMEOUT_S_DEFAULT 65
#define TIMEOUT_S_MAX     86400

typedef struct option_row {
    skad_option option;
    char letter; /* 0: none */
    const char *name;
    const char *value; /* what it is called in the help; NULL: takes none */
    const char *text;
} option_row;

static const option_row OPTIONS[] = {
    {SKAD_OPTION_DIR, 0, "dir", "DIR", "the node's folder (default: $HOME/.skad)"},
    {SKAD_OPTION_PROFILE, 0, "profile", "NAME", "the network: public (default) or test"},
    {SKAD_OPTION_LISTEN, 0, "listen", "ADDR:PORT",
     "where to listen, once for each family (default: port 4700 of all addresses)"},
    {SKAD_OPTION_JOIN, 0, "join", "ADDR:PORT",
     "a node to join through, by address or NAME:PORT; may be repeated"},
    {SKAD_OPTION_SOCKET, 0, "socket", "PATH",
     "the control socket (default: $SKAD_SOCKET, else $HOME/.skad/control.sock)"},
    {SKAD_OPTION_TIMEOUT, 0, "timeout", "SECONDS", "how long to wait for an answer (default: 65)"},
    {SKAD_OPTION_JSON, 0, "json", NULL, "print one JSON object"},
    {SKAD_OPTION_FIELD, 0, "field", "NAME", "print the value of this field only"},
    {SKAD_OPTION_OUTPUT, 'o', "output", "FILE", "write to FILE instead of stdout"},
    {SKAD_OPTION_BASE_PORT, 0, "base-port", "PORT",
     "use this port and those after it (default: 0, the system chooses)"},
    {SKAD_OPTION_CONTACTS, 0, "contacts", NULL, "list the contacts instead of the bins"},
    {SKAD_OPTION_TRACE, 0, "trace", NULL, "print each request and its end as it happens"},
};
#define OPTIONS_COUNT (sizeof OPTIONS / sizeof OPTIONS[0])
#define HELP_CODE     'h'
#define CODE_BASE     256 /* getopt's codes of our rows, beyond all letters */

static bool read_number(const char *text, unsigned long min, unsigned long max, const char *name,
                        unsigned long *out, skad_failure *failure)
{
    char *end = NULL;
    *out = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || *out < min || *out > max) {
        return skad_fail(failure, "--%s: %s is no number from %lu to %lu", name, text, min, max);
    }
    return true;
}

static bool copy_path(const char *text, const char *name, char out[static PATH_MAX],
                      skad_failure *failure)
{
    size_t len = strlen(text);
    if (len == 0 || len >= PATH_MAX) {
        return skad_fail(failure, "--%s: the path is empty or too long", name);
    }
    memcpy(out, text, len + 1);
    return true;
}

static bool read_listen(const char *text, skad_options *out, skad_failure *failure)
{
    skad_address address;
    if (!skad_address_parse(text, &address)) {
        return skad_fail(failure, "--listen: %s: give ADDR:PORT or [ADDR]:PORT", text);
    }
    for (size_t i = 0; i < out->listen_count; i++) {
        if (out->listen[i].family == address.family) {
            return skad_fail(failure, "--listen: give one IPv4 and one IPv6 address at most");
        }
    }
    out->listen[out->listen_count++] = address;
    return true;
}

static bool read_join(const char *text, skad_options *out, skad_failure *failure)
{
    if (out->join_count == SKAD_PLACES_MAX) {
        return skad_fail(failure, "--join: give at most %d", SKAD_PLACES_MAX);
    }
    return skad_place_parse(text, &out->join[out->join_count++], failure);
}

static bool read_option(skad_option option, const char *value, skad_options *out,
                        skad_failure *failure)
{
    unsigned long number = 0;
    switch (option) {
    case SKAD_OPTION_DIR:
        out->dir_given = true;
        return copy_path(value, "dir", out->dir, failure);
    case SKAD_OPTION_PROFILE:
        out->profile = skad_profile_builtin(value);
        return out->profile != NULL ||
               skad_fail(failure, "--profile: %s is neither public nor test", value);
    case SKAD_OPTION_LISTEN:
        return read_listen(value, out, failure);
    case SKAD_OPTION_JOIN:
        return read_join(value, out, failure);
    case SKAD_OPTION_SOCKET:
        out->socket_given = true;
        return copy_path(value, "socket", out->socket, failure);
    case SKAD_OPTION_TIMEOUT:
        if (!read_number(value, 1, TIMEOUT_S_MAX, "timeout", &number, failure)) {
            return false;
        }
        out->timeout_s = (unsigned)number;
        return true;
    case SKAD_OPTION_JSON:
        out->json = true;
        return true;
    case SKAD_OPTION_CONTACTS:
        out->contacts = true;
        return true;
    case SKAD_OPTION_TRACE:
        out->trace = true;
        return true;
    case SKAD_OPTION_FIELD:
        out->field = value;
        return true;
    case SKAD_OPTION_OUTPUT:
        out->output = value;
        return true;
    case SKAD_OPTION_BASE_PORT:
        if (!read_number(value, 0, UINT16_MAX, "base-port", &number, failure)) {
            return false;
        }
        out->base_port = (uint16_t)number;
        return true;
    }
    return false;
}

/* ---- Defaults ---- */

static void set_defaults(skad_options *out)
{
    const char *home = getenv("HOME");
    const char *socket = getenv("SKAD_SOCKET");

    memset(out, 0, sizeof *out);
    out->profile = skad_profile_builtin("public");
    out->timeout_s = TIMEOUT_S_DEFAULT;
    /* Paths that do not fit are cut here and then not found; nobody has such a home. */
    if (home != NULL && home[0] != 0 && strlen(home) < PATH_MAX - 32) {
        (void)snprintf(out->dir, sizeof out->dir, "%s/.skad", home);
        (void)snprintf(out->socket, sizeof out->socket, "%s/.skad/control.sock", home);
    }
    if (socket != NULL && socket[0] != 0 && strlen(socket) < sizeof out->socket) {
        memcpy(out->socket, socket, strlen(socket) + 1);
    }
}

/* ---- Reading ---- */

static size_t list_options(unsigned set, struct option *list, char *letters)
{
    size_t count = 0;
    *letters++ = ':'; /* tells a missing value from an unknown option */
    *letters++ = HELP_CODE;
    list[count++] = (struct option){.name = "help", .has_arg = no_argument, .val = HELP_CODE};
    for (size_t i = 0; i < OPTIONS_COUNT; i++) {
        if ((set & OPTIONS[i].option) == 0) {
            continue;
        }
        list[count++] = (struct option){
            .name = OPTIONS[i].name,
            .has_arg = OPTIONS[i].value == NULL ? no_argument : required_argument,
            .val = CODE_BASE + (int)i,
        };
        if (OPTIONS[i].letter != 0) {
            *letters++ = OPTIONS[i].letter;
            *letters++ = ':';
        }
    }
    *letters = 0;
    list[count] = (struct option){.name = NULL};
    return count;
}

static const option_row *row_of(int code)
{
    for (size_t i = 0; i < OPTIONS_COUNT; i++) {
        if (code == CODE_BASE + (int)i || (OPTIONS[i].letter != 0 && code == OPTIONS[i].letter)) {
            return &OPTIONS[i];
        }
    }
    return NULL;
}

static bool read_argument(const skad_command *command, int argc, char **argv, skad_options *out,
                          skad_failure *failure)
{
    int given = argc - optind;
    if (given > (command->argument ? 1 : 0)) {
        return skad_fail(failure, "%s: '%s' is one argument too many", command->name,
                         argv[argc - 1]);
    }
    if (given == 0 && command->argument_needed && !out->help) {
        return skad_fail(failure, "%s: an argument is missing", command->name);
    }
    out->argument = given == 1 ? argv[optind] : NULL;
    return true;
}

bool skad_options_read(const skad_command *command, int argc, char **argv, skad_options *out,
                       skad_failure *failure)
{
    struct option list[OPTIONS_COUNT + 2];
    char letters[2 * OPTIONS_COUNT + 4];

    set_defaults(out);
    (void)list_options(command->options, list, letters);
    opterr = 0;
    optind = 2; /* after the command's name */
    for (;;) {
        int code = getopt_long(argc, argv, letters, list, NULL);
        if (code == -1) {
            break;
        }
        if (code == HELP_CODE) {
            out->help = true;
            continue;
        }
        if (code == ':') {
            return skad_fail(failure, "%s: %s needs a value", command->name, argv[optind - 1]);
        }
        const option_row *row = row_of(code);
        if (row == NULL) {
            return skad_fail(failure, "%s: there is no option %s", command->name, argv[optind - 1]);
        }
        if (!read_option(row->option, optarg, out, failure)) {
            return false;
        }
    }
    return read_argument(command, argc, argv, out, failure);
}

void skad_options_explain(unsigned options)
{
    for (size_t i = 0; i < OPTIONS_COUNT; i++) {
        const option_row *row = &OPTIONS[i];
        if ((options & row->option) != 0) {
            char left[48];
            (void)snprintf(left, sizeof left, "%s--%s %s", row->letter != 0 ? "-o, " : "",
                           row->name, row->value == NULL ? "" : row->value);
            printf("  %-22s %s\n", left, row->text);
        }
    }
    printf("  %-22s %s\n", "--help", "print this");
}
