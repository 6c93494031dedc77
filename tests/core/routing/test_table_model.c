/* The routing table against a plain model (tests/support/table_model.h): everything is compared
 * after each of thousands of random steps. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "tests/support/prng.h"
#include "tests/support/table_model.h"

#define IDENTITIES 300
#define STEPS      6000

typedef struct model_case {
    const char *label;
    size_t k;
    size_t siblings;
    size_t slots;
    unsigned shared_max; /* IDs share fewer bits than this with ours */
    unsigned failing;    /* of ten steps, so many are failures */
    uint64_t seed;
} model_case;

static uint64_t roll(void *user, uint64_t bound)
{
    return test_prng_below(user, bound);
}

static void run_case(const model_case *c, bool lazy_allocation)
{
    test_prng prng = {c->seed};
    const test_table_shape shape = {c->k,          c->siblings, c->slots,       IDENTITIES,
                                    c->shared_max, c->seed,     lazy_allocation};
    test_table_model *model = test_table_model_new(&shape, (test_chooser){roll, &prng});
    for (unsigned i = 0; i < STEPS; i++) {
        test_table_model_step(model, c->failing);
    }
    test_table_model_free(model);
}

static void thousands_of_random_steps_agree_with_a_plain_model(void **state)
{
    (void)state;
    static const model_case cases[] = {
        {"buckets of 4, all have room", 4, 2, 400, 12, 2, 101},
        {"buckets of 16 as on the wire", 16, 16, 400, 6, 2, 102},
        {"a pool that is always full", 8, 4, 64, 4, 2, 103},
        {"a pool smaller than the siblings", 16, 16, 32, 8, 1, 104},
        {"most requests fail", 4, 1, 100, 3, 6, 105},
        {"one peer a bucket, deep", 1, 1, 100, 40, 3, 106},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s: seed %u\n", cases[i].label, (unsigned)cases[i].seed);
        run_case(&cases[i], false);
        run_case(&cases[i], true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thousands_of_random_steps_agree_with_a_plain_model),
    };
    return cmocka_run_group_tests_name("table_model", tests, NULL, NULL);
}
