/* Adversaries that attack by what they send: that each does what it says, and what its victims make
 * of it. Honest nodes that suffer for it break an invariant, which ends the run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "skad/records.h"
#include "src/sim/experiment/values.h"
#include "src/sim/world/leagues.h"
#include "src/sim/world/prefill_world.h"
#include "tests/support/small_world.h"

static skad_sim_scenario attacked_world(uint64_t behaviour)
{
    skad_sim_scenario scenario = test_small_world(40);
    scenario.invariants = true;
    scenario.adversary = behaviour;
    scenario.adversary_share = 0.25;
    scenario.attack_rate = 200;
    scenario.attack_victims = 2;
    return scenario;
}

/* Runs an attack on a filled network for so long. *world is the caller's, to look into and free. */
static skad_world *attack(const skad_sim_scenario *scenario, uint64_t seconds)
{
    char reason[SKAD_SIM_REASON_BYTES];
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    assert_true(skad_world_init(world, scenario, reason));
    skad_sim_prefill(world);
    world->began_us = world->now_us;
    skad_leagues_begin(world, NULL, 0);
    skad_world_run(world, world->now_us + seconds * SKAD_US_PER_S);
    if (world->broken != NULL) {
        fail_msg("node %u: %s", world->broken_node, world->broken);
    }
    return world;
}

static void end(skad_world *world)
{
    skad_world_free(world);
    free(world);
}

static skad_node_stats stats_of(const skad_world *world, uint32_t node)
{
    skad_node_stats stats;
    skad_node_stats_get(world->nodes[node].node, skad_world_time(world, node), &stats);
    return stats;
}

/* A scenario with a proof at its end: lookups, puts and gets work once the attack is over. */
static void prove_with_seed(uint64_t behaviour, uint64_t seed)
{
    skad_sim_scenario scenario = attacked_world(behaviour);
    scenario.seed = seed;
    scenario.settle_s = 300;
    scenario.attack_rate = 10;
    scenario.duration_s = 120;
    scenario.values = 2;
    scenario.mutables = 2;
    scenario.get_every_ms = 1000;
    (void)test_run_world(&scenario);
}

static void prove(uint64_t behaviour)
{
    prove_with_seed(behaviour, 1);
}

/* ---- Flood ---- */

static void a_flood_is_challenged_where_rates_are_limited(void **state)
{
    (void)state;
    skad_sim_scenario scenario = attacked_world(SKAD_SIM_FLOOD);
    scenario.attack_rate = 800;
    skad_world *world = attack(&scenario, 200);
    skad_node_stats open = stats_of(world, 0);
    end(world);
    scenario.limit_rates = true;
    world = attack(&scenario, 200);
    skad_node_stats limited = stats_of(world, 0);
    end(world);
    print_message("verifications %lu without rates, %lu with\n", (unsigned long)open.verifications,
                  (unsigned long)limited.verifications);
    assert_true(open.verdicts[SKAD_VERDICT_SIGNATURE] > 6000);
    assert_true(limited.verifications < open.verifications / 2);
    assert_true(limited.verdicts[SKAD_VERDICT_CHALLENGE] > 3000);
    prove(SKAD_SIM_FLOOD);
}

/* ---- Replay ---- */

static void on_event(skad_world *world, uint32_t node, const skad_event *event, void *user)
{
    (void)world;
    if (node == SKAD_SIM_PUBLISHER) {
        (void)skad_sim_values_event(user, event);
    }
}

/* Publishes values, lets a node come back without its records, and replays what was heard of it.
 * Returns how many records were handed over, in the whole network; *duplicates: replays noticed. */
