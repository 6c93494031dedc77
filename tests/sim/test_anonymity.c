/* Forwarded lookups in small worlds: they find what usual ones find, by chains as long as the
 * density of tables lets expect; the curious identify who asks of the one kind nearly always, of
 * the other as often as they are asked first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/sim/experiment/anonymity.h"
#include "src/sim/report/stats.h"
#include "src/sim/scenario/keys.h"
#include "tests/support/small_world.h"

static char reason[SKAD_SIM_REASON_BYTES];

static double share(uint64_t part, uint64_t whole)
{
    return skad_sim_share(part, whole);
}

static double bits(const skad_sim_outcome *outcome)
{
    return share(outcome->anonymity.millibits, outcome->anonymity.judged) / 1000;
}

static double named(const skad_sim_outcome *outcome)
{
    return share(outcome->anonymity.identified, outcome->anonymity.judged);
}

/* So many nodes; lookups of one chain. They have hardly a token of each other at first. */
static skad_sim_scenario quiet_world(uint64_t nodes, uint64_t lookups)
{
    skad_sim_scenario scenario = test_small_world(nodes);
    scenario.lookups = lookups;
    scenario.forward_chains = 1;
    return scenario;
}

static skad_sim_scenario curious_world(const char *where, bool forward)
{
    skad_sim_scenario scenario = quiet_world(300, 400);
    assert_true(skad_sim_scenario_set(&scenario, "curious", where, reason));
    scenario.adversary_share = 0.3;
    scenario.replacements = 80;
    scenario.lookup_every_ms = 200;
    scenario.forward = forward;
    assert_true(skad_sim_scenario_check(&scenario, reason));
    return scenario;
}

/* ---- Finding ---- */

static void forwarded_gets_find_what_usual_ones_find(void **state)
{
    (void)state;
    skad_sim_scenario scenario = quiet_world(300, 0);
    scenario.values = 50;
    scenario.mutables = 10;
    scenario.get_every_ms = 50;
    scenario.duration_s = 30;
    skad_sim_outcome usual = test_run_world(&scenario);
    scenario.forward = true;
    skad_sim_outcome forwarded = test_run_world(&scenario);
    print_message("%.2f requests each, usual ones %.2f\n",
                  share(forwarded.forwarding.requests, forwarded.forwarding.errands),
                  share(usual.gets.rpcs, usual.gets.ended));
    assert_int_equal(usual.forwarding.errands, 0);
    assert_int_equal(usual.anonymity.judged, 0);
    assert_true(forwarded.gets.ended > 500);
    assert_int_equal(forwarded.gets.right, forwarded.gets.ended);
    assert_int_equal(forwarded.forwarding.errands, forwarded.gets.ended);
    assert_true(forwarded.forwarding.requests >= forwarded.gets.rpcs);
    assert_true(forwarded.gets.rpcs < usual.gets.rpcs);
    assert_true(forwarded.gets.rpcs >= forwarded.gets.ended / 2);
}

static void a_request_without_token_is_sent_once_more(void **state)
{
    (void)state;
    skad_sim_scenario scenario = quiet_world(300, 0);
    scenario.values = 100; /* hardly a node has a token of another */
    scenario.get_every_ms = 100;
    scenario.duration_s = 20;
    scenario.forward = true;
    skad_sim_outcome outcome = test_run_world(&scenario);
    assert_true(outcome.gets.ended > 150);
    assert_int_equal(outcome.gets.right, outcome.gets.ended);
}

