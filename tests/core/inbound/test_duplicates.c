/* The memory of datagrams that were handled. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/inbound/duplicates.h"
#include "tests/support/prng.h"

#define ENTRIES 64
#define SEED    3

typedef struct tag {
    uint8_t bytes[SKAD_TAG_BYTES];
} tag;

static tag tag_of(uint64_t place, uint64_t fingerprint)
{
    tag out;
    memcpy(out.bytes, &place, sizeof place);
    memcpy(out.bytes + sizeof place, &fingerprint, sizeof fingerprint);
    return out;
}

static int begin(void **state)
{
    static skad_duplicates duplicates;
    *state = &duplicates;
    return skad_duplicates_init(&duplicates, ENTRIES) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    skad_duplicates_free(*state);
    return 0;
}

static void an_empty_memory_has_seen_nothing(void **state)
{
    test_prng prng = {SEED};
    for (unsigned i = 0; i < 1000; i++) {
        tag any = tag_of(test_prng_next(&prng), test_prng_next(&prng));
        assert_false(skad_duplicates_seen(*state, any.bytes));
    }
    tag zero = tag_of(0, 0);
    assert_false(skad_duplicates_seen(*state, zero.bytes));
}

static void what_was_remembered_is_seen_and_nothing_else(void **state)
{
    for (uint64_t place = 0; place < ENTRIES; place++) {
        tag one = tag_of(place, place + 100);
        assert_false(skad_duplicates_seen(*state, one.bytes));
        skad_duplicates_remember(*state, one.bytes);
    }
    for (uint64_t place = 0; place < ENTRIES; place++) {
        tag same = tag_of(place, place + 100);
        tag other_fingerprint = tag_of(place, place + 1000);
        tag other_place = tag_of(place + 1, place + 100);
        assert_true(skad_duplicates_seen(*state, same.bytes));
        assert_false(skad_duplicates_seen(*state, other_fingerprint.bytes));
        assert_false(skad_duplicates_seen(*state, other_place.bytes));
    }
}

static void a_newer_datagram_overwrites_an_older_one_at_its_place(void **state)
{
    tag older = tag_of(5, 1111);
    tag newer = tag_of(5 + ENTRIES, 2222);
    skad_duplicates_remember(*state, older.bytes);
    skad_duplicates_remember(*state, newer.bytes);
    assert_false(skad_duplicates_seen(*state, older.bytes));
    assert_true(skad_duplicates_seen(*state, newer.bytes));
}

static void a_fingerprint_of_zero_is_remembered_too(void **state)
{
    tag zero = tag_of(9, 0);
    assert_false(skad_duplicates_seen(*state, zero.bytes));
    skad_duplicates_remember(*state, zero.bytes);
    assert_true(skad_duplicates_seen(*state, zero.bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_memory_has_seen_nothing, begin, end),
        cmocka_unit_test_setup_teardown(what_was_remembered_is_seen_and_nothing_else, begin, end),
        cmocka_unit_test_setup_teardown(a_newer_datagram_overwrites_an_older_one_at_its_place,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_fingerprint_of_zero_is_remembered_too, begin, end),
    };
    return cmocka_run_group_tests_name("duplicates", tests, NULL, NULL);
}
