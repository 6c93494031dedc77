#include "src/sim/program/command.h"

#include <stdio.h>

skad_sim_exit skad_sim_complain(skad_sim_exit code, const char *sentence)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "skad sim: %s\n", sentence);
    return code;
}
