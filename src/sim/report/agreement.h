/* Whether an experiment in virtual time and the same one live come to the same. */
#ifndef SKAD_SIM_REPORT_AGREEMENT_H
#define SKAD_SIM_REPORT_AGREEMENT_H

#include <stdio.h>

#include "src/sim/report/measures.h"

/* Prints both with their intervals. True: those of success and requests overlap, wherever both have
 * done any of that work. Times need not, because a live node waits for a processor. */
bool skad_sim_agreement(FILE *out, const skad_sim_summary *simulated, const skad_sim_summary *live);

#endif
