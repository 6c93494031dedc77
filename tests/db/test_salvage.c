/* What is taken over from a damaged database. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/db/proof.h"
#include "src/db/store_lmdb.h"
#include "tests/support/database_folder.h"
#include "tests/support/store_suite.h"

#define DAY_S 86400U

/* A node that was off for two days, or whose clock is ahead at the start. */
static void what_has_expired_is_taken_over_as_well(void **state)
{
    test_db_folder *here = *state;
    uint8_t data[200];
    skad_store store = test_db_open(here, &test_db_roomy);
    for (uint32_t i = 0; i < 20; i++) {
        skad_store_record record = test_db_record(i, data);
        record.expires_unix_s = TEST_DB_NOW_S + DAY_S;
        for (unsigned section = 0; section < 2; section++) {
            record.cached = false;
            assert_int_equal(
                store.ops->put(store.self, (skad_store_section)section, &record, TEST_DB_NOW_S),
                SKAD_OK);
        }
    }
    test_store_free(&store);
    skad_db_proof_condemn(here->path);
    here->config.now_unix_s = TEST_DB_NOW_S + 2 * DAY_S;
    store = test_db_open(here, &test_db_roomy);
    assert_int_equal(test_db_totals(&store).records, 20);
    assert_int_equal(test_db_totals(&store).published, 20);
    test_store_free(&store);
}

#define OWN_TEST(test) cmocka_unit_test_setup_teardown(test, test_db_begin, test_db_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(what_has_expired_is_taken_over_as_well),
    };
    return cmocka_run_group_tests_name("salvage", tests, NULL, NULL);
}
