/* graveyard: names the dead IDs nearest to the target, each time at addresses that were never named
 * before, so that a lookup waits for each of them (world/graveyard.h). It has no record. */
#include "src/sim/world/graveyard.h"

static void begin(skad_league *league)
{
    skad_graveyard_init(league->state, league->world, skad_league_key(league));
}

static void end(skad_league *league)
{
    skad_graveyard_free(league->state);
}

static double draws(const skad_league *league)
{
    return skad_graveyard_draws(league->state, league->world);
}

static size_t name(skad_league *league, const skad_asked *asked, const skad_id *target,
                   skad_contact out[static SKAD_CONTACTS_MAX])
{
    (void)asked;
    return skad_graveyard_name(league->state, league->world, target, SKAD_CONTACTS_MAX, out);
}

SKAD_ADVERSARY(graveyard) = {
    .is = SKAD_ADVERSARY_IS("graveyard", "names dead IDs near the target, at new addresses",
                            SKAD_SIM_LIES | SKAD_SIM_NAMES_DEAD),
    .state_bytes = sizeof(skad_graveyard),
    .begin = begin,
    .end = end,
    .name = name,
    .draws = draws,
};
