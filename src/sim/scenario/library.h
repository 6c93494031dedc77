/* The library of attacks, and the defences that can be switched off: names for many keys at once,
 * so that a sweep can go over them. Setting `attack` or `without` sets their keys; whatever is set
 * later changes single ones. */
#ifndef SKAD_SIM_SCENARIO_LIBRARY_H
#define SKAD_SIM_SCENARIO_LIBRARY_H

#include "src/sim/scenario/scenario.h"

/* In the order of the tables in library.c. */
#define SKAD_SIM_ATTACKS                                                                           \
    "none|collude|drop|misroute|poison|withhold|invent|graveyard|half-true|displace|ladder|"       \
    "graveyard-key|crowd|crowd-two-groups|both-ends|capture|under-threshold|flood|replay|squat|"   \
    "frame|stale|wrong|late|drop-key|shun|eclipse|eclipse-joiner|eclipse-reboot|eclipse-seed|"     \
    "announce-flood|wash|spoof|flap|on-path|on-path-late|flash-join"
#define SKAD_SIM_DEFENCES                                                                          \
    "none|paths|closing-round|density-check|regions|siblings|groups|rates|all|baseline"

/* What an attack is against. */
typedef enum skad_sim_harm {
    SKAD_SIM_HARMS_LOOKUPS,
    SKAD_SIM_HARMS_GETS,
    SKAD_SIM_HARMS_PUTS
} skad_sim_harm;

skad_sim_harm skad_sim_attack_harm(uint64_t attack);
/* The attack of that name; 0, none, if there is no such one. */
uint64_t skad_sim_attack_find(const char *name);

/* Set the keys of an attack; switch a defence off. */
bool skad_sim_attack_apply(skad_sim_scenario *scenario, uint64_t attack,
                           char reason[static SKAD_SIM_REASON_BYTES]);
bool skad_sim_defence_drop(skad_sim_scenario *scenario, uint64_t defence,
                           char reason[static SKAD_SIM_REASON_BYTES]);

#endif
