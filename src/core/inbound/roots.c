#include "src/core/inbound/roots.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/base/lazy.h"

#include "crypto/assert.h"

skad_status skad_roots_init(skad_roots *roots, size_t limit, bool later)
{
    SKAD_ASSERT(limit > 0 && limit <= SKAD_ROOTS_MAX);
    *roots = (skad_roots){.limit = (uint16_t)limit};
    roots->fingerprints = skad_lazy_begin(later, limit, sizeof *roots->fingerprints);
    return skad_lazy_begun(later, roots->fingerprints);
}

void skad_roots_free(skad_roots *roots)
{
    free(roots->fingerprints);
    *roots = (skad_roots){0};
}

void skad_roots_remember(skad_roots *roots, const uint8_t fingerprint[static SKAD_HASH_BYTES])
{
    roots->fingerprints =
        skad_lazy_use(roots->fingerprints, roots->limit, sizeof *roots->fingerprints);
    if (roots->fingerprints == NULL) {
        return; /* the rest of its batch then costs a check each */
    }
    memcpy(roots->fingerprints[roots->next], fingerprint, SKAD_HASH_BYTES);
    roots->next = (uint16_t)((roots->next + 1U) % roots->limit);
}
