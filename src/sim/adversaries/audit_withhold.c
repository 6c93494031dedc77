/* audit-withhold: commits to anything, and does not reveal. */
#include "src/sim/world/league_audits.h"

static skad_conduct asked(skad_league *league, const skad_asked *asked, skad_message *reply)
{
    if (asked->question.kind == SKAD_KIND_AUDIT) {
        return skad_liars_commit(league, skad_liars_audited(league, asked), reply);
    }
    return asked->question.kind == SKAD_KIND_PROVE ? SKAD_CONDUCT_SILENT : SKAD_CONDUCT_HONEST;
}

SKAD_ADVERSARY(audit_withhold) = {
    .is = SKAD_ADVERSARY_IS("audit-withhold", "in audits commits, and does not reveal",
                            SKAD_SIM_LIES),
    .state_bytes = sizeof(skad_liars),
    .begin = skad_liars_begin,
    .end = skad_liars_end,
    .asked = asked,
};
