/* The options of all commands, read in one place so that each means the same everywhere. */
#ifndef SKAD_CLI_BASE_OPTIONS_H
#define SKAD_CLI_BASE_OPTIONS_H

#include <limits.h>
#include <stdint.h>

#include "skad/profile.h"
#include "src/cli/base/exit.h"
#include "src/daemon/app/daemon.h"
#include "src/daemon/sandbox/sandbox.h"
#include "src/daemon/system/log_format.h"
#include "src/gateway/serve/gateway.h"

/* Which options a command takes, as a set. */
__extension__ typedef unsigned __int128 skad_option_set; /* there are more than 64 */
#define SKAD_OPTION_DIR            ((skad_option_set)1 << 0)
#define SKAD_OPTION_PROFILE        ((skad_option_set)1 << 1)
#define SKAD_OPTION_LISTEN         ((skad_option_set)1 << 2)
#define SKAD_OPTION_JOIN           ((skad_option_set)1 << 3)
#define SKAD_OPTION_SOCKET         ((skad_option_set)1 << 4)
#define SKAD_OPTION_TIMEOUT        ((skad_option_set)1 << 5)
#define SKAD_OPTION_JSON           ((skad_option_set)1 << 6)
#define SKAD_OPTION_FIELD          ((skad_option_set)1 << 7)
#define SKAD_OPTION_OUTPUT         ((skad_option_set)1 << 8)
#define SKAD_OPTION_BASE_PORT      ((skad_option_set)1 << 9)
#define SKAD_OPTION_CONTACTS       ((skad_option_set)1 << 10)
#define SKAD_OPTION_TRACE          ((skad_option_set)1 << 11)
#define SKAD_OPTION_MIN_ACKS       ((skad_option_set)1 << 12)
#define SKAD_OPTION_ONCE           ((skad_option_set)1 << 13)
#define SKAD_OPTION_SALT           ((skad_option_set)1 << 14)
#define SKAD_OPTION_SEQ            ((skad_option_set)1 << 15)
#define SKAD_OPTION_CAS            ((skad_option_set)1 << 16)
#define SKAD_OPTION_KEY            ((skad_option_set)1 << 17)
#define SKAD_OPTION_LIFE           ((skad_option_set)1 << 18)
#define SKAD_OPTION_PORT           ((skad_option_set)1 << 19)
#define SKAD_OPTION_ADDRESS        ((skad_option_set)1 << 20)
#define SKAD_OPTION_METADATA       ((skad_option_set)1 << 21)
#define SKAD_OPTION_EVERY          ((skad_option_set)1 << 22)
#define SKAD_OPTION_PROVIDERS      ((skad_option_set)1 << 23)
#define SKAD_OPTION_COUNT          ((skad_option_set)1 << 24)
#define SKAD_OPTION_PUBLISHED      ((skad_option_set)1 << 25)
#define SKAD_OPTION_FILE           ((skad_option_set)1 << 26)
#define SKAD_OPTION_SANDBOX        ((skad_option_set)1 << 27)
#define SKAD_OPTION_WORKERS        ((skad_option_set)1 << 28)
#define SKAD_OPTION_STORE          ((skad_option_set)1 << 29)
#define SKAD_OPTION_MAX_BYTES      ((skad_option_set)1 << 30)
#define SKAD_OPTION_CONFIG         ((skad_option_set)1 << 31)
#define SKAD_OPTION_LOG_LEVEL      ((skad_option_set)1 << 32)
#define SKAD_OPTION_METRICS        ((skad_option_set)1 << 33)
#define SKAD_OPTION_LOG_FORMAT     ((skad_option_set)1 << 34)
#define SKAD_OPTION_SOCKET_MODE    ((skad_option_set)1 << 35)
#define SKAD_OPTION_SOCKET_GROUP   ((skad_option_set)1 << 36)
#define SKAD_OPTION_MONITOR_SOCKET ((skad_option_set)1 << 37)
#define SKAD_OPTION_MONITOR_MODE   ((skad_option_set)1 << 38)
#define SKAD_OPTION_MONITOR_GROUP  ((skad_option_set)1 << 39)
#define SKAD_OPTION_MEMORY         ((skad_option_set)1 << 40)
#define SKAD_OPTION_DISK           ((skad_option_set)1 << 41)
#define SKAD_OPTION_BANDWIDTH      ((skad_option_set)1 << 42)
#define SKAD_OPTION_DESCRIPTORS    ((skad_option_set)1 << 43)
#define SKAD_OPTION_PUZZLE_SHARE   ((skad_option_set)1 << 44)
#define SKAD_OPTION_RATE_ALL       ((skad_option_set)1 << 45)
#define SKAD_OPTION_RATE_UNPROVEN  ((skad_option_set)1 << 46)
#define SKAD_OPTION_RATE_ADDRESS   ((skad_option_set)1 << 47)

