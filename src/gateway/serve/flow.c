/* A buffer that grows to a bound. */
#include <stdlib.h>
#include <string.h>

#include "src/gateway/serve/inside.h"

bool skad_flow_add(skad_flow *flow, const void *bytes, size_t len, size_t max)
{
    if (flow->taken > 0) {
        memmove(flow->bytes, flow->bytes + flow->taken, flow->len - flow->taken);
        flow->len -= flow->taken;
        flow->taken = 0;
    }
    if (len > max || flow->len > max - len) {
        return false;
    }
    if (flow->len + len > flow->cap) {
        const size_t cap = 2 * (flow->len + len) < max ? 2 * (flow->len + len) : max;
        char *grown = realloc(flow->bytes, cap);
        if (grown == NULL) {
            return false;
        }
        flow->bytes = grown;
        flow->cap = cap;
    }
    if (len > 0) {
        memcpy(flow->bytes + flow->len, bytes, len);
    }
    flow->len += len;
    return true;
}

size_t skad_flow_take(skad_flow *flow, char *out, size_t max)
{
    const size_t there = flow->len - flow->taken;
    const size_t len = there < max ? there : max;
    if (len > 0) {
        memcpy(out, flow->bytes + flow->taken, len);
    }
    flow->taken += len;
    return len;
}
