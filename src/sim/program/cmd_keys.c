/* skad sim keys: every key of a scenario, its default, its range, and what it is. */
#include <stdio.h>

#include "src/sim/program/command.h"
#include "src/sim/scenario/keys.h"

static skad_sim_exit run(skad_sim_request *request)
{
    skad_sim_row_text row;
    for (size_t i = 0; skad_sim_scenario_row(&request->sweep.base, i, &row); i++) {
        printf("%-20s %-12s %s\n%-20s %s\n", row.key, row.value[0] != 0 ? row.value : "-",
               row.about, "", row.range);
    }
    return SKAD_SIM_EXIT_DONE;
}

const skad_sim_command skad_sim_command_keys = {
    .name = "keys",
    .usage = "keys",
    .summary = "Print the keys of a scenario, with their defaults and ranges",
    .run = run,
};
