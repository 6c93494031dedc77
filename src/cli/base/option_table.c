/* The table, how each value is read, and the defaults. */
#include "src/cli/base/option_table.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "proto/address.h"
#include "proto/control.h"
#include "proto/tree.h"
#include "skad/records.h"
#include "src/cli/base/option_words.h"
#include "src/host/net/scoped.h"
#include "src/host/state/profile_file.h"

/* An operation ends within 60 s by itself; the daemon's answer says more than our own timeout. */
#define TIMEOUT_S_DEFAULT 65
#define TIMEOUT_S_MAX     86400
#define STORE_MIB_MAX     (1U << 20) /* a TiB */
#define MAX_BYTES_DEFAULT 1000000000 /* a million records; ten may claim to be 21 TB */

/* Of `skad price`. */
#define NODES_DEFAULT   10000
#define IDS_DEFAULT     256
#define SECONDS_DEFAULT 5
#define PRICED_MAX      1000000000
#define MEASURE_S_MAX   3600

/* ---- Values ---- */

static void *place_of(const skad_option_row *row, skad_options *out)
{
    return (char *)out + row->place;
}

static bool take_flag(const skad_option_row *row, const char *value, skad_options *out,
                      skad_failure *failure)
{
    const bool yes = value == NULL || strcmp(value, "yes") == 0;
    *(bool *)place_of(row, out) = yes;
    return yes || strcmp(value, "no") == 0 || skad_fail(failure, "%s is neither yes nor no", value);
}

static bool take_text(const skad_option_row *row, const char *value, skad_options *out,
                      skad_failure *failure)
{
    (void)failure;
    *(const char **)place_of(row, out) = value;
    return true;
}

static bool take_number(const skad_option_row *row, const char *value, skad_options *out,
                        skad_failure *failure)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != 0 || errno != 0 || number < row->min ||
        number > row->max) {
        return skad_fail(failure, "%s is not a number from %" PRIu64 " to %" PRIu64, value,
                         row->min, row->max);
    }
    *(uint64_t *)place_of(row, out) = number;
    return true;
}

/* 0, the default, or a number within the range. */
static bool take_limit(const skad_option_row *row, const char *value, skad_options *out,
                       skad_failure *failure)
{
    if (strcmp(value, "0") == 0) {
        *(uint64_t *)place_of(row, out) = 0;
        return true;
    }
    return take_number(row, value, out, failure) ||
           skad_fail(failure,
                     "%s is neither 0 (the default) nor a number from %" PRIu64 " to %" PRIu64,
                     value, row->min, row->max);
}

static bool take_path(const skad_option_row *row, const char *value, skad_options *out,
                      skad_failure *failure)
{
    size_t len = strlen(value);
    if (len == 0 || len >= PATH_MAX) {
        return skad_fail(failure, "the path is empty or too long");
    }
    memcpy(place_of(row, out), value, len + 1);
    return true;
}

static bool take_profile(const skad_option_row *row, const char *value, skad_options *out,
                         skad_failure *failure)
{
    (void)row;
    out->profile_name = value;
    if (out->again) {
        return true; /* it stays as it is until the next start */
    }
    out->profile = skad_profile_builtin(value);
    if (out->profile != NULL) {
        return true;
    }
    if (out->profile_read == NULL) {
        out->profile_read = skad_secret_alloc(sizeof *out->profile_read, NULL);
    }
    if (out->profile_read == NULL) {
        return skad_fail(failure, "out of memory");
    }
    out->profile = out->profile_read;
    return skad_profile_choose(value, out->profile_read, failure);
}

static bool take_log_level(const skad_option_row *row, const char *value, skad_options *out,
                           skad_failure *failure)
{
    (void)row;
    return skad_log_level_parse(value, &out->log_level) ||
           skad_fail(failure, "%s is neither info, warning nor error", value);
}

static bool take_log_format(const skad_option_row *row, const char *value, skad_options *out,
                            skad_failure *failure)
{
    (void)row;
    return skad_log_format_parse(value, &out->log_format) ||
           skad_fail(failure, "%s is neither auto, text, logfmt, json nor journal", value);
}

