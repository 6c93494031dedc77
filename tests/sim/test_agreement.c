/* Two runs of one experiment agree where their intervals overlap, and where both did the work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/sim/report/agreement.h"

#define WORLDS 3

/* Worlds with a hundred lookups each, of which so many found, with so many requests each. */
static skad_sim_summary *summary_of(uint64_t found, uint64_t requests)
{
    static skad_sim_scenario scenario;
    static skad_sim_outcome outcomes[WORLDS];
    skad_sim_summary *out = calloc(1, sizeof *out);
    assert_non_null(out);
    skad_sim_scenario_default(&scenario);
    for (size_t i = 0; i < WORLDS; i++) {
        outcomes[i] = (skad_sim_outcome){0};
        outcomes[i].lookups.ended = found > 0 ? 100 : 0;
        outcomes[i].lookups.nearest = found;
        outcomes[i].lookups.rpcs = 100 * requests + i;
    }
    skad_sim_summarise(&scenario, outcomes, WORLDS, out);
    return out;
}

static void check(const skad_sim_summary *a, const skad_sim_summary *b, bool agree, unsigned apart)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    unsigned found = 0;
    assert_non_null(out);
    assert_int_equal(skad_sim_agreement(out, a, b), agree);
    assert_int_equal(fclose(out), 0);
    for (const char *at = text; (at = strstr(at, "APART")) != NULL; at++) {
        found++;
    }
    assert_int_equal(found, apart);
    free(text);
}

static void intervals_overlap_or_lie_apart(void **state)
{
    (void)state;
    skad_sim_summary *usual = summary_of(90, 20);
    skad_sim_summary *alike = summary_of(92, 20);
    skad_sim_summary *worse = summary_of(50, 20);
    skad_sim_summary *dearer = summary_of(90, 30);
    skad_sim_summary *both = summary_of(50, 30);
    skad_sim_summary *idle = summary_of(0, 0);
    check(usual, alike, true, 0);
    check(usual, worse, false, 1);
    check(dearer, usual, false, 1);
    check(usual, both, false, 2);
    check(usual, idle, false, 2);
    free(usual);
    free(alike);
    free(worse);
    free(dearer);
    free(both);
    free(idle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_overlap_or_lie_apart),
    };
    return cmocka_run_group_tests_name("sim agreement", tests, NULL, NULL);
}
