/* What proving an identity of a profile costs on this machine. A node proves those of all its
 * peers, so it is measured before a node begins. */
#ifndef SKAD_HOST_STATE_IDENTITY_COST_H
#define SKAD_HOST_STATE_IDENTITY_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/profile.h"
#include "src/host/system/failure.h"

/* More than this, and a node of few peers would have no time for anything else. */
#define SKAD_IDENTITY_COST_US_MAX 100000

/* Proves an identity up to three times. Fails with a reason if there is no memory for it, or if it
 * takes longer than most_us even the fastest time. */
bool skad_identity_cost_check(const skad_profile *profile, uint64_t most_us, skad_failure *failure);

#endif
