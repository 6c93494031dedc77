/* Scenario files of the simulator: the values of an accepted file read back the same; any other
 * file is refused with one line. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "src/sim/scenario/keys.h"
#include "src/sim/scenario/reader.h"
#include "src/sim/scenario/scenario.h"

static void require_same(const skad_sim_scenario *read)
{
    static skad_sim_scenario again;
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_row_text row;
    skad_sim_row_text back;
    skad_sim_scenario_default(&again);
    for (size_t i = 0; skad_sim_scenario_row(read, i, &row); i++) {
        FUZZ_REQUIRE(skad_sim_scenario_set(&again, row.key, row.value, reason));
        FUZZ_REQUIRE(skad_sim_scenario_row(&again, i, &back));
        FUZZ_REQUIRE(strcmp(row.value, back.value) == 0);
    }
    (void)skad_sim_scenario_check(read, reason);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static skad_sim_scenario scenario;
    char reason[SKAD_SIM_REASON_BYTES] = "";
    char *text = malloc(len + 1);
    FUZZ_REQUIRE(text != NULL);
    memcpy(text, data, len);
    text[len] = 0;
    skad_sim_scenario_default(&scenario);
    if (skad_sim_scenario_parse(&scenario, text, len, reason)) {
        require_same(&scenario);
    } else {
        size_t said = strnlen(reason, sizeof reason);
        FUZZ_REQUIRE(said > 0 && said < sizeof reason && memchr(reason, '\n', said) == NULL);
    }
    free(text);
    return 0;
}
