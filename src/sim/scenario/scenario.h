/* A scenario: everything that an experiment is made of, as plain numbers. It is read from a file
 * (reader.h), changed key by key from the command line (keys.h), and printed in every report. */
#ifndef SKAD_SIM_SCENARIO_SCENARIO_H
#define SKAD_SIM_SCENARIO_SCENARIO_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/profile.h"
#include "src/sim/scenario/behaviours.h"
#include "src/sim/scenario/reason.h"

typedef enum skad_sim_build { SKAD_SIM_FILLED, SKAD_SIM_JOINED } skad_sim_build;

typedef enum skad_sim_latency {
    SKAD_SIM_CONSTANT,
    SKAD_SIM_UNIFORM,
    SKAD_SIM_LOG_NORMAL,
    SKAD_SIM_MATRIX,
} skad_sim_latency;

typedef enum skad_sim_churn_kind {
    SKAD_SIM_NO_CHURN,
    SKAD_SIM_EXPONENTIAL,
    SKAD_SIM_WEIBULL,
    SKAD_SIM_TRACE,
} skad_sim_churn_kind;

/* How addresses are given to nodes. */
typedef enum skad_sim_address_kind { SKAD_SIM_APART, SKAD_SIM_INTERNET } skad_sim_address_kind;

typedef enum skad_sim_placement {
    SKAD_SIM_ANYWHERE,
    SKAD_SIM_NEAR_KEY,
    SKAD_SIM_BOTH_ENDS, /* every second one near the publisher, which is node 0 */
    /* Around the key of a captured record (placement.h). */
    SKAD_SIM_NEAREST,
    SKAD_SIM_SPREAD,
    SKAD_SIM_UNDER_THRESHOLD,
} skad_sim_placement;

/* What adversaries are placed near to, and aim at. */
typedef enum skad_sim_aim {
    SKAD_SIM_AT_KEY,    /* a key that all lookups look for */
    SKAD_SIM_AT_VICTIM, /* an honest node that is up */
    SKAD_SIM_AT_JOINER, /* an honest node that joins when the measured time begins */
} skad_sim_aim;

/* Through which node a joiner joins. */
typedef enum skad_sim_seed_node { SKAD_SIM_HONEST_SEED, SKAD_SIM_HOSTILE_SEED } skad_sim_seed_node;

/* Which honest nodes look up and get. */
typedef enum skad_sim_asker { SKAD_SIM_ALL_ASK, SKAD_SIM_VICTIM_ASKS } skad_sim_asker;

/* The record whose key the adversary wants to own. */
typedef enum skad_sim_captured {
    SKAD_SIM_NOTHING,
    SKAD_SIM_VALUE,
    SKAD_SIM_RECORD, /* a mutable one */
    SKAD_SIM_ANNOUNCEMENT,
} skad_sim_captured;

/* Where curious nodes are: setting it sets other keys (keys.c). */
typedef enum skad_sim_curious {
    SKAD_SIM_NONE_CURIOUS,
    SKAD_SIM_CURIOUS_ANYWHERE,
    SKAD_SIM_CURIOUS_TARGET, /* around the key that all lookups look for */
    SKAD_SIM_CURIOUS_ASKER,  /* around the one node that asks */
} skad_sim_curious;

typedef enum skad_sim_arrival { SKAD_SIM_BEFORE, SKAD_SIM_AFTER } skad_sim_arrival;

#define SKAD_SIM_PATH_MAX            256
#define SKAD_SIM_GROUND_MAX          1000000
#define SKAD_SIM_ALLOCATION_MIN      16 /* prefixes of adversaries, */
#define SKAD_SIM_ALLOCATION_MAX      56
#define SKAD_SIM_ALLOCATION_MIN_IPV4 9
#define SKAD_SIM_ALLOCATION_MAX_IPV4 24
#define SKAD_SIM_SUBNETS_MAX         65536 /* /24s, of a /8 */

#define SKAD_SIM_ALLOCATIONS_FROM                                                                  \
    32 /* and where they have several: each is in a /32 of its own                                 \
        */

#define SKAD_SIM_LIVE_NODES_MAX    500 /* each has a socket */
#define SKAD_SIM_REGION_NODES      16  /* honest nodes in the region of a key, on average */
#define SKAD_SIM_CAPTURE_NODES_MIN 32  /* two regions, so that there is one to speak of */