#define SKAD_OPTION_ROLE            ((skad_option_set)1 << 57)
#define SKAD_OPTION_PORT_MAPPING    ((skad_option_set)1 << 49)
#define SKAD_OPTION_LOCAL_DISCOVERY ((skad_option_set)1 << 64)
#define SKAD_OPTION_TREE            ((skad_option_set)1 << 65)
#define SKAD_OPTION_FORWARD         ((skad_option_set)1 << 66)
#define SKAD_OPTION_CHAINS          ((skad_option_set)1 << 67)
#define SKAD_OPTIONS_FORWARD        (SKAD_OPTION_FORWARD | SKAD_OPTION_CHAINS)
#define SKAD_OPTION_AUDITS          ((skad_option_set)1 << 70)
#define SKAD_OPTION_VERIFY          ((skad_option_set)1 << 71)

/* What a node may use of its machine. */
#define SKAD_OPTIONS_LIMITS                                                                        \
    (SKAD_OPTION_MEMORY | SKAD_OPTION_DISK | SKAD_OPTION_BANDWIDTH | SKAD_OPTION_DESCRIPTORS |     \
     SKAD_OPTION_PUZZLE_SHARE | SKAD_OPTION_RATE_ALL | SKAD_OPTION_RATE_UNPROVEN |                 \
     SKAD_OPTION_RATE_ADDRESS)

/* Of `skad price` alone. */
#define SKAD_OPTION_NODES     ((skad_option_set)1 << 50)
#define SKAD_OPTION_IDS       ((skad_option_set)1 << 51)
#define SKAD_OPTION_CORE_RATE ((skad_option_set)1 << 52)
#define SKAD_OPTION_GPU_RATE  ((skad_option_set)1 << 53)
#define SKAD_OPTION_CORE_HOUR ((skad_option_set)1 << 54)
#define SKAD_OPTION_GPU_HOUR  ((skad_option_set)1 << 55)
#define SKAD_OPTION_SECONDS   ((skad_option_set)1 << 56)
#define SKAD_OPTIONS_PRICE                                                                         \
    (SKAD_OPTION_NODES | SKAD_OPTION_IDS | SKAD_OPTION_CORE_RATE | SKAD_OPTION_GPU_RATE |          \
     SKAD_OPTION_CORE_HOUR | SKAD_OPTION_GPU_HOUR | SKAD_OPTION_SECONDS)

/* Of `skad gateway` alone. */
#define SKAD_OPTION_TOKEN_FILE   ((skad_option_set)1 << 48)
#define SKAD_OPTION_ALLOW_ORIGIN ((skad_option_set)1 << 58)
#define SKAD_OPTION_HOST_NAME    ((skad_option_set)1 << 59)
#define SKAD_OPTION_RATE         ((skad_option_set)1 << 60)
#define SKAD_OPTION_CONNECTIONS  ((skad_option_set)1 << 61)
#define SKAD_OPTION_STREAMS      ((skad_option_set)1 << 62)
#define SKAD_OPTION_ANYWHERE     ((skad_option_set)1 << 63)
#define SKAD_OPTIONS_GATEWAY                                                                       \
    (SKAD_OPTION_TOKEN_FILE | SKAD_OPTION_ALLOW_ORIGIN | SKAD_OPTION_HOST_NAME |                   \
     SKAD_OPTION_RATE | SKAD_OPTION_CONNECTIONS | SKAD_OPTION_STREAMS | SKAD_OPTION_ANYWHERE)

/* What each command that talks to a daemon takes. */
#define SKAD_OPTIONS_CLIENT (SKAD_OPTION_SOCKET | SKAD_OPTION_TIMEOUT)

/* The keys of skad.conf: all options of `skad run` but the one that names the file. */
#define SKAD_OPTIONS_KEYS                                                                          \
    (SKAD_OPTION_DIR | SKAD_OPTION_PROFILE | SKAD_OPTION_LISTEN | SKAD_OPTION_JOIN |               \
     SKAD_OPTION_SOCKET | SKAD_OPTION_SANDBOX | SKAD_OPTION_WORKERS | SKAD_OPTION_STORE |          \
     SKAD_OPTION_LOG_LEVEL | SKAD_OPTION_LOG_FORMAT | SKAD_OPTION_METRICS |                        \
     SKAD_OPTION_SOCKET_MODE | SKAD_OPTION_SOCKET_GROUP | SKAD_OPTION_MONITOR_SOCKET |             \
     SKAD_OPTION_MONITOR_MODE | SKAD_OPTION_MONITOR_GROUP | SKAD_OPTION_ROLE |                     \
     SKAD_OPTION_PORT_MAPPING | SKAD_OPTION_LOCAL_DISCOVERY | SKAD_OPTION_AUDITS |                 \
     SKAD_OPTIONS_LIMITS)

typedef struct skad_settings skad_settings;

