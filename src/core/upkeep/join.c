#include "src/core/upkeep/join.h"

#include <assert.h>
#include <stdlib.h>

#include "proto/address.h"
#include "src/core/node/state.h"
#include "src/core/operations/start.h"
#include "src/core/routing/contacted.h"
#include "src/core/rpc/events.h"
#include "src/core/rpc/request.h"
#include "src/core/rpc/twin.h"
#include "src/core/upkeep/refresh.h"

static_assert(SKAD_ISOLATION_US >= 2 * SKAD_CHECK_INTERVAL_US + SKAD_CHECK_IDLE_US,
              "two checks fail before a node takes itself for isolated");

#define NO_ROOM_RETRY_US SKAD_US_PER_S /* for the self-lookup */

static bool usable(const skad_node *node, const skad_address *address)
{
    return (address->family & node->families) != 0 &&
           skad_address_routable(address, node->env.profile.allow_private);
}

/* Whether the list holds all addresses that the node has already, and others. */
static bool extends(const skad_join_state *join, const skad_address *list, size_t count)
{
    size_t common = 0;
    for (size_t i = 0; i < join->addresses_count; i++) {
        for (size_t j = 0; j < count; j++) {
            common += skad_address_equal(&join->addresses[i], &list[j]);
        }
    }
    return common > 0 && common == join->addresses_count && count > common;
}

static bool has(const skad_join_state *join, const skad_address *address)
{
    for (size_t i = 0; i < join->addresses_count; i++) {
        if (skad_address_equal(&join->addresses[i], address)) {
            return true;
        }
    }
    return false;
}

/* Names are found one by one, and the addresses of each get a hello at once. The pause before the
 * next hellos to all goes on. */
static void greet_new(skad_node *node, const skad_address *list, size_t count)
{
    const skad_join_state *join = &node->join;
    for (size_t i = 0; i < count && !join->joined && join->lookup == 0; i++) {
        if (!has(join, &list[i])) {
            skad_request_ping(node, NULL, &list[i], SKAD_PURPOSE_HELLO);
        }
    }
}

skad_status skad_join_through(skad_node *node, const skad_address *addresses, size_t count)
{
    skad_join_state *join = &node->join;
    size_t room = count < SKAD_JOIN_ADDRESSES_MAX ? count : SKAD_JOIN_ADDRESSES_MAX;
    size_t taken = 0;
    skad_address *list = calloc(room + 1, sizeof *list);
    if (list == NULL) {
        return SKAD_ERR_MEMORY;
    }
    for (size_t i = 0; i < count && taken < room; i++) {
        if (usable(node, &addresses[i])) {
            skad_contacted_note(&node->contacted, &addresses[i], node->env.now.mono_us);
            list[taken++] = addresses[i];
        }
    }
    if (count > 0 && taken == 0) {
        free(list);
        return SKAD_ERR_INPUT;
    }
    bool more = extends(join, list, taken);
    if (more) {
        greet_new(node, list, taken);
    }
    free(join->addresses);
    join->addresses = list;
    join->addresses_count = taken;
    if (!more) {
        join->backoff_us = SKAD_HELLO_BACKOFF_MIN_US;
        join->hello_us = join->addresses_count > 0 ? node->env.now.mono_us : UINT64_MAX;
    }
    skad_join_advance(node);
    return SKAD_OK;
}

skad_status skad_join_greet(skad_node *node, const skad_contact *contacts, size_t count)
{
    size_t worth = 0;
    size_t asked = 0;
    for (size_t i = 0; i < count; i++) { /* we may have asked them before a restart */
        skad_contacted_note(&node->contacted, &contacts[i].ipv4, node->env.now.mono_us);
        skad_contacted_note(&node->contacted, &contacts[i].ipv6, node->env.now.mono_us);
    }
    for (size_t i = 0; i < count && worth < SKAD_GREET_MAX; i++) {
        const skad_address *address =
            skad_contact_endpoint(&contacts[i], node->families, node->env.profile.allow_private);
        if (address != NULL) {
            worth++;
            asked += skad_request_ping(node, &contacts[i].id, address, SKAD_PURPOSE_CHECK);
        }
    }
    return worth > 0 && asked == 0 ? SKAD_ERR_FULL : SKAD_OK;
}

/* Sends one hello to each address, then pauses. The pause doubles, and a quarter of it is random,
 * so that a network that went down together does not send its hellos in step. A node drops a hello
 * that has its own key, so the second time one address gets a probe as well (twin.h). */
static void send_hellos(skad_node *node)
{
    skad_join_state *join = &node->join;
    if (join->addresses_count == 0) {
        join->hello_us = UINT64_MAX;
        return;
    }
    for (size_t i = 0; i < join->addresses_count; i++) {
        skad_request_ping(node, NULL, &join->addresses[i], SKAD_PURPOSE_HELLO);
    }
    if (join->backoff_us == 2 * SKAD_HELLO_BACKOFF_MIN_US) {
        skad_twin_hint(
            node, &join->addresses[skad_random_below(&node->env.random, join->addresses_count)]);
    }
    join->hello_us = node->env.now.mono_us + skad_env_at_least_us(&node->env, join->backoff_us);
    join->backoff_us *= 2;
    if (join->backoff_us > SKAD_HELLO_BACKOFF_MAX_US) {
        join->backoff_us = SKAD_HELLO_BACKOFF_MAX_US;
    }
}

