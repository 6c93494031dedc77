/* The invariants of operations, each broken in all of its ways: in a node that waits for the answer
 * to a ping, for the slow answers of a lookup and for the holders of a put, and whose get has
 * ended. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "skad/records.h"
#include "src/core/node/invariants.h"
#include "src/core/node/parts.h"
#include "tests/support/fixture.h"
#include "tests/support/tampering.h"

#define PEERS         12
#define PART(node, x) (skad_node_parts_of(node).x)

#define IN_TIME  "an operation ends in time"
#define WAITS    "an operation waits for something"
#define NEEDS    "an operation has what its kind needs, and no more"
#define REPORTED "an ended operation is reported once"
#define HOLDER   "a holder that is asked is awaited, once"
#define ASKED    "a candidate that is asked is awaited, once"

static test_fixture fixture;

static skad_operation *of_kind(skad_node *node, skad_operation_kind kind)
{
    for (size_t i = 0; i < PART(node, operations)->count; i++) {
        skad_operation *operation = PART(node, operations)->slots[i].operation;
        if (operation != NULL && operation->kind == kind) {
            return operation;
        }
    }
    fail_msg("no operation of kind %d", (int)kind);
    return NULL;
}
static skad_operation *ping(skad_node *node)
{
    return of_kind(node, SKAD_OPERATION_PING);
}
static skad_operation *look(skad_node *node)
{
    return of_kind(node, SKAD_OPERATION_LOOKUP);
}
static skad_operation *put(skad_node *node)
{
    return of_kind(node, SKAD_OPERATION_PUT);
}
static skad_operation *ended(skad_node *node)
{
    return of_kind(node, SKAD_OPERATION_GET);
}
static skad_op name_of(skad_node *node, const skad_operation *operation)
{
    return skad_operation_name(PART(node, operations), operation);
}
/* A request of an operation that waits: the first one or the one behind it. */
static skad_pending_rpc *request_of(skad_node *node, const skad_operation *operation, size_t skip)
{
    skad_pending *pending = PART(node, pending);
    for (size_t i = 0; i < pending->high_water; i++) {
        if (pending->due_us[i] != UINT64_MAX &&
            pending->rpcs[i].owner == name_of(node, operation) && skip-- == 0) {
            return &pending->rpcs[i];
        }
    }
    fail_msg("no request waits");
    return NULL;
}

/* ---- What runs ---- */

static void end_at_last(skad_node *node)
{
    look(node)->deadline_us = PART(node, env)->now.mono_us + SKAD_OPERATION_US_MAX;
}
static void end_too_late(skad_node *node)
{
    end_at_last(node);
    look(node)->deadline_us++;
}
static void never_look_for_the_overdue(skad_node *node)
{
    PART(node, operations)->overdue_us = UINT64_MAX;
}
static void ping_without_a_request(skad_node *node)
{
    request_of(node, ping(node), 0)->owner = 0;
}
static void ping_without_a_request_of_its_own(skad_node *node)
{
    request_of(node, ping(node), 0)->purpose = SKAD_PURPOSE_CHECK;
}
static void ping_later(skad_node *node)
{
    ping_without_a_request(node);
    PART(node, operations)->blocked_us = PART(node, env)->now.mono_us;
}
static void mistake_a_slow_one(skad_node *node)
{
    look(node)->lookup->candidates.all[look(node)->lookup->asked[0]].state = SKAD_STEP_FAILED;
}
static void await_one_twice(skad_node *node)
{
    request_of(node, look(node), 1)->step = request_of(node, look(node), 0)->step;
}
static void await_it_for_a_region(skad_node *node)
{
    request_of(node, look(node), 0)->purpose = SKAD_PURPOSE_REGION;
}

/* ---- What it needs ---- */

static void look_for_a_ping(skad_node *node)
{
    look(node)->kind = SKAD_OPERATION_PING;
}
static void ping_for_a_lookup(skad_node *node)
{
    ping(node)->kind = SKAD_OPERATION_LOOKUP;
}
static void put_nothing(skad_node *node)
{
    put(node)->payload.record = NULL;
}
static void collect_nothing(skad_node *node)
{
    look(node)->kind = SKAD_OPERATION_GET;
}

/* ---- Holders ---- */

static void store_beyond_all(skad_node *node)
{
    put(node)->holders[0].candidate = put(node)->lookup->candidates.high_water;
}
static void store_twice(skad_node *node)
{
    put(node)->holders[0].tries = SKAD_STORE_TRIES_MAX;
}
static void store_three_times(skad_node *node)
{
    put(node)->holders[0].tries = SKAD_STORE_TRIES_MAX + 1;
}
static void await_one_that_stored(skad_node *node)
{
    put(node)->holders[put(node)->holders_count - 1].state = SKAD_HOLDER_STORED;
}
static void await_a_holder_twice(skad_node *node)
{
    request_of(node, put(node), 1)->step = request_of(node, put(node), 0)->step;
}
static void have_too_many_holders(skad_node *node)
{
    put(node)->holders_count = SKAD_HOLDERS_MAX + 1;
}

/* ---- What has ended ---- */

