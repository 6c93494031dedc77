/* The public calls of skad/node.h that ask a node to do something. Each checks its arguments and
 * passes them to the module that does the work. The calls that drive a node are in node.c, those
 * that read one in inspect.c, and those that store and find records in records.c. */
#include "src/core/node/state.h"
#include "src/core/operations/start.h"
#include "src/core/upkeep/reachability.h"
#include "src/core/upkeep/watch.h"

/* ---- Operations ---- */

skad_status skad_node_join(skad_node *node, const skad_address *addresses, size_t count,
                           skad_time now)
{
    node->env.now = now;
    return skad_join_through(node, addresses, count);
}

skad_status skad_node_greet(skad_node *node, const skad_contact *contacts, size_t count,
                            skad_time now)
{
    node->env.now = now;
    return skad_join_greet(node, contacts, count);
}

skad_status skad_node_ping(skad_node *node, const skad_address *address, skad_time now, skad_op *op)
{
    node->env.now = now;
    return skad_start_ping(node, address, op);
}

skad_status skad_node_lookup(skad_node *node, const skad_id *target, skad_time now, skad_op *op)
{
    node->env.now = now;
    return skad_start_lookup(node, target, op);
}

void skad_node_trace(skad_node *node, skad_op op)
{
    skad_start_trace(node, op);
}

void skad_node_cancel(skad_node *node, skad_op op)
{
    if (!skad_watch_cancel(node, op)) {
        skad_start_cancel(node, op);
    }
}

void skad_node_reach_again(skad_node *node, unsigned families, skad_time now)
{
    node->env.now = now;
    skad_reachability_again(node, families);
}

void skad_node_moved(skad_node *node, unsigned families, skad_time now)
{
    node->env.now = now;
    skad_moves_self(node, families);
    skad_join_advance(node);
}

void skad_node_press(skad_node *node, bool pressed)
{
    node->admission.pressed = pressed;
}

/* ---- Bans ---- */

static bool valid_subject(const skad_ban *subject)
{
    if (subject->scope == SKAD_BAN_ID) {
        return true;
    }
    if (subject->scope == SKAD_BAN_PEER) {
        return subject->address.family != SKAD_FAMILY_NONE && subject->address.port != 0;
    }
    switch (subject->address.family) {
    case SKAD_FAMILY_IPV4:
        return subject->prefix_bits <= 32;
    case SKAD_FAMILY_IPV6:
        return subject->prefix_bits <= 128;
    default:
        return false;
    }
}

skad_status skad_node_ban(skad_node *node, const skad_ban *subject, uint32_t seconds, skad_time now)
{
    skad_ban ban = *subject;
    if (!valid_subject(subject)) {
        return SKAD_ERR_INPUT;
    }
    ban.reason = SKAD_BAN_OPERATOR;
    ban.until_us = now.mono_us + seconds * SKAD_US_PER_S;
    return skad_bans_add(&node->bans, &ban, now.mono_us);
}

bool skad_node_unban(skad_node *node, const skad_ban *subject)
{
    return valid_subject(subject) && skad_bans_lift(&node->bans, subject);
}

skad_status skad_node_allow(skad_node *node, const skad_ban *subject)
{
    if (!valid_subject(subject) || subject->scope != SKAD_BAN_PREFIX) {
        return SKAD_ERR_INPUT;
    }
    return skad_bans_allow(&node->bans, subject);
}

size_t skad_node_bans(const skad_node *node, skad_time now, skad_ban *out, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < node->bans.banned.count; i++) {
        const skad_ban *ban = &node->bans.banned.bans[i];
        if (ban->until_us <= now.mono_us) {
            continue;
        }
        if (count < max) {
            out[count] = *ban;
        }
        count++;
    }
    return count;
}
