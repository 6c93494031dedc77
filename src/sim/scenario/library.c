#include "src/sim/scenario/library.h"

#include <string.h>

#include "crypto/assert.h"
#include "src/sim/scenario/keys.h"

typedef struct attack_row {
    const char *name;
    const char *keys; /* key=value, blank-separated */
    skad_sim_harm harm;
} attack_row;

#define ANYWHERE(behaviour, share) "adversary=" behaviour " adversary_share=" share

/* 64 of 564 nodes by default, nearer to the key of the published value than most. */
#define AROUND_KEY(behaviour, share)                                                               \
    ANYWHERE(behaviour, share) " placement=near-key key_of_value=yes values=1 mutables=0"
#define CAPTURE                                                                                    \
    "capture=value adversary=withhold ground=64 lookups=0 values=0 mutables=0 get_every_ms=200 "   \
    "wait_s=60 "

#define ECLIPSE "adversary=eclipse ground=40 placement=near-key asker=victim get_every_ms=0 "

static const attack_row ATTACKS[] = {
    {"none", "", SKAD_SIM_HARMS_LOOKUPS},
    {"collude", ANYWHERE("collude", "0.3"), SKAD_SIM_HARMS_LOOKUPS},
    {"drop", ANYWHERE("drop", "0.3"), SKAD_SIM_HARMS_LOOKUPS},
    {"misroute", ANYWHERE("misroute", "0.3"), SKAD_SIM_HARMS_LOOKUPS},
    {"poison", ANYWHERE("poison", "0.2"), SKAD_SIM_HARMS_LOOKUPS},
    {"withhold", ANYWHERE("withhold", "0.3"), SKAD_SIM_HARMS_GETS},
    {"invent", ANYWHERE("invent", "0.2"), SKAD_SIM_HARMS_LOOKUPS},
    {"graveyard", ANYWHERE("graveyard", "0.05"), SKAD_SIM_HARMS_LOOKUPS},
    {"half-true", ANYWHERE("half-true", "0.05"), SKAD_SIM_HARMS_LOOKUPS},
    {"displace", ANYWHERE("displace-twice", "0.05") " adversary_latency_ms=1",
     SKAD_SIM_HARMS_LOOKUPS},
    {"ladder", ANYWHERE("ladder", "0.1"), SKAD_SIM_HARMS_LOOKUPS},
    {"graveyard-key", AROUND_KEY("graveyard", "0.008") " placement_width=4", SKAD_SIM_HARMS_PUTS},
    {"crowd", AROUND_KEY("collude", "0.1135"), SKAD_SIM_HARMS_GETS},
    {"crowd-two-groups", AROUND_KEY("collude", "0.1135") " adversary_subnets=2",
     SKAD_SIM_HARMS_GETS},
    {"both-ends",
     ANYWHERE("collude", "0.071") " placement=both-ends key_of_value=yes values=1 mutables=0 "
                                  "placement_width=0.25",
     SKAD_SIM_HARMS_GETS},
    {"capture", CAPTURE "placement=nearest", SKAD_SIM_HARMS_GETS},
    {"under-threshold", CAPTURE "placement=under-threshold", SKAD_SIM_HARMS_GETS},
    {"flood", ANYWHERE("flood", "0.1") " attack_rate=800 attack_victims=20",
     SKAD_SIM_HARMS_LOOKUPS},
    {"replay", ANYWHERE("replay", "0.1") " attack_rate=800 attack_victims=20",
     SKAD_SIM_HARMS_LOOKUPS},
    {"squat", ANYWHERE("squat", "0.2") " adversary_subnets=2", SKAD_SIM_HARMS_GETS},
    {"frame", ANYWHERE("frame", "0.1"), SKAD_SIM_HARMS_GETS},
    {"stale", ANYWHERE("stale", "0.5") " values=0 mutables=3 second_edition=yes",
     SKAD_SIM_HARMS_GETS},
    {"wrong", ANYWHERE("wrong", "0.5"), SKAD_SIM_HARMS_GETS},
    {"late", ANYWHERE("late", "0.4"), SKAD_SIM_HARMS_LOOKUPS},
    {"drop-key", ANYWHERE("drop-key", "0.7") " values=1 mutables=0", SKAD_SIM_HARMS_GETS},
    {"shun", ANYWHERE("shun", "0.4") " asker=victim", SKAD_SIM_HARMS_LOOKUPS},
    {"eclipse", ECLIPSE "aim=victim", SKAD_SIM_HARMS_LOOKUPS},
    {"eclipse-joiner", ECLIPSE "aim=joiner", SKAD_SIM_HARMS_LOOKUPS},
    {"eclipse-reboot",
     "adversary=eclipse ground=200 aim=joiner asker=victim get_every_ms=0 adversary_subnets=2 "
     "adversary_hosts=1 attack_rate=200 replacements=300",
     SKAD_SIM_HARMS_LOOKUPS},
    {"eclipse-seed", ECLIPSE "aim=joiner victim_seed=adversary", SKAD_SIM_HARMS_LOOKUPS},
    {"announce-flood", ANYWHERE("announce-flood", "0.1") " attack_rate=200", SKAD_SIM_HARMS_GETS},
    {"wash", ANYWHERE("wash", "0.1") " attack_rate=100", SKAD_SIM_HARMS_GETS},
    {"spoof", ANYWHERE("spoof", "0.1") " attack_rate=2000 attack_victims=20",
     SKAD_SIM_HARMS_LOOKUPS},
    {"flap", ANYWHERE("flap", "0.3") " attack_rate=5", SKAD_SIM_HARMS_LOOKUPS},
    {"on-path", "adversary=on-path ground=1 link_share=0.2", SKAD_SIM_HARMS_LOOKUPS},
    {"on-path-late", "adversary=on-path-late ground=1 link_share=0.2", SKAD_SIM_HARMS_LOOKUPS},
    {"flash-join", "nodes=100 adversary=withhold ground=200 arrival_per_s=40", SKAD_SIM_HARMS_GETS},
};
#define ATTACKS_COUNT (sizeof ATTACKS / sizeof ATTACKS[0])

