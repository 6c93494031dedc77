/* Rings that grow: what was in them stays, in its order, wherever the ring began. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>

#include "src/core/base/ring.h"

#define SLOTS 11

static void a_ring_keeps_its_order_as_it_grows(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < SLOTS; shift++) {
        uint32_t *items = NULL;
        size_t room = 0;
        size_t first = 0;
        for (uint32_t next = 0; next < SLOTS; next++) {
            if (next == room) {
                items = skad_ring_grow(items, sizeof *items, first, SLOTS, &room);
                assert_non_null(items);
                assert_in_range(room, next + 1, SLOTS);
                first = 0;
            }
            items[(first + next) % room] = next;
            /* Turns the full ring, as one that was filled and emptied before. */
            for (size_t i = 0; next + 1 == room && i < shift; i++) {
                uint32_t last = items[room - 1];
                for (size_t j = room - 1; j > 0; j--) {
                    items[j] = items[j - 1];
                }
                items[0] = last;
                first = (first + 1) % room;
            }
        }
        for (uint32_t i = 0; i < SLOTS; i++) {
            assert_int_equal(items[(first + i) % room], i);
        }
        free(items);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_keeps_its_order_as_it_grows),
    };
    return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
