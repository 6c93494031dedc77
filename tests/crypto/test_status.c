/* The texts of statuses, which reach operators and callers, and the version. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "skad/status.h"
#include "skad/version.h"

#define LAST SKAD_ERR_TIMEOUT

static const char *text(int status)
{
    return skad_status_text((skad_status)status);
}

/* Statuses are numbered from 0 without a gap; a new one must have its text and be the LAST. */
static void each_status_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (int status = SKAD_OK; status <= (int)LAST; status++) {
        assert_string_not_equal(text(status), "");
        for (int other = SKAD_OK; other < status; other++) {
            assert_string_not_equal(text(status), text(other));
        }
        assert_string_not_equal(text(status), text((int)LAST + 1));
    }
}

static void a_number_of_a_later_version_has_a_text(void **state)
{
    (void)state;
    assert_string_equal(text((int)LAST + 1), "unknown status");
    assert_string_equal(text(INT32_MAX), "unknown status");
}

static void the_version_is_that_of_the_headers(void **state)
{
    (void)state;
    assert_string_equal(skad_version(), SKAD_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_has_a_text_of_its_own),
        cmocka_unit_test(a_number_of_a_later_version_has_a_text),
        cmocka_unit_test(the_version_is_that_of_the_headers),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