static bool take_metrics(const skad_option_row *row, const char *value, skad_options *out,
                         skad_failure *failure)
{
    (void)row;
    return skad_metrics_place_parse(value, &out->metrics, failure);
}

static bool take_mode(const skad_option_row *row, const char *value, skad_options *out,
                      skad_failure *failure)
{
    skad_control_place *place = place_of(row, out);
    return skad_control_mode_parse(value, &place->mode) ||
           skad_fail(failure, "%s is neither 0600, 0660 nor 0666", value);
}

/* By name or number. */
static bool take_group(const skad_option_row *row, const char *value, skad_options *out,
                       skad_failure *failure)
{
    skad_control_place *place = place_of(row, out);
    char names[4096];
    struct group entry;
    struct group *found = NULL;
    char *end = NULL;
    if (out->again) {
        return true; /* it stays as it is until the next start */
    }
    const unsigned long number = strtoul(value, &end, 10);
    place->has_group = true;
    place->group = (gid_t)number;
    if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && number < UINT32_MAX) {
        return true;
    }
    if (getgrnam_r(value, &entry, names, sizeof names, &found) != 0 || found == NULL) {
        return skad_fail(failure, "there is no group '%s': make it with 'groupadd'", value);
    }
    place->group = found->gr_gid;
    return true;
}

static bool take_monitor_socket(const skad_option_row *row, const char *value, skad_options *out,
                                skad_failure *failure)
{
    (void)row;
    out->monitor.path = strcmp(value, "off") == 0 ? NULL : value;
    out->monitor.option = "--monitor-socket";
    return value[0] != '\0' || skad_fail(failure, "the path is empty");
}

static bool take_sandbox(const skad_option_row *row, const char *value, skad_options *out,
                         skad_failure *failure)
{
    (void)row;
    return skad_sandbox_parse(value, &out->sandbox) ||
           skad_fail(failure, "%s is neither on, log nor off", value);
}

static bool take_listen(const skad_option_row *row, const char *value, skad_options *out,
                        skad_failure *failure)
{
    (void)row;
    skad_scoped scoped;
    const skad_scoped_outcome outcome = skad_scoped_parse(value, &scoped, failure);
    const skad_address address = scoped.address;
    if (outcome == SKAD_SCOPED_REFUSED) {
        return false;
    }
    if (outcome == SKAD_SCOPED_NO_ADDRESS) {
        return skad_fail(failure, "%s: give ADDR:PORT or [ADDR]:PORT", value);
    }
    if (scoped.interface != 0) {
        out->listen_interface = scoped.interface;
    }
    for (size_t i = 0; i < out->listen_count; i++) {
        if (out->listen[i].family == address.family) {
            return skad_fail(failure, "give one IPv4 and one IPv6 address at most");
        }
    }
    out->listen[out->listen_count++] = address;
    return true;
}

static bool take_origin(const skad_option_row *row, const char *value, skad_options *out,
                        skad_failure *failure)
{
    (void)row;
    return skad_access_add_origin(&out->access, value, failure);
}

static bool take_host_name(const skad_option_row *row, const char *value, skad_options *out,
                           skad_failure *failure)
{
    (void)row;
    return skad_access_add_name(&out->access, value, failure);
}

static bool take_join(const skad_option_row *row, const char *value, skad_options *out,
                      skad_failure *failure)
{
    (void)row;
    if (out->join_count == SKAD_JOIN_POINTS_MAX) {
        return skad_fail(failure, "give at most %d", SKAD_JOIN_POINTS_MAX);
    }
    return skad_join_point_parse(value, &out->join[out->join_count++], failure);
}

