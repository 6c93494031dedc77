#include "src/core/rpc/role.h"

#include "src/core/node/state.h"

bool skad_role_is_client(const skad_node *node)
{
    return (node->families & ~(unsigned)node->env.clients) == 0;
}
