/* Whose nodes stand in the tables of honest nodes: how far an eclipse, or a flash join, has come.
 */
#ifndef SKAD_SIM_EXPERIMENT_TABLES_H
#define SKAD_SIM_EXPERIMENT_TABLES_H

#include "src/sim/experiment/outcome.h"

/* Fills in what of the outcome is about tables, where the adversary's plan has a victim or phases:
 * elsewhere it would cost more than it tells. */
void skad_sim_tables_count(const skad_world *world, skad_sim_outcome *out);

#endif
