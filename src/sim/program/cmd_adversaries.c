/* skad sim adversaries: what adversaries may do. docs/adversaries.md tells more of each. */
#include <stdio.h>

#include "src/sim/program/command.h"
#include "src/sim/scenario/behaviours.h"

static skad_sim_exit run(skad_sim_request *request)
{
    const skad_sim_behaviour *one;
    (void)request;
    for (uint64_t number = 0; (one = skad_sim_behaviour_at(number)) != NULL; number++) {
        printf("%-16s %-7s %s\n", one->name,
               (one->traits & SKAD_SIM_SENDS) != 0  ? "sends"
               : (one->traits & SKAD_SIM_LIES) != 0 ? "answers"
                                                    : "",
               one->about);
    }
    return SKAD_SIM_EXIT_DONE;
}

const skad_sim_command skad_sim_command_adversaries = {
    .name = "adversaries",
    .usage = "adversaries",
    .summary = "Print the behaviours of adversaries",
    .details = "Each is a value of the key `adversary`. A:0.5,B:0.5 mixes two of them; ./mine.so\n"
               "is one of your own. docs/adversaries.md tells how to write it.",
    .run = run,
};
