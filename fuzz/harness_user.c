/* What the node's user calls: see harness.h. */
#include <string.h>

#include "fuzz/harness.h"
#include "skad/forward.h"

static skad_id some_key(fuzz_choices *choices)
{
    return (skad_id){{(uint8_t)(fuzz_byte(choices) % HARNESS_KEYS * 0x40)}};
}

static const test_remote *some_remote(const harness *self, fuzz_choices *choices)
{
    return &self->fixture.remotes[fuzz_below(choices, HARNESS_REMOTES)];
}

static skad_op *free_place(harness *self)
{
    for (size_t i = 0; i < HARNESS_OPS_MAX; i++) {
        if (self->ops[i] == 0) {
            return &self->ops[i];
        }
    }
    return NULL;
}

static skad_contact contact_of(const test_remote *who)
{
    skad_contact contact = {.id = who->identity.id};
    if (who->address.family == SKAD_FAMILY_IPV4) {
        contact.ipv4 = who->address;
    } else {
        contact.ipv6 = who->address;
    }
    return contact;
}

static skad_status start_publish(harness *self, fuzz_choices *choices, skad_op *op)
{
    static const uint8_t value[8] = {1, 2, 3};
    skad_id key;
    const skad_publish_request request = {
        .value = {value, fuzz_byte(choices) % 9},
        .sequence = fuzz_byte(choices) % 4,
        .life_s = (uint32_t)(1 + fuzz_number(choices, 3) % 172800),
        .has_cas = fuzz_byte(choices) % 4 == 0,
        .cas = fuzz_byte(choices) % 4,
        .keep = fuzz_byte(choices) % 2 != 0,
    };
    return skad_node_publish(self->fixture.node, &request, self->fixture.now, op, &key);
}

static skad_status start_announce(harness *self, fuzz_choices *choices, skad_op *op)
{
    const skad_announce_request request = {
        .key = some_key(choices),
        .endpoint = {.port = fuzz_byte(choices)},
        .life_s = (uint32_t)(1 + fuzz_number(choices, 3) % 172800),
        .keep = fuzz_byte(choices) % 2 != 0,
    };
    return skad_node_announce(self->fixture.node, &request, self->fixture.now, op);
}

/* Has other nodes look for something. */
static skad_status start_forward(harness *self, fuzz_choices *choices, skad_op *op)
{
    skad_node *node = self->fixture.node;
    const skad_time now = self->fixture.now;
    const uint8_t how = fuzz_byte(choices);
    const unsigned chains = how / 4 % 4;
    const uint8_t value = fuzz_byte(choices);
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    skad_id key = some_key(choices);
    switch (how % 4) {
    case 0:
        return skad_node_forward_lookup(node, &key, chains, now, op);
    case 1: /* what remote peers have, too */
        key = harness_record_key(self, true, value);
        return skad_node_forward_get(node, SKAD_RECORD_MUTABLE, &key, chains, now, op);
    case 2:
        key = harness_record_key(self, false, value);
        return skad_node_forward_get(node, SKAD_RECORD_IMMUTABLE, &key, chains, now, op);
    default:
        return skad_node_forward_store(
            node, record, skad_record_encode_immutable(&value, 1, record, sizeof record), chains,
            now, op, &key);
    }
}

static skad_status start(harness *self, fuzz_choices *choices, skad_op *op)
{
    static const uint8_t value[900] = {9, 9};
    skad_node *node = self->fixture.node;
    skad_time now = self->fixture.now;
    skad_id key = some_key(choices);
    const uint8_t which = fuzz_byte(choices);
    if (which >= 220) { /* most bytes choose what they chose before there were these */
        return start_forward(self, choices, op);
    }
    switch (which % 6) {
    case 0:
        return skad_node_ping(node, &some_remote(self, choices)->address, now, op);
    case 1:
        return skad_node_lookup(node, &key, now, op);
    case 2:
        return skad_node_put(node, value, 1 + fuzz_below(choices, sizeof value), now, op, &key);
    case 3:
        return start_publish(self, choices, op);
    case 4:
        return start_announce(self, choices, op);
    default:
        return skad_node_get(node, (skad_record_type)(1 + fuzz_below(choices, 3)), &key, now, op);
    }
}

