#include "src/core/operations/named.h"

#include "proto/address.h"
#include "src/core/lookup/reply_validation.h"
#include "src/core/node/state.h"
#include "src/core/routing/distance.h"

static bool kept_out(const skad_node *node, const skad_id *id, const skad_address *address)
{
    return skad_bans_find(&node->bans, id, address, node->env.now.mono_us) != NULL;
}

/* Whether a contact in an answer is worth asking, and at which address. It is if we can send to it,
 * its ID paid the static puzzle, and we know it neither to be unresponsive nor to be banned. That
 * it did not answer us says nothing of a guarded one: the node that names it can introduce us. An
 * endpoint that we verified ourselves comes first; no other peer's word counts against it. False:
 * not at all. */
static bool worth_asking(const skad_node *node, const skad_contact *contact, bool solved,
                         skad_address *out)
{
    skad_peer_slot slot = skad_peers_find(&node->table.peers, &contact->id);
    if (slot != SKAD_PEER_NONE) {
        const bool silent = skad_peer_unresponsive(&node->table.peers.peers[slot]);
        if (silent && contact->guarded == 0) {
            return false;
        }
        if (!silent && skad_endpoint_choose(&node->table.peers, slot, node->families, out)) {
            return !kept_out(node, &contact->id, out);
        }
    }
    const skad_address *address =
        skad_contact_endpoint(contact, node->families, node->env.profile.allow_private);
    if (!solved || address == NULL || kept_out(node, &contact->id, address)) {
        return false;
    }
    *out = *address;
    return true;
}

/* We are named to ourselves, as an answer about our own ID may do: at an address where another node
 * may have our identity. */
static void hear_of_us(skad_node *node, const skad_id *target, const skad_contact *contact)
{
    const skad_address *address =
        skad_contact_endpoint(contact, node->families, node->env.profile.allow_private);
    if (address != NULL && target != NULL && skad_id_equal(target, &contact->id)) {
        skad_twin_hint(node, address);
    }
}

size_t skad_named_heard(skad_node *node, skad_lookup *lookup, uint16_t from, const skad_id *target,
                        skad_named_contacts named)
{
    bool solved[SKAD_CONTACTS_MAX];
    size_t violations = skad_reply_violations(&node->env.profile, &node->env.identity.id, target,
                                              named.contacts, named.count, solved);
    for (size_t i = 0; i < named.count; i++) {
        skad_address address;
        if (skad_id_equal(&named.contacts[i].id, &node->env.identity.id)) {
            hear_of_us(node, target, &named.contacts[i]);
            continue;
        }
        if (worth_asking(node, &named.contacts[i], solved[i], &address)) {
            skad_lookup_heard(lookup, from, &named.contacts[i], &address);
            if (skad_departed_lately(&node->departed, &named.contacts[i].id, &address,
                                     node->env.now.mono_us)) {
                skad_lookup_departed(lookup, &named.contacts[i].id, &address);
            }
        }
    }
    return violations;
}
