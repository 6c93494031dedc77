/* In place of model.c in a program with real cryptography. */
#include "src/sim/base/cryptography.h"

void skad_sim_library(bool lenient)
{
    (void)lenient;
}

void skad_sim_twist(uint8_t signature[static SKAD_SIGNATURE_BYTES])
{
    signature[SKAD_SIGNATURE_BYTES - 1] ^= 0x80;
}

const char *skad_sim_crypto(void)
{
    return "real";
}