static void become_joined(skad_node *node)
{
    skad_join_state *join = &node->join;
    join->joined = true;
    join->joined_us = node->env.now.mono_us;
    skad_refresh_soon(node);
    skad_refresh_look_around(node);
    skad_events_emit(&node->events, &(skad_event){.kind = SKAD_EVENT_JOINED});
}

/* Whether enough nodes have answered while a self-lookup still runs: s, half of them the lookup
 * itself, or all that were asked but the slow ones. The lookup goes on, to fill the table, but no
 * part of the node waits for one dead node. */
static bool answered_enough(const skad_node *node, const skad_lookup *lookup)
{
    bool slow_only = lookup->phase != SKAD_LOOKUP_PATHS;
    for (size_t i = 0; i < lookup->asked_count; i++) {
        slow_only &= lookup->candidates.all[lookup->asked[i]].state != SKAD_STEP_ASKED;
    }
    const skad_peers *peers = &node->table.peers;
    const size_t s = node->env.profile.siblings;
    bool many = (size_t)(peers->count - peers->unresponsive) >= s &&
                (size_t)2 * lookup->answered_count >= s;
    return many || (lookup->answered_count > 0 && slow_only);
}

static void finish_lookup(skad_node *node)
{
    skad_join_state *join = &node->join;
    skad_operation *operation = skad_operations_find(&node->operations, join->lookup);
    if (operation != NULL && operation->stage != SKAD_STAGE_ENDED) {
        if (!join->joined && skad_table_has_living(&node->table) &&
            answered_enough(node, operation->lookup)) {
            become_joined(node);
        }
        return;
    }
    bool answered = operation != NULL && operation->outcome == SKAD_OUTCOME_DONE;
    if (operation != NULL) {
        skad_operations_release(&node->operations, operation);
    }
    join->lookup = 0;
    if (!join->joined && answered && skad_table_has_living(&node->table)) {
        become_joined(node);
    }
}

static void leave(skad_node *node)
{
    skad_join_state *join = &node->join;
    join->joined = false;
    join->backoff_us = SKAD_HELLO_BACKOFF_MIN_US;
    join->hello_us = join->addresses_count > 0 ? node->env.now.mono_us : UINT64_MAX;
    skad_events_emit(&node->events, &(skad_event){.kind = SKAD_EVENT_ISOLATED});
}

/* Whether no peer has answered since our address changed. */
static bool unheard_since_move(const skad_node *node)
{
    return node->moves.moved_us != 0 && node->heard_us < node->moves.moved_us;
}

void skad_join_moved(skad_node *node)
{
    skad_join_state *join = &node->join;
    if (!join->joined && join->lookup == 0 && join->addresses_count > 0) {
        join->backoff_us = SKAD_HELLO_BACKOFF_MIN_US;
        join->hello_us = node->env.now.mono_us;
    }
}

void skad_join_watch(skad_node *node)
{
    const uint64_t now_us = node->env.now.mono_us;
    bool silence = unheard_since_move(node)
                       ? now_us - node->moves.waits_us >= SKAD_MOVES_PATIENCE_US
                       : now_us - node->heard_us >= SKAD_ISOLATION_US;
    if (node->join.joined && (silence || !skad_table_has_living(&node->table))) {
        leave(node);
    }
}

/* Whether a lookup of our own ID is worthwhile. After an isolation the old peers are still in the
 * table, so a peer must have answered lately. */
static bool can_look(const skad_node *node)
{
    return skad_table_has_living(&node->table) && !unheard_since_move(node) &&
           node->env.now.mono_us - node->heard_us < SKAD_ISOLATION_US;
}

void skad_join_advance(skad_node *node)
{
    skad_join_state *join = &node->join;
    if (join->lookup != 0) {
        finish_lookup(node);
        return;
    }
    if (join->joined) {
        return;
    }
    if (can_look(node)) {
        join->lookup = skad_start_own(node, SKAD_OPERATION_JOIN, &node->env.identity.id, NULL);
        if (join->lookup == 0) { /* refreshes have all the slots, which they free in a minute */
            join->hello_us = node->env.now.mono_us + NO_ROOM_RETRY_US;
        }
    } else if (node->env.now.mono_us >= join->hello_us) {
        send_hellos(node);
    }
}

uint64_t skad_join_deadline(const skad_node *node)
{
    if (node->join.joined) {
        return unheard_since_move(node) ? node->moves.waits_us + SKAD_MOVES_PATIENCE_US
                                        : node->heard_us + SKAD_ISOLATION_US;
    }
    return node->join.lookup != 0 ? UINT64_MAX : node->join.hello_us;
}
