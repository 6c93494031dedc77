/* All commands of `skad`, one file each: cmd_<name>.c. */
#ifndef SKAD_CLI_COMMANDS_COMMANDS_H
#define SKAD_CLI_COMMANDS_COMMANDS_H

#include "src/cli/base/options.h"
#include "src/cli/client/client.h"

extern const skad_command skad_command_keygen;
extern const skad_command skad_command_run;
extern const skad_command skad_command_testnet;
extern const skad_command skad_command_put;
extern const skad_command skad_command_get;
extern const skad_command skad_command_publish;
extern const skad_command skad_command_resolve;
extern const skad_command skad_command_announce;
extern const skad_command skad_command_providers;
extern const skad_command skad_command_watch;
extern const skad_command skad_command_records;
extern const skad_command skad_command_withdraw;
extern const skad_command skad_command_ping;
extern const skad_command skad_command_lookup;
extern const skad_command skad_command_table;
extern const skad_command skad_command_status;
extern const skad_command skad_command_profile;
extern const skad_command skad_command_audit;
extern const skad_command skad_command_health;
extern const skad_command skad_command_price;
extern const skad_command skad_command_top;
extern const skad_command skad_command_config;
extern const skad_command skad_command_bans;
extern const skad_command skad_command_ban;
extern const skad_command skad_command_unban;
extern const skad_command skad_command_allow;
extern const skad_command skad_command_store;
extern const skad_command skad_command_backup;
extern const skad_command skad_command_restore;
extern const skad_command skad_command_gateway;
extern const skad_command skad_command_completion;

/* Prints "skad: <sentence>" on stderr and returns the code, for `return skad_complain(...)`. */
skad_exit skad_complain(skad_exit exit, const skad_failure *failure);

/* If a result says so, warns on stderr that the nodes closest to its key stand suspiciously dense;
 * `advice` tells what to do. A warning changes no exit code. */
void skad_warn_dense(skad_answer result, const char *advice);

/* Flushes stdout; if the output could not be written, complains and returns FAILED. */
skad_exit skad_printed(void);

/* Runs one request against the daemon of the options; on_notice may be NULL. With DONE, *result is
 * to be printed and then `client` closed; any other code was complained about. */
skad_exit skad_daemon_request(const skad_options *options, skad_control_request *request,
                              skad_notice_handler on_notice, skad_client *client,
                              skad_answer *result);

/* Prints the daemon's answer for a person, on stdout. */
typedef void (*skad_answer_printer)(const skad_options *options, skad_answer result);

/* Shows an answer: as one line of JSON with --json, else by `print`. */
void skad_show_answer(const skad_options *options, skad_answer result, skad_answer_printer print);

/* Asks the daemon as skad_daemon_request does, shows the answer and flushes stdout. Returns the
 * exit code. */
skad_exit skad_ask_and_show(const skad_options *options, skad_control_request *request,
                            skad_notice_handler on_notice, skad_answer_printer print);

/* Reads the argument of a command that is a key or a public key; `what` names it. */
SKAD_MUST_CHECK bool skad_read_id(const skad_command *command, const char *text, const char *what,
                                  skad_id *out, skad_failure *failure);

/* A text of the command line as bytes; empty where it is NULL. */
skad_span skad_text_span(const char *text);

#endif
