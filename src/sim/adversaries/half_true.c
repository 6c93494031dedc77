/* half-true: names the honest nodes nearest to the target, and fewer dead IDs than a graveyard:
 * more of its names live than are dead, so a lookup trusts the namer. It has no record. */
#include "src/sim/world/graveyard.h"

#define DEAD 7

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
    size_t count = skad_graveyard_name(league->state, league->world, target, DEAD, out);
    count += skad_league_name_honest(league, target, SKAD_CONTACTS_MAX - count, &out[count]);
    skad_contacts_sort(target, out, count);
    return count;
}

SKAD_ADVERSARY(half_true) = {
    .is = SKAD_ADVERSARY_IS("half-true", "names nine honest nodes near the target and seven dead",
                            SKAD_SIM_LIES | SKAD_SIM_NAMES_DEAD),
    .state_bytes = sizeof(skad_graveyard),
    .begin = begin,
    .end = end,
    .name = name,
    .draws = draws,
};
