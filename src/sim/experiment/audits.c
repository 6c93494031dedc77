#include "src/sim/experiment/audits.h"

#include <stdlib.h>
#include <string.h>

#include "proto/ballot.h"
#include "src/sim/base/memory.h"
#include "src/sim/experiment/course.h"
#include "src/sim/world/leagues.h"
#include "src/sim/world/phases.h"
#include "src/sim/world/prefill_world.h"

#define READ_AT 0.75 /* of a round: by then its ballots are announced */

/* How a node has fared so far. */
typedef struct fate {
    uint32_t drawn;
    bool denied_soon;
    bool blamed_soon;
} fate;

typedef struct run {
    skad_sim_course course;
    skad_sim_audit_outcome *out;
    fate *fates; /* of each node */
    skad_audit_statement statement;
    uint8_t ballots[SKAD_AUDIT_BALLOTS_MAX][SKAD_RECORD_ANNOUNCE_BYTES_MAX];
    uint8_t proofs[SKAD_AUDIT_PROOFS_MAX][SKAD_VALUE_BYTES_MAX];
    skad_audit_result result;
} run;

static void on_event(skad_world *world, uint32_t node, const skad_event *event, void *user)
{
    run *self = user;
    if (event->kind == SKAD_EVENT_JOINED || event->kind == SKAD_EVENT_ISOLATED) {
        world->nodes[node].joined = event->kind == SKAD_EVENT_JOINED;
    } else if (node == SKAD_SIM_PUBLISHER) {
        (void)skad_sim_values_event(&self->course.values, event);
    }
}

static void on_change(skad_world *world, uint32_t index, void *user)
{
    run *self = user;
    skad_sim_churn_change(&self->course.churn, world, index);
}

static void on_work(skad_world *world, uint32_t index, void *user)
{
    (void)world;
    (void)index;
    (void)user;
}

/* ---- What a reader finds ---- */

