#include "src/sim/experiment/workload.h"

#include <stdlib.h>
#include <string.h>

#include "proto/address.h"
#include "skad/forward.h"
#include "skad/records.h"
#include "src/core/routing/distance.h"
#include "src/sim/base/memory.h"
#include "src/sim/experiment/divergence.h"
#include "src/sim/world/leagues.h"

#define BANS_MAX  256        /* of a node */
#define BAIT      UINT32_MAX /* as a value: none of the experiment's */
#define DRAWS_MAX 64         /* until an idle node is found */

void skad_sim_workload_init(skad_sim_workload *workload, skad_world *world,
                            const skad_sim_values *values, skad_prng *prng)
{
    *workload = (skad_sim_workload){.world = world, .values = values, .prng = prng};
    workload->askings = skad_sim_alloc(world->count, sizeof *workload->askings);
}

void skad_sim_workload_free(skad_sim_workload *workload)
{
    free(workload->askings);
    workload->askings = NULL;
    skad_sim_witness_free(&workload->witness);
    skad_sim_classes_free(&workload->born);
}

/* ---- The truth ---- */

typedef struct truth {
    const skad_world *world;
    uint32_t asker;
    bool truthful;        /* without adversaries that answer searches falsely */
    const skad_ban *bans; /* of the asker, which rightly does not ask those that it bans */
    size_t bans_count;
} truth;

static bool is_banned(const truth *self, uint32_t node)
{
    for (size_t i = 0; i < self->bans_count; i++) {
        if (skad_id_equal(&self->bans[i].id, skad_world_id(self->world, node))) {
            return true;
        }
    }
    return false;
}

static bool counts(const void *user, uint32_t node)
{
    const truth *self = user;
    return node != self->asker && skad_world_up(self->world, node) &&
           !self->world->nodes[node].client &&
           (!self->truthful || node < skad_world_truthful(self->world)) && !is_banned(self, node);
}

static size_t nearest(const truth *self, const skad_id *target, uint32_t *out)
{
    const skad_id_index_query query = {.target = skad_id_prefix(target),
                                       .filter = counts,
                                       .user = self,
                                       .max = self->world->profile.siblings};
    return skad_id_index_closest(&self->world->id_index, &query, out);
}

/* ---- Beginning ---- */

/* An honest node that is up and asks for nothing yet; SKAD_SIM_NOBODY when there is hardly one. */
static uint32_t draw_node(skad_sim_workload *workload)
{
    const skad_world *world = workload->world;
    const bool one = world->scenario.asker == SKAD_SIM_VICTIM_ASKS;
    for (int i = 0; i < DRAWS_MAX; i++) {
        uint32_t node = one ? (uint32_t)world->scenario.victim
                            : (uint32_t)skad_prng_below(workload->prng, world->honest);
        if (world->nodes[node].joined && workload->askings[node].op == 0) {
            return node;
        }
    }
    return SKAD_SIM_NOBODY;
}

static void begun(skad_sim_workload *workload, uint32_t node, const skad_id *target,
                  skad_status status)
{
    workload->askings[node].began_us = workload->world->now_us;
    workload->askings[node].hop = (skad_sim_hop){0};
    if (status == SKAD_OK) {
        workload->awaited++;
        skad_chains_begin(workload->world, node, target);
    } else {
        workload->askings[node].op = 0;
    }
    skad_world_settle(workload->world, node);
}

static skad_status look_up(skad_sim_workload *workload, uint32_t node, const skad_id *target)
{
    const skad_world *world = workload->world;
    const skad_time now = skad_world_time(world, node);
    skad_op *op = &workload->askings[node].op;
    return world->scenario.forward
               ? skad_node_forward_lookup(world->nodes[node].node, target,
                                          (unsigned)world->scenario.forward_chains, now, op)
               : skad_node_lookup(world->nodes[node].node, target, now, op);
}

/* Gets a value, and has its steps traced unless it is forwarded: the chain tells more then. */
static skad_status get(skad_sim_workload *workload, uint32_t node, const skad_store_name *name)
{
    const skad_world *world = workload->world;
    const skad_time now = skad_world_time(world, node);
    const skad_record_type type = (skad_record_type)name->type;
    skad_op *op = &workload->askings[node].op;
    if (world->scenario.forward) {
        return skad_node_forward_get(world->nodes[node].node, type, &name->key,
                                     (unsigned)world->scenario.forward_chains, now, op);
    }
    const skad_status status = skad_node_get(world->nodes[node].node, type, &name->key, now, op);
    if (status == SKAD_OK) {
        skad_node_trace(world->nodes[node].node, *op);
    }
    return status;
}

void skad_sim_workload_look_up(skad_sim_workload *workload)
{
    skad_world *world = workload->world;
    const bool all = world->scenario.asker == SKAD_SIM_ALL_ASK;
    const skad_id *key = all ? skad_leagues_key(world) : NULL;
    skad_id target = key != NULL ? *key : skad_prng_id(workload->prng);
    uint32_t node = draw_node(workload);
    if (node != SKAD_SIM_NOBODY) {
        workload->lookups_begun++;
        begun(workload, node, &target, look_up(workload, node, &target));
    }
}

