#include "src/sim/experiment/capture.h"

#include <stdlib.h>

#include "crypto/assert.h"
#include "skad/records.h"
#include "src/sim/base/memory.h"
#include "src/sim/experiment/course.h"
#include "src/sim/experiment/values.h"

#define LOOK_US            (50 * SKAD_US_PER_MS) /* between two looks at whether all have ended */
#define ARRIVAL_SPACING_US (20 * SKAD_US_PER_MS)
#define ARRIVAL_AFTER_US   (60 * SKAD_US_PER_S) /* all have joined by then */
#define DRAWS_MAX          64                   /* until an idle node is found */

/* ---- The put ---- */

static void put(skad_sim_course *self)
{
    skad_world *world = self->world;
    skad_sim_capture *capture = &self->capture;
    const uint64_t began_us = world->now_us;
    world->watched = capture->target.publisher;
    world->watched_requests = 0;
    skad_status status = skad_sim_target_put(&capture->target, world, &capture->putting);
    SKAD_ASSERT(status == SKAD_OK);
    skad_node_trace(world->nodes[capture->target.publisher].node, capture->putting);
    skad_world_settle(world, capture->target.publisher);
    uint64_t end_us = world->now_us + SKAD_OPERATION_US_MAX + SKAD_US_PER_S;
    while (capture->putting != 0 && world->broken == NULL && skad_world_step(world, end_us)) {
    }
    self->outcome->captured.put_rpcs = world->watched_requests;
    self->outcome->captured.holders = skad_sim_target_holders(&capture->target, world);
    skad_sim_puts_count(&self->outcome->puts, world->now_us - began_us, world->watched_requests,
                        &capture->hop);
}

static void take_put(skad_sim_course *self, const skad_event *event)
{
    skad_sim_outcome *out = self->outcome;
    self->capture.putting = 0;
    out->captured.stored = event->outcome == SKAD_OUTCOME_DONE && event->u.put.stored > 0;
    out->captured.dense = event->u.put.dense;
    out->puts.stored = out->captured.stored;
    out->puts.dense = out->captured.dense;
}

/* ---- Gets ---- */

static uint32_t draw_asker(skad_sim_course *self)
{
    const skad_world *world = self->world;
    for (int i = 0; i < DRAWS_MAX; i++) {
        uint32_t node = (uint32_t)skad_prng_below(&self->prng, world->honest);
        if (node != self->capture.target.publisher && world->nodes[node].joined &&
            self->capture.gets[node].op == 0) {
            return node;
        }
    }
    return SKAD_SIM_NOBODY;
}

static void begin_get(skad_sim_course *self)
{
    skad_world *world = self->world;
    skad_sim_capture *capture = &self->capture;
    const skad_store_name *name = &capture->target.name;
    uint32_t node = draw_asker(self);
    if (node == SKAD_SIM_NOBODY) {
        return;
    }
    struct skad_sim_capture_get *get = &capture->gets[node];
    skad_status status = skad_node_get(world->nodes[node].node, (skad_record_type)name->type,
                                       &name->key, skad_world_time(world, node), &get->op);
    if (status == SKAD_OK) {
        get->began_us = world->now_us;
        get->hop = (skad_sim_hop){0};
        skad_node_trace(world->nodes[node].node, get->op);
        capture->awaited++;
    } else {
        get->op = 0;
    }
    skad_world_settle(world, node);
}

static void get_all(skad_sim_course *self, uint64_t count)
{
    skad_world *world = self->world;
    const uint64_t every_us = skad_sim_us_of_s(world->scenario.get_every_ms / 1000);
    for (uint64_t i = 0; i < count && !self->stopped && world->broken == NULL; i++) {
        begin_get(self);
        skad_sim_course_until(self, world->now_us + every_us, false);
    }
    const uint64_t end_us = world->now_us + SKAD_OPERATION_US_MAX + SKAD_US_PER_S;
    while (self->capture.awaited > 0 && world->now_us < end_us && !self->stopped &&
           world->broken == NULL) {
        skad_sim_course_until(self, world->now_us + LOOK_US, false);
    }
}

