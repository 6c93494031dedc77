#include "src/sim/world/adversary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "proto/seal.h"
#include "skad/record.h"
#include "src/core/node/driver.h"
#include "src/core/node/readers.h"
#include "src/core/routing/distance.h"
#include "src/sim/base/memory.h"
#include "src/sim/world/attacks.h"
#include "src/sim/world/graveyard.h"
#include "src/sim/world/grinding.h"

#define HALF_TRUE_DEAD 7  /* so more names live than are dead, and a lookup trusts the namer */
#define INVENTED_BYTES 25 /* that an invented ID shares with the target */

struct skad_adversary {
    skad_id_index colluders;
    skad_prng prng;
    skad_grinding grinding;
    uint32_t poisons; /* invented so far */
    skad_graveyard graveyard;
};

/* ---- Identities ---- */

void skad_adversary_value(const skad_world *world, uint8_t *out, size_t len)
{
    skad_prng prng;
    skad_prng_init(&prng, world->scenario.seed, SKAD_PRNG_KEY);
    skad_prng_bytes(&prng, out, len);
}

void skad_adversary_prepare(skad_world *world)
{
    uint32_t count = world->count - world->honest;
    if (count == 0) {
        return;
    }
    skad_adversary *adversary = skad_sim_alloc(1, sizeof *adversary);
    skad_prng_init(&adversary->prng, world->scenario.seed, SKAD_PRNG_ADVERSARY);
    skad_grinding_init(&adversary->grinding, world, &adversary->prng);
    skad_graveyard_init(&adversary->graveyard, world, skad_grinding_key(&adversary->grinding));
    world->adversary = adversary;
}

void skad_adversary_grind(const skad_world *world, uint32_t node, uint8_t seed[static 32])
{
    const skad_adversary *adversary = world->adversary;
    if (adversary != NULL) {
        skad_grinding_seed(&adversary->grinding, world, node, seed);
    }
}

void skad_adversary_init(skad_world *world)
{
    skad_adversary *adversary = world->adversary;
    if (adversary == NULL) {
        return;
    }
    skad_id_index_init(&adversary->colluders, world->count - world->honest);
    for (uint32_t node = world->honest; node < world->count; node++) {
        skad_id_index_add(&adversary->colluders, &world->ids[node], node);
    }
    skad_id_index_sort(&adversary->colluders);
}

void skad_adversary_free(skad_world *world)
{
    skad_adversary *adversary = world->adversary;
    if (adversary != NULL) {
        skad_id_index_free(&adversary->colluders);
        skad_graveyard_free(&adversary->graveyard);
        skad_grinding_free(&adversary->grinding);
        free(adversary);
        world->adversary = NULL;
    }
}

const skad_id *skad_adversary_key(const skad_world *world)
{
    const skad_adversary *adversary = world->adversary;
    return adversary != NULL ? skad_grinding_key(&adversary->grinding) : NULL;
}

double skad_adversary_draws(const skad_world *world)
{
    const skad_adversary *adversary = world->adversary;
    return adversary == NULL
               ? 0
               : adversary->grinding.draws + skad_graveyard_draws(&adversary->graveyard, world);
}

double skad_adversary_price(const skad_world *world)
{
    double identities = (double)(world->count - world->honest);
    return skad_adversary_draws(world) * exp2((double)world->scenario.static_bits) +
           identities * exp2((double)world->scenario.dynamic_bits);
}

/* ---- Answers ---- */

static void name_node(const skad_world *world, uint32_t node, skad_contact *out)
{
    const skad_address address = skad_sim_address_of(&world->addresses, node);
    *out = skad_sim_contact(&world->ids[node], &address);
}

static bool is_other(const void *user, uint32_t node)
{
    return node != *(const uint32_t *)user;
}

static size_t name_colluders(const skad_world *world, uint32_t self, const skad_id *target,
                             skad_contact out[static SKAD_CONTACTS_MAX])
{
    uint32_t nodes[SKAD_CONTACTS_MAX];
    const skad_id_index_query query = {.target = skad_id_prefix(target),
                                       .filter = is_other,
                                       .user = &self,
                                       .max = SKAD_CONTACTS_MAX};
    size_t count = skad_id_index_closest(&world->adversary->colluders, &query, nodes);
    for (size_t i = 0; i < count; i++) {
        name_node(world, nodes[i], &out[i]);
    }
    return count;
}

