/* The routing table against a plain one (plain_table.h). Each step is taken by both, then
 * everything is compared. What happens is chosen by a PRNG or by a fuzzer's input. */
#ifndef SKAD_TESTS_TABLE_MODEL_H
#define SKAD_TESTS_TABLE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct test_table_model test_table_model;

/* Makes all choices: 0..bound-1. */
typedef struct test_chooser {
    uint64_t (*below)(void *user, uint64_t bound);
    void *user;
} test_chooser;

typedef struct test_table_shape {
    size_t k;
    size_t siblings;
    size_t slots;
    size_t identities;   /* that come and go, at most 300 */
    unsigned shared_max; /* IDs share fewer bits than this with ours */
    uint64_t seed;       /* of the IDs */
    bool lazy_allocation;
} test_table_shape;

test_table_model *test_table_model_new(const test_table_shape *shape, test_chooser chooser);
void test_table_model_free(test_table_model *self);

/* One step of ten kinds, of which `failing` (at most 8) are failures. Fails the test where the
 * table and the model differ. */
void test_table_model_step(test_table_model *self, unsigned failing);

#endif