static uint64_t hand_over(double attack_rate, uint64_t *duplicates)
{
    skad_sim_scenario scenario = attacked_world(SKAD_SIM_REPLAY);
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_values values = {0};
    skad_sim_outcome outcome = {0};
    skad_prng prng;
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    scenario.values = 60;
    scenario.attack_rate = attack_rate;
    scenario.attack_victims = 0;
    skad_prng_init(&prng, 1, SKAD_PRNG_WORK);
    assert_true(skad_world_init(world, &scenario, reason));
    world->listener = (skad_sim_listener){.event = on_event, .user = &values};
    skad_sim_prefill(world);
    skad_sim_values_publish(&values, world, &prng, &outcome);
    assert_int_equal(outcome.puts.stored, 60);
    skad_world_stop(world, 3, true);
    skad_world_start(world, 3);
    skad_world_join(world, 3, SKAD_SIM_PUBLISHER);
    skad_leagues_begin(world, values.keys, values.count);
    skad_world_run(world, world->now_us + 300 * SKAD_US_PER_S);
    assert_null(world->broken);
    uint64_t handed_over = 0;
    *duplicates = 0;
    for (uint32_t node = 0; node < world->count; node++) {
        skad_node_stats stats = stats_of(world, node);
        handed_over += stats.handed_over;
        *duplicates += stats.verdicts[SKAD_VERDICT_DUPLICATE];
    }
    end(world);
    skad_sim_values_free(&values);
    return handed_over;
}

static void replays_are_heard_and_move_few_records(void **state)
{
    (void)state;
    uint64_t duplicates;
    uint64_t in_peace = hand_over(0.001, &duplicates);
    assert_int_equal(duplicates, 0);
    uint64_t attacked = hand_over(20, &duplicates);
    print_message("handed over %lu, in peace %lu; %lu duplicates noticed\n",
                  (unsigned long)attacked, (unsigned long)in_peace, (unsigned long)duplicates);
    assert_true(in_peace > 0);
    assert_true(attacked <= 2 * in_peace);
    assert_true(duplicates > 500);
    prove(SKAD_SIM_REPLAY);
}

/* ---- Crowd ---- */

static void a_crowd_is_pinged_but_seldom(void **state)
{
    (void)state;
    skad_sim_scenario scenario = attacked_world(SKAD_SIM_CROWD);
    scenario.adversary_share = 0.5;
    scenario.adversary_subnets = 1;
    scenario.adversary_hosts = 1;
    skad_world *world = attack(&scenario, 200);
    skad_node_stats stats = stats_of(world, 0);
    print_message("%lu requests, %lu timeouts\n", (unsigned long)stats.requests[2],
                  (unsigned long)stats.timeouts);
    for (uint32_t node = world->honest; node < world->count; node++) {
        assert_false(skad_world_up(world, node));
    }
    assert_true(stats.requests[2] > 10000);
    assert_true(stats.timeouts < stats.requests[2] / 10);
    assert_int_equal(stats.peers, world->honest - 1);
    end(world);
    prove(SKAD_SIM_CROWD);
}

/* ---- Framing ---- */

static void wrong_signatures_have_their_signer_banned_alone(void **state)
{
    (void)state;
    skad_sim_scenario scenario = attacked_world(SKAD_SIM_FRAME);
    scenario.attack_rate = 20;
    skad_world *world = attack(&scenario, 60);
    skad_ban bans[64];
    size_t count = skad_node_bans(world->nodes[0].node, skad_world_time(world, 0), bans, 64);
    assert_true(count > 0);
    for (size_t i = 0; i < count && i < 64; i++) {
        uint32_t banned = skad_sim_node_at(&world->addresses, &bans[i].address);
        skad_address neighbour = bans[i].address;
        neighbour.port = SKAD_SIM_PORT;
        assert_true(banned >= world->honest && banned < world->count);
        assert_true(skad_sim_node_at(&world->addresses, &neighbour) < world->honest);
    }
    end(world);
}

static void records_that_nodes_judge_differently_harm_no_holder(void **state)
{
    (void)state;
    skad_sim_scenario scenario = attacked_world(SKAD_SIM_FRAME);
    scenario.attack_rate = 4;
    scenario.duration_s = 300;
    scenario.clock_skew_s = 10;
    scenario.values = 2;
    scenario.get_every_ms = 200;
    scenario.lookups = 0;
    skad_sim_outcome outcome = test_run_world(&scenario);
    assert_true(outcome.gets.ended > 500); /* and as many of what frames */
    assert_int_equal(outcome.gets.right, outcome.gets.ended);
}

/* In the first of these worlds a victim took itself for isolated, because a peer that it had banned
 * was the first in turn to be asked; in the second it rightly does not find who is banned. */
static void the_network_recovers_while_bans_last(void **state)
{
    (void)state;
    prove_with_seed(SKAD_SIM_FRAME, 2);
    prove_with_seed(SKAD_SIM_FRAME, 6);
}

/* ---- Squatting ---- */

