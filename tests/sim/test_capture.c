/* What adversaries of a capture answer, of the real core in a small world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "skad/records.h"
#include "src/sim/world/leagues.h"
#include "src/sim/world/prefill_world.h"
#include "src/sim/world/target.h"
#include "tests/support/small_world.h"

#define HONEST 100
#define GROUND 8

/* A lookup that was asked for, and how its adversaries fared. */
typedef struct watch {
    const skad_world *world;
    bool ended;
    unsigned answered; /* adversaries */
    unsigned silent;
} watch;

static void on_event(skad_world *world, uint32_t node, const skad_event *event, void *user)
{
    watch *self = user;
    (void)node;
    if (event->kind != SKAD_EVENT_LOOKUP) {
        return;
    }
    const skad_lookup_report *report = &event->u.lookup.report;
    for (size_t i = 0; i < report->steps_count; i++) {
        if (skad_sim_node_at(&world->addresses, &report->steps[i].address) >= world->honest) {
            self->answered += report->steps[i].state == SKAD_STEP_ANSWERED;
            self->silent += report->steps[i].state != SKAD_STEP_ANSWERED;
        }
    }
    self->ended = true;
}

static skad_world *begin(uint64_t behaviour, watch *self)
{
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_scenario scenario = test_small_world(HONEST);
    scenario.lookups = 0;
    scenario.ground = GROUND;
    scenario.adversary = behaviour;
    scenario.placement = SKAD_SIM_NEAREST;
    scenario.capture = SKAD_SIM_VALUE;
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    assert_true(skad_sim_scenario_check(&scenario, reason));
    assert_true(skad_world_init(world, &scenario, reason));
    skad_sim_prefill(world);
    *self = (watch){.world = world};
    world->listener = (skad_sim_listener){.event = on_event, .user = self};
    return world;
}

static void end(skad_world *world)
{
    skad_world_free(world);
    free(world);
}

/* An honest node looks a target up. */
static void look_up(skad_world *world, watch *self, const skad_id *target)
{
    skad_op op;
    self->ended = false;
    self->answered = 0;
    self->silent = 0;
    assert_int_equal(skad_node_lookup(world->nodes[0].node, target, skad_world_time(world, 0), &op),
                     SKAD_OK);
    skad_world_settle(world, 0);
    skad_world_run(world, world->now_us + SKAD_OPERATION_US_MAX);
    assert_true(self->ended);
}

static void those_that_drop_are_silent_about_the_key_alone(void **state)
{
    (void)state;
    watch self;
    skad_world *world = begin(SKAD_SIM_DROP, &self);
    skad_id other = *skad_leagues_key(world);
    other.bytes[SKAD_ID_BYTES - 1] ^= 1; /* the same neighbours */
    look_up(world, &self, skad_leagues_key(world));
    assert_int_equal(self.answered, 0);
    assert_true(self.silent > 0);
    look_up(world, &self, &other);
    assert_true(self.answered > 0);
    assert_int_equal(self.silent, 0);
    end(world);
}

static void those_that_withhold_and_collude_answer_searches(void **state)
{
    (void)state;
    static const uint64_t behaviours[] = {SKAD_SIM_WITHHOLD, SKAD_SIM_COLLUDE};
    for (size_t i = 0; i < 2; i++) {
        watch self;
        skad_world *world = begin(behaviours[i], &self);
        look_up(world, &self, skad_leagues_key(world));
        assert_true(self.answered > 0);
        assert_int_equal(self.silent, 0);
        end(world);
    }
}

/* Their nodes keep nothing, so that no way to ask them leads to the record. */
static void their_nodes_keep_nothing(void **state)
{
    (void)state;
    watch self;
    skad_sim_target target;
    skad_world *world = begin(SKAD_SIM_WITHHOLD, &self);
    skad_sim_target_of(world, &target);
    const uint8_t bytes[] = {1, 2, 3};
    const skad_store_record record = {.name = target.name,
                                      .stored_unix_s = SKAD_SIM_UNIX_S,
                                      .expires_unix_s = UINT64_MAX,
                                      .data = bytes,
                                      .len = sizeof bytes};
    for (uint32_t node = 0; node < world->count; node += HONEST) {
        const skad_store *store = &world->nodes[node].store;
        assert_int_equal(
            store->ops->put(store->self, SKAD_STORE_REPLICAS, &record, SKAD_SIM_UNIX_S),
            node < HONEST ? SKAD_OK : SKAD_ERR_FULL);
    }
    assert_int_equal(skad_sim_target_holders(&target, world), 1);
    end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_drop_are_silent_about_the_key_alone),
        cmocka_unit_test(those_that_withhold_and_collude_answer_searches),
        cmocka_unit_test(their_nodes_keep_nothing),
    };
    return cmocka_run_group_tests_name("sim capture", tests, NULL, NULL);
}