void skad_sim_workload_get(skad_sim_workload *workload, uint32_t value)
{
    const skad_store_name *name = &workload->values->all[value].name;
    uint32_t node = draw_node(workload);
    if (node != SKAD_SIM_NOBODY && node != SKAD_SIM_PUBLISHER) {
        workload->askings[node].value = value;
        begun(workload, node, &name->key, get(workload, node, name));
    }
}

void skad_sim_workload_take_bait(skad_sim_workload *workload, const skad_store_name *bait)
{
    skad_world *world = workload->world;
    uint32_t node = draw_node(workload);
    if (node != SKAD_SIM_NOBODY) {
        workload->askings[node].value = BAIT;
        begun(workload, node, &bait->key,
              skad_node_get(world->nodes[node].node, (skad_record_type)bait->type, &bait->key,
                            skad_world_time(world, node), &workload->askings[node].op));
    }
}

/* ---- Judging ---- */

static bool returned(const skad_world *world, const skad_lookup_report *report, uint32_t node)
{
    for (size_t i = 0; i < report->closest_count; i++) {
        if (skad_id_equal(&report->closest[i].id, skad_world_id(world, node))) {
            return true;
        }
    }
    return false;
}

static bool all_adversaries(const skad_world *world, const skad_lookup_report *report)
{
    for (size_t i = 0; i < report->closest_count; i++) {
        const skad_address *address = skad_sim_contact_address(&report->closest[i]);
        if (skad_sim_node_at(&world->addresses, address) < world->honest) {
            return false;
        }
    }
    return report->closest_count > 0;
}

/* S/Kademlia, section 4.4: a node is used once in the whole lookup. Whether one was asked twice at
 * one address, or its answers from two addresses counted. */
static bool asked_twice(const skad_lookup_report *report)
{
    for (size_t i = 0; i < report->steps_count; i++) {
        const skad_step *step = &report->steps[i];
        for (size_t j = 0; j < i; j++) {
            const skad_step *other = &report->steps[j];
            if (skad_id_equal(&step->id, &other->id) &&
                (skad_address_equal(&step->address, &other->address) ||
                 (step->state == SKAD_STEP_ANSWERED && other->state == SKAD_STEP_ANSWERED))) {
                return true;
            }
        }
    }
    return false;
}

static void count_hops(skad_sim_workload *workload, const skad_lookup_report *report, uint32_t node)
{
    for (size_t i = 0; i < report->steps_count; i++) {
        if (skad_id_equal(&report->steps[i].id, skad_world_id(workload->world, node))) {
            skad_sim_hops_count(workload->lookups.hops, report->steps[i].hop);
            return;
        }
    }
}

/* Whether it found the nearest honest node. */
static bool compare(skad_sim_workload *workload, uint32_t asker, const skad_lookup_report *report)
{
    const skad_world *world = workload->world;
    skad_sim_lookups *tally = &workload->lookups;
    uint32_t honest[SKAD_K_MAX];
    uint32_t living[SKAD_K_MAX];
    skad_ban bans[BANS_MAX];
    size_t banned =
        skad_node_bans(world->nodes[asker].node, skad_world_time(world, asker), bans, BANS_MAX);
    truth known = {.world = world,
                   .asker = asker,
                   .bans = bans,
                   .bans_count = banned < BANS_MAX ? banned : BANS_MAX};
    size_t living_count = nearest(&known, &report->target, living);
    known.truthful = true;
    size_t honest_count = nearest(&known, &report->target, honest);
    tally->siblings_true += honest_count;
    for (size_t i = 0; i < honest_count; i++) {
        tally->siblings_found += returned(world, report, honest[i]);
    }
    bool exact = report->closest_count == living_count;
    for (size_t i = 0; exact && i < living_count; i++) {
        exact = skad_id_equal(&report->closest[i].id, skad_world_id(world, living[i]));
    }
    tally->exact += exact;
    const bool found = honest_count > 0 && returned(world, report, honest[0]);
    if (found) {
        tally->nearest++;
        if (world->scenario.forward) {
            skad_sim_hops_count(tally->hops, skad_chains_errand(world, asker)->hops);
        } else {
            count_hops(workload, report, honest[0]);
        }
    }
    return found;
}

static skad_sim_class_tally *class_of(skad_sim_workload *workload, uint32_t asker)
{
    return &workload->classes[skad_sim_class_of(&workload->born, workload->world, asker)];
}

/* The requests that it brought: of its asker, or if it was forwarded of all nodes. */
static uint64_t requests_of(const skad_sim_workload *workload, uint32_t asker, uint64_t own)
{
    const skad_world *world = workload->world;
    return world->scenario.forward ? skad_chains_errand(world, asker)->requests : own;
}