static int farther(const skad_id *target, const skad_contact *a, const skad_contact *b)
{
    return skad_distance_compare(target, &a->id, &b->id);
}

/* Contacts have to be in the order of distance; otherwise the answer would be detected. */
static void sort_contacts(const skad_id *target, skad_contact *contacts, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        skad_contact one = contacts[i];
        size_t at = i;
        while (at > 0 && farther(target, &contacts[at - 1], &one) > 0) {
            contacts[at] = contacts[at - 1];
            at--;
        }
        contacts[at] = one;
    }
}

static bool named(const skad_contact *contacts, size_t count, const skad_id *id)
{
    for (size_t i = 0; i < count; i++) {
        if (skad_id_equal(&contacts[i].id, id)) {
            return true;
        }
    }
    return false;
}

static size_t name_anybody(const skad_world *world, uint32_t self, const skad_id *target,
                           skad_contact out[static SKAD_CONTACTS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < SKAD_CONTACTS_MAX; i++) {
        uint32_t node = (uint32_t)skad_prng_below(&world->adversary->prng, world->count);
        if (node != self && !named(out, count, &world->ids[node])) {
            name_node(world, node, &out[count++]);
        }
    }
    sort_contacts(target, out, count);
    return count;
}

static size_t name_nobody(const skad_world *world, const skad_id *target,
                          skad_contact out[static SKAD_CONTACTS_MAX])
{
    skad_adversary *adversary = world->adversary;
    for (size_t i = 0; i < SKAD_CONTACTS_MAX; i++) {
        const skad_id id = skad_prng_id(&adversary->prng);
        const skad_address address =
            skad_sim_address_unroutable(&world->addresses, adversary->poisons++);
        out[i] = skad_sim_contact(&id, &address);
        memcpy(out[i].id.bytes, target->bytes, 4); /* closer than any of a million honest ones */
    }
    sort_contacts(target, out, SKAD_CONTACTS_MAX);
    return SKAD_CONTACTS_MAX;
}

/* Names contacts that share 200 bits with the target. All adversaries name the same ones: hashing
 * until an ID fits costs them nothing here, and the whole league little in earnest. */
static size_t name_invented(const skad_world *world, const skad_id *target,
                            skad_contact out[static SKAD_CONTACTS_MAX])
{
    skad_prng prng;
    skad_prng_init(&prng, world->scenario.seed ^ skad_id_prefix(target), SKAD_PRNG_ADVERSARY);
    for (size_t i = 0; i < SKAD_CONTACTS_MAX; i++) {
        uint32_t number = (uint32_t)skad_prng_below(&prng, UINT32_MAX);
        const skad_id id = skad_prng_id(&prng);
        const skad_address address = skad_sim_address_unroutable(&world->addresses, number);
        out[i] = skad_sim_contact(&id, &address);
        memcpy(out[i].id.bytes, target->bytes, INVENTED_BYTES);
    }
    sort_contacts(target, out, SKAD_CONTACTS_MAX);
    return SKAD_CONTACTS_MAX;
}

static bool is_honest_and_up(const void *user, uint32_t node)
{
    const skad_world *world = user;
    return node < world->honest && skad_world_up(world, node);
}

/* Names the honest nodes nearest to the target, each `times` times, at dead addresses. */
static size_t name_displaced(const skad_world *world, const skad_id *target, size_t times,
                             skad_contact out[static SKAD_CONTACTS_MAX])
{
    uint32_t nodes[SKAD_CONTACTS_MAX];
    const skad_id_index_query query = {.target = skad_id_prefix(target),
                                       .filter = is_honest_and_up,
                                       .user = world,
                                       .max = SKAD_CONTACTS_MAX / times};
    size_t count = times * skad_id_index_closest(&world->id_index, &query, nodes);
    for (size_t i = 0; i < count; i++) {
        const skad_address address = skad_graveyard_address(&world->adversary->graveyard, world);
        out[i] = skad_sim_contact(&world->ids[nodes[i / times]], &address);
    }
    return count;
}

/* Names the honest nodes nearest to the target, at their addresses. */
static size_t name_honest(const skad_world *world, const skad_id *target, size_t max,
                          skad_contact *out)
{
    uint32_t nodes[SKAD_CONTACTS_MAX];
    const skad_id_index_query query = {
        .target = skad_id_prefix(target), .filter = is_honest_and_up, .user = world, .max = max};
    size_t count = skad_id_index_closest(&world->id_index, &query, nodes);
    for (size_t i = 0; i < count; i++) {
        name_node(world, nodes[i], &out[i]);
    }
    return count;
}

