/* In place of model.c in a program with real cryptography. */
#include "src/sim/base/cryptography.h"

const char *skad_sim_crypto(void)
{
    return "real";
}
