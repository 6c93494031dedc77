#define _GNU_SOURCE /* pipe2 */
#include "bench/flood_network.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/flood_traffic.h"
#include "bench/measure.h"
#include "proto/address.h"
#include "src/core/routing/distance.h"
#include "src/daemon/control/refusals.h"

#define STR(number)  #number
#define TEXT(number) STR(number)

#define LIFE_S     1800 /* of the daemons, if they are not ended before */
#define LOOKUP_S   10   /* what has not ended by then has failed */
#define RECOVERY_S 60   /* until the victim is up and knows all nodes */
#define ATTEMPT_US 50000

static bool complain(const char *what)
{
    (void)fprintf(stderr, "bench_flood: %s\n", what);
    return false;
}

/* ---- Processes ---- */

/* Runs `binary` with its standard output at `out`, -1: nowhere. */
static pid_t spawn(char *const argv[], int out)
{
    pid_t pid = fork();
    if (pid != 0) {
        return pid;
    }
    flood_mortal(LIFE_S);
    if (freopen("/dev/null", "w", stderr) == NULL || (out >= 0 && dup2(out, STDOUT_FILENO) < 0)) {
        _exit(126);
    }
    execv(argv[0], argv);
    _exit(127);
}

/* Starts the others; *first is where the victim may join. */
static bool start_others(flood_network *self, char *binary, char first[static 64])
{
    char line[PATH_MAX + 64];
    int ends[2];
    char *argv[] = {binary, "testnet", TEXT(FLOOD_NODES), NULL};
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    self->others = spawn(argv, ends[1]);
    close(ends[1]);
    FILE *told = fdopen(ends[0], "r");
    bool ready = false;
    first[0] = 0;
    while (told != NULL && !ready && fgets(line, sizeof line, told) != NULL) {
        if (first[0] == 0) {
            (void)sscanf(line, "%63s", first);
        }
        ready = strcmp(line, "ready\n") == 0;
    }
    if (told != NULL) {
        (void)fclose(told);
    }
    return ready;
}

/* The test network as it is, but with the limits of the public one. */
static bool write_profile(const char *path)
{
    FILE *file = fopen(path, "w");
    bool written = file != NULL && fputs("base = test\nlimit_rates = yes\n", file) >= 0;
    return file != NULL && fclose(file) == 0 && written;
}

static bool start_victim(flood_network *self, char *binary, const char *profile, char *first)
{
    char path[64];
    char chosen[PATH_MAX];
    char listen[32];
    (void)snprintf(path, sizeof path, "%s/limited.profile", self->dir);
    if (profile == NULL && !write_profile(path)) {
        return false;
    }
    (void)snprintf(chosen, sizeof chosen, "%s", profile == NULL ? path : profile);
    (void)snprintf(listen, sizeof listen, "127.0.0.1:%u", self->port);
    char *argv[] = {binary,     "run",  "--profile", chosen, "--dir", self->dir,
                    "--listen", listen, "--join",    first,  NULL};
    self->victim = spawn(argv, -1);
    return self->victim > 0;
}

/* ---- The control socket ---- */

static bool call(flood_network *self, skad_control_request *request, skad_answer *result)
{
    skad_failure failure;
    if (self->client.fd < 0 &&
        skad_client_open(&self->options, &self->client, &failure) != SKAD_EXIT_DONE) {
        self->client.fd = -1;
        return false;
    }
    skad_exit exit = skad_client_call(&self->client, request, result, &failure);
    if (exit == SKAD_EXIT_FAILED || exit == SKAD_EXIT_TIMED_OUT) {
        skad_client_close(&self->client); /* a late answer is not for the next request */
    }
    return exit == SKAD_EXIT_DONE;
}

static bool read_id(skad_answer contact, skad_id *out)
{
    char text[SKAD_ANSWER_TEXT_BYTES];
    skad_answer_text(skad_answer_get(contact, "id"), text);
    return skad_id_parse(text, out);
}

/* Whether a lookup finds all nodes; remembers their IDs. */
static bool learn_ids(flood_network *self)
{
    skad_control_request request = {.method = SKAD_CONTROL_LOOKUP};
    skad_answer result;
    if (!call(self, &request, &result)) {
        return false;
    }
    skad_answer closest = skad_answer_get(result, "closest");
    bool all = skad_answer_count(closest) == FLOOD_NODES;
    for (size_t i = 0; all && i < FLOOD_NODES; i++) {
        all = read_id(skad_answer_at(closest, i), &self->ids[i]);
    }
    return all;
}

