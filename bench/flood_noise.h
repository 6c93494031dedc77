/* Wrong-tag noise over UDP: how many datagrams the victim drops a second, beside how many a process
 * receives that only calls recvmmsg. The same sender floods both in turn. */
#ifndef SKAD_BENCH_FLOOD_NOISE_H
#define SKAD_BENCH_FLOOD_NOISE_H

#include "bench/flood_network.h"

/* Measures and prints, in rounds of so many seconds. */
bool flood_noise(flood_network *network, double round_s);

#endif
