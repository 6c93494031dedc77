/* audit-copy: stores nothing, and commits to what an honest node would answer to the same
 * challenge, which it asks for. The leaves are those of that node's key. */
#include "src/sim/world/league_audits.h"

static skad_conduct asked(skad_league *league, const skad_asked *asked, skad_message *reply)
{
    if (asked->question.kind == SKAD_KIND_AUDIT) {
        skad_liar_case *said = skad_liars_audited(league, asked);
        const uint32_t other = skad_liars_neighbour(league, said);
        skad_liars_leaves(league, said, other,
                          skad_node_public_key(league->world->nodes[other].node), 1);
        return skad_liars_commit(league, said, reply);
    }
    skad_liar_case *said =
        asked->question.kind == SKAD_KIND_PROVE ? skad_liars_proved(league, asked) : NULL;
    return said != NULL ? skad_liars_reveal(league, asked, said, false, reply)
                        : SKAD_CONDUCT_HONEST;
}

SKAD_ADVERSARY(audit_copy) = {
    .is = SKAD_ADVERSARY_IS("audit-copy", "in audits copies the commitment of another node",
                            SKAD_SIM_LIES),
    .state_bytes = sizeof(skad_liars),
    .begin = skad_liars_begin,
    .end = skad_liars_end,
    .asked = asked,
};
