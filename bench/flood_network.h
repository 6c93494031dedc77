/* The victim, a real daemon in a process of its own, and a small network around it so that lookups
 * have nodes to ask; what the system says about the victim, and what it says about itself. */
#ifndef SKAD_BENCH_FLOOD_NETWORK_H
#define SKAD_BENCH_FLOOD_NETWORK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "skad/event.h"
#include "skad/verdict.h"
#include "src/cli/client/client.h"

#define FLOOD_NODES 8 /* besides the victim */

typedef struct flood_network {
    char dir[32]; /* the victim's */
    pid_t victim;
    pid_t others;         /* one process: skad testnet */
    uint16_t port;        /* the victim's */
    skad_options options; /* where its control socket is */
    skad_client client;
    skad_id ids[FLOOD_NODES]; /* of the others */
} flood_network;

/* Starts both and waits until the victim knows all the others. `profile`: NULL for the test network
 * with limits, else what the victim's --profile shall be. Complains and returns false on failure;
 * stop it in any case. */
bool flood_network_start(const char *binary, const char *profile, flood_network *out);
void flood_network_stop(flood_network *self);

/* Waits until the victim finds all the others again; false when it does not within a minute. */
bool flood_network_recover(flood_network *self);

/* Runs one lookup through the victim, for target `number`; returns whether it found the truly
 * nearest node. */
bool flood_network_lookup(flood_network *self, uint64_t number);

/* Has the victim store a value in the network. */
bool flood_network_put(flood_network *self, skad_span value);

/* Counters of the victim since its start. */
typedef struct flood_counters {
    uint64_t received;
    uint64_t sent;
    uint64_t verifications;
    uint64_t drops[SKAD_VERDICT_COUNT];
    uint64_t refused[SKAD_REFUSALS]; /* requests answered with an error, by its code */
} flood_counters;

bool flood_network_counters(flood_network *self, flood_counters *out);

double flood_network_cpu_s(const flood_network *self); /* of the victim, all its threads */
/* How long its main thread could have run, but no processor was free. */
double flood_network_waited_s(const flood_network *self);
long flood_network_rss_kib(const flood_network *self);

#endif
