/* Our own publications in the store: what replaces what, and what is withdrawn. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/storage/publications.h"
#include "src/core/storage/store_admission.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

static test_fixture fixture;

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    test_fixture_init(&fixture, &profile);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static const skad_id key = {{5}};

typedef struct encoded {
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    skad_record record;
} encoded;

static void keep(encoded *made, size_t len, uint32_t life_s)
{
    assert_true(skad_record_decode(made->bytes, len, &made->record));
    const skad_publication publication = {&made->record, {made->bytes, len}, life_s, false};
    assert_int_equal(skad_publications_keep(fixture.node, &publication), SKAD_OK);
}

static void keep_mutable(encoded *made, uint64_t sequence, const char *value)
{
    const skad_span text = {(const uint8_t *)value, strlen(value)};
    keep(made,
         skad_record_encode_mutable(test_plain_publisher(&fixture.identity), (skad_span){0},
                                    sequence, TEST_UNIX_S + 100, text, made->bytes,
                                    sizeof made->bytes),
         77);
}

static void keep_announcement(encoded *made, uint32_t publisher, uint8_t first)
{
    const skad_identity identity = test_identity(&fixture.profile, publisher);
    const skad_id about = {{first}};
    const skad_address none = {0};
    keep(made,
         skad_record_encode_announcement(test_plain_publisher(&identity), &about, 1,
                                         TEST_UNIX_S + 100, &none, (skad_span){0}, made->bytes,
                                         sizeof made->bytes),
         0);
}

static bool find(const skad_record *record, skad_store_record *out)
{
    const skad_store_name name = skad_record_store_name(record);
    return fixture.store.ops->find(fixture.store.self, SKAD_STORE_PUBLICATIONS, &name, TEST_UNIX_S,
                                   out);
}

static uint64_t published(void)
{
    skad_store_totals totals;
    fixture.store.ops->totals(fixture.store.self, &totals);
    assert_int_equal(totals.records, 0); /* nothing is held for the network by that */
    return totals.published;
}

static void a_publication_tells_when_it_was_announced_and_for_how_long_it_lives(void **state)
{
    (void)state;
    encoded made;
    skad_store_record row;
    keep_mutable(&made, 3, "value");
    assert_true(find(&made.record, &row));
    assert_int_equal(row.sequence, 3);
    assert_int_equal(row.stored_unix_s, TEST_UNIX_S);
    assert_int_equal(row.expires_unix_s, TEST_UNIX_S + 100);
    assert_int_equal(row.life_s, 77);
    assert_memory_equal(row.data, made.bytes, row.len);
}

static void an_immutable_one_never_ends(void **state)
{
    (void)state;
    encoded made;
    skad_store_record row;
    keep(&made,
         skad_record_encode_immutable((const uint8_t *)"v", 1, made.bytes, sizeof made.bytes), 0);
    assert_true(find(&made.record, &row));
    assert_true(row.expires_unix_s == UINT64_MAX);
}

static void a_higher_sequence_stays_and_an_equal_one_is_replaced(void **state)
{
    (void)state;
    encoded made;
    skad_store_record row;
    keep_mutable(&made, 3, "three");
    keep_mutable(&made, 2, "two");
    assert_true(find(&made.record, &row));
    assert_int_equal(row.sequence, 3);
    keep_mutable(&made, 3, "other");
    assert_true(find(&made.record, &row));
    assert_memory_equal(row.data, made.bytes, row.len);
    keep_mutable(&made, 4, "four");
    assert_true(find(&made.record, &row));
    assert_int_equal(row.sequence, 4);
    assert_int_equal(published(), 1);
}

static void what_is_withdrawn_is_of_one_key_and_type(void **state)
{
    (void)state;
    encoded made;
    keep_announcement(&made, 10, 5);
    keep_announcement(&made, 11, 5);
    keep_announcement(&made, 10, 4);
    keep_announcement(&made, 10, 6);
    assert_int_equal(published(), 4);
    assert_int_equal(skad_publications_withdraw(fixture.node, &key, SKAD_RECORD_MUTABLE), 0);
    assert_int_equal(published(), 4);
    assert_int_equal(skad_publications_withdraw(fixture.node, &key, SKAD_RECORD_ANNOUNCEMENT), 2);
    assert_int_equal(published(), 2);
    assert_int_equal(skad_publications_withdraw(fixture.node, &key, SKAD_RECORD_ANNOUNCEMENT), 0);
}

static void of_all_types_everything_under_a_key_is_withdrawn(void **state)
{
    (void)state;
    encoded made;
    keep_mutable(&made, 1, "value");
    const skad_id own = made.record.key;
    keep_announcement(&made, 10, own.bytes[0]);
    assert_int_equal(published(), 2);
    assert_int_equal(skad_publications_withdraw(fixture.node, &own, 0), 1); /* another key */
    assert_int_equal(published(), 1);
    assert_int_equal(skad_publications_withdraw(fixture.node, &made.record.key, 0), 1);
    assert_int_equal(published(), 0);
}

/* Sixty-four fit the fixture's store. */
static void a_full_store_refuses_and_keeps_what_it_has(void **state)
{
    (void)state;
    encoded made;
    for (uint32_t number = 1; number <= 64; number++) {
        keep_announcement(&made, 10, (uint8_t)number);
    }
    keep_announcement(&made, 10, 7); /* one that is there already has its room */
    size_t len =
        skad_record_encode_immutable((const uint8_t *)"v", 1, made.bytes, sizeof made.bytes);
    assert_true(skad_record_decode(made.bytes, len, &made.record));
    const skad_publication publication = {&made.record, {made.bytes, len}, 0, false};
    assert_int_equal(skad_publications_keep(fixture.node, &publication), SKAD_ERR_FULL);
    assert_int_equal(published(), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_publication_tells_when_it_was_announced_and_for_how_long_it_lives, begin, end),
        cmocka_unit_test_setup_teardown(an_immutable_one_never_ends, begin, end),
        cmocka_unit_test_setup_teardown(a_higher_sequence_stays_and_an_equal_one_is_replaced, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_is_withdrawn_is_of_one_key_and_type, begin, end),
        cmocka_unit_test_setup_teardown(of_all_types_everything_under_a_key_is_withdrawn, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_full_store_refuses_and_keeps_what_it_has, begin, end),
    };
    return cmocka_run_group_tests_name("publications", tests, NULL, NULL);
}
