/* A running fingerprint of the event log: what was sent, by which node, and when. Two runs with
 * equal fingerprints did the same. A datagram is represented by its tag, which is a hash of all its
 * bytes. XXH3 with 128 bits is fast, and the fingerprint need not be secret. */
#ifndef SKAD_SIM_WORLD_FINGERPRINT_H
#define SKAD_SIM_WORLD_FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/types.h"

typedef struct skad_sim_fingerprint {
    uint64_t low;
    uint64_t high;
} skad_sim_fingerprint;

void skad_sim_fingerprint_add(skad_sim_fingerprint *fingerprint, uint64_t now_us, uint32_t who,
                              skad_span datagram);

#define SKAD_SIM_FINGERPRINT_BYTES 33
void skad_sim_fingerprint_text(const skad_sim_fingerprint *fingerprint,
                               char out[static SKAD_SIM_FINGERPRINT_BYTES]);
/* Reads it back; false if the text is not one. */
bool skad_sim_fingerprint_read(const char *text, skad_sim_fingerprint *out);

#endif
