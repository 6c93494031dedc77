#include "src/core/routing/contacted.h"

#include <stdlib.h>
#include <string.h>

skad_status skad_contacted_init(skad_contacted *self,
                                const uint8_t key[static SKAD_TABLE_KEY_BYTES])
{
    memcpy(self->key, key, sizeof self->key);
    self->cells = calloc(SKAD_CONTACTED_MAX, sizeof *self->cells);
    self->lost_s = calloc(SKAD_CONTACTED_SETS, sizeof *self->lost_s);
    if (self->cells == NULL || self->lost_s == NULL) {
        skad_contacted_free(self);
        return SKAD_ERR_MEMORY;
    }
    return SKAD_OK;
}

void skad_contacted_free(skad_contacted *self)
{
    free(self->cells);
    free(self->lost_s);
    self->cells = NULL;
    self->lost_s = NULL;
}

/* Returns the set of few cells where an address may be, and its print. */
static size_t set_of(const skad_contacted *self, const skad_address *address, uint32_t *print)
{
    const uint64_t hash = skad_table_hash(self->key, address->ip, sizeof address->ip);
    *print = (uint32_t)hash;
    return (size_t)(hash >> 32) % SKAD_CONTACTED_SETS;
}

static uint32_t second_of(uint64_t now_us)
{
    return (uint32_t)(now_us / SKAD_US_PER_S) + 1;
}

static bool is_recent(uint32_t at_s, uint64_t now_us)
{
    return at_s != 0 && second_of(now_us) - at_s < (uint32_t)(SKAD_CONTACTED_US / SKAD_US_PER_S);
}

void skad_contacted_note(skad_contacted *self, const skad_address *address, uint64_t now_us)
{
    uint32_t print;
    if (self->cells == NULL) {
        return;
    }
    const size_t at = set_of(self, address, &print);
    skad_contacted_cell *set = &self->cells[at * SKAD_CONTACTED_WAYS];
    skad_contacted_cell *oldest = set;
    for (size_t i = 0; i < SKAD_CONTACTED_WAYS; i++) {
        if (set[i].at_s != 0 && set[i].print == print) {
            set[i].at_s = second_of(now_us);
            return;
        }
        oldest = set[i].at_s < oldest->at_s ? &set[i] : oldest;
    }
    if (is_recent(oldest->at_s, now_us)) {
        self->lost_s[at] = second_of(now_us);
    }
    *oldest = (skad_contacted_cell){.print = print, .at_s = second_of(now_us)};
}

bool skad_contacted_is_new(const skad_contacted *self, const skad_address *address, uint64_t now_us)
{
    uint32_t print;
    if (self->cells == NULL) {
        return false;
    }
    const size_t at = set_of(self, address, &print);
    const skad_contacted_cell *set = &self->cells[at * SKAD_CONTACTED_WAYS];
    if (is_recent(self->lost_s[at], now_us)) {
        return false;
    }
    for (size_t i = 0; i < SKAD_CONTACTED_WAYS; i++) {
        if (set[i].print == print && is_recent(set[i].at_s, now_us)) {
            return false;
        }
    }
    return true;
}