static void count_failure(const skad_sim_course *self, const skad_event *event,
                          skad_sim_gets *tally)
{
    if (event->outcome == SKAD_OUTCOME_TIMED_OUT) {
        tally->silent++;
    } else if (skad_sim_target_holders(&self->capture.target, self->world) > 0) {
        tally->missed++;
    } else {
        tally->lost++;
    }
}

static void take_get(skad_sim_course *self, uint32_t node, const skad_event *event)
{
    skad_sim_capture *capture = &self->capture;
    skad_sim_captured_key *found = &self->outcome->captured;
    skad_sim_gets *tally = &self->workload.gets;
    const uint64_t took_us = self->world->now_us - capture->gets[node].began_us;
    const skad_sim_hop *hop = &capture->gets[node].hop;
    bool done = event->outcome == SKAD_OUTCOME_DONE;
    bool right = done && skad_sim_target_right(&capture->target, &event->u.get);
    tally->us += took_us;
    skad_sim_durations_count(&tally->durations, took_us);
    skad_sim_requests_count(&tally->requests, event->u.get.rpcs);
    if (done) {
        skad_sim_hops_count(tally->hops, hop->gave ? hop->giver : 0);
    }
    capture->gets[node].op = 0;
    capture->awaited--;
    tally->ended++;
    tally->right += right;
    tally->wrong += done && !right;
    tally->rpcs += event->u.get.rpcs;
    tally->dense += event->u.get.dense;
    *(capture->late ? &found->late : &found->early) += 1;
    *(capture->late ? &found->late_right : &found->early_right) += right;
    if (!done) {
        count_failure(self, event, tally);
    }
}

/* ---- The whole ---- */

void skad_sim_capture_event(skad_sim_course *course, uint32_t node, const skad_event *event)
{
    skad_sim_capture *capture = &course->capture;
    const bool of_put =
        capture->putting != 0 && node == capture->target.publisher && event->op == capture->putting;
    const bool of_get =
        !of_put && capture->gets != NULL && event->op != 0 && event->op == capture->gets[node].op;
    if (event->kind == SKAD_EVENT_STEP && (of_put || of_get)) {
        skad_sim_hop_see(of_put ? &capture->hop : &capture->gets[node].hop,
                         &capture->target.name.key, &event->u.step);
    } else if (event->kind == SKAD_EVENT_PUT && of_put) {
        take_put(course, event);
    } else if (event->kind == SKAD_EVENT_GET && of_get) {
        take_get(course, node, event);
    }
}

void skad_sim_capture_prepare(skad_sim_course *course)
{
    skad_world *world = course->world;
    skad_sim_target_of(world, &course->capture.target);
    for (uint32_t node = world->honest;
         world->scenario.arrive == SKAD_SIM_AFTER && node < world->count; node++) {
        skad_world_stop(world, node, false);
    }
}

static void arrive(skad_sim_course *self)
{
    skad_world *world = self->world;
    for (uint32_t node = world->honest; node < world->count; node++) {
        skad_world_start(world, node);
        skad_world_join(world, node, SKAD_SIM_PUBLISHER);
        skad_sim_course_until(self, world->now_us + ARRIVAL_SPACING_US, false);
    }
    skad_sim_course_until(self, world->now_us + ARRIVAL_AFTER_US, false);
}

void skad_sim_capture_run(skad_sim_course *course)
{
    skad_world *world = course->world;
    const skad_sim_scenario *scenario = &world->scenario;
    skad_sim_capture *capture = &course->capture;
    capture->gets = skad_sim_alloc(world->count, sizeof *capture->gets);
    skad_sim_course_until(course, world->now_us + skad_sim_us_of_s(scenario->warmup_s), false);
    skad_sim_course_begin(course);
    put(course);
    const uint64_t late_us = world->now_us + skad_sim_us_of_s(scenario->wait_s);
    if (scenario->arrive == SKAD_SIM_AFTER) {
        arrive(course);
    }
    get_all(course, scenario->gets - scenario->gets / 2);
    if (late_us > world->now_us) {
        skad_sim_course_until(course, late_us, false);
    }
    course->outcome->captured.holders_late = skad_sim_target_holders(&capture->target, world);
    capture->late = true;
    get_all(course, scenario->gets / 2);
    skad_sim_course_tell(course);
    free(capture->gets);
    capture->gets = NULL;
}
