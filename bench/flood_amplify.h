/* Amplification: how many bytes come back for each byte of a request from an address that has
 * proven nothing, by kind of request. */
#ifndef SKAD_BENCH_FLOOD_AMPLIFY_H
#define SKAD_BENCH_FLOOD_AMPLIFY_H

#include "bench/flood_network.h"

/* Measures and prints: while nothing else happens, and while a flood is on. */
bool flood_amplify(flood_network *network);

#endif
