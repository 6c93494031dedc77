/* The findings of an experiment: plain numbers, so that they can be passed between processes as
 * they are, added up over repetitions, and reported in any form. */
#ifndef SKAD_SIM_EXPERIMENT_OUTCOME_H
#define SKAD_SIM_EXPERIMENT_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/sim/experiment/anonymity.h"
#include "src/sim/experiment/classes.h"
#include "src/sim/experiment/durations.h"
#include "src/sim/experiment/hops.h"
#include "src/sim/experiment/prefixes.h"
#include "src/sim/world/fingerprint.h"
#include "src/sim/world/world.h"

typedef struct skad_sim_lookups {
    uint64_t ended;
    uint64_t nearest;  /* returned the nearest honest node that is up */
    uint64_t exact;    /* returned exactly the s nearest nodes that are up, adversaries included */
    uint64_t captured; /* returned adversaries only */
    uint64_t silent;   /* no node answered */
    uint64_t dense;    /* noticed a suspiciously dense neighbourhood */
    uint64_t diverged; /* another detector would have noticed one (divergence.h) */
    uint64_t siblings_found; /* of the s nearest honest nodes that are up, in all lookups */
    uint64_t siblings_true;
    uint64_t rpcs;
    uint64_t us; /* of simulated time */
    skad_sim_durations durations;
    skad_sim_requests requests;
    uint64_t hops[SKAD_SIM_HOPS]; /* to the nearest honest node, where it was found (hops.h) */
} skad_sim_lookups;

typedef struct skad_sim_gets {
    uint64_t ended;
    uint64_t right;
    uint64_t stale;  /* the edition before */
    uint64_t wrong;  /* another value */
    uint64_t missed; /* not found, although a node that is up and honest held it */
    uint64_t lost;   /* not found, and no such node held it */
    uint64_t silent;
    uint64_t dense; /* noticed a suspiciously dense neighbourhood */
    uint64_t rpcs;
    uint64_t us; /* of simulated time */
    skad_sim_durations durations;
    skad_sim_requests requests;
    uint64_t hops[SKAD_SIM_HOPS]; /* to the node that gave it */
} skad_sim_gets;

typedef struct skad_sim_puts {
    uint64_t ended;
    uint64_t stored; /* at one holder at least */
    uint64_t dense;  /* noticed a suspiciously dense neighbourhood */
    uint64_t rpcs;   /* requests that the publisher sent meanwhile */
    uint64_t us;     /* of simulated time */
    skad_sim_durations durations;
    skad_sim_requests requests;
    uint64_t hops[SKAD_SIM_HOPS]; /* to the nearest node that answered */
} skad_sim_puts;

/* What lookups and gets that were forwarded came to beside that, in the whole network. */
typedef struct skad_sim_forwarding {
    uint64_t errands;  /* forwarded lookups and gets that ended */
    uint64_t requests; /* FORWARDs of all nodes, those of errands that had ended included */
    uint64_t values;   /* forwarded gets that returned a value which another node held */
    uint64_t copies;   /* of them: given by a node that is not responsible for it */
} skad_sim_forwarding;

/* What became of one captured key: the put, and gets right after it and a while later. All gets
 * together are in skad_sim_outcome.gets, the put among its puts. */
typedef struct skad_sim_captured_key {
    uint64_t early; /* gets that ended */
    uint64_t early_right;
    uint64_t late;
    uint64_t late_right;
    bool stored;           /* the put reports success */
    bool dense;            /* and a suspiciously dense neighbourhood */
    uint64_t put_rpcs;     /* requests that the publisher sent until it ended */
    uint32_t holders;      /* honest nodes that hold the record when the put ends */
    uint32_t holders_late; /* and before the late gets */
} skad_sim_captured_key;

/* What became of a victim: its own table at the end, and the tables that it is in. */
typedef struct skad_sim_victim {
    uint64_t peers;
    uint64_t hostile;  /* of them, adversaries */
    uint64_t known_to; /* honest nodes that have it as a peer */
} skad_sim_victim;

/* Tables of all honest nodes that are up but a victim, in sum. */
typedef struct skad_sim_places {
    uint64_t all;
    uint64_t hostile; /* taken by adversaries */
} skad_sim_places;

typedef struct skad_sim_outcome {
    skad_sim_lookups lookups;
    skad_sim_gets gets;
    skad_sim_forwarding forwarding;
    skad_sim_anonymity anonymity; /* where some nodes are curious */
    skad_sim_captured_key captured;
    skad_sim_victim victim; /* where adversaries aim at one, or it alone asks */
    skad_sim_places places; /* where there are adversaries */
    skad_sim_puts puts;
    skad_sim_class_tally classes[SKAD_SIM_NODE_CLASSES];
    skad_sim_prefixes prefixes;
    uint64_t arrivals;
    uint64_t departures;
    skad_sim_counters counters;       /* of the measured time */
    skad_sim_fingerprint fingerprint; /* of the whole run */
    double simulated_s;               /* measured time */
    double real_s;                    /* for it */
    double build_s;                   /* real time until the world stood */
    double bytes_per_node;
    double peers_per_node;
    double price; /* hashes that the adversary paid */
    double draws; /* keys that it drew, before any puzzle */
    uint64_t up;  /* nodes, at the end */
    uint64_t joined;
    bool incomplete; /* stopped by a signal */
    bool failed;     /* reason */
    char reason[SKAD_SIM_REASON_BYTES];
} skad_sim_outcome;

#endif
