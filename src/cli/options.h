/* The options of all commands, read in one place so that each means the same everywhere. */
#ifndef SKAD_CLI_OPTIONS_H
#define SKAD_CLI_OPTIONS_H

#include <limits.h>

#include "skad/profile.h"
#include "src/cli/exit.h"
#include "src/daemon/daemon.h"

/* Which options a command takes, as a set. */
typedef enum skad_option {
    SKAD_OPTION_DIR = 1 << 0,
    SKAD_OPTION_PROFILE = 1 << 1,
    SKAD_OPTION_LISTEN = 1 << 2,
    SKAD_OPTION_JOIN = 1 << 3,
    SKAD_OPTION_SOCKET = 1 << 4,
    SKAD_OPTION_TIMEOUT = 1 << 5,
    SKAD_OPTION_JSON = 1 << 6,
    SKAD_OPTION_FIELD = 1 << 7,
    SKAD_OPTION_OUTPUT = 1 << 8,
    SKAD_OPTION_BASE_PORT = 1 << 9,
    SKAD_OPTION_CONTACTS = 1 << 10,
    SKAD_OPTION_TRACE = 1 << 11,
} skad_option;

/* What each command that talks to a daemon takes. */
#define SKAD_OPTIONS_CLIENT (SKAD_OPTION_SOCKET | SKAD_OPTION_TIMEOUT)

typedef struct skad_options {
    char dir[PATH_MAX];    /* --dir, else $HOME/.skad; empty without either */
    char socket[PATH_MAX]; /* --socket, else $SKAD_SOCKET, else $HOME/.skad/control.sock */
    bool dir_given;
    bool socket_given;
    const skad_profile *profile; /* --profile, else the public one */
    skad_address listen[SKAD_LISTEN_MAX];
    size_t listen_count;
    skad_place join[SKAD_PLACES_MAX];
    size_t join_count;
    unsigned timeout_s;
    bool json;
    bool contacts;
    bool trace;
    const char *field;  /* NULL unless given */
    const char *output; /* NULL unless given */
    uint16_t base_port;
    bool help;
    const char *argument; /* the one positional argument; NULL if absent */
} skad_options;

typedef struct skad_command {
    const char *name;
    const char *usage; /* what follows "usage: skad " */
    const char *summary;
    const char *details;
    unsigned options; /* a set of skad_option */
    bool argument;    /* may take one argument */
    bool argument_needed;
    skad_exit (*run)(const skad_options *options);
} skad_command;

/* Reads argv[2..] for a command. On failure tells why. */
SKAD_MUST_CHECK bool skad_options_read(const skad_command *command, int argc, char **argv,
                                       skad_options *out, skad_failure *failure);

/* Explains the options of a set, one a line, on stdout. */
void skad_options_explain(unsigned options);

#endif
