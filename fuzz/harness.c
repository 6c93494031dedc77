#include "fuzz/harness.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "proto/address.h"
#include "proto/profile.h"
#include "skad/simulator.h"
#include "src/core/node/driver.h"
#include "src/core/node/invariants.h"
#include "src/core/node/parts.h"
#include "tests/support/identities.h"
#include "tests/support/prng.h"

/* ---- Opening and closing ---- */

/* Identities are the same for all inputs: solving their puzzles takes longer than a whole run. */
static const test_fixture *prepared(void)
{
    static test_fixture fixture;
    if (fixture.remotes_count == 0) {
        /* Each run frees what the next one needs again: keep the pages. */
        (void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
        (void)mallopt(M_MMAP_THRESHOLD, 64 << 20);
        fixture.profile = test_fixture_profile();
        fixture.identity = test_identity(&fixture.profile, 1);
        for (size_t i = 0; i < HARNESS_REMOTES; i++) {
            test_remote *who = test_fixture_remote(&fixture);
            if (i % 4 == 3) { /* some share an address group, some speak IPv6 */
                who->address.family = SKAD_FAMILY_IPV6;
                who->address.ip[0] = 0x2a;
                who->address.ip[6] = (uint8_t)(i % 8);
            } else if (i % 4 != 0) {
                who->address.ip[2] = (uint8_t)(i / 2);
            }
        }
    }
    return &fixture;
}

static void choose_profile(skad_profile *profile, fuzz_choices *choices)
{
    uint8_t shape = fuzz_byte(choices);
    profile->k = shape % 4 == 0 ? 16 : 4;
    profile->siblings = shape % 4 == 0 ? 16 : 3;
    profile->paths = (uint8_t)(1 + shape / 4 % 4);
    profile->alpha = (uint8_t)(1 + shape / 16 % 2);
    if (shape / 32 % 2 != 0) {
        profile->group_bucket_max = 2;
        profile->group_table_max = 4;
        profile->group_path_max = 2;
    }
}

static skad_node_limits choose_limits(uint8_t shape)
{
    return (skad_node_limits){
        .peers = 32,
        .pending = shape % 2 == 0 ? 16 : 64,
        .operations = shape / 2 % 2 == 0 ? 4 : 12,
        .outbox = shape / 4 % 2 == 0 ? 16 : 64,
        .events = 8,
        .duplicates = 16,
        .watches = 2,
        .tokens = shape / 8 % 2 == 0 ? 8 : 64,
        .roots = 2,
        .identities = 4,
    };
}

void harness_open(harness *self, fuzz_choices *choices)
{
    static const skad_store_caps caps = {6, 2000, 3, 2000};
    memset(self, 0, sizeof *self);
    self->fixture = *prepared();
    test_fixture *fixture = &self->fixture;
    choose_profile(&fixture->profile, choices);
    uint8_t shape = fuzz_byte(choices);
    skad_profile_network_key(&fixture->profile, fixture->network_key);
    fixture->now = (skad_time){.mono_us = SKAD_US_PER_S, .unix_s = TEST_UNIX_S};
    FUZZ_REQUIRE(skad_store_memory_new(&caps, &fixture->store) == SKAD_OK);
    skad_node_config config = {.profile = fixture->profile,
                               .identity = &fixture->identity,
                               .store = fixture->store,
                               .seed = {1},
                               .families = shape % 8 == 0 ? SKAD_FAMILY_IPV4 : SKAD_FAMILIES_ALL,
                               .limits = choose_limits(shape / 8),
                               .audit_period_s = HARNESS_PERIOD_S};
    const skad_simulator_config lazy_allocation = {.lazy_allocation = true};
    config.simulator = shape % 16 >= 8 ? &lazy_allocation : NULL;
    if (shape >= 128) {
        config.rates = (skad_node_rates){.unvalidated = {{2, 4}, {4, 8}, {8, 16}},
                                         .unvalidated_all = {8, 16},
                                         .validated = {{8, 16}, {16, 32}, {16, 32}},
                                         .validated_all = {32, 64},
                                         .identities = {{2, 4}, {4, 8}, {8, 16}},
                                         .identities_all = {8, 16},
                                         .answer_bytes = {4096, 8192},
                                         .cells = 16};
    }
    FUZZ_REQUIRE(skad_node_new(&config, fixture->now, &fixture->node) == SKAD_OK);
}

void harness_close(harness *self)
{
    test_fixture_free(&self->fixture);
}

void harness_check(const harness *self)
{
    const char *broken = skad_node_broken(self->fixture.node, self->fixture.now);
    if (broken != NULL) {
        (void)fprintf(stderr, "the node no longer keeps to: %s\n", broken);
    }
    FUZZ_REQUIRE(broken == NULL);
}

/* ---- Time ---- */

void harness_wait(harness *self, uint64_t duration_us)
{
    skad_time *now = &self->fixture.now;
    now->mono_us += duration_us;
    now->unix_s = TEST_UNIX_S + now->mono_us / SKAD_US_PER_S;
}

void harness_tick(harness *self)
{
    skad_node_tick(self->fixture.node, self->fixture.now);
}

/* ---- What the node hears ---- */

void harness_deliver(harness *self, const skad_address *from, const skad_datagram *datagram)
{
    if ((from->family & skad_node_parts_of(self->fixture.node).families) != 0) {
        (void)test_fixture_deliver(&self->fixture, from, datagram);
    }
}

/* ---- What the node says ---- */

static size_t remote_at(const harness *self, const skad_address *address)
{
    size_t at = 0;
    while (at < HARNESS_REMOTES &&
           !skad_address_equal(&self->fixture.remotes[at].address, address)) {
        at++;
    }
    return at;
}

/* Checks that answers to an address without a token are at most three times as large as what it
 * sent. */
static void weigh(harness *self, const skad_datagram *datagram)
{
    size_t who = remote_at(self, &datagram->to);
    if (who < HARNESS_REMOTES && !self->validated[who]) {
        FUZZ_REQUIRE(datagram->len <= self->allowance[who]);
        self->allowance[who] -= datagram->len;
    }
}

/* Checks that a datagram of the node is well-formed, and within its length. Remembers requests. */
static void hear(harness *self, const skad_datagram *datagram)
{
    skad_envelope envelope;
    FUZZ_REQUIRE(datagram->len > SKAD_TAG_BYTES && datagram->len <= SKAD_DATAGRAM_BYTES_MAX);
    FUZZ_REQUIRE((datagram->to.family & skad_node_parts_of(self->fixture.node).families) != 0);
    FUZZ_REQUIRE(skad_address_routable(&datagram->to, false));
    skad_verdict verdict = skad_envelope_decode(datagram->bytes + SKAD_TAG_BYTES,
                                                datagram->len - SKAD_TAG_BYTES, &envelope);
    FUZZ_REQUIRE(verdict == SKAD_VERDICT_ACCEPT);
    skad_message message;
    FUZZ_REQUIRE(
        skad_message_decode(envelope.kind, envelope.body.data, envelope.body.len, &message));
    if (skad_kind_is_reply(envelope.kind)) {
        weigh(self, datagram);
        return;
    }
    size_t place = self->asked_count;
    if (place == HARNESS_ASKED_MAX) {
        place = self->asked_next++ % HARNESS_ASKED_MAX;
    } else {
        self->asked_count++;
    }
    self->asked[place].to = datagram->to;
    self->asked[place].len = datagram->len;
    memcpy(self->asked[place].bytes, datagram->bytes, datagram->len);
}

/* Up to three batches are out at once, and come back the last one first. */
static void poll_lent(harness *self)
{
    skad_outbox_batch batches[3];
    size_t count = 0;
    skad_node *node = self->fixture.node;
    skad_sealer sealer = skad_node_sealer(node);
    while (count < 3 && skad_node_lend_batch(node, &batches[count])) {
        skad_seal(&sealer, batches[count].drafts, batches[count].count);
        count++;
    }
    harness_check(self);
    while (count > 0) {
        skad_node_return_batch(node, &batches[--count]);
        harness_check(self);
    }
    skad_datagram datagram;
    while (skad_node_poll_sealed(node, &datagram)) {
        hear(self, &datagram);
    }
}

void harness_poll(harness *self, bool lend)
{
    skad_datagram datagram;
    if (lend) {
        poll_lent(self);
    }
    while (skad_node_poll_datagram(self->fixture.node, &datagram)) {
        hear(self, &datagram);
    }
}

static void end_op(harness *self, skad_op op)
{
    for (size_t i = 0; i < HARNESS_OPS_MAX; i++) {
        if (self->ops[i] == op) {
            self->ops[i] = 0;
            return;
        }
    }
    bool told_before = true;
    FUZZ_REQUIRE(!told_before);
}

void harness_events(harness *self)
{
    skad_event event;
    while (skad_node_poll_event(self->fixture.node, &event)) {
        switch (event.kind) {
        case SKAD_EVENT_PING:
        case SKAD_EVENT_LOOKUP:
        case SKAD_EVENT_PUT:
        case SKAD_EVENT_GET:
            end_op(self, event.op);
            break;
        case SKAD_EVENT_CHANGED:
            FUZZ_REQUIRE(event.op == self->watch && self->watch != 0);
            break;
        case SKAD_EVENT_REACHABILITY:
        case SKAD_EVENT_PUZZLE_NEEDED: {
            skad_puzzle_nonce nonce =
                test_nonce(&self->fixture.profile, &self->fixture.identity.id, event.u.epoch);
            FUZZ_REQUIRE(skad_node_add_nonce(self->fixture.node, &nonce) == SKAD_OK);
            break;
        }
        case SKAD_EVENT_STEP:
        case SKAD_EVENT_JOINED:
        case SKAD_EVENT_ISOLATED:
        case SKAD_EVENT_ADOPTED:
        case SKAD_EVENT_TWIN:
            break;
        }
    }
}
