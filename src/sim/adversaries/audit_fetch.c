/* audit-fetch: stores nothing, fetches what it is asked to reveal, and tells a commitment to that,
 * other than the first one. */
#include "src/sim/world/league_audits.h"

static skad_conduct asked(skad_league *league, const skad_asked *asked, skad_message *reply)
{
    if (asked->question.kind == SKAD_KIND_AUDIT) {
        skad_liar_case *said = skad_liars_audited(league, asked);
        said->commitment.root[0] = 1;
        return skad_liars_commit(league, said, reply);
    }
    skad_liar_case *said =
        asked->question.kind == SKAD_KIND_PROVE ? skad_liars_proved(league, asked) : NULL;
    if (said == NULL) {
        return SKAD_CONDUCT_HONEST;
    }
    skad_liars_leaves(league, said, skad_liars_neighbour(league, said), said->of.prover, 1);
    (void)skad_liars_commit(league, said, reply);
    return skad_liars_reveal(league, asked, said, false, reply);
}

SKAD_ADVERSARY(audit_fetch) = {
    .is = SKAD_ADVERSARY_IS("audit-fetch", "in audits fetches what it is asked for, too late",
                            SKAD_SIM_LIES),
    .state_bytes = sizeof(skad_liars),
    .begin = skad_liars_begin,
    .end = skad_liars_end,
    .asked = asked,
};
