/* Scripting a lookup: its target is the all-zero ID, so node number n, whose ID begins with n as 32
 * bits, is simply at distance n. Each helper fails the test when the lookup does otherwise. */
#ifndef SKAD_TESTS_LOOKUP_SCRIPT_H
#define SKAD_TESTS_LOOKUP_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/lookup/lookup.h"

#define NOBODY UINT32_MAX

#define NUMBERS(...)                                                                               \
    (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)

extern const skad_id script_target;
extern const skad_id script_self;

skad_lookup *script_make(uint8_t paths, uint8_t alpha, uint8_t k, uint8_t siblings);

skad_contact script_contact_of(uint32_t number);

uint32_t script_number_of(const skad_lookup *lookup, uint16_t index);

uint16_t script_index_of(const skad_lookup *lookup, uint32_t number);

void script_seed(skad_lookup *lookup, const uint32_t *numbers, size_t count);

/* Whom it asks next. */
uint32_t script_next(skad_lookup *lookup);

void script_assert_asks(skad_lookup *lookup, const uint32_t *numbers, size_t count);

void script_hear(skad_lookup *lookup, uint32_t from, uint32_t number);

void script_answer(skad_lookup *lookup, uint32_t from, const uint32_t *numbers, size_t count);

/* Lets all regions be explored in vain, as long as nobody else is to be asked; how many queries
 * that took. */
size_t script_explore(skad_lookup *lookup);

void script_fail_node(skad_lookup *lookup, uint32_t number);

bool script_on_list(const skad_lookup *lookup, uint8_t path, uint32_t number);

#endif
