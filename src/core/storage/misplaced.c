#include "src/core/storage/misplaced.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/storage/hold.h"

#define HOURS_A_LIFE 24

skad_status skad_misplaced_init(skad_node *node)
{
    if (!node->frugal) {
        node->misplaced.all = calloc(SKAD_MISPLACED_MAX, sizeof *node->misplaced.all);
    }
    return node->frugal || node->misplaced.all != NULL ? SKAD_OK : SKAD_ERR_MEMORY;
}

void skad_misplaced_free(skad_node *node)
{
    free(node->misplaced.all);
    node->misplaced.all = NULL;
}

/* ---- Judging ---- */

/* Whether some holder answered as one who owes the record: he refused it, or keeps it for longer
 * than half a life. What ends sooner tells nothing. */
static bool taken_by_who_owes(const skad_node *node, const skad_operation *operation,
                              const skad_record *record)
{
    const skad_deposit *deposit = &operation->deposit;
    const uint32_t half_s = node->profile.record_life_s / 2;
    const uint64_t now = node->now.unix_s;
    bool ends = record->type != SKAD_RECORD_IMMUTABLE;
    if (ends && record->expiry_unix_s <= now + half_s) {
        return true;
    }
    for (size_t i = 0; i < operation->holders_count; i++) {
        const skad_holder *holder = &operation->holders[i];
        if (holder->state == SKAD_HOLDER_REFUSED ||
            (holder->state == SKAD_HOLDER_STORED && holder->life_s > half_s)) {
            return true;
        }
    }
    return deposit->asked_here &&
           (deposit->refusal_here != SKAD_ERROR_NONE || deposit->life_here_s > half_s);
}

static size_t find(const skad_misplaced_state *state, const skad_store_name *name)
{
    size_t at = 0;
    while (at < state->count && memcmp(&state->all[at].name, name, sizeof *name) != 0) {
        at++;
    }
    return at;
}

/* A quarter more or less than the sixteenth of an hour. */
static uint64_t next_us(skad_node *node)
{
    uint64_t hour_us = node->profile.record_life_s * SKAD_US_PER_S / HOURS_A_LIFE;
    uint64_t pause_us = hour_us / SKAD_MISPLACED_DIVISOR;
    pause_us = pause_us < SKAD_US_PER_S ? SKAD_US_PER_S : pause_us;
    return node->now.mono_us + pause_us * 3 / 4 + skad_random_below(&node->random, pause_us / 2);
}

static void note(skad_node *node, const skad_store_name *name)
{
    skad_misplaced_state *state = &node->misplaced;
    if (state->all == NULL) {
        state->all = calloc(SKAD_MISPLACED_MAX, sizeof *state->all);
    }
    if (state->all != NULL && state->count < SKAD_MISPLACED_MAX) {
        state->all[state->count++] = (skad_misplaced){.name = *name, .due_us = next_us(node)};
    }
}

void skad_misplaced_judge(skad_node *node, const skad_operation *operation)
{
    const skad_deposit *deposit = &operation->deposit;
    skad_record record;
    bool published = operation->kind == SKAD_OPERATION_RENEW || deposit->kept;
    if (!published || !skad_record_decode(deposit->record, deposit->len, &record)) {
        return;
    }
    const skad_store_name name = skad_hold_name(&record);
    bool noted = find(&node->misplaced, &name) < node->misplaced.count;
    if (taken_by_who_owes(node, operation, &record)) {
        skad_misplaced_drop(node, &name);
    } else if (!noted) {
        note(node, &name);
    }
}

/* ---- Trying again ---- */

void skad_misplaced_drop(skad_node *node, const skad_store_name *name)
{
    skad_misplaced_state *state = &node->misplaced;
    size_t at = find(state, name);
    if (at < state->count) {
        state->all[at] = state->all[--state->count];
    }
}

bool skad_misplaced_due(skad_node *node, skad_store_name *out)
{
    skad_misplaced_state *state = &node->misplaced;
    size_t at = 0;
    while (at < state->count && node->now.mono_us < state->all[at].due_us) {
        at++;
    }
    if (at == state->count) {
        return false;
    }
    *out = state->all[at].name;
    state->all[at].due_us = next_us(node);
    return true;
}

uint64_t skad_misplaced_deadline(const skad_node *node)
{
    const skad_misplaced_state *state = &node->misplaced;
    uint64_t deadline = UINT64_MAX;
    for (size_t i = 0; i < state->count; i++) {
        deadline = state->all[i].due_us < deadline ? state->all[i].due_us : deadline;
    }
    return deadline;
}
