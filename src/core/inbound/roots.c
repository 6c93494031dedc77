#include "src/core/inbound/roots.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"

static skad_status allocate(skad_roots *roots)
{
    roots->fingerprints = calloc(roots->limit, sizeof *roots->fingerprints);
    return roots->fingerprints == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

skad_status skad_roots_init(skad_roots *roots, size_t limit, bool later)
{
    SKAD_ASSERT(limit > 0 && limit <= SKAD_ROOTS_MAX);
    *roots = (skad_roots){.limit = (uint16_t)limit};
    return later ? SKAD_OK : allocate(roots);
}

void skad_roots_free(skad_roots *roots)
{
    free(roots->fingerprints);
    *roots = (skad_roots){0};
}

void skad_roots_remember(skad_roots *roots, const uint8_t fingerprint[static SKAD_HASH_BYTES])
{
    if (roots->fingerprints == NULL && allocate(roots) != SKAD_OK) {
        return; /* the rest of its batch then costs a check each */
    }
    memcpy(roots->fingerprints[roots->next], fingerprint, SKAD_HASH_BYTES);
    roots->next = (uint16_t)((roots->next + 1U) % roots->limit);
}