static void chains_are_as_long_as_tables_let_expect(void **state)
{
    (void)state;
    static const struct {
        uint64_t k;
        bool by_lot;
    } rows[] = {{16, true}, {16, false}, {8, true}, {8, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        skad_sim_scenario scenario = quiet_world(1000, 0);
        scenario.values = 200;
        scenario.get_every_ms = 50;
        scenario.duration_s = 10;
        scenario.k = rows[i].k;
        scenario.siblings = rows[i].k;
        scenario.forward = true;
        scenario.forward_by_lot = rows[i].by_lot;
        skad_sim_outcome outcome = test_run_world(&scenario);
        const double median = (double)skad_sim_hops_at(outcome.gets.hops, 0.5);
        const double predicted = skad_sim_chain_model(&scenario);
        print_message("k %lu, by lot %d: median %.0f, predicted %.0f\n", (unsigned long)rows[i].k,
                      rows[i].by_lot, median, predicted);
        assert_true(median > predicted - 0.5 && median < predicted + 0.5);
    }
}

static void droppers_are_passed_by(void **state)
{
    (void)state;
    skad_sim_scenario scenario = quiet_world(300, 0);
    scenario.adversary = SKAD_SIM_DROP;
    scenario.adversary_share = 0.2;
    scenario.forward = true;
    scenario.values = 100;
    scenario.get_every_ms = 100;
    scenario.duration_s = 40;
    skad_sim_outcome outcome = test_run_world(&scenario);
    print_message("%lu of %lu\n", (unsigned long)outcome.gets.right,
                  (unsigned long)outcome.gets.ended);
    assert_true(outcome.gets.ended > 300);
    assert_true(100 * outcome.gets.right >= 99 * outcome.gets.ended);
}

static void copies_cut_chains_short(void **state)
{
    (void)state;
    skad_sim_scenario scenario = quiet_world(300, 0);
    scenario.forward = true;
    scenario.values = 1;
    scenario.get_every_ms = 200;
    scenario.duration_s = 60;
    skad_sim_outcome popular = test_run_world(&scenario);
    scenario.values = 300;
    skad_sim_outcome rare = test_run_world(&scenario);
    const double often = share(popular.forwarding.copies, popular.forwarding.values);
    const double seldom = share(rare.forwarding.copies, rare.forwarding.values);
    print_message("copies: %.2f of the gets of one value, %.2f of those of many\n", often, seldom);
    assert_true(often > 0.2);
    assert_true(seldom < often / 2);
    assert_int_equal(popular.gets.right, popular.gets.ended);
}

/* ---- Who asks ---- */

static void usual_lookups_are_identified_and_forwarded_ones_seldom(void **state)
{
    (void)state;
    skad_sim_scenario scenario = curious_world("anywhere", false);
    skad_sim_outcome usual = test_run_world(&scenario);
    scenario.forward = true;
    skad_sim_outcome forwarded = test_run_world(&scenario);
    print_message("named: %.2f, forwarded %.2f; bits: %.2f, %.2f\n", named(&usual),
                  named(&forwarded), bits(&usual), bits(&forwarded));
    assert_int_equal(usual.anonymity.judged, 400);
    assert_true(named(&usual) > 0.95);
    assert_true(bits(&usual) < 0.5);
    assert_true(named(&forwarded) > 0.2 && named(&forwarded) < 0.4); /* about their share */
    assert_true(bits(&forwarded) > 5);
}

static void padding_hides_what_the_budget_tells(void **state)
{
    (void)state;
    skad_sim_scenario scenario = curious_world("target", true);
    skad_sim_outcome padded = test_run_world(&scenario);
    scenario.forward_padded = false;
    skad_sim_outcome plain = test_run_world(&scenario);
    print_message("bits: %.2f, %.2f without padding\n", bits(&padded), bits(&plain));
    assert_true(named(&padded) < named(&plain) + 0.05 && named(&plain) < named(&padded) + 0.05);
    assert_true(bits(&padded) > bits(&plain) + 0.3);
}

static void lots_keep_the_curious_around_a_target_from_being_first(void **state)
{
    (void)state;
    skad_sim_scenario scenario = curious_world("target", true);
    skad_sim_outcome lots = test_run_world(&scenario);
    scenario.forward_by_lot = false;
    skad_sim_outcome nearest = test_run_world(&scenario);
    print_message("named: %.2f, %.2f without lots\n", named(&lots), named(&nearest));
    assert_true(named(&nearest) > 0.9);
    assert_true(named(&lots) < 0.6);
}

static void neighbours_of_the_asker_see_little(void **state)
{
    (void)state;
    skad_sim_scenario scenario = curious_world("asker", true);
    skad_sim_outcome outcome = test_run_world(&scenario);
    print_message("named: %.3f\n", named(&outcome));
    assert_true(outcome.anonymity.judged > 300);
    assert_true(named(&outcome) < 0.1);
}

/* ---- The estimate ---- */

static skad_sighting sighting_of(uint32_t sender, uint8_t budget)
{
    return (skad_sighting){.seen = true, .sender = sender, .budget = budget, .life_ms = 5000};
}

static void the_estimate_learns_what_a_feature_tells(void **state)
{
    (void)state;
    skad_sim_anonymity told;
    skad_sim_anonymity silent;
    skad_sim_witness all = {0};
    for (uint32_t i = 0; i < 400; i++) { /* 24 is always the asker's, 12 never */
        const bool asker = i % 4 < 2;
        const skad_sighting sighting = sighting_of(asker ? 7 : 8, asker ? 24 : 12);
        skad_sim_witness_add(&all, 7, &sighting);
    }
    skad_sim_witness_judge(&all, 1025, &told);
    skad_sim_witness_free(&all);
    for (uint32_t i = 0; i < 400; i++) { /* the same for both */
        const skad_sighting sighting = sighting_of(i % 4 < 2 ? 7 : 8, 24);
        skad_sim_witness_add(&all, 7, &sighting);
    }
    skad_sim_witness_judge(&all, 1025, &silent);
    skad_sim_witness_free(&all);
    assert_int_equal(told.identified, 200);
    assert_int_equal(silent.seen, 400);
    /* Half of them leave nothing, the others 10 bits; one bit more where it is not known which. */
    assert_true(told.millibits > 400 * 4950 && told.millibits < 400 * 5100);
    assert_true(silent.millibits > 400 * 5950 && silent.millibits < 400 * 6100);
}

static void what_was_not_seen_leaves_all(void **state)
{
    (void)state;
    skad_sim_anonymity found;
    skad_sim_witness all = {0};
    const skad_sighting none = {0};
    skad_sim_witness_judge(&all, 1024, &found);
    assert_int_equal(found.judged, 0);
    for (int i = 0; i < 10; i++) {
        skad_sim_witness_add(&all, 0, &none);
    }
    skad_sim_witness_judge(&all, 1024, &found);
    skad_sim_witness_free(&all);
    assert_int_equal(found.judged, 10);
    assert_int_equal(found.seen + found.identified, 0);
    assert_int_equal(found.millibits, 10 * 10000);
    assert_int_equal(found.millibits_whole, 10 * 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forwarded_gets_find_what_usual_ones_find),
        cmocka_unit_test(a_request_without_token_is_sent_once_more),
        cmocka_unit_test(chains_are_as_long_as_tables_let_expect),
        cmocka_unit_test(droppers_are_passed_by),
        cmocka_unit_test(copies_cut_chains_short),
        cmocka_unit_test(usual_lookups_are_identified_and_forwarded_ones_seldom),
        cmocka_unit_test(padding_hides_what_the_budget_tells),
        cmocka_unit_test(lots_keep_the_curious_around_a_target_from_being_first),
        cmocka_unit_test(neighbours_of_the_asker_see_little),
        cmocka_unit_test(the_estimate_learns_what_a_feature_tells),
        cmocka_unit_test(what_was_not_seen_leaves_all),
    };
    return cmocka_run_group_tests_name("sim anonymity", tests, NULL, NULL);
}
