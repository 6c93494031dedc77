/* What a node does unasked, where something is in the way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/invariants.h"
#include "src/core/state.h"
#include "tests/support/stage.h"

/* Found by fuzzing: without room for the only peer's ping, nobody was ever checked again. */
static void a_check_without_room_is_made_up_for(void **state)
{
    (void)state;
    static test_stage stage;
    skad_profile profile = test_stage_profile();
    test_stage_init(&stage, &profile);
    test_stage_populate(&stage, 1);
    skad_node *node = stage.node;
    skad_pending *pending = &node->pending;
    const skad_pending roomy = *pending;
    pending->free_count = 0; /* as if all slots were taken */
    pending->fresh = pending->slots;
    stage.now.mono_us += 2 * SKAD_CHECK_INTERVAL_US;
    skad_node_tick(node, stage.now);
    *pending = roomy;
    assert_int_equal(test_stage_drain(&stage), 0);
    assert_null(skad_node_broken(node, stage.now));
    test_stage_run(&stage, 2 * SKAD_CHECK_INTERVAL_US);
    assert_true(stage.strangers[0].asked > 0);
    test_stage_free(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_without_room_is_made_up_for),
    };
    return cmocka_run_group_tests_name("upkeep", tests, NULL, NULL);
}