bool flood_network_recover(flood_network *self)
{
    const double end_s = bench_wall_s() + RECOVERY_S;
    while (bench_wall_s() < end_s) {
        if (learn_ids(self)) {
            return true;
        }
        usleep(ATTEMPT_US);
    }
    return complain("the victim does not find the others");
}

bool flood_network_start(const char *binary, const char *profile, flood_network *out)
{
    char path[PATH_MAX];
    char first[64];
    *out = (flood_network){.client.fd = -1, .port = daemon_free_port()};
    (void)snprintf(out->dir, sizeof out->dir, "/tmp/skad-bench-XXXXXX");
    if (mkdtemp(out->dir) == NULL) {
        out->dir[0] = 0;
        return complain("no temporary folder");
    }
    (void)snprintf(path, sizeof path, "%s", binary);
    out->options.timeout_s = LOOKUP_S;
    (void)snprintf(out->options.socket, sizeof out->options.socket, "%s/control.sock", out->dir);
    if (!start_others(out, path, first)) {
        return complain("skad testnet does not start");
    }
    if (!start_victim(out, path, profile, first)) {
        return complain("skad run does not start");
    }
    return flood_network_recover(out);
}

void flood_network_stop(flood_network *self)
{
    if (self->client.fd >= 0) {
        skad_client_close(&self->client);
    }
    if (self->victim > 0) {
        daemon_end(self->victim, SIGTERM);
    }
    if (self->others > 0) {
        daemon_end(self->others, SIGTERM);
    }
    if (self->dir[0] != 0) {
        daemon_remove_dir(self->dir);
    }
}

bool flood_network_lookup(flood_network *self, uint64_t number)
{
    skad_control_request request = {.method = SKAD_CONTROL_LOOKUP};
    skad_answer result;
    skad_id found;
    skad_hash_one(SKAD_HASH_VALUE, (const uint8_t *)&number, sizeof number, request.id.bytes);
    const skad_id *nearest = &self->ids[0];
    for (size_t i = 1; i < FLOOD_NODES; i++) {
        if (skad_distance_compare(&request.id, &self->ids[i], nearest) < 0) {
            nearest = &self->ids[i];
        }
    }
    return call(self, &request, &result) &&
           read_id(skad_answer_at(skad_answer_get(result, "closest"), 0), &found) &&
           skad_id_equal(&found, nearest);
}

bool flood_network_put(flood_network *self, skad_span value)
{
    skad_control_request request = {.method = SKAD_CONTROL_PUT, .value = value};
    skad_answer result;
    return call(self, &request, &result) || complain("the victim cannot store a value");
}

/* ---- Figures ---- */

bool flood_network_counters(flood_network *self, flood_counters *out)
{
    skad_control_request request = {.method = SKAD_CONTROL_STATUS};
    skad_answer result;
    if (!call(self, &request, &result)) {
        return complain("the victim does not tell its status");
    }
    skad_answer drops = skad_answer_get(result, "drops");
    skad_answer refused = skad_answer_get(result, "refused");
    *out = (flood_counters){
        .received = skad_answer_uint(result, "received"),
        .sent = skad_answer_uint(result, "sent"),
        .verifications = skad_answer_uint(result, "verifications"),
    };
    for (size_t i = 0; i < SKAD_VERDICT_COUNT; i++) {
        out->drops[i] = skad_answer_uint(drops, skad_verdict_name((skad_verdict)i));
    }
    for (size_t i = 0; i < SKAD_REFUSALS; i++) {
        out->refused[i] = skad_answer_uint(refused, skad_refusals_name(i));
    }
    return true;
}

static FILE *open_proc(const flood_network *self, const char *name)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)self->victim, name);
    return fopen(path, "re");
}

double flood_network_cpu_s(const flood_network *self)
{
    unsigned long user = 0;
    unsigned long system = 0;
    FILE *file = open_proc(self, "stat");
    if (file != NULL) {
        /* Fields 14 and 15 (proc(5)); the name of our command has no blank. */
        if (fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                   &system) != 2) { /* NOLINT(cert-err34-c) */
            user = system = 0;
        }
        (void)fclose(file);
    }
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

double flood_network_waited_s(const flood_network *self)
{
    unsigned long long waited_ns = 0;
    FILE *file = open_proc(self, "schedstat");
    if (file != NULL) {
        if (fscanf(file, "%*u %llu", &waited_ns) != 1) { /* NOLINT(cert-err34-c) */
            waited_ns = 0;
        }
        (void)fclose(file);
    }
    return (double)waited_ns * 1e-9;
}

long flood_network_rss_kib(const flood_network *self)
{
    char line[256];
    long kib = 0;
    FILE *file = open_proc(self, "status");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kib = strtol(line + 6, NULL, 10);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return kib;
}
