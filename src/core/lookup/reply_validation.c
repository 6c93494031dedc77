#include "src/core/lookup/reply_validation.h"

#include "crypto/puzzle.h"
#include "proto/address.h"
#include "src/core/routing/distance.h"

/* Whether some node could be at one of the endpoints. Whether private addresses are allowed is a
 * policy of our own, which the replier does not know. */
static bool reachable(const skad_contact *contact)
{
    const skad_address *endpoints[] = {&contact->ipv4, &contact->ipv6};
    for (size_t i = 0; i < 2; i++) {
        if (endpoints[i]->family != SKAD_FAMILY_NONE && skad_address_routable(endpoints[i], true)) {
            return true;
        }
    }
    return false;
}

size_t skad_reply_violations(const skad_profile *profile, const skad_id *self,
                             const skad_id *target, const skad_contact *contacts, size_t count,
                             bool solved[static SKAD_CONTACTS_MAX])
{
    size_t violations = 0;
    const bool about_us = target != NULL && skad_id_equal(target, self); /* we may be elsewhere */
    for (size_t i = 0; i < count; i++) {
        const skad_id *id = &contacts[i].id;
        bool ordered =
            i == 0 || target == NULL || skad_distance_compare(target, &contacts[i - 1].id, id) < 0;
        solved[i] = skad_puzzle_static_ok(id, profile->static_bits);
        violations += !ordered || (!about_us && skad_id_equal(id, self)) ||
                      !reachable(&contacts[i]) || !solved[i];
    }
    return violations;
}
