/* Outcomes in result files: what is written is read back, figure by figure; an interval has what
 * came since the report before; and what is no outcome is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/sim/report/record.h"
#include "src/sim/scenario/keys.h"

/* Another number in every place of every field. */
static void fill(skad_sim_outcome *out)
{
    const skad_sim_field *field = NULL;
    uint32_t next = 1;
    memset(out, 0, sizeof *out);
    for (size_t n = 0; (field = skad_sim_field_at(n)) != NULL; n++) {
        char *at = (char *)out + field->place;
        for (size_t i = 0; i < field->length; i++) {
            next++;
            switch (field->type) {
            case SKAD_SIM_FIELD_COUNT:
            case SKAD_SIM_FIELD_COUNTS:
                ((uint64_t *)(void *)at)[i] = next;
                break;
            case SKAD_SIM_FIELD_COUNT32:
            case SKAD_SIM_FIELD_HISTOGRAM:
                ((uint32_t *)(void *)at)[i] = next;
                break;
            case SKAD_SIM_FIELD_REAL:
                ((double *)(void *)at)[i] = next + 0.25;
                break;
            case SKAD_SIM_FIELD_FLAG:
                ((bool *)at)[i] = true;
                break;
            case SKAD_SIM_FIELD_COUNTS16:
                ((uint16_t *)(void *)at)[i] = (uint16_t)next;
                break;
            }
        }
    }
    out->prefixes.bits = SKAD_SIM_PREFIX_BITS_MAX;
    out->fingerprint = (skad_sim_fingerprint){0x0123456789abcdef, 0xfedcba9876543210};
}

static void every_figure_is_read_back(void **state)
{
    (void)state;
    static skad_sim_outcome written;
    static skad_sim_outcome read;
    fill(&written);
    json_t *object = skad_sim_record_outcome(&written);
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_t *again = json_loads(text, 0, NULL);
    assert_true(skad_sim_record_read_outcome(again, &read));
    const skad_sim_field *field = NULL;
    for (size_t n = 0; (field = skad_sim_field_at(n)) != NULL; n++) {
        static const size_t bytes[] = {8, 4, 8, sizeof(bool), 8, 2, 4};
        if (memcmp((char *)&written + field->place, (char *)&read + field->place,
                   field->length * bytes[field->type]) != 0) {
            fail_msg("%s.%s is not what was written", field->section, field->name);
        }
    }
    assert_memory_equal(&written.fingerprint, &read.fingerprint, sizeof read.fingerprint);
    free(text);
    json_decref(object);
    json_decref(again);
}

static void an_outcome_without_a_figure_is_refused(void **state)
{
    (void)state;
    static const char *const sections[] = {"lookups", "prefixes", "world", "event_log"};
    static skad_sim_outcome outcome;
    fill(&outcome);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        json_t *object = skad_sim_record_outcome(&outcome);
        (void)json_object_del(object, sections[i]);
        assert_false(skad_sim_record_read_outcome(object, &outcome));
        json_decref(object);
        fill(&outcome);
    }
    json_t *object = skad_sim_record_outcome(&outcome);
    json_t *lookups = json_object_get(object, "lookups");
    (void)json_object_set_new(lookups, "durations", json_pack("[[i, i]]", 400, 1));
    assert_false(skad_sim_record_read_outcome(object, &outcome));
    (void)json_object_set_new(lookups, "durations", json_array());
    assert_true(skad_sim_record_read_outcome(object, &outcome));
    (void)json_object_set_new(lookups, "ended", json_integer(-1));
    assert_false(skad_sim_record_read_outcome(object, &outcome));
    json_decref(object);
}

static void an_interval_has_what_came_since(void **state)
{
    (void)state;
    static skad_sim_outcome before;
    static skad_sim_outcome now;
    before.lookups.ended = 10;
    before.lookups.durations.columns[3] = 2;
    before.classes[SKAD_SIM_NEWCOMERS].up = 40;
    before.simulated_s = 1.5;
    now = before;
    now.lookups.ended = 25;
    now.lookups.durations.columns[3] = 7;
    now.classes[SKAD_SIM_NEWCOMERS].up = 30;
    now.simulated_s = 4;
    skad_sim_outcome_since(&now, &before);
    assert_int_equal(now.lookups.ended, 15);
    assert_int_equal(now.lookups.durations.columns[3], 5);
    assert_int_equal(now.classes[SKAD_SIM_NEWCOMERS].up, 30); /* a state */
    assert_true(now.simulated_s > 2.4 && now.simulated_s < 2.6);
}

static void a_scenario_is_read_back(void **state)
{
    (void)state;
    skad_sim_scenario scenario;
    skad_sim_scenario again;
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_row_text row;
    skad_sim_row_text other;
    skad_sim_scenario_default(&scenario);
    assert_true(skad_sim_scenario_set(&scenario, "loss", "0.0123456789", reason));
    assert_true(skad_sim_scenario_set(&scenario, "seed", "9007199254740991", reason));
    assert_true(skad_sim_scenario_set(&scenario, "adversary", "half-true", reason));
    assert_true(skad_sim_scenario_set(&scenario, "closing_round", "no", reason));
    json_t *object = skad_sim_record_scenario(&scenario);
    assert_true(skad_sim_record_read_scenario(object, &again, reason));
    for (size_t i = 0; skad_sim_scenario_row(&scenario, i, &row); i++) {
        (void)skad_sim_scenario_row(&again, i, &other);
        assert_string_equal(row.value, other.value);
    }
    (void)json_object_set_new(object, "no_such_key", json_integer(1));
    assert_false(skad_sim_record_read_scenario(object, &again, reason));
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_figure_is_read_back),
        cmocka_unit_test(an_outcome_without_a_figure_is_refused),
        cmocka_unit_test(an_interval_has_what_came_since),
        cmocka_unit_test(a_scenario_is_read_back),
    };
    return cmocka_run_group_tests_name("sim record", tests, NULL, NULL);
}
