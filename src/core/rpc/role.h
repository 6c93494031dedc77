/* Whether this node is a server, or a client: one that cannot be reached, or is not to be. A client
 * asks like any node, and answers so that others learn what it is, but takes no place in tables and
 * holds nothing for others (proto/PROTOCOL.md, "Clients"). It is one by address family: a node that
 * is behind a NAT in IPv4 may be a server in IPv6. Its test is tests/node/test_reachability.c. */
#ifndef SKAD_RPC_ROLE_H
#define SKAD_RPC_ROLE_H

#include <stdbool.h>

#include "skad/node.h"

/* Whether the node is a client in all families in which it ever had an answer. */
bool skad_role_is_client(const skad_node *node);

#endif