typedef struct announcing {
    skad_sim_values values;
    skad_op op;
    uint64_t stored; /* of the honest announcement */
} announcing;

static void on_announced(skad_world *world, uint32_t node, const skad_event *event, void *user)
{
    announcing *self = user;
    on_event(world, node, event, &self->values);
    if (event->kind == SKAD_EVENT_PUT && event->op == self->op && node != SKAD_SIM_PUBLISHER) {
        self->stored = event->u.put.stored;
    }
}

static size_t places_of(const skad_world *world, uint32_t node, const skad_id *key)
{
    const skad_store *store = &world->nodes[node].store;
    skad_store_place *places = calloc(1024, sizeof *places);
    assert_non_null(places);
    size_t count = store->ops->survey(store->self, key, SKAD_RECORD_ANNOUNCEMENT, places, 1024);
    free(places);
    return count;
}

static void squatters_fill_a_key_and_shut_out_no_provider(void **state)
{
    (void)state;
    skad_sim_scenario scenario = attacked_world(SKAD_SIM_SQUAT);
    char reason[SKAD_SIM_REASON_BYTES];
    announcing self = {0};
    skad_sim_outcome outcome = {0};
    skad_prng prng;
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    scenario.adversary_subnets = 2;
    scenario.mutables = 1;
    scenario.group_bucket_max = 2;
    scenario.group_table_max = 10;
    scenario.group_path_max = 2;
    scenario.invariants = false; /* full stores take long to check */
    skad_prng_init(&prng, 1, SKAD_PRNG_WORK);
    assert_true(skad_world_init(world, &scenario, reason));
    world->listener = (skad_sim_listener){.event = on_announced, .user = &self};
    skad_sim_prefill(world);
    skad_sim_values_publish(&self.values, world, &prng, &outcome);
    skad_leagues_begin(world, self.values.keys, self.values.count);
    skad_world_run(world, world->now_us + 60 * SKAD_US_PER_S);
    size_t most = 0;
    for (uint32_t node = 0; node < world->honest; node++) {
        size_t count = places_of(world, node, &self.values.keys[0]);
        most = count > most ? count : most;
    }
    print_message("%zu places of the key are taken\n", most);
    assert_true(most >= 16);
    const skad_announce_request request = {.key = self.values.keys[0],
                                           .endpoint = skad_sim_address_of(&world->addresses, 5),
                                           .life_s = 3600};
    assert_int_equal(
        skad_node_announce(world->nodes[5].node, &request, skad_world_time(world, 5), &self.op),
        SKAD_OK);
    skad_world_settle(world, 5);
    skad_world_run(world, world->now_us + 60 * SKAD_US_PER_S);
    assert_null(world->broken);
    print_message("the honest announcement has %lu holders\n", (unsigned long)self.stored);
    assert_true(self.stored >= 3);
    end(world);
    skad_sim_values_free(&self.values);
    prove(SKAD_SIM_SQUAT);
}

/* ---- Invented names ---- */

static void invented_nodes_cost_requests_and_nothing_else(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(300);
    scenario.adversary = SKAD_SIM_INVENT;
    scenario.adversary_share = 0.2;
    skad_sim_outcome invented = test_run_world(&scenario);
    scenario.adversary = SKAD_SIM_WITHHOLD;
    skad_sim_outcome named = test_run_world(&scenario);
    print_message("RPCs %lu, without invented nodes %lu; nearest %lu of 100\n",
                  (unsigned long)invented.lookups.rpcs, (unsigned long)named.lookups.rpcs,
                  (unsigned long)invented.lookups.nearest);
    assert_true(invented.lookups.rpcs > named.lookups.rpcs);
    assert_true(invented.lookups.nearest >= 95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_is_challenged_where_rates_are_limited),
        cmocka_unit_test(replays_are_heard_and_move_few_records),
        cmocka_unit_test(a_crowd_is_pinged_but_seldom),
        cmocka_unit_test(wrong_signatures_have_their_signer_banned_alone),
        cmocka_unit_test(records_that_nodes_judge_differently_harm_no_holder),
        cmocka_unit_test(the_network_recovers_while_bans_last),
        cmocka_unit_test(squatters_fill_a_key_and_shut_out_no_provider),
        cmocka_unit_test(invented_nodes_cost_requests_and_nothing_else),
    };
    return cmocka_run_group_tests_name("sim attacks", tests, NULL, NULL);
}
