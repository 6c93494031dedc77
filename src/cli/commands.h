/* All commands of `skad`, one file each: cmd_<name>.c. */
#ifndef SKAD_CLI_COMMANDS_H
#define SKAD_CLI_COMMANDS_H

#include "src/cli/client.h"
#include "src/cli/options.h"

extern const skad_command skad_command_keygen;
extern const skad_command skad_command_run;
extern const skad_command skad_command_testnet;
extern const skad_command skad_command_put;
extern const skad_command skad_command_get;
extern const skad_command skad_command_ping;
extern const skad_command skad_command_lookup;
extern const skad_command skad_command_table;
extern const skad_command skad_command_status;

/* Prints "skad: <sentence>" on stderr and returns the code, for `return skad_complain(...)`. */
skad_exit skad_complain(skad_exit exit, const skad_failure *failure);

/* Flushes stdout; when what was printed did not get through, complains and returns FAILED. */
skad_exit skad_printed(void);

/* Runs one request against the daemon of the options; on_step may be NULL. With DONE, *result is to
 * be printed and then `client` closed; any other code was complained about. */
skad_exit skad_ask_daemon(const skad_options *options, skad_control_request *request,
                          skad_step_handler on_step, skad_client *client, skad_answer *result);

#endif
