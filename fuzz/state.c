/* The state machine: bytes become a sequence of datagrams, ticks, calls and stretches of time on a
 * small fixture (harness.h). After each step all invariants hold (src/core/node/invariants.h); a
 * node that is ticked comes to rest; and at the end each operation that was started has had its one
 * event. */
#include "fuzz/harness.h"
#include "src/core/node/parts.h"

#define STEPS_MAX 100

/* Ticks the node until it rests: at one instant it has a bounded amount of work. */
static void settle(harness *self)
{
    unsigned ticks = 0;
    harness_tick(self);
    harness_poll(self, false);
    while (skad_node_deadline(self->fixture.node) <= self->fixture.now.mono_us) {
        FUZZ_REQUIRE(++ticks < 200);
        harness_tick(self);
        harness_poll(self, false);
    }
}

static void wait_for_deadline(harness *self)
{
    uint64_t deadline = skad_node_deadline(self->fixture.node);
    if (deadline > self->fixture.now.mono_us) {
        harness_wait(self, deadline - self->fixture.now.mono_us);
    }
    settle(self);
}

static void step(harness *self, fuzz_choices *choices)
{
    switch (fuzz_byte(choices) % 16) {
    case 0:
        harness_wait(self, fuzz_number(choices, 2) * SKAD_US_PER_MS);
        break;
    case 1:
        harness_wait(self, fuzz_number(choices, 2) * SKAD_US_PER_S);
        settle(self);
        break;
    case 2:
        harness_tick(self);
        break;
    case 3:
    case 4:
        wait_for_deadline(self);
        break;
    case 5:
        harness_poll(self, true);
        break;
    case 6:
        harness_events(self);
        break;
    case 7:
        harness_again(self, choices);
        break;
    case 8:
    case 9:
        harness_call(self, choices);
        harness_poll(self, false);
        break;
    case 10:
        harness_call(self, choices);
        break;
    case 11:
        harness_request(self, choices);
        break;
    case 12:
        harness_request(self, choices);
        harness_poll(self, false);
        break;
    default:
        harness_answer(self, choices);
        harness_poll(self, false);
        break;
    }
}

static bool all_told(const harness *self)
{
    for (size_t i = 0; i < HARNESS_OPS_MAX; i++) {
        if (self->ops[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Ends all answers: all operations must end within SKAD_OPERATION_US_MAX. */
static void finish(harness *self)
{
    const uint64_t pause_us = 10 * SKAD_US_PER_S;
    uint64_t left_us = SKAD_OPERATION_US_MAX + 2 * pause_us;
    harness_events(self);
    while (!all_told(self)) {
        FUZZ_REQUIRE(left_us > 0);
        harness_wait(self, pause_us);
        left_us -= pause_us;
        harness_tick(self);
        harness_poll(self, false);
        harness_events(self);
        harness_check(self);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static harness self;
    fuzz_choices choices = {data, len, 0};
    harness_open(&self, &choices);
    for (unsigned i = 0; i < STEPS_MAX && !fuzz_over(&choices); i++) {
        step(&self, &choices);
        harness_check(&self);
    }
    finish(&self);
    harness_close(&self);
    return 0;
}
