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

#define HALF_TRUE_DEAD 7  /* so more names live than are dead, and a lookup trusts the namer */
#define INVENTED_BYTES 25 /* that an invented ID shares with the target */

struct skad_adversary {
    skad_id_index colluders;
    skad_prng prng;
    bool near_key;
    skad_id key;
    uint64_t *finds;  /* near a key: which draw of each adversary lies there */
    uint64_t draws;   /* in all */
    uint32_t poisons; /* invented so far */
    skad_graveyard graveyard;
};

/* ---- Grinding ---- */

/* The seed of an adversary's n-th draw. */
static void draw_seed(const skad_world *world, uint32_t node, uint64_t number,
                      uint8_t out[static 32])
{
    skad_prng prng;
    skad_prng_init(&prng, world->scenario.seed ^ number * 0x9e3779b97f4a7c15ULL,
                   (uint64_t)SKAD_PRNG_ADVERSARY << 56 | node);
    skad_prng_bytes(&prng, out, 32);
}

/* What identities are ground to be near to, and how near: within so many mean distances, of which
 * the nearest of N honest nodes is one away, 1/N of the key space. */
typedef struct goal {
    uint64_t target;
    double distance;
} goal;

static goal goal_of(const skad_world *world, const skad_adversary *adversary, uint32_t number)
{
    const skad_sim_scenario *scenario = &world->scenario;
    const double mean = (double)UINT64_MAX / (double)world->honest;
    if (scenario->placement == SKAD_SIM_BOTH_ENDS && number % 2 == 1) {
        skad_identity publisher;
        skad_world_identity(world, SKAD_SIM_PUBLISHER, &publisher);
        return (goal){skad_id_prefix(&publisher.id), scenario->publisher_width * mean};
    }
    return (goal){skad_id_prefix(&adversary->key), scenario->placement_width * mean};
}

static uint64_t grind(const skad_world *world, const goal *wanted, uint32_t node, uint64_t *draws)
{
    for (uint64_t number = 1;; number++) {
        uint8_t seed[32];
        skad_identity identity;
        draw_seed(world, node, number, seed);
        skad_status status = skad_identity_from_seed(seed, 0, &identity);
        SKAD_ASSERT(status == SKAD_OK);
        (*draws)++;
        if ((double)(skad_id_prefix(&identity.id) ^ wanted->target) < wanted->distance) {
            return number;
        }
    }
}

void skad_adversary_value(const skad_world *world, uint8_t *out, size_t len)
{
    skad_prng prng;
    skad_prng_init(&prng, world->scenario.seed, SKAD_PRNG_KEY);
    skad_prng_bytes(&prng, out, len);
}

/* The key of that value: immutable, unless all values are mutable. */
static void key_of_value(const skad_world *world, skad_id *out)
{
    uint8_t value[SKAD_SIM_PUBLISHED_BYTES];
    skad_adversary_value(world, value, sizeof value);
    if (world->scenario.values > 0) {
        skad_value_key(value, sizeof value, out);
        return;
    }
    skad_identity publisher;
    skad_world_identity(world, SKAD_SIM_PUBLISHER, &publisher);
    skad_mutable_key(publisher.public_key, (skad_span){value, SKAD_SIM_SALT_BYTES}, out);
}

void skad_adversary_prepare(skad_world *world)
{
    uint32_t count = world->count - world->honest;
    if (count == 0) {
        return;
    }
    skad_adversary *adversary = skad_sim_alloc(1, sizeof *adversary);
    skad_prng_init(&adversary->prng, world->scenario.seed, SKAD_PRNG_ADVERSARY);
    adversary->near_key = world->scenario.placement != SKAD_SIM_ANYWHERE;
    adversary->draws = count;
    if (adversary->near_key) {
        adversary->key = skad_prng_id(&adversary->prng);
        if (world->scenario.key_of_value) {
            key_of_value(world, &adversary->key);
        }
        adversary->finds = skad_sim_alloc(count, sizeof *adversary->finds);
        adversary->draws = 0;
        for (uint32_t i = 0; i < count; i++) {
            const goal wanted = goal_of(world, adversary, i);
            adversary->finds[i] = grind(world, &wanted, world->honest + i, &adversary->draws);
        }
    }
    skad_graveyard_init(&adversary->graveyard, world, adversary->near_key ? &adversary->key : NULL);
    world->adversary = adversary;
}

void skad_adversary_grind(const skad_world *world, uint32_t node, uint8_t seed[static 32])
{
    const skad_adversary *adversary = world->adversary;
    if (adversary != NULL && adversary->near_key && node >= world->honest) {
        draw_seed(world, node, adversary->finds[node - world->honest], seed);
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
        free(adversary->finds);
        free(adversary);
        world->adversary = NULL;
    }
}

const skad_id *skad_adversary_key(const skad_world *world)
{
    const skad_adversary *adversary = world->adversary;
    return adversary != NULL && adversary->near_key ? &adversary->key : NULL;
}

double skad_adversary_price(const skad_world *world)
{
    const skad_adversary *adversary = world->adversary;
    if (adversary == NULL) {
        return 0;
    }
    double identities = (double)(world->count - world->honest);
    double draws = (double)adversary->draws + skad_graveyard_draws(&adversary->graveyard, world);
    return draws * exp2((double)world->scenario.static_bits) +
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
    bool finds = envelope.kind == SKAD_KIND_FIND_NODE || envelope.kind == SKAD_KIND_FIND_VALUE;
    search.requester = *envelope.id;
    if (world->scenario.adversary == SKAD_SIM_DROP) {
        return true;
    }
    if (finds) {
        answer_search(world, &search);
    } else {
        acknowledge(world, &search);
    }
    return true;
}
