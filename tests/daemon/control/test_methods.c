/* The table of control methods has a row for each method. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/daemon/control/methods.h"

static void each_method_has_its_row(void **state)
{
    (void)state;
    static const struct {
        skad_control_method method;
        const char *name;
    } methods[] = {
#define METHOD(name, text) {SKAD_CONTROL_##name, text},
        SKAD_CONTROL_METHODS(METHOD)
#undef METHOD
    };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if ((int)skad_method_manner_of(methods[i].method) == 0) {
            fail_msg("%s has no row", methods[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_method_has_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
