#include "src/core/observed.h"

#include "proto/address.h"
#include "src/core/distance.h"
#include "src/core/routes.h"

void skad_observed_vote(skad_observed *observed, const skad_id *voter, uint64_t group,
                        const skad_address *address)
{
    size_t family = skad_route_index(address);
    skad_vote *votes = observed->votes[family];
    for (size_t i = 0; i < SKAD_OBSERVED_VOTES; i++) {
        if (skad_id_equal(&votes[i].voter, voter) || (group != 0 && votes[i].group == group)) {
            votes[i] = (skad_vote){.voter = *voter, .group = group, .address = *address};
            return;
        }
    }
    size_t *next = &observed->next[family];
    votes[*next] = (skad_vote){.voter = *voter, .group = group, .address = *address};
    *next = (*next + 1) % SKAD_OBSERVED_VOTES;
}

skad_address skad_observed_address(const skad_observed *observed, size_t family_index)
{
    const skad_vote *votes = observed->votes[family_index];
    skad_address best = {0};
    size_t most = SKAD_OBSERVED_QUORUM - 1;
    for (size_t i = 0; i < SKAD_OBSERVED_VOTES; i++) {
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
