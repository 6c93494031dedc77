/* Wrong-tag noise over UDP: what the victim drops a second, beside what a process receives that
 * does nothing but recvmmsg, both flooded by the same sender in turn. */
#ifndef SKAD_BENCH_FLOOD_NOISE_H
#define SKAD_BENCH_FLOOD_NOISE_H

#include "bench/flood_network.h"

/* Measures and prints, in rounds of so many seconds. */
bool flood_noise(flood_network *network, double round_s);

#endif
