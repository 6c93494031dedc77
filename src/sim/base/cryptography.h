/* Each program of the simulator is linked with one of two: the model, or the real one. */
#ifndef SKAD_SIM_BASE_CRYPTOGRAPHY_H
#define SKAD_SIM_BASE_CRYPTOGRAPHY_H

/* Which one this program has: "modelled" (model.c) or "real" (real.c). */
const char *skad_sim_crypto(void);

#endif
