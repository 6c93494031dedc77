/* The table of all commands: help, suggestions and completion come from it. `sim`, which starts
 * another program, `help` and `version` are not in it. */
#ifndef SKAD_CLI_COMMANDS_COMMAND_TABLE_H
#define SKAD_CLI_COMMANDS_COMMAND_TABLE_H

#include "src/cli/base/options.h"

extern const skad_command *const SKAD_COMMANDS[];
extern const size_t SKAD_COMMANDS_COUNT;

/* NULL if there is none of that name. */
const skad_command *skad_command_find(const char *name);

/* The others, with their summaries. */
#define SKAD_SIM_SUMMARY     "Simulate many nodes in virtual time, and attacks on them"
#define SKAD_HELP_SUMMARY    "Explain a command"
#define SKAD_VERSION_SUMMARY "Tell the version"
#define SKAD_SIM_WORDS                                                                             \
    "run build adversary audit anonymity capture churn ablate reality paper report merge schema "  \
    "fuzz keys "                                                                                   \
    "adversaries"

#endif