static bool take_address(const skad_option_row *row, const char *value, skad_options *out,
                         skad_failure *failure)
{
    (void)row;
    skad_scoped scoped;
    const skad_scoped_outcome outcome = skad_scoped_parse(value, &scoped, failure);
    if (outcome == SKAD_SCOPED_REFUSED) {
        return false;
    }
    if (scoped.interface != 0) {
        return skad_fail(failure, "%s means nothing at other machines", value);
    }
    out->address = scoped.address;
    return (outcome == SKAD_SCOPED_FINE && out->address.port != 0) ||
           skad_fail(failure, "%s: give ADDR:PORT or [ADDR]:PORT", value);
}

/* ---- All options ---- */

#define FLAG(field) .take = take_flag, .place = offsetof(skad_options, field)
#define TEXT(field) .take = take_text, .place = offsetof(skad_options, field)
#define PATH(field) .take = take_path, .place = offsetof(skad_options, field)
#define NUMBER(field, low, top)                                                                    \
    .take = take_number, .place = offsetof(skad_options, field), .min = (low), .max = (top)

#define LIMIT(field, low, top)                                                                     \
    .take = take_limit, .place = offsetof(skad_options, limits.field), .min = (low), .max = (top)

const skad_option_row SKAD_OPTION_ROWS[] = {
    {SKAD_OPTION_DIR, 0, "dir", "DIR", "the node's folder (default: $HOME/.skad)", PATH(dir),
     .words = "FILE"},
    {SKAD_OPTION_PROFILE, 0, "profile", "NAME|FILE",
     "the network: public (default), test, or that of a file", .take = take_profile,
     .words = "public test FILE"},
    {SKAD_OPTION_SANDBOX, 0, "sandbox", "MODE", "on (default), log what would be refused, or off",
     .take = take_sandbox, .words = "on log off"},
    {SKAD_OPTION_ROLE, 0, "role", "ROLE",
     "server, client (holds nothing for others), or auto (default): by whether it is reached",
     .take = skad_option_take_role, .words = "auto server client"},
    {SKAD_OPTION_PORT_MAPPING, 0, "port-mapping", "yes|no",
     "yes: asks the gateway to let the port in, by PCP or NAT-PMP; no (default)",
     FLAG(port_mapping), .words = "no yes"},
    {SKAD_OPTION_LOCAL_DISCOVERY, 0, "local-discovery", "yes|no",
     "whether to look for nodes on the links of this machine (default: no)",
     .take = skad_option_take_local_discovery, .words = "yes no"},
    {SKAD_OPTION_AUDITS, 0, "audits", "SECONDS",
     "length of a round of storage audits, as in all nodes of the network (default: 0, none)",
     .take = take_limit, .place = offsetof(skad_options, audits), .min = 30, .max = 86400},
    {SKAD_OPTION_VERIFY, 0, "verify", "FILE", "tally the statement of a file, without a node",
     TEXT(verify), .words = "FILE"},
    {SKAD_OPTION_LISTEN, 0, "listen", "ADDR:PORT",
     "where to listen, once for each family (default: port 4700 of all addresses; of `gateway` "
     "127.0.0.1:4780)",
     .take = take_listen},
    {SKAD_OPTION_WORKERS, 0, "workers", "N",
     "threads that check and make signatures (default: processors - 1, at most 8)",
     NUMBER(workers, 0, SKAD_WORKERS_MAX)},
    {SKAD_OPTION_STORE, 0, "store", "MIB",
     "how much to hold for the network, 1024 records a MiB at most (default: 1024)",
     NUMBER(store_mib, 1, STORE_MIB_MAX)},
    {SKAD_OPTION_MEMORY, 0, "memory", "MIB",
     "memory for data and stacks, without the mapped database (default: 0, no limit)",
     LIMIT(memory_mib, 64, 1U << 20)},
    {SKAD_OPTION_DISK, 0, "disk", "MIB",
     "how large the file of records may grow (default: 0, what --store needs)",
     LIMIT(disk_mib, 16, 16U << 20)},
    {SKAD_OPTION_BANDWIDTH, 0, "bandwidth", "KIB",
     "KiB a second of answers (default: 0, the network's: 8192 in the public one)",
     LIMIT(bandwidth_kib, 16, 1U << 20)},
    {SKAD_OPTION_DESCRIPTORS, 0, "descriptors", "N", "open files and sockets (default: 256)",
     LIMIT(descriptors, 128, 4096)},
    {SKAD_OPTION_PUZZLE_SHARE, 0, "puzzle-share", "PERCENT",
     "of a processor, to solve puzzles with while the node runs (default: 100)",
     LIMIT(puzzle_percent, 1, 100)},
    {SKAD_OPTION_RATE_ALL, 0, "rate-all", "N",
     "requests a second from peers that have a token (default: 0, the network's)",
     LIMIT(rate_all, 1, 1000000)},
    {SKAD_OPTION_RATE_UNPROVEN, 0, "rate-unproven", "N",
     "requests a second without a token (default: 0, the network's)",
     LIMIT(rate_unproven, 1, 1000000)},
    {SKAD_OPTION_RATE_ADDRESS, 0, "rate-address", "N",
     "the same of one address (default: 0, the network's)", LIMIT(rate_address, 1, 1000000)},
    {SKAD_OPTION_LOG_LEVEL, 0, "log-level", "LEVEL",
     "the least level that is logged: info (default), warning or error", .take = take_log_level,
     .words = "info warning error"},
    {SKAD_OPTION_LOG_FORMAT, 0, "log-format", "FORMAT",
     "text, logfmt, json or journal (default: auto: journal under systemd, else text)",
     .take = take_log_format, .words = "auto text logfmt json journal"},
    {SKAD_OPTION_METRICS, 0, "metrics", "PLACE",
     "serve figures for Prometheus at 127.0.0.1:PORT, [::1]:PORT or a socket's path (default: off)",
     .take = take_metrics, .words = "off FILE"},
    {SKAD_OPTION_CONFIG, 0, "config", "FILE",
     "the configuration (default: $SKAD_CONFIG, else /etc/skad/skad.conf); none: no file",
     TEXT(config), .words = "none FILE"},
    {SKAD_OPTION_JOIN, 0, "join", "ADDR:PORT",
     "a node to join through, by address or NAME:PORT; may be repeated", .take = take_join},
    {SKAD_OPTION_FIELD, 0, "field", "NAME", "print the value of this field only", TEXT(field)},
    {SKAD_OPTION_OUTPUT, 'o', "output", "FILE", "write to FILE instead of stdout", TEXT(output),
     .words = "FILE"},
    {SKAD_OPTION_MAX_BYTES, 0, "max-bytes", "N",
     "refuse a file that is larger (default: 1000000000, which is 1 GB)",
     NUMBER(max_bytes, 0, SKAD_FILE_BYTES_MAX)},
    {SKAD_OPTION_BASE_PORT, 0, "base-port", "PORT",
     "use this port and those after it (default: 0, the system chooses)",
     NUMBER(base_port, 0, UINT16_MAX)},
    {SKAD_OPTION_CONTACTS, 0, "contacts", NULL, "list the contacts instead of the bins",
     FLAG(contacts)},
    {SKAD_OPTION_TREE, 0, "tree", NULL, "draw the table by proximity order, with the neighbourhood",
     FLAG(tree)},
    {SKAD_OPTION_TRACE, 0, "trace", NULL, "print each request and its end as it happens",
     FLAG(trace)},
    {SKAD_OPTION_FORWARD, 0, "forward", NULL,
     "let other nodes ask, so that those that hold it do not see who does", FLAG(forward)},
    {SKAD_OPTION_CHAINS, 0, "chains", "N",
     "with --forward: end with results of N first hops (default: what suits)",
     NUMBER(chains, 1, SKAD_CONTROL_CHAINS_MAX)},
    {SKAD_OPTION_MIN_ACKS, 0, "min-acks", "N",
     "fail when any record was stored at fewer than N nodes", NUMBER(min_acks, 1, UINT8_MAX)},
    {SKAD_OPTION_KEY, 0, "key", "FILE", "sign with this identity instead of the node's", TEXT(key),
     .words = "FILE"},
    {SKAD_OPTION_SALT, 0, "salt", "TEXT", "tells records of one publisher apart (default: none)",
     TEXT(salt)},
    {SKAD_OPTION_SEQ, 0, "seq", "N", "the sequence (default: one more than what is there)",
     NUMBER(sequence, 0, UINT64_MAX)},
    {SKAD_OPTION_CAS, 0, "cas", "N", "only if sequence N is held now; 0: only if there is none",
     NUMBER(cas, 0, UINT64_MAX)},
    {SKAD_OPTION_PORT, 0, "port", "PORT", "a port of this node's address, as its peers see it",
     NUMBER(port, 1, UINT16_MAX)},
    {SKAD_OPTION_ADDRESS, 0, "address", "ADDR:PORT", "where to reach what is announced",
     .take = take_address},
    {SKAD_OPTION_METADATA, 0, "metadata", "TEXT", "up to 128 bytes to go with it", TEXT(metadata)},
    {SKAD_OPTION_LIFE, 0, "life", "SECONDS",
     "when it ends unless it is renewed (default: a record as late as is allowed, a ban in a day)",
     NUMBER(life_s, 1, UINT32_MAX)},
    {SKAD_OPTION_ONCE, 0, "once", NULL, "store it and leave it; do not re-announce it", FLAG(once)},
    {SKAD_OPTION_PROVIDERS, 0, "providers", NULL, "watch who is announced under a key",
     FLAG(providers)},
    {SKAD_OPTION_EVERY, 0, "every", "SECONDS", "how often to look (default: 60)",
     NUMBER(every_s, SKAD_WATCH_S_MIN, UINT32_MAX)},
    {SKAD_OPTION_COUNT, 0, "count", "N", "end after N changes or pictures",
     NUMBER(count, 1, UINT64_MAX)},
    {SKAD_OPTION_PUBLISHED, 0, "published", NULL,
     "what this node re-announces, not what it holds for others", FLAG(published)},
    {SKAD_OPTION_FILE, 0, "file", NULL, "KEY is a file's: take all of its records", FLAG(file)},
    {SKAD_OPTION_NODES, 0, "nodes", "N", "of the network (default: 10000)",
     NUMBER(nodes, 1, PRICED_MAX)},
    {SKAD_OPTION_IDS, 0, "ids", "N", "identities around a key (default: 256)",
     NUMBER(ids, 1, PRICED_MAX)},
    {SKAD_OPTION_CORE_RATE, 0, "core-rate", "TRIES",
     "a second, of an attacker's core (default: 5,948 MiB filled a second)",
     NUMBER(core_rate, 1, UINT64_MAX)},
    {SKAD_OPTION_GPU_RATE, 0, "gpu-rate", "TRIES",
     "a second, of an attacker's GPU (default: 548,832 MiB filled a second)",
     NUMBER(gpu_rate, 1, UINT64_MAX)},
    {SKAD_OPTION_CORE_HOUR, 0, "core-hour", "USD", "rent of a core for an hour (default: 0.01)",
     TEXT(core_hour)},
    {SKAD_OPTION_GPU_HOUR, 0, "gpu-hour", "USD", "rent of a GPU for an hour (default: 0.69)",
     TEXT(gpu_hour)},
    {SKAD_OPTION_SECONDS, 0, "seconds", "S", "how long to measure (default: 5)",
     NUMBER(seconds, 1, MEASURE_S_MAX)},
    {SKAD_OPTION_TOKEN_FILE, 0, "token-file", "FILE",
     "the token that allows to write, in a file that no other user may read (default: read only)",
     TEXT(token_file), .words = "FILE"},
    {SKAD_OPTION_ALLOW_ORIGIN, 0, "allow-origin", "ORIGIN",
     "an origin whose pages may read the answers, like https://pages.example; may be repeated",
     .take = take_origin},
    {SKAD_OPTION_HOST_NAME, 0, "host-name", "NAME",
     "a name it answers under, beside localhost and addresses; may be repeated",
     .take = take_host_name},
    {SKAD_OPTION_ANYWHERE, 0, "anywhere", NULL,
     "listen on an address that other machines reach: put TLS before it", FLAG(anywhere)},
    {SKAD_OPTION_RATE, 0, "rate", "N",
     "requests a second that make the node search or store (default: 100)", NUMBER(rate, 1, 10000)},
    {SKAD_OPTION_CONNECTIONS, 0, "connections", "N", "connections at once (default: 512)",
     NUMBER(connections, 8, SKAD_GATEWAY_CONNECTIONS_MAX)},
    {SKAD_OPTION_STREAMS, 0, "streams", "N", "streams of events at once (default: 32)",
     NUMBER(streams, 0, SKAD_GATEWAY_STREAMS_MAX)},
    {SKAD_OPTION_JSON, 0, "json", NULL, "print JSON", FLAG(json)},
    {SKAD_OPTION_SOCKET, 0, "socket", "PATH",
     "the control socket (default: $SKAD_SOCKET, else $HOME/.skad/control.sock, else as "
     "configured)",
     PATH(socket), .words = "FILE"},
    {SKAD_OPTION_SOCKET_MODE, 0, "socket-mode", "MODE",
     "who may open the control socket: 0600 (default), 0660 (its group, too) or 0666",
     .take = take_mode, .place = offsetof(skad_options, control_rights), .words = "0600 0660 0666"},
    {SKAD_OPTION_SOCKET_GROUP, 0, "socket-group", "GROUP",
     "the group of the control socket (default: that of the process)", .take = take_group,
     .place = offsetof(skad_options, control_rights)},
    {SKAD_OPTION_MONITOR_SOCKET, 0, "monitor-socket", "PATH",
     "a second socket, for looking only: status, health, table, records, bans (default: off)",
     .take = take_monitor_socket, .words = "off FILE"},
    {SKAD_OPTION_MONITOR_MODE, 0, "monitor-mode", "MODE",
     "who may open that: 0600 (default), 0660 or 0666", .take = take_mode,
     .place = offsetof(skad_options, monitor), .words = "0600 0660 0666"},
    {SKAD_OPTION_MONITOR_GROUP, 0, "monitor-group", "GROUP",
     "the group of that (default: that of the process)", .take = take_group,
     .place = offsetof(skad_options, monitor)},
    {SKAD_OPTION_TIMEOUT, 0, "timeout", "SECONDS", "how long to wait for an answer (default: 65)",
     NUMBER(timeout_s, 1, TIMEOUT_S_MAX)},
};
const size_t SKAD_OPTION_ROWS_COUNT = sizeof SKAD_OPTION_ROWS / sizeof SKAD_OPTION_ROWS[0];

