#include "src/host/net/local_answers.h"

#include <string.h>

#include "proto/address.h"

static bool is_remembered(const skad_local_answer *answer, uint64_t now_us)
{
    return answer->at_us != 0 && answer->at_us + SKAD_LOCAL_ANSWERS_US > now_us;
}

static bool may(const skad_local_answers *self, const skad_id *id, const skad_address *address,
                uint64_t now_us)
{
    size_t machine = 0;
    for (size_t i = 0; i < SKAD_LOCAL_ANSWERS_MAX; i++) {
        const skad_local_answer *answer = &self->given[i];
        if (!is_remembered(answer, now_us)) {
            continue;
        }
        if (memcmp(&answer->id, id, sizeof *id) == 0 ||
            skad_address_equal(&answer->address, address)) {
            return false;
        }
        machine += answer->address.family == address->family &&
                   memcmp(answer->address.ip, address->ip, sizeof address->ip) == 0;
    }
    return machine < SKAD_LOCAL_ANSWERS_MACHINE &&
           !is_remembered(&self->given[self->next], now_us) &&
           self->waiting_count < SKAD_LOCAL_ANSWERS_WAITING;
}

bool skad_local_answers_plan(skad_local_answers *self, const skad_id *id,
                             const skad_address *address, uint32_t random, uint64_t now_us)
{
    if (!may(self, id, address, now_us)) {
        return false;
    }
    uint64_t at_us = now_us + 1 + random % SKAD_LOCAL_ANSWERS_DELAY_US;
    if (self->last_us != 0 && at_us < self->last_us + SKAD_LOCAL_ANSWERS_SPACE_US) {
        at_us = self->last_us + SKAD_LOCAL_ANSWERS_SPACE_US;
    }
    const skad_local_answer answer = {*id, *address, at_us};
    self->last_us = at_us;
    self->given[self->next] = answer;
    self->next = (self->next + 1) % SKAD_LOCAL_ANSWERS_MAX;
    self->waiting[self->waiting_count++] = answer;
    return true;
}

bool skad_local_answers_take(skad_local_answers *self, uint64_t now_us, skad_local_answer *out)
{
    if (self->waiting_count == 0 || self->waiting[0].at_us > now_us) {
        return false;
    }
    *out = self->waiting[0];
    self->waiting_count--;
    memmove(&self->waiting[0], &self->waiting[1], self->waiting_count * sizeof self->waiting[0]);
    return true;
}

uint64_t skad_local_answers_deadline(const skad_local_answers *self)
{
    return self->waiting_count == 0 ? UINT64_MAX : self->waiting[0].at_us;
}
