/* eclipse: wants to be all that a victim knows. It searches at the victim again and again, so that
 * the victim learns of all its identities and pings them; to the victim it names colluders only, to
 * all others it is honest, so that nothing is noticed elsewhere. With aim = joiner it meets a node
 * whose table is empty; adversary_subnets and adversary_allocation say from where. */
#include "src/sim/world/adversary.h"

static size_t name(skad_league *league, const skad_asked *asked, const skad_id *target,
                   skad_contact out[static SKAD_CONTACTS_MAX])
{
    return skad_league_name_colluders(league, asked, target, out);
}

static skad_conduct asked(skad_league *league, const skad_asked *asked, skad_message *reply)
{
    return asked->from == league->world->scenario.victim ? skad_league_answer(league, asked, reply)
                                                         : SKAD_CONDUCT_HONEST;
}

static void turn(skad_league *league)
{
    const uint32_t victim = (uint32_t)league->world->scenario.victim;
    const skad_message message = skad_league_random_search(league);
    const skad_forgery forgery = {
        .node = skad_league_draw_node(league), .victim = victim, .message = &message};
    if (skad_world_up(league->world, victim)) {
        skad_league_send(league, &forgery);
    }
}

SKAD_ADVERSARY(eclipse) = {
    .is = SKAD_ADVERSARY_IS("eclipse", "fills a victim's table, and names it colluders only",
                            SKAD_SIM_LIES | SKAD_SIM_SENDS),
    .name = name,
    .asked = asked,
    .turn = turn,
};
