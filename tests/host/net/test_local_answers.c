/* Which announcements on a link are answered: how many, to which, and when. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/host/net/local_answers.h"

#define START_US (1000 * SKAD_US_PER_S)

static skad_id id_of(unsigned number)
{
    skad_id id = {{0}};
    memcpy(id.bytes, &number, sizeof number);
    return id;
}

static skad_address address_of(unsigned machine, unsigned port)
{
    return (skad_address){.family = SKAD_FAMILY_IPV4,
                          .port = (uint16_t)port,
                          .ip = {10, 0, (uint8_t)(machine >> 8), (uint8_t)machine}};
}

static bool plan(skad_local_answers *self, unsigned id, unsigned machine, unsigned port,
                 uint64_t now_us)
{
    const skad_id sender = id_of(id);
    const skad_address address = address_of(machine, port);
    return skad_local_answers_plan(self, &sender, &address, id * 2654435761U, now_us);
}

/* Takes all that is due by then; returns how many. */
static size_t take(skad_local_answers *self, uint64_t until_us)
{
    skad_local_answer answer;
    size_t count = 0;
    while (skad_local_answers_take(self, until_us, &answer)) {
        assert_true(answer.at_us <= until_us);
        count++;
    }
    return count;
}

static void a_node_is_answered_once_in_a_minute(void **state)
{
    (void)state;
    skad_local_answers self = {.next = 0};
    assert_true(plan(&self, 1, 1, 4700, START_US));
    assert_int_equal(take(&self, START_US), 0); /* not at once */
    assert_int_equal(take(&self, START_US + SKAD_US_PER_S), 1);
    for (unsigned i = 1; i < 59; i++) {
        const uint64_t now_us = START_US + i * SKAD_US_PER_S;
        assert_false(plan(&self, 1, 1, 4700, now_us));
        assert_false(plan(&self, 1, 2, 4700, now_us));       /* wherever it seems to be */
        assert_false(plan(&self, 100 + i, 1, 4700, now_us)); /* whatever its name */
    }
    assert_true(plan(&self, 1, 1, 4700, START_US + SKAD_LOCAL_ANSWERS_US + SKAD_US_PER_S));
}

static void a_machine_is_answered_four_times(void **state)
{
    (void)state;
    skad_local_answers self = {.next = 0};
    unsigned planned = 0;
    for (unsigned i = 0; i < 1000; i++) {
        const uint64_t now_us = START_US + i * 50 * SKAD_US_PER_MS;
        planned += plan(&self, i, 7, 1000 + i, now_us);
        (void)take(&self, now_us);
    }
    assert_int_equal(planned, SKAD_LOCAL_ANSWERS_MACHINE);
}

/* A thousand machines a second, for ten minutes. */
static void a_flood_brings_few_answers(void **state)
{
    (void)state;
    skad_local_answers self = {.next = 0};
    size_t seconds[600] = {0};
    for (unsigned i = 0; i < 600000; i++) {
        const uint64_t now_us = START_US + (uint64_t)i * SKAD_US_PER_MS;
        (void)plan(&self, i, i % 60000, 4700, now_us);
        seconds[i / 1000] += take(&self, now_us);
    }
    size_t minute = 0;
    for (unsigned i = 0; i < 600; i++) {
        assert_in_range(seconds[i], 0, 4 + 1);
        minute += seconds[i];
        minute -= i < 60 ? 0 : seconds[i - 60];
        assert_in_range(minute, 0, SKAD_LOCAL_ANSWERS_MAX);
    }
    assert_true(minute > SKAD_LOCAL_ANSWERS_MAX / 2); /* and it is not silenced */
}

static void an_answer_waits_at_random(void **state)
{
    (void)state;
    uint64_t least_us = UINT64_MAX;
    uint64_t most_us = 0;
    for (unsigned i = 1; i < 1000; i++) {
        skad_local_answers self = {.next = 0};
        assert_int_equal(skad_local_answers_deadline(&self), UINT64_MAX);
        assert_true(plan(&self, i, 1, 4700, START_US));
        const uint64_t due_us = skad_local_answers_deadline(&self) - START_US;
        least_us = due_us < least_us ? due_us : least_us;
        most_us = due_us > most_us ? due_us : most_us;
    }
    assert_in_range(least_us, 1, SKAD_LOCAL_ANSWERS_DELAY_US / 10);
    assert_in_range(most_us, SKAD_LOCAL_ANSWERS_DELAY_US * 9 / 10, SKAD_LOCAL_ANSWERS_DELAY_US);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_is_answered_once_in_a_minute),
        cmocka_unit_test(a_machine_is_answered_four_times),
        cmocka_unit_test(a_flood_brings_few_answers),
        cmocka_unit_test(an_answer_waits_at_random),
    };
    return cmocka_run_group_tests_name("local_answers", tests, NULL, NULL);
}
