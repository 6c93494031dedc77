#include "src/core/inbound/parked.h"

#include <stdlib.h>

#include "crypto/assert.h"

skad_status skad_parked_init(skad_parked *self, bool wanted)
{
    *self = (skad_parked){.all = wanted ? calloc(SKAD_PARKED_MAX, sizeof *self->all) : NULL};
    return wanted && self->all == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

void skad_parked_free(skad_parked *self)
{
    free(self->all);
    *self = (skad_parked){0};
}

bool skad_parked_full(const skad_parked *self)
{
    return self->all != NULL && self->count == SKAD_PARKED_MAX;
}

skad_parked_answer *skad_parked_add(skad_parked *self)
{
    SKAD_ASSERT(self->all != NULL && self->count < SKAD_PARKED_MAX);
    return &self->all[(self->first + self->count++) % SKAD_PARKED_MAX];
}

const skad_parked_answer *skad_parked_first(const skad_parked *self)
{
    return self->count == 0 ? NULL : &self->all[self->first];
}

void skad_parked_drop_first(skad_parked *self)
{
    SKAD_ASSERT(self->count > 0);
    self->first = (self->first + 1) % SKAD_PARKED_MAX;
    self->count--;
}

uint64_t skad_parked_deadline(const skad_parked *self)
{
    const skad_parked_answer *first = skad_parked_first(self);
    return first == NULL ? UINT64_MAX : first->until_us;
}
