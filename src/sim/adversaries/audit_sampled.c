/* audit-sampled: stores a quarter of what it should, as what audits have asked it for so far, and
 * commits to that. */
#include "src/sim/world/league_audits.h"

#define ONE_IN 4

static skad_conduct asked(skad_league *league, const skad_asked *asked, skad_message *reply)
{
    if (asked->question.kind == SKAD_KIND_AUDIT) {
        skad_liar_case *said = skad_liars_audited(league, asked);
        skad_liars_leaves(league, said, skad_liars_neighbour(league, said), said->of.prover,
                          ONE_IN);
        return skad_liars_commit(league, said, reply);
    }
    skad_liar_case *said =
        asked->question.kind == SKAD_KIND_PROVE ? skad_liars_proved(league, asked) : NULL;
    return said != NULL ? skad_liars_reveal(league, asked, said, false, reply)
                        : SKAD_CONDUCT_HONEST;
}

SKAD_ADVERSARY(audit_sampled) = {
    .is = SKAD_ADVERSARY_IS("audit-sampled", "in audits has a quarter of what it should store",
                            SKAD_SIM_LIES),
    .state_bytes = sizeof(skad_liars),
    .begin = skad_liars_begin,
    .end = skad_liars_end,
    .asked = asked,
};
