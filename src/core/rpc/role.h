/* Whether this node is a server, or a client: one that cannot be reached, or is not to be. A client
 * asks like any node, and answers so that others learn what it is, but takes no place in tables and
 * holds nothing for others (proto/PROTOCOL.md, "Clients"). It is one by address family: a node that
 * is behind a NAT in IPv4 may be a server in IPv6.
 *
 * A server may be guarded: a NAT or a firewall lets in only those to which it has sent something,
 * so that strangers have to be introduced (the same, "Guarded nodes"). Its test is
 * tests/node/test_reachability.c. */
#ifndef SKAD_RPC_ROLE_H
#define SKAD_RPC_ROLE_H

#include <stdbool.h>

#include "proto/message.h"
#include "skad/node.h"

/* Whether the node is a client in all families in which it ever had an answer. */
bool skad_role_is_client(const skad_node *node);

/* Returns the mark of what leaves in an address family. */
skad_mark skad_role_mark(const skad_node *node, skad_family family);

#endif