/* Each operation that was started has one event, or is cancelled. */
static void start_op(harness *self, fuzz_choices *choices)
{
    skad_op *place = free_place(self);
    skad_op op = 0;
    if (place != NULL && start(self, choices, &op) == SKAD_OK) {
        FUZZ_REQUIRE(op != 0);
        *place = op;
        if (fuzz_byte(choices) % 4 == 0) {
            skad_node_trace(self->fixture.node, op);
        }
    }
}

static void cancel(harness *self, fuzz_choices *choices)
{
    size_t which = fuzz_below(choices, HARNESS_OPS_MAX + 1);
    skad_op *op = which == HARNESS_OPS_MAX ? &self->watch : &self->ops[which];
    skad_node_cancel(self->fixture.node, *op);
    *op = 0;
}

static void join(harness *self, fuzz_choices *choices)
{
    skad_address addresses[3] = {{0}};
    size_t count = fuzz_below(choices, 4);
    for (size_t i = 0; i < count; i++) {
        addresses[i] = some_remote(self, choices)->address;
    }
    skad_status status = skad_node_join(self->fixture.node, addresses, count, self->fixture.now);
    /* All may be of a family that the node has not. */
    FUZZ_REQUIRE(status == SKAD_OK || (status == SKAD_ERR_INPUT && count > 0));
}

static void greet(harness *self, fuzz_choices *choices)
{
    skad_contact contacts[8];
    size_t count = fuzz_below(choices, 9);
    for (size_t i = 0; i < count; i++) {
        contacts[i] = contact_of(some_remote(self, choices));
    }
    skad_status status = skad_node_greet(self->fixture.node, contacts, count, self->fixture.now);
    FUZZ_REQUIRE(status == SKAD_OK || status == SKAD_ERR_FULL);
}

static void watch(harness *self, fuzz_choices *choices)
{
    skad_id key = some_key(choices);
    skad_record_type type = (skad_record_type)(2 + fuzz_below(choices, 2));
    skad_op op;
    if (self->watch == 0 &&
        skad_node_watch(self->fixture.node, type, &key, (uint32_t)(5 + fuzz_byte(choices)),
                        self->fixture.now, &op) == SKAD_OK) {
        self->watch = op;
    }
}

static void keep_out(harness *self, fuzz_choices *choices)
{
    const test_remote *who = some_remote(self, choices);
    uint8_t how = fuzz_byte(choices);
    skad_ban subject = {.scope = how % 2 == 0 ? SKAD_BAN_ID : SKAD_BAN_PREFIX,
                        .id = who->identity.id,
                        .address = who->address,
                        .prefix_bits = how / 2 % 33};
    if (how >= 128) {
        (void)skad_node_unban(self->fixture.node, &subject);
    } else {
        skad_status status = skad_node_ban(self->fixture.node, &subject, how, self->fixture.now);
        FUZZ_REQUIRE(status == SKAD_OK || status == SKAD_ERR_INPUT);
    }
}

void harness_call(harness *self, fuzz_choices *choices)
{
    skad_id key;
    skad_node_stats stats;
    switch (fuzz_byte(choices) % 16) {
    case 0:
        join(self, choices);
        break;
    case 1:
    case 2:
        greet(self, choices);
        break;
    case 3:
        watch(self, choices);
        break;
    case 4:
        keep_out(self, choices);
        break;
    case 5:
        cancel(self, choices);
        break;
    case 6:
        key = some_key(choices);
        (void)skad_node_withdraw(self->fixture.node, &key, (unsigned)fuzz_below(choices, 4));
        break;
    case 7:
        skad_node_press(self->fixture.node, fuzz_byte(choices) % 2 != 0);
        break;
    case 8:
        skad_node_stats_get(self->fixture.node, self->fixture.now, &stats);
        FUZZ_REQUIRE(stats.peers <= 32 && stats.siblings <= SKAD_SIBLINGS_MAX);
        break;
    default:
        start_op(self, choices);
        break;
    }
}
