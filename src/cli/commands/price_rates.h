/* How fast this machine solves the puzzles of a network: tries a second of one core, by the very
 * functions that `skad keygen` solves them with. */
#ifndef SKAD_CLI_COMMANDS_PRICE_RATES_H
#define SKAD_CLI_COMMANDS_PRICE_RATES_H

#include "skad/profile.h"
#include "skad/status.h"
#include "src/host/system/failure.h"
#include "src/price/price.h"

/* Measures each of the two puzzles for half of the time and sets the rates of a core. Fails where
 * there is no memory for a try. */
SKAD_MUST_CHECK bool skad_price_measure(const skad_profile *profile, double seconds,
                                        skad_price_rates *out, skad_failure *failure);

#endif
