#include "tests/support/turns.h"

#include <poll.h>

#include "crypto/assert.h"
#include "src/host/system/clock.h"

#define PATIENCE_MS 60000 /* a test that waits for longer hangs */

skad_loop *test_loop_new(void)
{
    skad_loop *loop = NULL;
    const skad_status status = skad_loop_new(&loop);
    SKAD_ASSERT(status == SKAD_OK);
    skad_loop_begin(loop, skad_clock_now());
    return loop;
}

void test_loop_turn(skad_loop *loop)
{
    skad_loop_begin(loop, skad_clock_now());
    skad_loop_dispatch(loop);
}

void test_loop_wait(skad_loop *loop)
{
    struct pollfd ready = {.fd = skad_loop_fd(loop), .events = POLLIN};
    SKAD_ASSERT(poll(&ready, 1, PATIENCE_MS) == 1);
    test_loop_turn(loop);
}

void test_loop_run(skad_loop *loop)
{
    while (skad_loop_awaits(loop)) {
        test_loop_wait(loop);
    }
    test_loop_turn(loop);
}
