/* That a watch of interfaces comes and goes without a trace. tests/e2e/world/test_moves.sh changes
 * interfaces, in namespaces of its own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>

#include "src/host/net/interfaces.h"
#include "tests/support/turns.h"

static void never(void *user)
{
    (void)user;
    fail_msg("nothing has changed");
}

static void a_watch_leaves_nothing_behind(void **state)
{
    (void)state;
    skad_loop *loop = test_loop_new();
    skad_interfaces interfaces;
    skad_interfaces_start(&interfaces, loop, never, NULL);
    const int fd = interfaces.fd;
    test_loop_turn(loop);
    skad_interfaces_stop(&interfaces);
    skad_interfaces_stop(&interfaces); /* once more does no harm */
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    test_loop_run(loop); /* comes back at once: nothing is watched any more */
    skad_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_watch_leaves_nothing_behind)};
    return cmocka_run_group_tests_name("interfaces", tests, NULL, NULL);
}
