#include "src/core/lookup/credit.h"

static void count(uint8_t *counter, bool up)
{
    if (up) {
        *counter = (uint8_t)(*counter + (*counter < UINT8_MAX));
    } else {
        *counter = (uint8_t)(*counter - (*counter > 0));
    }
}

/* Counts a candidate's silence against its namers, or takes that back. */
static void charge(skad_candidates *candidates, const skad_candidate *candidate, bool silent)
{
    for (size_t i = 0; i < candidate->namers_count; i++) {
        count(&candidates->all[candidate->namers[i]].named_silent, silent);
    }
}

void skad_credit_named(skad_candidates *candidates, uint16_t index, uint16_t namer)
{
    skad_candidate *candidate = &candidates->all[index];
    for (size_t i = 0; i < candidate->namers_count; i++) {
        if (candidate->namers[i] == namer) {
            return;
        }
    }
    if (candidate->namers_count == SKAD_CANDIDATE_NAMERS) {
        return;
    }
    if (candidate->owing && candidate->namers_count == SKAD_CANDIDATE_NAMERS - 1) {
        charge(candidates, candidate, false); /* the fourth clears them all */
    }
    candidate->namers[candidate->namers_count++] = namer;
    if (candidate->owing && candidate->namers_count < SKAD_CANDIDATE_NAMERS) {
        count(&candidates->all[namer].named_silent, true);
    } else if (candidate->state == SKAD_STEP_ANSWERED) {
        count(&candidates->all[namer].named_living, true);
    }
}

void skad_credit_answered(skad_candidates *candidates, uint16_t index)
{
    skad_candidate *candidate = &candidates->all[index];
    for (size_t i = 0; i < candidate->namers_count; i++) {
        count(&candidates->all[candidate->namers[i]].named_living, true);
    }
    if (candidate->owing && candidate->namers_count < SKAD_CANDIDATE_NAMERS) {
        charge(candidates, candidate, false);
    }
    candidate->owing = false;
}

void skad_credit_silent(skad_candidates *candidates, uint16_t index)
{
    skad_candidate *candidate = &candidates->all[index];
    if (candidate->owing) {
        return;
    }
    candidate->owing = true;
    if (candidate->namers_count < SKAD_CANDIDATE_NAMERS) {
        charge(candidates, candidate, true);
    }
}

static bool credible(const skad_candidate *namer)
{
    return namer->named_silent < SKAD_CREDIT_SILENT + SKAD_CREDIT_LIVING * namer->named_living;
}

bool skad_credit_given(const skad_candidates *candidates, uint16_t index)
{
    const skad_candidate *candidate = &candidates->all[index];
    for (size_t i = 0; i < candidate->namers_count; i++) {
        if (credible(&candidates->all[candidate->namers[i]])) {
            return true;
        }
    }
    return candidate->ours || candidate->namers_count == 0;
}
