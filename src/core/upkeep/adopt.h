/* Adopting newer editions of what we publish. A node that was restored from a backup has an older
 * edition than the network. Holders refuse that one and name the sequence that they have, so the
 * node gets it: a record that its publisher signed, with a higher sequence than ours, becomes the
 * publication in our place, and is announced and signed anew from then on. Otherwise the newer one
 * would end in the network, and the old one come back.
 *
 * A holder that lies about the sequence costs one get for each announcement that it is asked to
 * keep. Nothing is adopted without its publisher's signature. */
#ifndef SKAD_UPKEEP_ADOPT_H
#define SKAD_UPKEEP_ADOPT_H

#include "skad/node.h"
#include "skad/store.h"
#include "src/core/operations/operation.h"

/* Starts the get of a newer edition of a publication, if an announcement that ended told of one.
 * Returns 0 if it did not, or without a slot: the next announcement will tell again. */
skad_op skad_adopt_seek(skad_node *node, const skad_operation *announced,
                        const skad_store_name *name);

/* Takes what a get that ended has found. */
void skad_adopt_take(skad_node *node, const skad_operation *operation);

#endif