static bool has_ballot(const run *self, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < self->statement.ballots_count; i++) {
        const skad_span ballot = self->statement.ballots[i];
        if (ballot.len == len && memcmp(ballot.data, bytes, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Takes the ballots that a node holds. */
static void take_ballots(run *self, uint32_t node, const skad_id *key)
{
    const skad_world *world = self->course.world;
    const skad_store *store = &world->nodes[node].store;
    skad_store_record found[SKAD_AUDIT_BALLOTS_MAX];
    const size_t count =
        store->ops->list(store->self, key, SKAD_RECORD_ANNOUNCEMENT, 0,
                         skad_world_time(world, node).unix_s, found, SKAD_AUDIT_BALLOTS_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t *all = &self->statement.ballots_count;
        if (*all < SKAD_AUDIT_BALLOTS_MAX && found[i].len <= sizeof self->ballots[0] &&
            !has_ballot(self, found[i].data, found[i].len)) {
            memcpy(self->ballots[*all], found[i].data, found[i].len);
            self->statement.ballots[*all] = (skad_span){self->ballots[*all], found[i].len};
            (*all)++;
        }
    }
}

/* Takes a record of evidence from the first node that has it. */
static void take_proof(run *self, const skad_id *key)
{
    const skad_world *world = self->course.world;
    const skad_store_name name = {.key = *key, .type = SKAD_RECORD_IMMUTABLE};
    size_t *all = &self->statement.proofs_count;
    for (uint32_t node = 0; node < world->honest && *all < SKAD_AUDIT_PROOFS_MAX; node++) {
        const skad_store *store = &world->nodes[node].store;
        skad_store_record held;
        skad_record record;
        if (skad_world_up(world, node) &&
            store->ops->find(store->self, SKAD_STORE_REPLICAS, &name,
                             skad_world_time(world, node).unix_s, &held) &&
            skad_record_decode(held.data, held.len, &record)) {
            memcpy(self->proofs[*all], record.value.data, record.value.len);
            self->statement.proofs[*all] = (skad_span){self->proofs[*all], record.value.len};
            (*all)++;
            return;
        }
    }
}

static void read_statement(run *self, uint64_t number)
{
    const skad_world *world = self->course.world;
    skad_id key;
    memset(&self->statement, 0, sizeof self->statement);
    self->statement.round.period_s = world->scenario.audit_period_s;
    self->statement.round.number = number;
    skad_profile_network_id(&world->profile, &self->statement.round.network);
    skad_audit_key(&self->statement.round, &key);
    for (uint32_t node = 0; node < world->honest; node++) {
        if (skad_world_up(world, node)) {
            take_ballots(self, node, &key);
        }
    }
    for (size_t i = 0; i < self->statement.ballots_count; i++) {
        skad_record record;
        skad_audit_ballot ballot;
        if (skad_record_decode(self->statement.ballots[i].data, self->statement.ballots[i].len,
                               &record) &&
            skad_audit_ballot_decode(record.value, &ballot) && ballot.has_evidence) {
            take_proof(self, &ballot.evidence);
        }
    }
}

/* ---- How nodes fare ---- */

typedef struct verdict {
    bool drawn;
    bool denied;
    bool blamed;
} verdict;

/* Counts what confirmed voters say of a node. */
static verdict verdict_on(const run *self, uint32_t node)
{
    const skad_id *id = skad_world_id(self->course.world, node);
    uint8_t lot[SKAD_AUDIT_LOT_BYTES];
    unsigned agree = 0;
    unsigned against = 0;
    verdict out = {0};
    skad_audit_lot(&self->statement.round, id, lot);
    for (size_t i = 0; i < self->result.voters_count; i++) {
        const skad_audit_voter *voter = &self->result.voters[i];
        for (size_t j = 0; j < voter->ballot.count && voter->confirmed; j++) {
            if (memcmp(voter->ballot.players[j].name, lot, SKAD_AUDIT_NAME_BYTES) == 0) {
                const uint8_t said = voter->ballot.players[j].verdict;
                agree += said == SKAD_AUDIT_AGREES;
                against += said > SKAD_AUDIT_AGREES;
            }
        }
    }
    for (size_t i = 0; i < self->result.blamed_count; i++) {
        skad_id blamed;
        out.blamed |= skad_node_id(self->result.blamed[i].key,
                                   self->course.world->profile.memory_kib, &blamed) == SKAD_OK &&
                      memcmp(&blamed, id, sizeof blamed) == 0;
    }
    out.drawn = agree + against > 0 || out.blamed;
    out.denied = out.blamed || agree <= against;
    return out;
}

static void count_node(run *self, uint32_t node)
{
    skad_sim_audit_side *side =
        node < self->course.world->honest ? &self->out->honest : &self->out->liars;
    fate *known = &self->fates[node];
    const verdict now = verdict_on(self, node);
    if (!now.drawn) {
        return;
    }
    side->drawn++;
    side->denied += now.denied;
    side->blamed += now.blamed;
    if (known->drawn >= SKAD_SIM_AUDIT_FIRST) {
        return;
    }
    known->denied_soon |= now.denied;
    known->blamed_soon |= now.blamed;
    if (++known->drawn == SKAD_SIM_AUDIT_FIRST) {
        side->seen++;
        side->denied_soon += known->denied_soon;
        side->blamed_soon += known->blamed_soon;
    }
}

static void count_round(run *self)
{
    const skad_world *world = self->course.world;
    skad_sim_audit_outcome *out = self->out;
    const skad_audit_result *result = &self->result;
    out->rounds++;
    out->decided += result->winner >= 0;
    out->voters += result->confirmed;
    for (uint32_t node = 0; node < world->count; node++) {
        out->up += skad_world_up(world, node);
        count_node(self, node);
        if (result->winner >= 0 && memcmp(&result->voters[result->winner].id,
                                          skad_world_id(world, node), sizeof(skad_id)) == 0) {
            skad_sim_audit_side *side = node < world->honest ? &out->honest : &out->liars;
            side->won++;
        }
    }
}

/* ---- From beginning to end ---- */

static void run_rounds(run *self, uint64_t rounds)
{
    skad_world *world = self->course.world;
    const uint64_t period_us = world->scenario.audit_period_s * SKAD_US_PER_S;
    const uint64_t unix_us = SKAD_SIM_UNIX_S * SKAD_US_PER_S;
    uint64_t number = (unix_us + world->now_us) / period_us + 1;
    skad_world_run(world, number * period_us - unix_us);
    const uint64_t before = world->counters.sent_bytes;
    for (uint64_t i = 0; i < rounds && world->broken == NULL; i++, number++) {
        const uint64_t begin_us = number * period_us - unix_us;
        skad_world_run(world, begin_us + (uint64_t)((double)period_us * READ_AT));
        read_statement(self, number);
        if (skad_audit_tally(&self->statement, &world->profile, &self->result) != SKAD_OK) {
            return;
        }
        count_round(self);
        skad_world_run(world, begin_us + period_us);
    }
    self->out->sent = world->counters.sent_bytes - before;
}

void skad_sim_audits(const skad_sim_scenario *scenario, uint64_t rounds,
                     skad_sim_audit_outcome *out)
{
    static const skad_sim_watch unwatched = {0};
    skad_sim_outcome *unused = skad_sim_alloc(1, sizeof *unused);
    run *self = skad_sim_alloc(1, sizeof *self);
    skad_sim_course *course = &self->course;
    *out = (skad_sim_audit_outcome){0};
    self->out = out;
    course->watch = &unwatched;
    course->outcome = unused;
    course->world = skad_sim_alloc(1, sizeof *course->world);
    skad_prng_init(&course->prng, scenario->seed, SKAD_PRNG_WORK);
    if (!skad_sim_churn_init(&course->churn, scenario, out->reason) ||
        !skad_world_init(course->world, scenario, out->reason)) {
        out->failed = true;
    } else {
        skad_world *world = course->world;
        world->listener = (skad_sim_listener){on_event, on_work, on_change, self};
        self->fates = skad_sim_alloc(world->count, sizeof *self->fates);
        skad_phases_prepare(world);
        skad_sim_churn_settle(&course->churn, world);
        skad_sim_prefill(world);
        skad_sim_values_publish(&course->values, world, &course->prng, unused);
        skad_sim_churn_begin(&course->churn, world);
        skad_world_run(world, world->now_us + skad_sim_us_of_s(scenario->warmup_s));
        world->began_us = world->now_us;
        skad_phases_begin(world);
        skad_leagues_begin(world, course->values.keys, course->values.count);
        run_rounds(self, rounds);
        if (world->broken != NULL) {
            (void)skad_sim_reason(out->reason, "broken at node %u: %.150s", world->broken_node,
                                  world->broken);
            out->failed = true;
        }
        skad_world_free(world);
    }
    skad_sim_churn_free(&course->churn);
    skad_sim_values_free(&course->values);
    free(self->fates);
    free(course->world);
    free(self);
    free(unused);
}