static size_t name_half_truths(const skad_world *world, const skad_id *target,
                               skad_contact out[static SKAD_CONTACTS_MAX])
{
    size_t count =
        skad_graveyard_name(&world->adversary->graveyard, world, target, HALF_TRUE_DEAD, out);
    count += name_honest(world, target, SKAD_CONTACTS_MAX - count, &out[count]);
    sort_contacts(target, out, count);
    return count;
}

/* Names the adversary that is closer to the target than this one, and no closer than it must be. */
static size_t name_next_rung(const skad_world *world, uint32_t self, const skad_id *target,
                             skad_contact out[static SKAD_CONTACTS_MAX])
{
    uint32_t next = self;
    for (uint32_t node = world->honest; node < world->count; node++) {
        if (skad_distance_compare(target, &world->ids[node], &world->ids[self]) < 0 &&
            (next == self ||
             skad_distance_compare(target, &world->ids[node], &world->ids[next]) > 0)) {
            next = node;
        }
    }
    size_t count = name_honest(world, target, SKAD_CONTACTS_MAX - 1, out);
    if (next != self) {
        name_node(world, next, &out[count++]);
    }
    sort_contacts(target, out, count);
    return count;
}

/* Names the contacts that an honest node would name. */
static size_t name_closest(const skad_world *world, uint32_t self, const skad_id *requester,
                           const skad_id *target, skad_contact out[static SKAD_CONTACTS_MAX])
{
    const size_t k = world->profile.k;
    return skad_node_closest(world->nodes[self].node, target, world->families, requester,
                             k < SKAD_CONTACTS_MAX ? k : SKAD_CONTACTS_MAX, out);
}

/* One search that an adversary was asked to help with. */
typedef struct asked_search {
    uint32_t self;
    const skad_envelope *envelope;
    skad_id requester;
    const skad_address *from;
    skad_message question;
} asked_search;

static size_t name(const skad_world *world, const asked_search *search, const skad_id *target,
                   skad_contact out[static SKAD_CONTACTS_MAX])
{
    switch ((skad_sim_behaviour)world->scenario.adversary) {
    case SKAD_SIM_COLLUDE:
        return name_colluders(world, search->self, target, out);
    case SKAD_SIM_MISROUTE:
        return name_anybody(world, search->self, target, out);
    case SKAD_SIM_POISON:
        return name_nobody(world, target, out);
    case SKAD_SIM_WITHHOLD:
        return name_closest(world, search->self, &search->requester, target, out);
    case SKAD_SIM_INVENT:
        return name_invented(world, target, out);
    case SKAD_SIM_GRAVEYARD:
        return skad_graveyard_name(&world->adversary->graveyard, world, target, SKAD_CONTACTS_MAX,
                                   out);
    case SKAD_SIM_DISPLACE:
        return name_displaced(world, target, 1, out);
    case SKAD_SIM_DISPLACE_TWICE:
        return name_displaced(world, target, 2, out);
    case SKAD_SIM_HALF_TRUE:
        return name_half_truths(world, target, out);
    case SKAD_SIM_LADDER:
        return name_next_rung(world, search->self, target, out);
    case SKAD_SIM_HONEST:
    case SKAD_SIM_DROP:
    case SKAD_SIM_FLOOD:
    case SKAD_SIM_REPLAY:
    case SKAD_SIM_FRAME:
    case SKAD_SIM_SQUAT:
    case SKAD_SIM_CROWD:
        break;
    }
    return 0;
}

/* Signs and sends an answer as the adversary itself. */
static void reply(skad_world *world, const asked_search *search, skad_message *message)
{
    const skad_node *node = world->nodes[search->self].node;
    uint8_t digest[SKAD_HASH_BYTES];
    const skad_sealer sealer = skad_node_sealer(node);
    skad_envelope_digest(sealer.network_key, skad_node_self(node), NULL,
                         search->envelope->signed_part, digest);
    message->u.reply.observed = *search->from;
    const skad_draft_fields fields = {.message = message,
                                      .rpc_id = search->envelope->rpc_id,
                                      .recipient = &search->requester,
                                      .request_digest = digest};
    skad_draft draft;
    skad_draft *drafts[] = {&draft};
    if (skad_draft_write(&sealer, &fields, &draft) != SKAD_OK) {
        return;
    }
    skad_seal(&sealer, drafts, 1);
    skad_datagram datagram = {.to = *search->from, .len = draft.len};
    memcpy(datagram.bytes, draft.bytes, draft.len);
    skad_world_send(world, search->self, &datagram);
}

