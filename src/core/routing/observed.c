#include "src/core/routing/observed.h"

#include <stdlib.h>

#include "proto/address.h"
#include "src/core/base/lazy.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/endpoints.h"

skad_status skad_observed_init(skad_observed *observed, bool later)
{
    *observed = (skad_observed){0};
    for (size_t family = 0; family < 2; family++) {
        observed->votes[family] = skad_lazy_begin(later, SKAD_OBSERVED_VOTES, sizeof(skad_vote));
        if (skad_lazy_begun(later, observed->votes[family]) != SKAD_OK) {
            return SKAD_ERR_MEMORY;
        }
    }
    return SKAD_OK;
}

void skad_observed_free(skad_observed *observed)
{
    free(observed->votes[0]);
    free(observed->votes[1]);
    *observed = (skad_observed){0};
}

void skad_observed_vote(skad_observed *observed, const skad_id *voter, uint64_t group,
                        const skad_address *address)
{
    size_t family = skad_endpoint_index(address);
    skad_vote *votes = skad_lazy_use(observed->votes[family], SKAD_OBSERVED_VOTES, sizeof *votes);
    observed->votes[family] = votes;
    if (votes == NULL) {
        return; /* a hint is lost */
    }
    const skad_vote vote = {.voter = skad_id_prefix(voter), .group = group, .address = *address};
    for (size_t i = 0; i < SKAD_OBSERVED_VOTES; i++) {
        bool cast = votes[i].address.family != SKAD_FAMILY_NONE;
        if (cast && (votes[i].voter == vote.voter || (group != 0 && votes[i].group == group))) {
            votes[i] = vote;
            return;
        }
    }
    votes[observed->next[family]] = vote;
    observed->next[family] = (uint8_t)((observed->next[family] + 1) % SKAD_OBSERVED_VOTES);
}

skad_address skad_observed_address(const skad_observed *observed, size_t family_index)
{
    const skad_vote *votes = observed->votes[family_index];
    skad_address best = {0};
    size_t most = SKAD_OBSERVED_QUORUM - 1;
    for (size_t i = 0; votes != NULL && i < SKAD_OBSERVED_VOTES; i++) {
        if (votes[i].address.family == SKAD_FAMILY_NONE) {
            continue;
        }
        size_t same = 0;
        for (size_t j = 0; j < SKAD_OBSERVED_VOTES; j++) {
            same += skad_address_equal(&votes[i].address, &votes[j].address);
        }
        if (same > most) {
            most = same;
            best = votes[i].address;
        }
    }
    return best;
}
