/* What is reported of a lookup and of a get: which nodes it marks, and that the tally adds up. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "skad/records.h"
#include "src/core/routing/distance.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#define PEERS    16
#define SIBLINGS 8

static test_fixture fixture;
static skad_id key;
static uint8_t latest[SKAD_RECORD_BYTES_MAX];
static uint8_t older[SKAD_RECORD_BYTES_MAX];
static size_t latest_len;
static size_t older_len;

/* What the peers closest to the key do, from the closest on; all others have the latest. */
typedef enum manner { LATEST, OLDER, OTHER, NOTHING, SILENT } manner;
static manner manners[PEERS];

/* The number of peers closer to the key than one is. */
static size_t rank(const skad_id *id)
{
    size_t closer = 0;
    for (size_t i = 0; i < PEERS; i++) {
        closer += skad_distance_compare(&key, &fixture.remotes[i].identity.id, id) < 0;
    }
    return closer;
}

static void give(skad_message *answer, const uint8_t *bytes, size_t len)
{
    answer->u.reply.u.value.records_count = 1;
    answer->u.reply.u.value.records[0] = (skad_span){bytes, len};
}

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    (void)made;
    manner how = manners[rank(&who->identity.id)];
    if (request->kind == SKAD_KIND_FIND_NODE) {
        return how != SILENT;
    }
    if (request->kind != SKAD_KIND_FIND_VALUE) {
        return true;
    }
    static uint8_t other[SKAD_RECORD_BYTES_MAX];
    switch (how) {
    case LATEST:
        give(answer, latest, latest_len);
        break;
    case OLDER:
        give(answer, older, older_len);
        break;
    case OTHER:
        give(answer, other,
             skad_record_encode_immutable((const uint8_t *)"other", 5, other, sizeof other));
        break;
    case NOTHING:
        break;
    case SILENT:
        return false;
    }
    return true;
}

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    const skad_span value = {(const uint8_t *)"value", 5};
    (void)state;
    profile.siblings = SIBLINGS;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, PEERS);
    skad_mutable_key(fixture.identity.public_key, (skad_span){0}, &key);
    latest_len =
        skad_record_encode_mutable(test_publisher(&profile, &fixture.identity), (skad_span){0}, 2,
                                   TEST_UNIX_S + 1000, value, latest, sizeof latest);
    older_len =
        skad_record_encode_mutable(test_publisher(&profile, &fixture.identity), (skad_span){0}, 1,
                                   TEST_UNIX_S + 1000, value, older, sizeof older);
    memset(manners, 0, sizeof manners);
    fixture.script = act;
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static skad_event ended(skad_op op)
{
    skad_event event;
    test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    do {
        assert_true(skad_node_poll_event(fixture.node, &event));
    } while (event.op != op);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    return event;
}

static void a_lookup_marks_the_nodes_that_it_returns_and_no_others(void **state)
{
    (void)state;
    skad_op op;
    manners[1] = SILENT;
    manners[4] = SILENT;
    assert_int_equal(skad_node_lookup(fixture.node, &key, fixture.now, &op), SKAD_OK);
    skad_event event = ended(op);
    const skad_lookup_report *report = &event.u.lookup.report;
    size_t marked = 0;
    assert_int_equal(report->closest_count, SIBLINGS);
    for (size_t i = 0; i < report->steps_count; i++) {
        const skad_step *step = &report->steps[i];
        bool returned = false;
        for (size_t j = 0; j < report->closest_count; j++) {
            returned = returned || skad_id_equal(&report->closest[j].id, &step->id);
        }
        assert_int_equal(step->closest, returned);
        assert_int_equal(step->state == SKAD_STEP_ANSWERED, manners[rank(&step->id)] != SILENT);
        marked += step->closest;
    }
    assert_int_equal(marked, SIBLINGS);
    for (size_t i = 0; i < SIBLINGS; i++) { /* all but the silent ones, the closest first */
        assert_int_equal(rank(&report->closest[i].id), i < 1 ? 0 : i < 3 ? i + 1 : i + 2);
    }
}

static skad_tally tally_of(const manner *closest, size_t count)
{
    skad_op op;
    memcpy(manners, closest, count * sizeof *closest);
    assert_int_equal(skad_node_get(fixture.node, SKAD_RECORD_MUTABLE, &key, fixture.now, &op),
                     SKAD_OK);
    skad_event event = ended(op);
    assert_int_equal(event.u.get.sequence, 2);
    return event.u.get.tally;
}

/* Eight answered, and a silent one stands among them. */
static void a_tally_adds_up(void **state)
{
    (void)state;
    static const manner closest[] = {OLDER, OTHER, NOTHING, SILENT, NOTHING, OTHER, NOTHING};
    skad_tally tally = tally_of(closest, sizeof closest / sizeof closest[0]);
    assert_int_equal(tally.agreed, 2);
    assert_int_equal(tally.stale, 1);
    assert_int_equal(tally.invalid, 2);
    assert_int_equal(tally.empty, 3);
    assert_int_equal(tally.unresponsive, 1);
}

static void where_all_agree_nothing_else_is_counted(void **state)
{
    (void)state;
    static const manner closest[] = {LATEST};
    skad_tally tally = tally_of(closest, 1);
    assert_int_equal(tally.agreed, SIBLINGS);
    assert_int_equal(tally.stale + tally.invalid + tally.empty + tally.unresponsive, 0);
}

#define AT_NODE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_NODE(a_lookup_marks_the_nodes_that_it_returns_and_no_others),
        AT_NODE(a_tally_adds_up),
        AT_NODE(where_all_agree_nothing_else_is_counted),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