/* Counts what it came to in the whole network. */
static void judge_errand(skad_sim_workload *workload, uint32_t asker, bool value)
{
    const skad_world *world = workload->world;
    const skad_errand *errand = skad_chains_errand(world, asker);
    if (world->scenario.forward) {
        workload->forwarding.errands++;
        workload->forwarding.values += value && errand->hops > 0;
        workload->forwarding.copies += value && errand->hops > 0 && errand->copy;
    }
    if (skad_sim_scenario_has(&world->scenario, SKAD_SIM_WATCHES)) {
        skad_sim_witness_add(&workload->witness, asker, &errand->sighting);
    }
}

static void judge_lookup(skad_sim_workload *workload, uint32_t asker, const skad_event *event)
{
    skad_world *world = workload->world;
    const skad_lookup_report *report = &event->u.lookup.report;
    skad_sim_lookups *tally = &workload->lookups;
    const uint64_t number = tally->ended++;
    const uint64_t requests = requests_of(workload, asker, report->rpcs);
    tally->rpcs += requests;
    tally->us += report->duration_us;
    skad_sim_durations_count(&tally->durations, report->duration_us);
    skad_sim_requests_count(&tally->requests, requests);
    tally->dense += report->dense;
    tally->diverged +=
        skad_sim_divergence(&report->target, report->closest, report->closest_count,
                            (double)report->network_size) > SKAD_SIM_DIVERGENCE_THRESHOLD;
    tally->silent += event->outcome == SKAD_OUTCOME_TIMED_OUT;
    tally->captured += all_adversaries(world, report);
    const bool right = compare(workload, asker, report);
    judge_errand(workload, asker, false);
    skad_sim_class_tally *class = class_of(workload, asker);
    class->lookups++;
    class->lookups_right += right;
    if (workload->trace != NULL) {
        const skad_sim_traced traced = {world, report, number, asker, right};
        workload->trace(&traced, workload->trace_user);
    }
    if (world->scenario.invariants && world->broken == NULL && asked_twice(report)) {
        world->broken = "a lookup asks a node once at an address, and takes one answer";
        world->broken_node = asker;
    }
}

/* The answers between the asker and the node that gave the value. */
static uint8_t hops_of(const skad_sim_workload *workload, uint32_t asker,
                       const skad_sim_asking *asked)
{
    if (workload->world->scenario.forward) {
        return skad_chains_errand(workload->world, asker)->hops;
    }
    return asked->hop.gave ? asked->hop.giver : 0;
}

static void judge_get(skad_sim_workload *workload, uint32_t asker, const skad_sim_asking *asked,
                      const skad_event *event)
{
    skad_sim_class_tally *class = class_of(workload, asker);
    const skad_sim_value *wanted = &workload->values->all[asked->value];
    const skad_get_report *got = &event->u.get;
    skad_sim_gets *tally = &workload->gets;
    const uint64_t requests = requests_of(workload, asker, got->rpcs);
    tally->ended++;
    tally->rpcs += requests;
    tally->dense += got->dense;
    tally->us += workload->world->now_us - asked->began_us;
    skad_sim_durations_count(&tally->durations, workload->world->now_us - asked->began_us);
    skad_sim_requests_count(&tally->requests, requests);
    judge_errand(workload, asker, event->outcome == SKAD_OUTCOME_DONE);
    class->gets++;
    if (event->outcome == SKAD_OUTCOME_DONE) {
        bool right =
            got->len == sizeof wanted->bytes && memcmp(got->value, wanted->bytes, got->len) == 0;
        bool stale = !right && wanted->sequence > 1 && got->len == sizeof wanted->first &&
                     memcmp(got->value, wanted->first, got->len) == 0;
        tally->right += right;
        class->gets_right += right;
        skad_sim_hops_count(tally->hops, hops_of(workload, asker, asked));
        tally->stale += stale;
        tally->wrong += !right && !stale;
    } else if (event->outcome == SKAD_OUTCOME_TIMED_OUT) {
        tally->silent++;
    } else if (skad_sim_value_held(workload->world, wanted)) {
        tally->missed++;
    } else {
        tally->lost++;
    }
}

void skad_sim_workload_event(skad_sim_workload *workload, uint32_t node, const skad_event *event)
{
    const skad_sim_asking asked = workload->askings[node];
    if (asked.op == 0 || event->op != asked.op) {
        return;
    }
    if (event->kind == SKAD_EVENT_STEP) {
        const skad_sim_value *wanted = &workload->values->all[asked.value];
        skad_sim_hop_see(&workload->askings[node].hop, &wanted->name.key, &event->u.step);
        return;
    }
    skad_sim_workload_forget(workload, node);
    if (event->kind == SKAD_EVENT_LOOKUP) {
        judge_lookup(workload, node, event);
    } else if (event->kind == SKAD_EVENT_GET && asked.value != BAIT) {
        judge_get(workload, node, &asked, event);
    }
}

void skad_sim_workload_forget(skad_sim_workload *workload, uint32_t node)
{
    workload->awaited -= workload->askings[node].op != 0;
    if (workload->askings[node].op != 0) {
        skad_chains_end(workload->world, node);
    }
    workload->askings[node].op = 0;
}
