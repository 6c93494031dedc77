/* The ranges of a node's configuration; its defaults are public (skad/node.h). */
#ifndef SKAD_NODE_CONFIG_H
#define SKAD_NODE_CONFIG_H

#include <stdbool.h>

#include "skad/node.h"

/* Whether each limit, rate and switch is within its range. Does not check the identity. */
bool skad_config_valid(const skad_node_config *config);

#endif
