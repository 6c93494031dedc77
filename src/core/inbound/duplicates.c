#include "src/core/inbound/duplicates.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"

skad_status skad_duplicates_init(skad_duplicates *duplicates, size_t entries)
{
    SKAD_ASSERT(entries > 0 && (entries & (entries - 1)) == 0);
    duplicates->fingerprints = calloc(entries, sizeof *duplicates->fingerprints);
    duplicates->mask = entries - 1;
    return duplicates->fingerprints == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

void skad_duplicates_free(skad_duplicates *duplicates)
{
    free(duplicates->fingerprints);
    *duplicates = (skad_duplicates){0};
}

/* One half of the tag selects the cell, the other half is the fingerprint. */
static uint64_t *cell_of(const skad_duplicates *duplicates, const uint8_t *tag,
                         uint64_t *fingerprint)
{
    uint64_t cell;
    memcpy(&cell, tag, sizeof cell);
    memcpy(fingerprint, tag + sizeof cell, sizeof *fingerprint);
    if (*fingerprint == 0) {
        *fingerprint = 1;
    }
    return &duplicates->fingerprints[cell & duplicates->mask];
}

bool skad_duplicates_seen(const skad_duplicates *duplicates,
                          const uint8_t tag[static SKAD_TAG_BYTES])
{
    uint64_t fingerprint;
    const uint64_t *cell = cell_of(duplicates, tag, &fingerprint);
    return *cell == fingerprint;
}

void skad_duplicates_remember(skad_duplicates *duplicates, const uint8_t tag[static SKAD_TAG_BYTES])
{
    uint64_t fingerprint;
    uint64_t *cell = cell_of(duplicates, tag, &fingerprint);
    *cell = fingerprint;
}
