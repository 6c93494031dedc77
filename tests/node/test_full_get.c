/* A get that is answered as often as it can be: by every node that a lookup may ask, each of which
 * names one that is closer, and by both sections of the asker's own store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "skad/record.h"
#include "skad/records.h"
#include "src/core/lookup/lookup.h"
#include "src/core/routing/distance.h"
#include "tests/support/fixture.h"

#define STRANGERS (SKAD_LOOKUP_RPCS_MAX + 28)
#define KNOWN     4 /* at first; each names the next closer one */

static skad_id key;
static size_t answered; /* requests for the record */

static int farthest_first(const void *a, const void *b)
{
    return skad_distance_compare(&key, &((const test_remote *)b)->identity.id,
                                 &((const test_remote *)a)->identity.id);
}

static bool name_a_closer_one(test_fixture *fixture, test_remote *who, const skad_message *request,
                              skad_message *answer)
{
    size_t index = (size_t)(who - fixture->remotes);
    if (request->kind == SKAD_KIND_STORE) {
        answer->u.reply.u.stored.life_s = request->u.store.life_s;
    } else if (request->kind == SKAD_KIND_FIND_VALUE) {
        answered++;
        if (index + 1 < STRANGERS) {
            const test_remote *closer = &fixture->remotes[index + 1];
            answer->u.reply.u.value.contacts_count = 1;
            answer->u.reply.u.value.contacts[0] =
                (skad_contact){.id = closer->identity.id, .ipv4 = closer->address};
        }
    }
    return true;
}

static skad_event event_of(test_fixture *fixture, skad_op op)
{
    skad_event event;
    test_fixture_run(fixture, 60 * SKAD_US_PER_S);
    while (skad_node_poll_event(fixture->node, &event)) {
        if (event.op == op) {
            return event;
        }
    }
    fail_msg("the operation did not end");
    return event;
}

static void a_get_survives_every_answer_and_both_shelves(void **state)
{
    (void)state;
    static test_fixture fixture; /* large */
    const skad_profile profile = test_fixture_profile();
    const skad_span salt = {(const uint8_t *)"s", 1};
    test_fixture_init(&fixture, &profile);
    skad_mutable_key(fixture.identity.public_key, salt, &key);
    for (size_t i = 0; i < STRANGERS; i++) {
        (void)test_fixture_remote(&fixture);
    }
    qsort(fixture.remotes, STRANGERS, sizeof *fixture.remotes, farthest_first);
    fixture.script = name_a_closer_one;
    for (size_t i = 0; i < KNOWN; i++) {
        test_fixture_knock(&fixture, &fixture.remotes[i]);
        test_fixture_run(&fixture, 5 * SKAD_US_PER_S);
    }

    skad_op op;
    skad_id published;
    const skad_publish_request request = {
        .salt = salt, .value = salt, .sequence = 1, .life_s = 86400, .keep = true};
    assert_int_equal(skad_node_publish(fixture.node, &request, fixture.now, &op, &published),
                     SKAD_OK);
    skad_event event = event_of(&fixture, op);
    assert_true(event.u.put.kept);
    skad_store_totals fill;
    fixture.store.ops->totals(fixture.store.self, &fill);
    assert_int_equal(fill.records, 1);
    assert_int_equal(fill.published, 1);

    assert_int_equal(skad_node_get(fixture.node, SKAD_RECORD_MUTABLE, &key, fixture.now, &op),
                     SKAD_OK);
    event = event_of(&fixture, op);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(answered, SKAD_LOOKUP_RPCS_MAX);
    assert_int_equal(event.u.get.rpcs, SKAD_LOOKUP_RPCS_MAX);
    assert_int_equal(event.u.get.sequence, 1);
    test_fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_survives_every_answer_and_both_shelves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
