#include "tests/support/lookup_script.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "skad/simulator.h"
#include "src/core/lookup/lookup.h"
#include "src/core/lookup/region.h"
#include "src/core/routing/distance.h"
#include "tests/support/prng.h"

const skad_id script_target = {{0}};
const skad_id script_self = {{0xff, 0xff, 0xff, 0xfe}};

skad_lookup *script_make(uint8_t paths, uint8_t alpha, uint8_t k, uint8_t siblings)
{
    skad_profile profile = {.paths = paths, .alpha = alpha, .k = k, .siblings = siblings};
    skad_node_tuning tuning;
    skad_node_tuning_default(&tuning);
    const skad_lookup_plan plan = {.profile = &profile,
                                   .self = &script_self,
                                   .target = &script_target,
                                   .lazy_allocation = true,
                                   .tuning = &tuning};
    skad_lookup *lookup = skad_lookup_new(&plan);
    assert_non_null(lookup);
    return lookup;
}

skad_contact script_contact_of(uint32_t number)
{
    skad_contact contact = {.ipv4 = test_prng_address(number)};
    for (unsigned i = 0; i < 4; i++) {
        contact.id.bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    }
    return contact;
}

uint32_t script_number_of(const skad_lookup *lookup, uint16_t index)
{
    return (uint32_t)(skad_id_prefix(&lookup->candidates.all[index].contact.id) >> 32);
}

uint16_t script_index_of(const skad_lookup *lookup, uint32_t number)
{
    uint16_t index = 0;
    while (index < lookup->candidates.high_water && script_number_of(lookup, index) != number) {
        index++;
    }
    assert_true(index < lookup->candidates.high_water);
    return index;
}

void script_seed(skad_lookup *lookup, const uint32_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        skad_contact contact = script_contact_of(numbers[i]);
        skad_lookup_seed(lookup, i, &contact, &contact.ipv4, NULL);
    }
}

/* Whom it asks next. */
uint32_t script_next(skad_lookup *lookup)
{
    skad_query query;
    return skad_lookup_next(lookup, &query) ? script_number_of(lookup, query.candidate) : NOBODY;
}

void script_assert_asks(skad_lookup *lookup, const uint32_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(script_next(lookup), numbers[i]);
    }
    assert_int_equal(script_next(lookup), NOBODY);
}

void script_hear(skad_lookup *lookup, uint32_t from, uint32_t number)
{
    skad_contact contact = script_contact_of(number);
    skad_lookup_heard(lookup, script_index_of(lookup, from), &contact, &contact.ipv4);
}

void script_answer(skad_lookup *lookup, uint32_t from, const uint32_t *numbers, size_t count)
{
    skad_lookup_answered(lookup, script_index_of(lookup, from), 1000);
    for (size_t i = 0; i < count; i++) {
        script_hear(lookup, from, numbers[i]);
    }
}

/* Lets all regions be explored in vain, as long as nobody else is to be asked; how many queries
 * that took. */
size_t script_explore(skad_lookup *lookup)
{
    size_t queries = 0;
    while (!skad_lookup_done(lookup) && lookup->phase == SKAD_LOOKUP_WIDENING) {
        skad_query query;
        while (skad_lookup_next(lookup, &query)) {
            assert_true(query.region);
            skad_regions_over(lookup);
            queries++;
        }
    }
    return queries;
}

void script_fail_node(skad_lookup *lookup, uint32_t number)
{
    skad_lookup_failed(lookup, script_index_of(lookup, number));
}

bool script_on_list(const skad_lookup *lookup, uint8_t path, uint32_t number)
{
    const skad_shortlist *list = &lookup->lists[path];
    for (size_t i = 0; i < list->count; i++) {
        if (script_number_of(lookup, list->members[i]) == number) {
            return true;
        }
    }
    return false;
}
