/* A gateway that says anything at any time to the machine of port mapping. The first byte chooses
 * the family; then come steps: time, datagrams of any bytes, and good answers with changes. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "src/host/portmap/portmap.h"

#define STEPS_MAX 400

static const uint8_t NONCE[SKAD_PORTMAP_NONCE_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

typedef struct run {
    fuzz_choices choices;
    skad_portmap machine;
    uint64_t begun_us;
    uint64_t now_us;
    uint64_t sent;
    uint64_t taken;
} run;

static void tick(run *self)
{
    uint8_t out[SKAD_PORTMAP_REQUEST_BYTES];
    const size_t len =
        skad_portmap_tick(&self->machine, self->now_us, fuzz_number(&self->choices, 3), out);
    FUZZ_REQUIRE(len == 0 || len == 2 || len == 12 || len == 60);
    FUZZ_REQUIRE(len != 60 || memcmp(out + 24, NONCE, sizeof NONCE) == 0);
    FUZZ_REQUIRE(skad_portmap_deadline(&self->machine) > self->now_us);
    self->sent += len > 0;
}

/* What is not taken changes nothing; what is taken comes from the gateway, with our nonce if it is
 * a mapping of PCP. */
static void deliver(run *self, const skad_address *from, const uint8_t *bytes, size_t len)
{
    skad_portmap before;
    skad_portmap_answer answer;
    memcpy(&before, &self->machine, sizeof before);
    const skad_portmap_verdict verdict = skad_portmap_receive(
        &self->machine, from, bytes, len, self->now_us, fuzz_number(&self->choices, 3));
    FUZZ_REQUIRE(strlen(skad_portmap_verdict_name(verdict)) > 3);
    if (verdict != SKAD_PORTMAP_TAKEN) {
        FUZZ_REQUIRE(memcmp(&before, &self->machine, sizeof before) == 0);
        return;
    }
    self->taken++;
    FUZZ_REQUIRE(before.out != 0);
    FUZZ_REQUIRE(memcmp(from, &self->machine.gateway, sizeof *from) == 0);
    FUZZ_REQUIRE(skad_portmap_answer_read(bytes, len, &answer) == SKAD_PORTMAP_READ);
    FUZZ_REQUIRE(answer.other_version || answer.kind != SKAD_PORTMAP_PCP_MAP ||
                 memcmp(bytes + 24, NONCE, sizeof NONCE) == 0);
    /* The same once more is a copy, unless it is about versions and the other protocol is asked. */
    memcpy(&before, &self->machine, sizeof before);
    FUZZ_REQUIRE(skad_portmap_receive(&self->machine, from, bytes, len, self->now_us, 0) !=
                     SKAD_PORTMAP_TAKEN ||
                 (answer.other_version && before.out != 0));
}

static void deliver_any(run *self)
{
    uint8_t bytes[SKAD_PORTMAP_BYTES_MAX + 8];
    skad_address from = self->machine.gateway;
    const size_t len = fuzz_below(&self->choices, sizeof bytes + 1);
    if (fuzz_below(&self->choices, 8) == 0) {
        from.ip[fuzz_below(&self->choices, 16)] ^= 1;
    }
    fuzz_bytes(&self->choices, bytes, len);
    deliver(self, &from, bytes, len);
}

/* A good answer, with up to three bytes changed. */
static void deliver_answer(run *self)
{
    static const size_t lengths[SKAD_PORTMAP_KINDS] = {60, 12, 16};
    const skad_portmap_kind kind =
        (skad_portmap_kind)fuzz_below(&self->choices, SKAD_PORTMAP_KINDS);
    skad_portmap_wish wish = {.internal = self->machine.internal, .suggested.port = 4711};
    uint8_t bytes[60] = {0};
    const uint64_t passed_s = (self->now_us - self->begun_us) / SKAD_US_PER_S;
    const size_t epoch_at = kind == SKAD_PORTMAP_PCP_MAP ? 8 : 4;
    const size_t life_at = kind == SKAD_PORTMAP_PCP_MAP ? 4 : 12;
    memcpy(wish.nonce, NONCE, sizeof NONCE);
    if (kind == SKAD_PORTMAP_PCP_MAP) {
        wish.suggested = wish.internal;
        (void)skad_portmap_write(kind, &wish, bytes);
    } else {
        memcpy(bytes + 8, kind == SKAD_PORTMAP_PMP_MAP ? "\x12\x5c\x12\x67" : "\x51\x02\x45\x01",
               4);
    }
    bytes[1] = kind == SKAD_PORTMAP_PMP_ADDRESS ? 0x80 : 0x81;
    bytes[epoch_at + 1] = (uint8_t)(passed_s >> 16);
    bytes[epoch_at + 2] = (uint8_t)(passed_s >> 8);
    bytes[epoch_at + 3] = (uint8_t)passed_s;
    if (kind != SKAD_PORTMAP_PMP_ADDRESS) {
        bytes[life_at + 2] = 0x0e;
        bytes[life_at + 3] = 0x10;
    }
    for (size_t i = fuzz_below(&self->choices, 4); i > 0; i--) {
        const size_t at = fuzz_below(&self->choices, sizeof bytes);
        bytes[at] = fuzz_byte(&self->choices);
    }
    deliver(self, &self->machine.gateway, bytes, lengths[kind]);
}

