#include "src/core/routing/grants.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/base/instant.h"

static skad_status allocate(skad_grants *grants)
{
    grants->places = calloc(grants->count, sizeof *grants->places);
    return grants->places == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

skad_status skad_grants_init(skad_grants *grants, size_t count, bool later)
{
    *grants = (skad_grants){.count = count};
    return later || count == 0 ? SKAD_OK : allocate(grants);
}

void skad_grants_free(skad_grants *grants)
{
    free(grants->places);
    *grants = (skad_grants){0};
}

/* Its place if it has one now; NULL if not. */
static skad_grant *held(const skad_grants *grants, uint16_t endpoint)
{
    skad_grant *place = grants->places == NULL ? NULL : &grants->places[endpoint % grants->count];
    return place != NULL && place->owner == endpoint + 1 ? place : NULL;
}

void skad_grants_keep(skad_grants *grants, uint16_t endpoint,
                      const uint8_t token[static SKAD_TOKEN_BYTES], uint64_t now_us)
{
    if (grants->count == 0 || (grants->places == NULL && allocate(grants) != SKAD_OK)) {
        return; /* the endpoint is asked as at first */
    }
    skad_grant *place = &grants->places[endpoint % grants->count];
    place->owner = (uint16_t)(endpoint + 1);
    place->granted_ms = skad_instant_ms(now_us);
    memcpy(place->token, token, SKAD_TOKEN_BYTES);
}

void skad_grants_forget(skad_grants *grants, uint16_t endpoint)
{
    skad_grant *place = held(grants, endpoint);
    if (place != NULL) {
        place->owner = 0;
    }
}

const uint8_t *skad_grants_fresh(const skad_grants *grants, uint16_t endpoint, uint64_t now_us)
{
    const skad_grant *place = held(grants, endpoint);
    bool fresh = place != NULL &&
                 skad_instant_ms(now_us) - place->granted_ms < SKAD_TOKEN_SLOT_US / SKAD_US_PER_MS;
    return fresh ? place->token : NULL;
}
