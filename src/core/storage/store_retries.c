#include "src/core/storage/store_retries.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/base/lazy.h"

skad_status skad_store_retries_init(skad_store_retries *state, bool later)
{
    *state = (skad_store_retries){
        .all = skad_lazy_begin(later, SKAD_STORE_RETRIES_MAX, sizeof *state->all)};
    return skad_lazy_begun(later, state->all);
}

void skad_store_retries_free(skad_store_retries *state)
{
    free(state->all);
    *state = (skad_store_retries){0};
}

static size_t find(const skad_store_retries *state, const skad_store_name *name)
{
    size_t at = 0;
    while (at < state->count && memcmp(&state->all[at].name, name, sizeof *name) != 0) {
        at++;
    }
    return at;
}

/* Returns the time of the next retry: a sixteenth of an hour away, give or take a quarter
 * of that. */
static uint64_t next_us(skad_env *env)
{
    uint64_t pause_us = skad_env_hour_us(env) / SKAD_STORE_RETRY_DIVISOR;
    pause_us = pause_us < SKAD_US_PER_S ? SKAD_US_PER_S : pause_us;
    return env->now.mono_us + skad_env_about_us(env, pause_us);
}

void skad_store_retries_note(skad_store_retries *state, skad_env *env, const skad_store_name *name)
{
    state->all = skad_lazy_use(state->all, SKAD_STORE_RETRIES_MAX, sizeof *state->all);
    if (state->all != NULL && state->count < SKAD_STORE_RETRIES_MAX &&
        find(state, name) == state->count) {
        state->all[state->count++] = (skad_store_retry){.name = *name, .due_us = next_us(env)};
    }
}

void skad_store_retries_drop(skad_store_retries *state, const skad_store_name *name)
{
    size_t at = find(state, name);
    if (at < state->count) {
        state->all[at] = state->all[--state->count];
    }
}

bool skad_store_retries_due(skad_store_retries *state, skad_env *env, skad_store_name *out)
{
    size_t at = 0;
    while (at < state->count && env->now.mono_us < state->all[at].due_us) {
        at++;
    }
    if (at == state->count) {
        return false;
    }
    *out = state->all[at].name;
    state->all[at].due_us = next_us(env);
    return true;
}

uint64_t skad_store_retries_deadline(const skad_store_retries *state)
{
    uint64_t deadline = UINT64_MAX;
    for (size_t i = 0; i < state->count; i++) {
        deadline = state->all[i].due_us < deadline ? state->all[i].due_us : deadline;
    }
    return deadline;
}
