/* S/Kademlia's adversary: nodes that answer each search with nothing but their own kind, the
 * colluders closest to what was searched for, and withhold every value. */
#ifndef SKAD_TESTS_COLLUDERS_H
#define SKAD_TESTS_COLLUDERS_H

#include "tests/support/network.h"

/* Turns this share of the nodes into colluders, drawn by the network's PRNG; node 0 stays honest.
 * Returns how many. */
size_t test_colluders_choose(test_network *network, double share);

/* Makes one node a colluder. */
void test_colluders_add(test_network *network, size_t index);

#endif
