/* The options of all commands, read in one place so that each means the same everywhere. */
#ifndef SKAD_CLI_BASE_OPTIONS_H
#define SKAD_CLI_BASE_OPTIONS_H

#include <limits.h>

#include "skad/profile.h"
#include "src/cli/base/exit.h"
#include "src/daemon/app/daemon.h"
#include "src/daemon/sandbox/sandbox.h"

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
    SKAD_OPTION_MIN_ACKS = 1 << 12,
    SKAD_OPTION_ONCE = 1 << 13,
    SKAD_OPTION_SALT = 1 << 14,
    SKAD_OPTION_SEQ = 1 << 15,
    SKAD_OPTION_CAS = 1 << 16,
    SKAD_OPTION_KEY = 1 << 17,
    SKAD_OPTION_LIFE = 1 << 18,
    SKAD_OPTION_PORT = 1 << 19,
    SKAD_OPTION_ADDRESS = 1 << 20,
    SKAD_OPTION_METADATA = 1 << 21,
    SKAD_OPTION_EVERY = 1 << 22,
    SKAD_OPTION_PROVIDERS = 1 << 23,
    SKAD_OPTION_COUNT = 1 << 24,
    SKAD_OPTION_PUBLISHED = 1 << 25,
    SKAD_OPTION_FILE = 1 << 26,
    SKAD_OPTION_SANDBOX = 1 << 27,
    SKAD_OPTION_WORKERS = 1 << 28,
    SKAD_OPTION_STORE = 1 << 29,
    SKAD_OPTION_MAX_BYTES = 1 << 30,
} skad_option;

/* What each command that talks to a daemon takes. */
#define SKAD_OPTIONS_CLIENT (SKAD_OPTION_SOCKET | SKAD_OPTION_TIMEOUT)

typedef struct skad_options {
    unsigned given;              /* a set of skad_option: those on the command line */
    char dir[PATH_MAX];          /* --dir, else $HOME/.skad; empty without either */
    char socket[PATH_MAX];       /* --socket, else $SKAD_SOCKET, else $HOME/.skad/control.sock */
    const skad_profile *profile; /* --profile, else the public one */
    skad_profile *profile_read;  /* the former where it came from a file: memory for secrets */
    skad_sandbox sandbox;        /* --sandbox, else on */
    skad_address listen[SKAD_LISTEN_MAX];
    size_t listen_count;
    uint32_t listen_interface; /* of a link-local address among them; 0: none */
    skad_join_point join[SKAD_JOIN_POINTS_MAX];
    size_t join_count;
    skad_address address;
    /* Flags. */
    bool json;
    bool contacts;
    bool trace;
    bool once;
    bool providers;
    bool published;
    bool file;
    bool help;
    /* Numbers; where `given` says nothing else, their defaults or 0. */
    uint64_t timeout_s;
    uint64_t base_port;
    uint64_t min_acks;
    uint64_t sequence;
    uint64_t cas;
    uint64_t life_s;
    uint64_t port;
    uint64_t every_s;
    uint64_t count;
    uint64_t workers;
    uint64_t store_mib;
    uint64_t max_bytes;
    /* Texts; NULL unless given. */
    const char *field;
    const char *output;
    const char *salt;
    const char *key;
    const char *metadata;
    const char *argument; /* the one positional argument */
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

/* Reads argv[2..] for a command. On failure tells why. Free *out in any case. */
SKAD_MUST_CHECK bool skad_options_read(const skad_command *command, int argc, char **argv,
                                       skad_options *out, skad_failure *failure);

/* Wipes the pre-shared key, where there is one. */
void skad_options_free(skad_options *options);

/* Explains the options of a set, one a line, on stdout. */
void skad_options_explain(unsigned options);

#endif