typedef struct skad_options {
    const struct skad_command *command; /* that was read, and its words: borrowed */
    int argc;
    char **argv;
    skad_option_set given; /* those that were set */
    char dir[PATH_MAX];    /* --dir, else $HOME/.skad; empty without either */
    char socket[PATH_MAX]; /* --socket, else $SKAD_SOCKET, else $HOME/.skad/control.sock if it is
                        there, else that of the configured node */
    const skad_profile *profile; /* --profile, else the public one; NULL while `again` */
    const char *profile_name;    /* as it was given; NULL: not */
    skad_profile *profile_read;  /* the former where it came from a file: memory for secrets */
    skad_limits limits;          /* those of SKAD_OPTIONS_LIMITS */
    skad_sandbox sandbox;        /* --sandbox, else on */
    skad_role role;              /* --role, else auto */
    bool local_discovery;        /* --local-discovery, else no */
    skad_log_level log_level;    /* --log-level, else info */
    skad_log_format log_format;  /* --log-format, else what suits stderr */
    skad_metrics_place metrics;  /* --metrics, else nowhere */
    skad_control_place control_rights; /* --socket-mode, --socket-group; the path is `socket` */
    skad_control_place monitor;        /* --monitor-socket, -mode and -group; path NULL: none */
    bool configuring;                  /* the command line is right: what follows is about files */
    bool again;                        /* read while a node runs: the profile is not */
    skad_settings
        *settings; /* of commands that are configured: what was set, and where; else NULL */
    skad_address listen[SKAD_LISTEN_MAX];
    size_t listen_count;
    uint32_t listen_interface; /* of a link-local address among them; 0: none */
    skad_join_point join[SKAD_JOIN_POINTS_MAX];
    size_t join_count;
    skad_address address;
    /* Flags. */
    bool json;
    bool contacts;
    bool tree;
    bool trace;
    bool forward;
    bool once;
    bool providers;
    bool published;
    bool file;
    bool port_mapping;  /* --port-mapping, else not */
    const char *verify; /* --verify FILE; NULL: not */
    bool help;
    /* Numbers; where `given` says nothing else, their defaults or 0. */
    uint64_t timeout_s;
    uint64_t base_port;
    uint64_t min_acks;
    uint64_t chains; /* --chains; 0: not given */
    uint64_t sequence;
    uint64_t cas;
    uint64_t life_s;
    uint64_t port;
    uint64_t every_s;
    uint64_t count;
    uint64_t workers;
    uint64_t audits; /* --audits: seconds of a round; 0: none */
    uint64_t store_mib;
    uint64_t max_bytes;
    /* Of `skad price`: tries a second, 0 unless given; dollars an hour, NULL unless given. */
    uint64_t nodes;
    uint64_t ids;
    uint64_t core_rate;
    uint64_t gpu_rate;
    uint64_t seconds;
    const char *core_hour;
    const char *gpu_hour;
    /* Of `skad gateway`. */
    skad_access access; /* --host-name, --allow-origin; the token is not read yet */
    const char *token_file;
    uint64_t rate;
    uint64_t connections;
    uint64_t streams;
    bool anywhere;
    /* Texts; NULL unless given. */
    const char *field;
    const char *output;
    const char *salt;
    const char *key;
    const char *metadata;
    const char *config;
    const char *argument; /* the first positional argument */
    const char *argument2;
} skad_options;

typedef struct skad_command {
    const char *name;
    const char *usage; /* what follows "usage: skad " */
    const char *summary;
    const char *details;
    skad_option_set options;
    const char *words; /* what its first argument may be, blank-separated, "FILE" for any file;
                          NULL: cannot be listed. For completion */
    bool argument;     /* may take one argument */
    bool argument_needed;
    bool argument2;  /* may take a second one */
    bool configured; /* reads the files of configuration before it runs */
    skad_exit (*run)(const skad_options *options);
} skad_command;

/* Reads argv[2..] for a command, and the files of configuration where it is configured. On failure
 * tells why. Names of options are not abbreviated. argv stays borrowed. Free *out in any case. */
SKAD_MUST_CHECK bool skad_options_read(const skad_command *command, int argc, char **argv,
                                       skad_options *out, skad_failure *failure);

/* Reads the same command line once more, with the files as they are now. The profile is not read: a
 * node keeps its own until it ends. May run in any thread. */
SKAD_MUST_CHECK bool skad_options_read_again(const skad_command *command, int argc, char **argv,
                                             skad_options *out, skad_failure *failure);

/* Called for each problem, a sentence. */
typedef void skad_options_problem(void *user, const char *sentence);

/* Reads the files of configuration: `config`, NULL for the usual one (src/cli/base/settings.h). The
 * command line that *out has been read from goes first. With problem NULL the first problem is a
 * failure; else each is told, and a failure is what ended it. */
SKAD_MUST_CHECK bool skad_options_configure(skad_options *out, const char *config,
                                            skad_options_problem *problem, void *user,
                                            skad_failure *failure);

/* Wipes the pre-shared key, where there is one. */
void skad_options_free(skad_options *options);

/* Explains the options of a set, one a line, on stdout. */
void skad_options_explain(skad_option_set options);

#endif
