/* Which addresses count as met lately: by IP, for ten minutes, and what happens without room. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/routing/contacted.h"

static const uint8_t key[SKAD_TABLE_KEY_BYTES] = {1, 2, 3};

static skad_address address_of(uint32_t number)
{
    return (skad_address){SKAD_FAMILY_IPV4,
                          4700,
                          {20, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}};
}

static int begin(void **state)
{
    static skad_contacted self;
    self = (skad_contacted){.cells = NULL};
    *state = &self;
    return skad_contacted_init(&self, key) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    skad_contacted_free(*state);
    return 0;
}

static void an_address_is_met_for_ten_minutes_after_the_last_datagram(void **state)
{
    skad_contacted *self = *state;
    const skad_address one = address_of(1);
    const skad_address other = address_of(2);
    uint64_t now_us = 12345 * SKAD_US_PER_S;
    assert_true(skad_contacted_is_new(self, &one, now_us));
    skad_contacted_note(self, &one, now_us);
    assert_false(skad_contacted_is_new(self, &one, now_us));
    assert_true(skad_contacted_is_new(self, &other, now_us));
    now_us += SKAD_CONTACTED_US - SKAD_US_PER_S;
    assert_false(skad_contacted_is_new(self, &one, now_us));
    skad_contacted_note(self, &one, now_us);
    now_us += SKAD_CONTACTED_US - SKAD_US_PER_S;
    assert_false(skad_contacted_is_new(self, &one, now_us));
    assert_true(skad_contacted_is_new(self, &one, now_us + SKAD_US_PER_S));
}

static void the_port_does_not_matter(void **state)
{
    skad_contacted *self = *state;
    skad_address one = address_of(1);
    skad_contacted_note(self, &one, SKAD_US_PER_S);
    one.port = 1;
    assert_false(skad_contacted_is_new(self, &one, SKAD_US_PER_S));
}

static void of_too_many_it_cannot_tell_for_a_while(void **state)
{
    skad_contacted *self = *state;
    const skad_address never = address_of(1U << 22);
    uint64_t now_us = SKAD_US_PER_S;
    for (uint32_t i = 0; i < 4 * SKAD_CONTACTED_MAX; i++) {
        const skad_address one = address_of(i);
        skad_contacted_note(self, &one, now_us);
    }
    assert_false(skad_contacted_is_new(self, &never, now_us));
    now_us += SKAD_CONTACTED_US;
    assert_true(skad_contacted_is_new(self, &never, now_us));
    /* The old ones give way without harm. */
    for (uint32_t i = 0; i < SKAD_CONTACTED_MAX / 16; i++) {
        const skad_address one = address_of((1U << 23) + i);
        skad_contacted_note(self, &one, now_us);
    }
    assert_true(skad_contacted_is_new(self, &never, now_us));
}

/* Others may have us send to addresses that they name, some in a second, so that no stranger counts
 * as one. How many of a thousand strangers do, where so many were named in a second, for an hour;
 * none that was met within ten minutes may. */
static void many_that_are_met_hide_few_strangers(void **state)
{
    static const struct {
        unsigned a_second;
        unsigned strangers; /* at least */
    } cases[] = {{1, 1000}, {2, 990}, {4, 800}, {8, 10}};
    skad_contacted *self = *state;
    uint32_t next = 0;
    uint64_t now_us = SKAD_US_PER_S;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned strangers = 0;
        for (unsigned s = 0; s < 3600; s++) {
            for (unsigned n = 0; n < cases[i].a_second; n++) {
                const skad_address one = address_of(next++);
                skad_contacted_note(self, &one, now_us);
            }
            now_us += SKAD_US_PER_S;
        }
        for (uint32_t n = 0; n < 1000; n++) {
            const skad_address stranger = address_of((1U << 23) + n);
            strangers += skad_contacted_is_new(self, &stranger, now_us);
        }
        for (uint32_t n = 1; n <= 599 * cases[i].a_second; n++) {
            const skad_address met = address_of(next - n);
            assert_false(skad_contacted_is_new(self, &met, now_us - SKAD_US_PER_S));
        }
        print_message("%u addresses a second: %u of 1000 strangers count\n", cases[i].a_second,
                      strangers);
        assert_true(strangers >= cases[i].strangers);
    }
}

static void without_memory_nothing_is_new(void **state)
{
    (void)state;
    skad_contacted none = {.cells = NULL};
    const skad_address one = address_of(1);
    skad_contacted_note(&none, &one, 1);
    assert_false(skad_contacted_is_new(&none, &one, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)
        EACH(an_address_is_met_for_ten_minutes_after_the_last_datagram),
        EACH(the_port_does_not_matter),
        EACH(of_too_many_it_cannot_tell_for_a_while),
        EACH(many_that_are_met_hide_few_strangers),
        cmocka_unit_test(without_memory_nothing_is_new),
#undef EACH
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
