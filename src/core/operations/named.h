/* What becomes of the contacts that an answer names: those that are worth asking go to the lookup.
 */
#ifndef SKAD_OPERATIONS_NAMED_H
#define SKAD_OPERATIONS_NAMED_H

#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"
#include "src/core/lookup/lookup.h"

typedef struct skad_named_contacts {
    const skad_contact *contacts;
    size_t count; /* at most SKAD_CONTACTS_MAX */
} skad_named_contacts;

/* Passes the contacts of an answer to the lookup; from: the candidate that answered. target: the ID
 * that was asked for; NULL where the answer may be a late one, to another question. Returns how
 * many contacts break the rules. */
size_t skad_named_heard(skad_node *node, skad_lookup *lookup, uint16_t from, const skad_id *target,
                        skad_named_contacts named);

#endif
