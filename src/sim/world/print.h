/* A running fingerprint of the event log: what was sent, by whom, when. Two runs with equal
 * fingerprints did the same. Of a datagram its tag goes in, which is a hash of all its bytes. XXH3
 * with 128 bits: fast, and no secret. */
#ifndef SKAD_SIM_WORLD_PRINT_H
#define SKAD_SIM_WORLD_PRINT_H

#include <stdint.h>

#include "skad/types.h"

typedef struct skad_sim_print {
    uint64_t low;
    uint64_t high;
} skad_sim_print;

void skad_sim_print_add(skad_sim_print *print, uint64_t now_us, uint32_t who, skad_span datagram);

#define SKAD_SIM_PRINT_TEXT_BYTES 33
void skad_sim_print_text(const skad_sim_print *print, char out[static SKAD_SIM_PRINT_TEXT_BYTES]);

#endif