static void lose_the_report(skad_node *node)
{
    PART(node, reports)->count = 0;
}
static void report_twice(skad_node *node)
{
    PART(node, reports)->count = 2;
    PART(node, reports)->ended[1] = PART(node, reports)->ended[0];
    PART(node, reports)->first = 0;
}
static void report_across_the_end(skad_node *node)
{
    skad_reports *reports = PART(node, reports);
    reports->first = PART(node, operations)->count - 1;
    reports->count = 2;
    reports->ended[reports->first] = 0;
    reports->ended[0] = name_of(node, ended(node));
}
static void poll_it(skad_node *node)
{
    lose_the_report(node);
    PART(node, reports)->polled = name_of(node, ended(node));
}
static void poll_it_and_keep_it(skad_node *node)
{
    poll_it(node);
    PART(node, reports)->count = 1;
}
static void join_by_it(skad_node *node)
{
    lose_the_report(node);
    PART(node, join)->lookup = name_of(node, ended(node));
}
static void join_by_it_and_report_it(skad_node *node)
{
    join_by_it(node);
    PART(node, reports)->count = 1;
}
static void publish_by_it(skad_node *node)
{
    static skad_republishing running[SKAD_REPUBLISHES_MAX];
    lose_the_report(node);
    running[SKAD_REPUBLISHES_MAX - 1].op = name_of(node, ended(node));
    PART(node, republish)->running = running;
}
static void publish_behind_all(skad_node *node)
{
    static skad_republishing running[SKAD_REPUBLISHES_MAX + 1];
    lose_the_report(node);
    running[SKAD_REPUBLISHES_MAX].op = name_of(node, ended(node));
    PART(node, republish)->running = running;
}
static void get_by_a_watch(skad_node *node)
{
    lose_the_report(node);
    PART(node, watches)->slots[0]->running = name_of(node, ended(node));
}
static void watch_by_it(skad_node *node)
{
    get_by_a_watch(node);
    ended(node)->kind = SKAD_OPERATION_WATCH;
}
static void watch_by_another(skad_node *node)
{
    watch_by_it(node);
    PART(node, watches)->slots[0]->running++;
}

static const test_tampering CASES[] = {
    KEEPS(end_at_last),
    BREAKS(IN_TIME, end_too_late),
    BREAKS(IN_TIME, never_look_for_the_overdue),
    BREAKS(WAITS, ping_without_a_request),
    BREAKS(WAITS, ping_without_a_request_of_its_own),
    KEEPS(ping_later),
    BREAKS(ASKED, mistake_a_slow_one),
    BREAKS(ASKED, await_one_twice),
    BREAKS(ASKED, await_it_for_a_region),
    BREAKS(NEEDS, look_for_a_ping),
    BREAKS(NEEDS, ping_for_a_lookup),
    BREAKS(NEEDS, put_nothing),
    BREAKS(NEEDS, collect_nothing),
    BREAKS(HOLDER, store_beyond_all),
    KEEPS(store_twice),
    BREAKS(HOLDER, store_three_times),
    BREAKS(HOLDER, await_one_that_stored),
    BREAKS(HOLDER, await_a_holder_twice),
    BREAKS(HOLDER, have_too_many_holders),
    BREAKS(REPORTED, lose_the_report),
    BREAKS(REPORTED, report_twice),
    KEEPS(report_across_the_end),
    KEEPS(poll_it),
    BREAKS(REPORTED, poll_it_and_keep_it),
    KEEPS(join_by_it),
    BREAKS(REPORTED, join_by_it_and_report_it),
    KEEPS(publish_by_it),
    BREAKS(REPORTED, publish_behind_all),
    BREAKS(REPORTED, get_by_a_watch),
    KEEPS(watch_by_it),
    BREAKS(REPORTED, watch_by_another),
};

/* All peers answer what they are asked for a get or a put, but store nothing. */
static bool look_only(test_fixture *made, test_remote *who, const skad_message *request,
                      skad_message *answer)
{
    (void)made;
    (void)who;
    (void)answer;
    return request->kind != SKAD_KIND_STORE;
}

static bool keep_silent(test_fixture *made, test_remote *who, const skad_message *request,
                        skad_message *answer)
{
    (void)made;
    (void)who;
    (void)request;
    (void)answer;
    return false;
}

static void each_way_to_break_an_operation_is_seen(void **state)
{
    (void)state;
    static const skad_id target = {{7}};
    const skad_profile profile = test_fixture_profile();
    skad_node *node;
    skad_event event;
    skad_id key;
    skad_op op;
    test_fixture_init(&fixture, &profile);
    node = fixture.node;
    test_fixture_populate(&fixture, PEERS);
    while (skad_node_poll_event(node, &event)) { /* of joining */
    }
    assert_int_equal(skad_node_watch(node, SKAD_RECORD_MUTABLE, &target, 3600, fixture.now, &op),
                     SKAD_OK);
    fixture.script = look_only;
    assert_int_equal(skad_node_get(node, SKAD_RECORD_MUTABLE, &target, fixture.now, &op), SKAD_OK);
    test_fixture_run(&fixture, 5 * SKAD_US_PER_S);
    assert_int_equal(skad_node_put(node, (const uint8_t *)"x", 1, fixture.now, &op, &key), SKAD_OK);
    test_fixture_run(&fixture, SKAD_US_PER_MS);
    fixture.script = keep_silent;
    assert_int_equal(skad_node_lookup(node, &target, fixture.now, &op), SKAD_OK);
    test_fixture_run(&fixture, 30 * SKAD_US_PER_MS);
    assert_int_equal(skad_node_ping(node, &fixture.remotes[0].address, fixture.now, &op), SKAD_OK);
    assert_int_equal(put(node)->stage, SKAD_STAGE_STORING);
    assert_int_equal(look(node)->stage, SKAD_STAGE_RUNNING);
    assert_int_equal(ended(node)->stage, SKAD_STAGE_ENDED);
    test_tamper(node, CASES, sizeof CASES / sizeof CASES[0], fixture.now);
    test_fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_to_break_an_operation_is_seen),
    };
    return cmocka_run_group_tests_name("invariants_operations", tests, NULL, NULL);
}
