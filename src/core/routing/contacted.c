#include "src/core/routing/contacted.h"

#include <stdlib.h>
#include <string.h>

#define SETS (SKAD_CONTACTED_MAX / SKAD_CONTACTED_WAYS)

skad_status skad_contacted_init(skad_contacted *self,
                                const uint8_t key[static SKAD_TABLE_KEY_BYTES])
{
    self->cells = calloc(SKAD_CONTACTED_MAX, sizeof *self->cells);
    memcpy(self->key, key, sizeof self->key);
    return self->cells == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

void skad_contacted_free(skad_contacted *self)
{
    free(self->cells);
    self->cells = NULL;
}

/* Returns the few cells where an address may be, and its print. */
static skad_contacted_cell *set_of(const skad_contacted *self, const skad_address *address,
                                   uint32_t *print)
{
    const uint64_t hash = skad_table_hash(self->key, address->ip, sizeof address->ip);
    *print = (uint32_t)hash;
    return &self->cells[(hash >> 32) % SETS * SKAD_CONTACTED_WAYS];
}

static uint32_t second_of(uint64_t now_us)
{
    return (uint32_t)(now_us / SKAD_US_PER_S) + 1;
}

static bool is_recent(const skad_contacted_cell *cell, uint64_t now_us)
{
    return cell->at_s != 0 &&
           second_of(now_us) - cell->at_s < (uint32_t)(SKAD_CONTACTED_US / SKAD_US_PER_S);
}

void skad_contacted_note(skad_contacted *self, const skad_address *address, uint64_t now_us)
{
    uint32_t print;
    if (self->cells == NULL) {
        return;
    }
    skad_contacted_cell *set = set_of(self, address, &print);
    skad_contacted_cell *oldest = set;
    for (size_t i = 0; i < SKAD_CONTACTED_WAYS; i++) {
        if (set[i].at_s != 0 && set[i].print == print) {
            set[i].at_s = second_of(now_us);
            return;
        }
        oldest = set[i].at_s < oldest->at_s ? &set[i] : oldest;
    }
    if (is_recent(oldest, now_us)) {
        self->unsure_until_us = now_us + SKAD_CONTACTED_US;
    }
    *oldest = (skad_contacted_cell){.print = print, .at_s = second_of(now_us)};
}

bool skad_contacted_is_new(const skad_contacted *self, const skad_address *address, uint64_t now_us)
{
    uint32_t print;
    if (self->cells == NULL || now_us < self->unsure_until_us) {
        return false;
    }
    const skad_contacted_cell *set = set_of(self, address, &print);
    for (size_t i = 0; i < SKAD_CONTACTED_WAYS; i++) {
        if (set[i].print == print && is_recent(&set[i], now_us)) {
            return false;
        }
    }
    return true;
}
