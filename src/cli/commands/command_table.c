/* The table of all commands. */
#include "src/cli/commands/command_table.h"

#include <string.h>

#include "src/cli/commands/commands.h"

const skad_command *const SKAD_COMMANDS[] = {
    &skad_command_keygen,    &skad_command_run,     &skad_command_testnet, &skad_command_put,
    &skad_command_get,       &skad_command_publish, &skad_command_resolve, &skad_command_announce,
    &skad_command_providers, &skad_command_watch,   &skad_command_records, &skad_command_withdraw,
    &skad_command_ping,      &skad_command_lookup,  &skad_command_table,   &skad_command_status,
    &skad_command_profile,   &skad_command_bans,    &skad_command_ban,     &skad_command_unban,
    &skad_command_allow,     &skad_command_config,  &skad_command_health,  &skad_command_top,
    &skad_command_backup,    &skad_command_restore, &skad_command_store,   &skad_command_completion,
    &skad_command_price,     &skad_command_gateway, &skad_command_audit,
};
const size_t SKAD_COMMANDS_COUNT = sizeof SKAD_COMMANDS / sizeof SKAD_COMMANDS[0];

const skad_command *skad_command_find(const char *name)
{
    for (size_t i = 0; i < SKAD_COMMANDS_COUNT; i++) {
        if (strcmp(SKAD_COMMANDS[i]->name, name) == 0) {
            return SKAD_COMMANDS[i];
        }
    }
    return NULL;
}
