#include "src/core/rpc/role.h"

#include "src/core/node/state.h"

bool skad_role_is_client(const skad_node *node)
{
    const unsigned used = node->families & node->heard_families;
    return node->env.clients != 0 && (used & ~(unsigned)node->env.clients) == 0;
}