typedef struct skad_sim_scenario {
    uint64_t seed;
    uint64_t attack;  /* of the library (library.h); setting it sets other keys */
    uint64_t without; /* a defence that is switched off */
    uint64_t curious; /* a skad_sim_curious; setting it sets other keys */
    uint64_t nodes;
    uint64_t build; /* a skad_sim_build */
    double warmup_s;
    double duration_s;
    double settle_s; /* without faults, after which the network must have recovered; 0: no proof */
    bool live;       /* datagrams pass UDP sockets, and time is the machine's (world/wire.h) */
    bool visited;    /* nodes of filled tables have visited places all over the key space */
    bool invariants; /* checked after each step; the first that is broken ends the run */
    bool ipv6;       /* nodes have IPv6 addresses in place of IPv4 ones */
    uint64_t addresses;   /* a skad_sim_address_kind */
    double ipv6_share;    /* of nodes that have both, as on the internet */
    bool key_of_value;    /* the key near which adversaries are is that of the first value */
    bool adversary_waits; /* until the measured time they do what honest nodes do */
    bool second_edition;  /* mutable values get another edition when the measured time begins */

    /* The network's profile, and the defences that can be switched off. */
    uint64_t k;
    uint64_t siblings;
    uint64_t paths;
    uint64_t alpha;
    uint64_t beta;          /* contacts in an answer at most */
    uint64_t steps_to_stop; /* requests that end a lookup */
    double record_life_s;
    uint64_t audit_period_s; /* of a round of storage audits; 0: none */
    uint64_t group_bucket_max;
    uint64_t group_table_max;
    uint64_t group_path_max;
    uint64_t eta; /* sibling list: so many times s */
    uint64_t replacements;
    bool limit_rates; /* requests, by source and in all */
    bool closing_round;
    bool neighbourhood_check; /* widening, if neighbours are dead or too dense */
    bool neighbourhoods;      /* a region is responsible for a key (density.h) */
    bool first_answers;       /* lookups believe all names, and end with the first answers */
    uint64_t static_bits;     /* priced: each identity costs so much, nothing is solved */
    uint64_t dynamic_bits;

    /* Links. */
    uint64_t latency; /* a skad_sim_latency */
    double latency_ms;
    double latency_max_ms;
    double latency_sigma;
    char latency_file[SKAD_SIM_PATH_MAX];
    double loss; /* py-dht's error rate */
    double duplicate;
    double corrupt;
    double reorder;
    double reorder_ms;
    double bandwidth_kbps; /* of each node, upwards; 0: any */
    double nat_full_cone;  /* shares of nodes */
    double nat_address;
    double nat_restricted;
    double nat_symmetric;
    double nat_life_s;     /* a mapping lives so long at least, */
    double nat_life_max_s; /* and at most; less: always the same */
    double nat_carrier;    /* share of nodes with NATs that have a carrier's in front of it */
    uint64_t nat_carrier_nodes;
    double nat_hairpin;    /* share of carriers */
    bool clients;          /* nodes find out whether they are reached, and are clients where not */
    bool introductions;    /* without clients: nodes find it out, and have strangers introduced */
    double clock_skew_s;   /* wall clocks are wrong by up to this, either way */
    double partition_at_s; /* after the warm-up */
    double partition_for_s;
    double partition_share; /* of nodes on the smaller side */

    /* Coming and going. */
    uint64_t churn; /* a skad_sim_churn_kind */
    double uptime_min;
    double downtime_min; /* 0: as uptime_min */
    double weibull_shape;
    char churn_file[SKAD_SIM_PATH_MAX];
    bool keep_store;    /* a node that comes back has its records */
    double crash_at_s;  /* so long after the warm-up ... */
    double crash_share; /* ... this share of nodes is gone at once */

    /* Adversaries. */
    uint64_t adversary; /* a number of behaviours.h */
    double adversary_share;
    uint64_t ground;        /* adversaries beside `nodes`, which then are all honest */
    uint64_t placement;     /* a skad_sim_placement */
    double placement_width; /* mean distances between nodes that near ones are away at most */
    double publisher_width;
    uint64_t graves;                /* dead IDs; 0: ten for each honest node */
    double graves_width;            /* of the key; 0: anywhere, and free */
    uint64_t dead_subnets;          /* of addresses without a node; 0: one each */
    double adversary_latency_ms;    /* one way, from and to them; 0: like all others */
    uint64_t adversary_subnets;     /* /24s that they share; 0: one each */
    uint64_t adversary_hosts;       /* addresses in each of these; then ports */
    uint64_t adversary_addresses;   /* IPv4 addresses of all of them; 0: as the others say */
    uint64_t adversary_allocation;  /* length of the prefix that all of them are in; 0: none */
    uint64_t adversary_allocations; /* how many such prefixes */
    double attack_rate;             /* datagrams a second, of all of them together */
    uint64_t attack_victims;        /* honest nodes that they aim at, the first ones; 0: all */
    double link_share;              /* of all links, that an attacker on the path has */
    double late_ms;                 /* by which late ones are late */

    /* The adversary's plan: what it may spend (budget.h), what it aims at, and when
     * (world/phases.h). */
    double budget_core_s;      /* for identities, in place of ground; 0: no budget */
    double budget_bytes_per_s; /* that all adversaries together may send; 0: any number */
    uint64_t aim;              /* a skad_sim_aim */
    uint64_t victim;           /* the number of an honest node */
    uint64_t victim_seed;      /* a skad_sim_seed_node */
    uint64_t asker;            /* a skad_sim_asker */
    double honest_for_s;       /* of the measured time, in which they do what honest nodes do */
    double arrival_per_s;      /* adversaries that come; 0: all are there from the beginning */
    double arrive_from_s;      /* of the measured time; the first comes then */
    double leave_at_s;         /* when all leave at once; 0: never */
    double return_at_s;        /* when all return; 0: never */
    bool adversary_stays;      /* while honest nodes come and go */

    /* What honest nodes do. */
    uint64_t lookups; /* in all */
    double lookup_every_ms;
    bool forward;            /* lookups and gets are forwarded (skad/forward.h) */
    uint64_t forward_chains; /* that a forwarded one waits for; 0: as many as suit it */
    bool forward_by_lot;     /* the first of each is drawn, in place of the nearest */
    bool forward_padded;     /* its budget and time are drawn */
    uint64_t values;         /* immutable ones, published by node 0 and announced hourly */
    uint64_t mutables;
    double get_every_ms; /* 0: none */
    double report_every_s;

    /* The capture of a key (experiment/capture.h). */
    uint64_t capture;     /* a skad_sim_captured; NOTHING: another experiment */
    uint64_t arrive;      /* a skad_sim_arrival: when the adversary is there, by the put */
    uint64_t gets;        /* half of them right after the put */
    double wait_s;        /* after the put, until the other half */
    uint64_t region_bits; /* that an ID shares with the key to be in its region; 0: computed */
    uint64_t memory_kib;  /* of each try, priced: 0 for a plain hash */
} skad_sim_scenario;

void skad_sim_scenario_default(skad_sim_scenario *out);

/* Whether some adversaries are of this kind. */
bool skad_sim_scenario_has(const skad_sim_scenario *scenario, skad_sim_trait trait);
/* The share of nodes behind NATs. */
double skad_sim_scenario_nats(const skad_sim_scenario *scenario);
/* Whether they answer falsely, and whether they send by themselves. */
bool skad_sim_scenario_lies(const skad_sim_scenario *scenario);
bool skad_sim_scenario_attacks(const skad_sim_scenario *scenario);

/* How many nodes there are in all, and how many of them are honest, the first ones. */
uint64_t skad_sim_scenario_count(const skad_sim_scenario *scenario);
uint64_t skad_sim_scenario_honest(const skad_sim_scenario *scenario);

/* The /24s that adversaries share, which a number of addresses alone gives one each; 0: none. */
uint64_t skad_sim_scenario_subnets(const skad_sim_scenario *scenario);

/* Whether the whole makes sense. */
bool skad_sim_scenario_check(const skad_sim_scenario *scenario,
                             char reason[static SKAD_SIM_REASON_BYTES]);

/* The network profile of a scenario. */
skad_profile skad_sim_scenario_profile(const skad_sim_scenario *scenario);

#endif
