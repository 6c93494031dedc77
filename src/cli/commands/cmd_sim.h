/* `skad sim` reads its options itself, so it is not a row of the command table. */
#ifndef SKAD_CLI_COMMANDS_CMD_SIM_H
#define SKAD_CLI_COMMANDS_CMD_SIM_H

#include "src/cli/base/exit.h"

/* Becomes the simulator, with the arguments behind "sim". Returns only on failure. */
skad_exit skad_sim_start(int argc, char **argv);

#endif
