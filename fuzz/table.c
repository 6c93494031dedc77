/* The routing table against the plain model that the unit tests use (tests/support/table_model.h);
 * here the input makes the choices. The first bytes are the table's shape. */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "tests/support/table_model.h"

#define STEPS_MAX 300 /* each is compared in full */

static uint64_t choose(void *user, uint64_t bound)
{
    unsigned bytes = bound <= 256 ? 1 : bound <= 65536 ? 2 : 4;
    return fuzz_number(user, bytes) % bound;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_choices choices = {data, len, 0};
    const test_table_shape shape = {
        .k = 1 + fuzz_below(&choices, 6),
        .siblings = 1 + fuzz_below(&choices, 3),
        .slots = 8 + fuzz_below(&choices, 48),
        .identities = 8 + fuzz_below(&choices, 56),
        .shared_max = 1 + (unsigned)fuzz_below(&choices, 40),
        .seed = fuzz_byte(&choices),
    };
    const unsigned failing = (unsigned)fuzz_below(&choices, 8);
    /* The model's assertions are cmocka's, which outside of a test only abort when told so. */
    (void)setenv("CMOCKA_TEST_ABORT", "1", 0);
    test_table_model *model = test_table_model_new(&shape, (test_chooser){choose, &choices});
    for (unsigned i = 0; i < STEPS_MAX && !fuzz_over(&choices); i++) {
        test_table_model_step(model, failing);
    }
    test_table_model_free(model);
    return 0;
}
