/* Loops of src/host/loop/loop.h in tests. */
#ifndef TESTS_SUPPORT_TURNS_H
#define TESTS_SUPPORT_TURNS_H

#include "src/host/loop/loop.h"

skad_loop *test_loop_new(void);
/* A turn, by the system's clocks, without waiting. */
void test_loop_turn(skad_loop *loop);
/* Waits until something is ready, for some seconds at most; then a turn. */
void test_loop_wait(skad_loop *loop);
/* Turns until the end of nothing is awaited any more (skad_loop_awaits). */
void test_loop_run(skad_loop *loop);

#endif