static void answer_search(skad_world *world, asked_search *search)
{
    skad_message message = {0};
    if (search->question.kind == SKAD_KIND_FIND_VALUE) {
        message.kind = SKAD_KIND_VALUE;
        message.u.reply.u.value.contacts_count = name(
            world, search, &search->question.u.find_value.key, message.u.reply.u.value.contacts);
    } else {
        message.kind = SKAD_KIND_NODES;
        message.u.reply.u.nodes.contacts_count = name(
            world, search, &search->question.u.find_node.target, message.u.reply.u.nodes.contacts);
    }
    reply(world, search, &message);
}

static void acknowledge(skad_world *world, asked_search *search)
{
    skad_message message = {0};
    message.kind =
        search->question.kind == SKAD_KIND_STORE ? SKAD_KIND_STORED : SKAD_KIND_ANNOUNCED;
    message.u.reply.u.stored.life_s = world->profile.record_life_s;
    reply(world, search, &message);
}

/* Claims to hold all records that are named, so that no one brings them. */
static void lack_nothing(skad_world *world, asked_search *search)
{
    static const uint8_t none[SKAD_COMPARED_BYTES_MAX];
    size_t count = search->question.u.compare.held.len / SKAD_COMPARE_ITEM_BYTES;
    skad_message message = {.kind = SKAD_KIND_COMPARED};
    message.u.reply.u.compared.lacking = (skad_span){none, (count + 7) / 8};
    reply(world, search, &message);
}

/* False: its own node shall answer. */
static bool answer(skad_world *world, asked_search *search)
{
    const skad_kind kind = search->question.kind;
    if (kind == SKAD_KIND_FIND_NODE || kind == SKAD_KIND_FIND_VALUE) {
        answer_search(world, search);
    } else if (kind == SKAD_KIND_STORE || kind == SKAD_KIND_ANNOUNCE) {
        acknowledge(world, search);
    } else if (kind == SKAD_KIND_COMPARE) {
        lack_nothing(world, search);
    } else {
        return false;
    }
    return true;
}

/* Whether a request is about a key: searches for it, or brings a record under it. */
static bool is_about(const skad_message *question, const skad_id *key)
{
    skad_record found;
    if (question->kind == SKAD_KIND_FIND_NODE) {
        return skad_id_equal(&question->u.find_node.target, key);
    }
    if (question->kind == SKAD_KIND_FIND_VALUE) {
        return skad_id_equal(&question->u.find_value.key, key);
    }
    if (question->kind != SKAD_KIND_STORE && question->kind != SKAD_KIND_ANNOUNCE) {
        return false;
    }
    const skad_span record =
        question->kind == SKAD_KIND_STORE ? question->u.store.record : question->u.announce.record;
    return skad_record_decode(record.data, record.len, &found) && skad_id_equal(&found.key, key);
}

/* What an adversary that does not answer leaves unanswered: around the key of a capture only what
 * is about that key, so that it stays in the tables of others. */
static bool drops(const skad_world *world, const asked_search *search)
{
    return world->scenario.capture == SKAD_SIM_NOTHING ||
           is_about(&search->question, skad_adversary_key(world));
}

bool skad_adversary_takes(skad_world *world, uint32_t node, const skad_sim_flight *flight)
{
    skad_envelope envelope;
    asked_search search = {.self = node, .envelope = &envelope, .from = &flight->from};
    if (!skad_sim_scenario_lies(&world->scenario)) {
        skad_attacks_hear(world, node, flight);
        return false;
    }
    if (world->scenario.adversary_waits && world->began_us == UINT64_MAX) {
        return false;
    }
    if (flight->len <= SKAD_TAG_BYTES ||
        skad_envelope_decode(flight->bytes + SKAD_TAG_BYTES, flight->len - SKAD_TAG_BYTES,
                             &envelope) != SKAD_VERDICT_ACCEPT ||
        envelope.kind == SKAD_KIND_PING || skad_kind_is_reply(envelope.kind) ||
        !skad_message_decode(envelope.kind, envelope.body.data, envelope.body.len,
                             &search.question)) {
        return false;
    }
    search.requester = *envelope.id;
    if (world->scenario.adversary == SKAD_SIM_DROP) {
        return drops(world, &search);
    }
    return answer(world, &search);
}