#define NO_GROUPS "group_bucket_max=0 group_table_max=0 group_path_max=0"

static const char NONE_AT_ALL[] =
    "paths=1 closing_round=no neighbourhood_check=no neighbourhoods=no eta=0 "
    "limit_rates=no " NO_GROUPS;

/* As large unsigned networks search: one path, three requests at once, the first answers. */
static const char BASELINE[] =
    "paths=1 alpha=3 first_answers=yes closing_round=no neighbourhood_check=no neighbourhoods=no "
    "eta=0 limit_rates=no " NO_GROUPS;

static const char *const DEFENCES[] = {
    "",
    "paths=1",
    "closing_round=no",
    "neighbourhood_check=no",
    "neighbourhoods=no",
    "eta=0",
    NO_GROUPS,
    "limit_rates=no",
    NONE_AT_ALL,
    BASELINE,
};
#define DEFENCES_COUNT (sizeof DEFENCES / sizeof DEFENCES[0])

/* Sets each key=value. */
static bool apply(skad_sim_scenario *scenario, const char *keys,
                  char reason[static SKAD_SIM_REASON_BYTES])
{
    while (*keys != 0) {
        char key[64];
        char value[64];
        const size_t key_len = strcspn(keys, "=");
        const size_t value_len = strcspn(keys + key_len, " ") - 1;
        SKAD_ASSERT(key_len < sizeof key && value_len < sizeof value);
        memcpy(key, keys, key_len);
        key[key_len] = 0;
        memcpy(value, keys + key_len + 1, value_len);
        value[value_len] = 0;
        if (!skad_sim_scenario_set(scenario, key, value, reason)) {
            return false;
        }
        keys += key_len + 1 + value_len;
        keys += strspn(keys, " ");
    }
    return true;
}

skad_sim_harm skad_sim_attack_harm(uint64_t attack)
{
    return attack < ATTACKS_COUNT ? ATTACKS[attack].harm : SKAD_SIM_HARMS_LOOKUPS;
}

uint64_t skad_sim_attack_find(const char *name)
{
    for (size_t i = 0; i < ATTACKS_COUNT; i++) {
        if (strcmp(ATTACKS[i].name, name) == 0) {
            return i;
        }
    }
    return 0;
}

bool skad_sim_attack_apply(skad_sim_scenario *scenario, uint64_t attack,
                           char reason[static SKAD_SIM_REASON_BYTES])
{
    SKAD_ASSERT(attack < ATTACKS_COUNT);
    return apply(scenario, ATTACKS[attack].keys, reason);
}

bool skad_sim_defence_drop(skad_sim_scenario *scenario, uint64_t defence,
                           char reason[static SKAD_SIM_REASON_BYTES])
{
    SKAD_ASSERT(defence < DEFENCES_COUNT);
    return apply(scenario, DEFENCES[defence], reason);
}
