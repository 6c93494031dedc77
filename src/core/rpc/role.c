#include "src/core/rpc/role.h"

#include "src/core/node/state.h"

skad_mark skad_role_mark(const skad_node *node, skad_family family)
{
    if ((node->env.clients & family) != 0) {
        return SKAD_MARK_CLIENT;
    }
    return (node->env.guarded & family) != 0 ? SKAD_MARK_GUARDED : SKAD_MARK_NONE;
}

bool skad_role_is_client(const skad_node *node)
{
    const unsigned used = node->families & node->heard_families;
    return node->env.clients != 0 && (used & ~(unsigned)node->env.clients) == 0;
}
