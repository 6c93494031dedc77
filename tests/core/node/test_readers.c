/* What a simulator reads of a node: the contacts that its answers would name. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proto/address.h"
#include "src/core/node/parts.h"
#include "src/core/node/readers.h"
#include "src/core/routing/distance.h"
#include "tests/support/fixture.h"

static test_fixture fixture;

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static void the_closest_are_those_that_an_answer_names(void **state)
{
    (void)state;
    const test_remote *who = &fixture.remotes[5];
    skad_message find = {.kind = SKAD_KIND_FIND_NODE,
                         .u.find_node = {.target = who->identity.id, .want = SKAD_FAMILIES_ALL}};
    find.u.find_node.target.bytes[31] ^= 1;
    uint8_t token[SKAD_TOKEN_BYTES];
    test_exchange asked;
    skad_contact contacts[16];
    test_fixture_token(&fixture, who, token);
    test_fixture_ask(&fixture, who, &find, token, &asked);
    assert_int_equal(skad_node_closest(fixture.node, &find.u.find_node.target, SKAD_FAMILIES_ALL,
                                       &who->identity.id, 16, contacts),
                     asked.opened.message.u.reply.u.nodes.contacts_count);
    assert_memory_equal(contacts, asked.opened.message.u.reply.u.nodes.contacts, sizeof contacts);
}

static void without_an_exception_the_target_itself_is_first(void **state)
{
    (void)state;
    const test_remote *who = &fixture.remotes[5];
    skad_contact contacts[64];
    assert_int_equal(
        skad_node_closest(fixture.node, &who->identity.id, SKAD_FAMILIES_ALL, NULL, 64, contacts),
        20);
    assert_true(skad_id_equal(&contacts[0].id, &who->identity.id));
    assert_true(skad_address_equal(&contacts[0].ipv4, &who->address));
    assert_int_equal(
        skad_node_closest(fixture.node, &who->identity.id, SKAD_FAMILY_IPV6, NULL, 64, contacts),
        0);
}

static void hints_change_nothing(void **state)
{
    (void)state;
    const size_t bytes = skad_node_parts_of(fixture.node).bytes;
    uint8_t *before = malloc(bytes);
    assert_non_null(before);
    memcpy(before, fixture.node, bytes);
    skad_node_prefetch(fixture.node);
    skad_node_prefetch_tables(fixture.node, false);
    skad_node_prefetch_tables(fixture.node, true);
    assert_memory_equal(before, fixture.node, bytes);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_closest_are_those_that_an_answer_names, begin, end),
        cmocka_unit_test_setup_teardown(without_an_exception_the_target_itself_is_first, begin,
                                        end),
        cmocka_unit_test_setup_teardown(hints_change_nothing, begin, end),
    };
    return cmocka_run_group_tests_name("readers", tests, NULL, NULL);
}
