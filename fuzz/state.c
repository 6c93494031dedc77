/* The state machine: bytes become a sequence of datagrams, ticks, calls and stretches of time on a
 * small stage (theatre.h). After each step all invariants hold (src/core/node/invariants.h); a node
 * that is ticked comes to rest; and at the end each operation that was started has had its one
 * event. */
#include "fuzz/theatre.h"
#include "src/core/node/parts.h"

#define STEPS_MAX 100

/* At one instant a node has only so much to do: it never asks to be ticked for ever. */
static void settle(theatre *self)
{
    unsigned ticks = 0;
    theatre_tick(self);
    theatre_poll(self, false);
    while (skad_node_deadline(self->stage.node) <= self->stage.now.mono_us) {
        FUZZ_REQUIRE(++ticks < 200);
        theatre_tick(self);
        theatre_poll(self, false);
    }
}

static void wait_for_deadline(theatre *self)
{
    uint64_t deadline = skad_node_deadline(self->stage.node);
    if (deadline > self->stage.now.mono_us) {
        theatre_wait(self, deadline - self->stage.now.mono_us);
    }
    settle(self);
}

static void step(theatre *self, fuzz_choices *choices)
{
    switch (fuzz_byte(choices) % 16) {
    case 0:
        theatre_wait(self, fuzz_number(choices, 2) * SKAD_US_PER_MS);
        break;
    case 1:
        theatre_wait(self, fuzz_number(choices, 2) * SKAD_US_PER_S);
        settle(self);
        break;
    case 2:
        theatre_tick(self);
        break;
    case 3:
    case 4:
        wait_for_deadline(self);
        break;
    case 5:
        theatre_poll(self, true);
        break;
    case 6:
        theatre_events(self);
        break;
    case 7:
        theatre_again(self, choices);
        break;
    case 8:
    case 9:
        theatre_call(self, choices);
        theatre_poll(self, false);
        break;
    case 10:
        theatre_call(self, choices);
        break;
    case 11:
        theatre_request(self, choices);
        break;
    case 12:
        theatre_request(self, choices);
        theatre_poll(self, false);
        break;
    default:
        theatre_answer(self, choices);
        theatre_poll(self, false);
        break;
    }
}

static bool all_told(const theatre *self)
{
    for (size_t i = 0; i < THEATRE_OPS_MAX; i++) {
        if (self->ops[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Nobody answers any more: within SKAD_OPERATION_US_MAX all operations end. */
static void finish(theatre *self)
{
    const uint64_t pause_us = 10 * SKAD_US_PER_S;
    uint64_t left_us = SKAD_OPERATION_US_MAX + 2 * pause_us;
    theatre_events(self);
    while (!all_told(self)) {
        FUZZ_REQUIRE(left_us > 0);
        theatre_wait(self, pause_us);
        left_us -= pause_us;
        theatre_tick(self);
        theatre_poll(self, false);
        theatre_events(self);
        theatre_check(self);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static theatre self;
    fuzz_choices choices = {data, len, 0};
    theatre_open(&self, &choices);
    for (unsigned i = 0; i < STEPS_MAX && !fuzz_over(&choices); i++) {
        step(&self, &choices);
        theatre_check(&self);
    }
    finish(&self);
    theatre_close(&self);
    return 0;
}
