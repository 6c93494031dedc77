/* audit-empty: commits without storing anything: to a root out of the air, which it cannot open. */
#include "src/sim/world/league_audits.h"

#define SOME_LEAVES 20

static skad_conduct asked(skad_league *league, const skad_asked *asked, skad_message *reply)
{
    if (asked->question.kind == SKAD_KIND_AUDIT) {
        skad_liar_case *said = skad_liars_audited(league, asked);
        said->commitment.count = SOME_LEAVES;
        said->commitment.root[0] = 1;
        return skad_liars_commit(league, said, reply);
    }
    skad_liar_case *said =
        asked->question.kind == SKAD_KIND_PROVE ? skad_liars_proved(league, asked) : NULL;
    return said != NULL ? skad_liars_reveal(league, asked, said, true, reply) : SKAD_CONDUCT_HONEST;
}

SKAD_ADVERSARY(audit_empty) = {
    .is = SKAD_ADVERSARY_IS("audit-empty", "in audits commits to a root of nothing", SKAD_SIM_LIES),
    .state_bytes = sizeof(skad_liars),
    .begin = skad_liars_begin,
    .end = skad_liars_end,
    .asked = asked,
};
