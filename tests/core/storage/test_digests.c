/* Digests of what a region holds: which record changes which of them, and where two differ. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/storage/digests.h"

static const uint8_t NONE[SKAD_MATCH_BYTES];

/* Record number n of a range: behind `bits` bits of zeros come six of the range. */
static skad_store_name name_of(unsigned bits, unsigned range, uint8_t n)
{
    skad_store_name name = {.key = {{0}}, .type = 2, .publisher = {7}};
    for (unsigned i = 0; i < 6; i++) {
        const unsigned bit = bits + i;
        name.key.bytes[bit / 8] |= (uint8_t)((range >> (5 - i) & 1U) << (7 - bit % 8));
    }
    name.key.bytes[SKAD_ID_BYTES - 1] = n;
    return name;
}

static void a_range_is_the_six_bits_behind_those_of_the_region(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= SKAD_MATCH_BITS_MAX; bits++) {
        for (unsigned range = 0; range < SKAD_MATCH_RANGES; range++) {
            const skad_store_name name = name_of(bits, range, 1);
            assert_int_equal(skad_digests_range(&name.key, bits), range);
        }
    }
    skad_id all;
    memset(all.bytes, 0xff, sizeof all.bytes);
    assert_int_equal(skad_digests_range(&all, 3), 63);
}

static void a_record_changes_the_digest_of_its_range_only(void **state)
{
    (void)state;
    for (unsigned range = 0; range < SKAD_MATCH_RANGES; range++) {
        const skad_store_name name = name_of(9, range, 1);
        skad_digests digests;
        skad_digests_begin(&digests, 9);
        assert_memory_equal(digests.bytes, NONE, sizeof digests.bytes);
        skad_digests_add(&digests, &name, 1);
        const uint64_t differs = skad_digests_differ(digests.bytes, NONE);
        assert_true(differs == UINT64_C(1) << (63 - range));
        for (unsigned other = 0; other < SKAD_MATCH_RANGES; other++) {
            assert_int_equal(skad_digests_differs(differs, other), other == range);
        }
    }
}

typedef struct row {
    skad_store_name name;
    uint64_t sequence;
} row;

static skad_digests digests_of(const row *rows, size_t count)
{
    skad_digests digests;
    skad_digests_begin(&digests, 4);
    for (size_t i = 0; i < count; i++) {
        skad_digests_add(&digests, &rows[i].name, rows[i].sequence);
    }
    return digests;
}

/* Whoever may choose one of the two records cannot hide the other behind it. */
static void a_digest_depends_on_all_that_names_an_edition(void **state)
{
    (void)state;
    const row usual[2] = {{name_of(4, 5, 1), 10}, {name_of(4, 5, 2), 20}};
    const skad_digests digests = digests_of(usual, 2);
    for (unsigned change = 0; change < 8; change++) {
        row other[2] = {usual[0], usual[1]};
        size_t count = 2;
        row *changed = &other[change % 2];
        switch (change / 2) {
        case 0:
            changed->sequence += UINT64_C(1) << (change % 2 == 0 ? 0 : 56);
            break;
        case 1:
            changed->name.publisher[SKAD_PUBLIC_KEY_BYTES - 1] ^= 1;
            break;
        case 2:
            changed->name.type = 3;
            break;
        default:
            other[0] = usual[1 - change % 2]; /* one of them alone */
            count = 1;
        }
        const skad_digests another = digests_of(other, count);
        if (skad_digests_differ(digests.bytes, another.bytes) != UINT64_C(1) << (63 - 5)) {
            fail_msg("change %u", change);
        }
    }
    const row keys[2] = {usual[0], {name_of(4, 5, 3), 20}};
    const skad_digests another = digests_of(keys, 2);
    assert_true(skad_digests_differ(digests.bytes, another.bytes) != 0);
}

/* The example of proto/PROTOCOL.md, which another program computed. */
static void a_digest_is_as_the_protocol_says(void **state)
{
    static const uint8_t one[] = {0x75, 0x77, 0x55, 0x7c, 0x66, 0xfb, 0xba, 0x76};
    static const uint8_t both[] = {0x9a, 0xe8, 0x25, 0xff, 0xa6, 0x1f, 0xf3, 0x75};
    skad_store_name first = {.type = 3};
    skad_store_name second = {.type = 1};
    skad_digests digests;
    (void)state;
    for (uint8_t i = 0; i < SKAD_ID_BYTES; i++) {
        first.key.bytes[i] = i;
        first.publisher[i] = SKAD_ID_BYTES + i;
    }
    second.key = first.key;
    second.key.bytes[SKAD_ID_BYTES - 1] = 0xff;
    skad_digests_begin(&digests, 0);
    skad_digests_add(&digests, &first, 5);
    assert_memory_equal(digests.bytes, one, sizeof one);
    skad_digests_add(&digests, &second, 0);
    assert_memory_equal(digests.bytes, both, sizeof both);
}

/* A range begins anew, whatever was in those before it. */
static void ranges_do_not_depend_on_each_other(void **state)
{
    (void)state;
    const row all[4] = {{name_of(4, 0, 1), 1},
                        {name_of(4, 3, 1), 1},
                        {name_of(4, 3, 2), 1},
                        {name_of(4, 63, 1), 1}};
    const skad_digests both = digests_of(all, 4);
    const skad_digests without_the_first = digests_of(&all[1], 3);
    assert_true(skad_digests_differ(both.bytes, without_the_first.bytes) == UINT64_C(1) << 63);
    const skad_digests without_the_last = digests_of(all, 3);
    assert_true(skad_digests_differ(both.bytes, without_the_last.bytes) == 1);
    const skad_digests again = digests_of(all, 4);
    assert_true(skad_digests_differ(both.bytes, again.bytes) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_is_the_six_bits_behind_those_of_the_region),
        cmocka_unit_test(a_record_changes_the_digest_of_its_range_only),
        cmocka_unit_test(a_digest_depends_on_all_that_names_an_edition),
        cmocka_unit_test(a_digest_is_as_the_protocol_says),
        cmocka_unit_test(ranges_do_not_depend_on_each_other),
    };
    return cmocka_run_group_tests_name("digests", tests, NULL, NULL);
}
