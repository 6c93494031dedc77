/* Which bans began and ended between two looks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/daemon/app/ban_changes.h"

static skad_ban_changes changes;
static int began;
static int ended;

static void tell(void *user, const skad_ban *ban, bool is_new)
{
    assert_ptr_equal(user, &changes);
    assert_non_null(ban);
    began += is_new;
    ended += !is_new;
}

static skad_ban ban_of(uint8_t last)
{
    return (skad_ban){.scope = SKAD_BAN_PREFIX,
                      .address = {.family = SKAD_FAMILY_IPV4, .ip = {192, 0, 2, last}},
                      .prefix_bits = 32,
                      .until_us = last};
}

static void look(const skad_ban *bans, size_t count, int began_expected, int ended_expected)
{
    began = 0;
    ended = 0;
    skad_ban_changes_look(&changes, bans, count, tell, &changes);
    assert_int_equal(began, began_expected);
    assert_int_equal(ended, ended_expected);
}

static void each_ban_is_told_once_when_it_begins_and_once_when_it_ends(void **state)
{
    (void)state;
    const skad_ban bans[] = {ban_of(1), ban_of(2), ban_of(3)};
    changes = (skad_ban_changes){.count = 0};
    look(bans, 0, 0, 0);
    look(bans, 2, 2, 0);
    look(bans, 2, 0, 0);
    look(bans + 1, 2, 1, 1);
    look(bans, 0, 0, 2);
}

static void a_ban_that_is_prolonged_or_moves_in_the_list_is_no_change(void **state)
{
    (void)state;
    skad_ban bans[] = {ban_of(1), ban_of(2)};
    changes = (skad_ban_changes){.count = 0};
    look(bans, 2, 2, 0);
    skad_ban other_order[] = {bans[1], bans[0]};
    other_order[0].until_us = 900;
    other_order[1].reason = SKAD_BAN_RECORDS;
    look(other_order, 2, 0, 0);
}

static void subjects_differ_in_scope_prefix_address_and_id(void **state)
{
    (void)state;
    skad_ban bans[4] = {ban_of(1), ban_of(1), ban_of(1), ban_of(1)};
    bans[1].prefix_bits = 24;
    bans[2].scope = SKAD_BAN_PEER;
    bans[3].scope = SKAD_BAN_PEER;
    bans[3].id.bytes[31] = 1;
    changes = (skad_ban_changes){.count = 0};
    look(bans, 4, 4, 0);
    look(bans, 3, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_ban_is_told_once_when_it_begins_and_once_when_it_ends),
        cmocka_unit_test(a_ban_that_is_prolonged_or_moves_in_the_list_is_no_change),
        cmocka_unit_test(subjects_differ_in_scope_prefix_address_and_id),
    };
    return cmocka_run_group_tests_name("changes of bans", tests, NULL, NULL);
}
