/* The result of a round of audits, for a person and as JSON. */
#ifndef SKAD_CLI_COMMANDS_AUDIT_TEXT_H
#define SKAD_CLI_COMMANDS_AUDIT_TEXT_H

#include "proto/ballot.h"

void skad_audit_print(const skad_audit_round *round, const skad_audit_result *result);
void skad_audit_print_json(const skad_audit_round *round, const skad_audit_result *result);

#endif
