/* Defaults and ranges of a node's configuration. */
#include "src/core/node/config.h"

#include "proto/audit.h"
#include "proto/profile.h"
#include "skad/simulator.h"
#include "src/core/inbound/identities.h"
#include "src/core/inbound/rate_limiter.h"
#include "src/core/inbound/roots.h"
#include "src/core/lookup/lookup.h"
#include "src/core/routing/table.h"
#include "src/core/rpc/outbox.h"

void skad_node_limits_default(skad_node_limits *out)
{
    *out = (skad_node_limits){
        .peers = 1024,
        .pending = 2048,
        .operations = 128,
        .outbox = 1024,
        .events = 64,
        .duplicates = 8192,
        .watches = 256,
        .tokens = 2048,
        .roots = SKAD_ROOTS_MAX,
        .identities = 4096,
    };
}

static bool limits_valid(const skad_node_limits *limits)
{
    return limits->peers >= 32 && limits->peers <= 4096 && limits->pending >= 16 &&
           limits->pending <= 4096 && limits->operations >= 4 && limits->operations <= 1024 &&
           limits->outbox >= SKAD_OUTBOX_MIN && limits->outbox <= SKAD_OUTBOX_MAX &&
           limits->events >= 8 && limits->events <= 1024 && limits->duplicates >= 16 &&
           limits->duplicates <= 32768 && (limits->duplicates & (limits->duplicates - 1)) == 0 &&
           limits->watches <= 1024 && limits->tokens <= 8192 && limits->roots >= 1 &&
           limits->roots <= SKAD_ROOTS_MAX && limits->identities >= SKAD_IDENTITIES_WAYS &&
           limits->identities <= 32768 && (limits->identities & (limits->identities - 1)) == 0;
}

/* The rates allow for what a first contact needs, and for what a busy peer asks in an hour of bulk
 * puts. A check takes some 60 us of a processor: a thousand unvalidated ones a second are 6 % of
 * it, six thousand validated ones 40 %. A proof of an identity takes some 85 us: 750 are 6.4 %.
 * A subnet has two a minute, half a minute apart: ten thousand of them have 333 a second, so after
 * a quarter of a minute there is room for a newcomer. An address has one of them, or a false name a
 * second would use up both for all others there. */
void skad_node_rates_default(const skad_profile *profile, skad_node_rates *out)
{
    *out = (skad_node_rates){0};
    if (profile->limit_rates) {
        *out = (skad_node_rates){
            .unvalidated = {{20, 40}, {100, 200}, {500, 1000}},
            .unvalidated_all = {1000, 500},
            .validated = {{500, 1000}, {1000, 2000}, {4000, 8000}},
            .validated_all = {6000, 3000},
            .modest = {{20, 40}, {100, 200}, {500, 1000}},
            .identities = {{1, 1}, {2, 1}, {60, 60}},
            .identities_all = {750, 375},
            .answer_bytes = {8U << 20, 8U << 20},
            .cells = 8192,
        };
    }
}

void skad_node_tuning_default(skad_node_tuning *out)
{
    *out = (skad_node_tuning){
        .closing_round = true,
        .neighbourhood_check = true,
        .neighbourhoods = true,
        .forward_by_lot = true,
        .forward_padded = true,
        .sibling_factor = SKAD_SIBLINGS_ETA,
        .answer_contacts = SKAD_CONTACTS_MAX,
        .lookup_requests = SKAD_LOOKUP_RPCS_MAX,
    };
}

static bool tuning_valid(const skad_simulator_config *simulator)
{
    const skad_node_tuning *tuning = simulator == NULL ? NULL : simulator->tuning;
    return tuning == NULL ||
           (tuning->sibling_factor <= SKAD_SIBLINGS_ETA && tuning->answer_contacts >= 1 &&
            tuning->answer_contacts <= SKAD_CONTACTS_MAX && tuning->lookup_requests >= 1 &&
            tuning->lookup_requests <= SKAD_LOOKUP_RPCS_MAX);
}

static bool rates_valid(const skad_node_rates *rates)
{
    uint32_t cells = rates->cells;
    return cells == 0 ||
           (cells >= SKAD_RATE_LIMITER_WAYS && cells <= 1U << 20 && (cells & (cells - 1)) == 0);
}

bool skad_config_valid(const skad_node_config *config)
{
    const uint64_t period_s = config->audit_period_s;
    return (period_s == 0 ||
            (period_s >= SKAD_AUDIT_PERIOD_S_MIN && period_s <= SKAD_AUDIT_PERIOD_S_MAX)) &&
           skad_profile_valid(&config->profile) && limits_valid(&config->limits) &&
           rates_valid(&config->rates) && tuning_valid(config->simulator) &&
           (unsigned)config->role <= SKAD_ROLE_CLIENT && config->families != 0 &&
           config->families <= SKAD_FAMILIES_ALL;
}
