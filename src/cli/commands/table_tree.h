/* The routing table as a tree by proximity order: a line for each order before the node's region,
 * that is, its depth, and in the region, its neighbourhood, a line for each peer. Plain ASCII of at
 * most 80 columns, and at most as many lines as the depth, SKAD_TABLE_TREE_NEIGHBOURS and ten. */
#ifndef SKAD_CLI_COMMANDS_TABLE_TREE_H
#define SKAD_CLI_COMMANDS_TABLE_TREE_H

#include <stdio.h>

#include "src/client/answer.h"

/* Peers listed at most, the nearest; the others are counted. Usually there are about 16. */
#define SKAD_TABLE_TREE_NEIGHBOURS 48

/* Draws the result of `table`. */
void skad_table_tree_write(FILE *out, skad_answer table);

#endif
