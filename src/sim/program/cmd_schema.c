/* skad sim schema: the JSON Schema of result files and of --json. */
#include <stdio.h>
#include <stdlib.h>

#include "src/sim/base/memory.h"
#include "src/sim/program/command.h"
#include "src/sim/report/schema.h"

static skad_sim_exit run(skad_sim_request *request)
{
    (void)request;
    json_t *schema = skad_sim_schema();
    char *text = skad_sim_must(json_dumps(schema, JSON_INDENT(1)));
    bool good = puts(text) >= 0 && fflush(stdout) == 0;
    free(text);
    json_decref(schema);
    return good ? SKAD_SIM_EXIT_DONE
                : skad_sim_complain(SKAD_SIM_EXIT_FAILED, "cannot write to stdout");
}

const skad_sim_command skad_sim_command_schema = {
    .name = "schema",
    .usage = "schema",
    .summary = "Print the JSON Schema of result files and of --json",
    .details = "Draft 2020-12. Every field is described, and no other is allowed.",
    .run = run,
};