static void check(const run *self)
{
    uint8_t out[SKAD_PORTMAP_REQUEST_BYTES];
    const skad_portmap *machine = &self->machine;
    const size_t len = skad_portmap_farewell(machine, out);
    FUZZ_REQUIRE(len == 0 || (len == 12 && memcmp(out + 8, "\0\0\0\0", 4) == 0) ||
                 (len == 60 && memcmp(out + 4, "\0\0\0\0", 4) == 0));
    FUZZ_REQUIRE(skad_portmap_deadline(machine) <= self->now_us + 86400 * SKAD_US_PER_S);
    FUZZ_REQUIRE(skad_portmap_left_s(machine, self->now_us) <= SKAD_PORTMAP_LIFETIME_S_MAX);
    FUZZ_REQUIRE(strlen(skad_portmap_trouble_name(machine->trouble)) > 3);
    if (machine->state == SKAD_PORTMAP_MAPPED) {
        FUZZ_REQUIRE(machine->external.port != 0);
        FUZZ_REQUIRE(machine->external.family == machine->internal.family);
        FUZZ_REQUIRE(machine->lifetime_s >= SKAD_PORTMAP_LIFETIME_S_MIN);
        FUZZ_REQUIRE(machine->lifetime_s <= SKAD_PORTMAP_LIFETIME_S_MAX);
    }
    /* No gateway makes the node send much: a round without an answer has 12 requests and is
     * followed by a pause of 54 s at least; an answer brings on one more round at most. */
    const uint64_t rounds = (self->now_us - self->begun_us) / (54 * SKAD_US_PER_S) + 1;
    FUZZ_REQUIRE(self->sent <= 16 * (rounds + self->taken) + 16);
}

static void step(run *self)
{
    switch (fuzz_below(&self->choices, 6)) {
    case 0:
        self->now_us += fuzz_number(&self->choices, 4);
        tick(self);
        break;
    case 1:
        if (skad_portmap_deadline(&self->machine) > self->now_us) {
            self->now_us = skad_portmap_deadline(&self->machine);
        }
        tick(self);
        break;
    case 2:
        deliver_any(self);
        break;
    case 3:
        skad_portmap_hurry(&self->machine, self->now_us);
        tick(self);
        break;
    default:
        deliver_answer(self);
        break;
    }
    check(self);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const skad_address gateways[] = {
        {.family = SKAD_FAMILY_IPV4, .port = SKAD_PORTMAP_PORT, .ip = {192, 168, 7, 1}},
        {.family = SKAD_FAMILY_IPV6, .port = SKAD_PORTMAP_PORT, .ip = {0xfe, 0x80, [15] = 1}},
    };
    static const skad_address ours[] = {
        {.family = SKAD_FAMILY_IPV4, .port = 4700, .ip = {192, 168, 7, 2}},
        {.family = SKAD_FAMILY_IPV6, .port = 4700, .ip = {0x2a, 2, [15] = 2}},
    };
    run self;
    memset(&self, 0, sizeof self);
    self.choices = (fuzz_choices){data, len, 0};
    self.begun_us = 1000 * SKAD_US_PER_S;
    self.now_us = self.begun_us;
    const size_t family = fuzz_below(&self.choices, 2);
    skad_portmap_init(&self.machine, &gateways[family], &ours[family], NONCE, self.now_us);
    for (unsigned i = 0; i < STEPS_MAX && !fuzz_over(&self.choices); i++) {
        step(&self);
    }
    return 0;
}
