/* Each program of the simulator is linked with one of two: the model, or the real one. */
#ifndef SKAD_SIM_BASE_CRYPTOGRAPHY_H
#define SKAD_SIM_BASE_CRYPTOGRAPHY_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/keys.h"

/* Which one this program has: "modelled" (model.c) or "real" (real.c). */
const char *skad_sim_crypto(void);

/* Libraries differ on odd signatures, such as Ed25519's with components of small order. A twisted
 * signature is one that only lenient libraries take. skad_sim_library tells which kind verifies
 * from now on; a strict one is the default. With real cryptography all are equal, and take none. */
void skad_sim_library(bool lenient);
void skad_sim_twist(uint8_t signature[static SKAD_SIGNATURE_BYTES]);

#endif
