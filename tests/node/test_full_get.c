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
#include "tests/support/stage.h"

#define STRANGERS (SKAD_LOOKUP_RPCS_MAX + 28)
#define KNOWN     4 /* at first; each names the one that stands so many closer than itself */

static skad_id key;
static size_t answered; /* requests for the record */

static int farthest_first(const void *a, const void *b)
{
    return skad_distance_compare(&key, &((const test_stranger *)b)->identity.id,
                                 &((const test_stranger *)a)->identity.id);
}

static bool name_a_closer_one(test_stage *stage, test_stranger *who, const skad_message *request,
                              skad_message *answer)
{
    size_t index = (size_t)(who - stage->strangers);
    if (request->kind == SKAD_KIND_STORE) {
        answer->u.reply.u.stored.life_s = request->u.store.life_s;
    } else if (request->kind == SKAD_KIND_FIND_VALUE) {
        answered++;
        if (index + KNOWN < STRANGERS) {
            const test_stranger *closer = &stage->strangers[index + KNOWN];
            answer->u.reply.u.value.contacts_count = 1;
            answer->u.reply.u.value.contacts[0] =
                (skad_contact){.id = closer->identity.id, .ipv4 = closer->address};
        }
    }
    return true;
}

static skad_event event_of(test_stage *stage, skad_op op)
{
    skad_event event;
    test_stage_run(stage, 60 * SKAD_US_PER_S);
    while (skad_node_poll_event(stage->node, &event)) {
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
    static test_stage stage; /* large */
    const skad_profile profile = test_stage_profile();
    const skad_span salt = {(const uint8_t *)"s", 1};
    test_stage_init(&stage, &profile);
    skad_mutable_key(stage.identity.public_key, salt, &key);
    for (size_t i = 0; i < STRANGERS; i++) {
        (void)test_stage_stranger(&stage);
    }
    qsort(stage.strangers, STRANGERS, sizeof *stage.strangers, farthest_first);
    stage.script = name_a_closer_one;
    for (size_t i = 0; i < KNOWN; i++) {
        test_stage_knock(&stage, &stage.strangers[i]);
        test_stage_run(&stage, 5 * SKAD_US_PER_S);
    }

    skad_op op;
    skad_id published;
    const skad_publish_request request = {
        .salt = salt, .value = salt, .sequence = 1, .life_s = 86400, .keep = true};
    assert_int_equal(skad_node_publish(stage.node, &request, stage.now, &op, &published), SKAD_OK);
    skad_event event = event_of(&stage, op);
    assert_true(event.u.put.kept);
    skad_store_fill fill;
    stage.store.ops->fill(stage.store.self, &fill);
    assert_int_equal(fill.records, 1);
    assert_int_equal(fill.published, 1);

    assert_int_equal(skad_node_get(stage.node, SKAD_RECORD_MUTABLE, &key, stage.now, &op), SKAD_OK);
    event = event_of(&stage, op);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(answered, SKAD_LOOKUP_RPCS_MAX);
    assert_int_equal(event.u.get.rpcs, SKAD_LOOKUP_RPCS_MAX);
    assert_int_equal(event.u.get.sequence, 1);
    test_stage_free(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_survives_every_answer_and_both_shelves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
