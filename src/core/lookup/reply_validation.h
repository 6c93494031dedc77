/* Reply validation. PROTOCOL.md gives repliers duties that are not a matter of format. The good
 * part of an answer that breaks them is still used, and the violations cost its sender some
 * standing. */
#ifndef SKAD_LOOKUP_REPLY_VALIDATION_H
#define SKAD_LOOKUP_REPLY_VALIDATION_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/limits.h"
#include "skad/profile.h"
#include "skad/types.h"

/* Counts the contacts of an answer that break a rule of PROTOCOL.md: ourselves; an ID that did not
 * solve the static puzzle; no endpoint that may be contacted; not farther from the target than the
 * one before (which also finds duplicates). target is NULL where the order is not checked.
 * Sets for each contact whether its ID solved the puzzle, so that no caller hashes it once more. */
size_t skad_reply_violations(const skad_profile *profile, const skad_id *self,
                             const skad_id *target, const skad_contact *contacts, size_t count,
                             bool solved[static SKAD_CONTACTS_MAX]);

#endif