/* ---- Defaults ---- */

void skad_options_set_defaults(skad_options *out)
{
    const char *home = getenv("HOME");
    const char *socket = getenv("SKAD_SOCKET");

    memset(out, 0, sizeof *out);
    out->profile = skad_profile_builtin("public");
    out->sandbox = SKAD_SANDBOX_ON;
    out->role = SKAD_ROLE_AUTO;
    out->log_level = SKAD_LOG_INFO;
    (void)skad_log_format_parse("auto", &out->log_format);
    out->timeout_s = TIMEOUT_S_DEFAULT;
    out->nodes = NODES_DEFAULT;
    out->ids = IDS_DEFAULT;
    out->seconds = SECONDS_DEFAULT;
    out->max_bytes = MAX_BYTES_DEFAULT;
    out->rate = 100;
    out->connections = 512;
    out->streams = 32;
    /* Paths that do not fit are cut here and then not found; no real home is that long. */
    if (home != NULL && home[0] != 0 && strlen(home) < PATH_MAX - 32) {
        (void)snprintf(out->dir, sizeof out->dir, "%s/.skad", home);
        (void)snprintf(out->socket, sizeof out->socket, "%s/.skad/control.sock", home);
    }
    if (socket != NULL && socket[0] != 0 && strlen(socket) < sizeof out->socket) {
        memcpy(out->socket, socket, strlen(socket) + 1);
    }
}
