#include "src/core/routing/observed.h"

#include <stdlib.h>

#include "proto/address.h"
#include "src/core/base/lazy.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"
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

static bool cast(const skad_vote *vote)
{
    return vote->address.family != SKAD_FAMILY_NONE;
}

static bool fresh(const skad_vote *vote, uint64_t now_us)
{
    return cast(vote) && skad_second_since_s(vote->cast, now_us) < SKAD_OBSERVED_STALE_S;
}

/* Returns for how many seconds a peer has to be known before it may vote. */
static uint32_t known_for_min(const skad_vote *votes, uint64_t now_us)
{
    uint32_t longest = 0;
    for (size_t i = 0; i < SKAD_OBSERVED_VOTES; i++) {
        uint32_t known_s = skad_second_since_s(votes[i].known, now_us);
        longest = cast(&votes[i]) && known_s > longest ? known_s : longest;
    }
    return longest / 2 < SKAD_OBSERVED_KNOWN_S ? longest / 2 : SKAD_OBSERVED_KNOWN_S;
}

/* Finds the vote of this voter, or that of another one in its group. */
static skad_vote *find_vote(skad_vote *votes, const skad_vote *vote)
{
    skad_vote *found = NULL;
    for (size_t i = 0; i < SKAD_OBSERVED_VOTES; i++) {
        bool same_group = vote->group != 0 && votes[i].group == vote->group;
        if (cast(&votes[i]) && (votes[i].voter == vote->voter || (same_group && found == NULL))) {
            found = &votes[i];
        }
    }
    return found;
}

/* Returns the vote that gives way first: none at all, then a stale one, then that of the peer known
 * for the shortest time. */
static skad_vote *weakest(skad_vote *votes, uint64_t now_us)
{
    skad_vote *weak = &votes[0];
    for (size_t i = 0; i < SKAD_OBSERVED_VOTES; i++) {
        if (!fresh(&votes[i], now_us)) {
            return &votes[i];
        }
        if (skad_second_later(votes[i].known, weak->known) > 0) {
            weak = &votes[i];
        }
    }
    return weak;
}

/* Whether a vote may take another's place: its own voter's always; otherwise one that is stale, or
 * of a voter that is known for a shorter time. */
static bool may_replace(const skad_vote *vote, const skad_vote *old, uint64_t now_us)
{
    return !fresh(old, now_us) || old->voter == vote->voter ||
           skad_second_later(old->known, vote->known) > 0;
}

void skad_observed_vote(skad_observed *observed, const skad_ballot *ballot, uint64_t now_us)
{
    const skad_address *address = ballot->observed;
    size_t family = skad_endpoint_index(address);
    if (address->family != ballot->from->family ||
        !skad_address_routable(address, ballot->allow_private)) {
        return;
    }
    skad_vote *votes = skad_lazy_use(observed->votes[family], SKAD_OBSERVED_VOTES, sizeof *votes);
    observed->votes[family] = votes;
    if (votes == NULL) {
        return; /* the next votes count */
    }
    const skad_vote vote = {
        .voter = skad_id_prefix(ballot->voter),
        .group = ballot->one_a_group ? skad_group_widest(skad_address_group(ballot->from)) : 0,
        .address = *address,
        .known = ballot->known,
        .cast = skad_second_at(now_us),
    };
    if (skad_second_since_s(vote.known, now_us) < known_for_min(votes, now_us)) {
        return;
    }
    skad_vote *old = find_vote(votes, &vote);
    old = old != NULL ? old : weakest(votes, now_us);
    if (may_replace(&vote, old, now_us)) {
        *old = vote;
    }
}

void skad_observed_doubt(skad_observed *observed, size_t family_index, uint64_t now_us)
{
    skad_vote *votes = observed->votes[family_index];
    for (size_t i = 0; votes != NULL && i < SKAD_OBSERVED_VOTES; i++) {
        votes[i].cast.s = skad_second_at(now_us).s - SKAD_OBSERVED_STALE_S;
    }
}

skad_address skad_observed_address(const skad_observed *observed, size_t family_index,
                                   uint64_t now_us)
{
    const skad_vote *votes = observed->votes[family_index];
    size_t total = 0;
    size_t most = 0;
    skad_address best = {0};
    for (size_t i = 0; votes != NULL && i < SKAD_OBSERVED_VOTES; i++) {
        if (!fresh(&votes[i], now_us)) {
            continue;
        }
        size_t same = 0;
        for (size_t j = 0; j < SKAD_OBSERVED_VOTES; j++) {
            same += fresh(&votes[j], now_us) &&
                    skad_address_equal(&votes[i].address, &votes[j].address);
        }
        total++;
        if (same > most) {
            most = same;
            best = votes[i].address;
        }
    }
    return most >= SKAD_OBSERVED_QUORUM && 2 * most > total ? best : (skad_address){0};
}

skad_address skad_observed_own(const skad_observed *observed, uint16_t port, uint64_t now_us)
{
    skad_address address = skad_observed_address(observed, 0, now_us);
    if (address.family == SKAD_FAMILY_NONE) {
        address = skad_observed_address(observed, 1, now_us);
    }
    address.port = port;
    return address;
}
