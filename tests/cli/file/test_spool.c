/* Where gathered bytes go: all of them into a pipe or a file, text only to a terminal. */
#define _GNU_SOURCE /* posix_openpt */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "src/cli/file/spool.h"

static const char hostile[] = "\x1b]0;owned\x07 f\xc3\xbcr \xff\n";
static const char shown[] = "\\x1b]0;owned\\x07 f\xc3\xbcr \\xff\n";

/* Gathers the bytes for stdout, which is `to` meanwhile. */
static void write_to(int to)
{
    skad_spool spool;
    skad_failure failure;
    assert_true(skad_spool_open(NULL, &spool, &failure));
    assert_int_equal(pwrite(spool.fd, hostile, strlen(hostile), 0), strlen(hostile));
    (void)fflush(stdout);
    int before = dup(STDOUT_FILENO);
    assert_int_equal(dup2(to, STDOUT_FILENO), STDOUT_FILENO);
    bool done = skad_spool_commit(&spool, &failure);
    assert_int_equal(dup2(before, STDOUT_FILENO), STDOUT_FILENO);
    assert_int_equal(close(before), 0);
    assert_true(done);
}

static void assert_came(int from, const char *expected)
{
    char bytes[256];
    ssize_t len = read(from, bytes, sizeof bytes);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(bytes, expected, strlen(expected));
}

static void a_pipe_gets_all_bytes(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    write_to(ends[1]);
    assert_came(ends[0], hostile);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(close(ends[1]), 0);
}

static void a_terminal_gets_text_only(void **state)
{
    (void)state;
    struct termios modes;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) {
        print_message("no pseudo-terminals here\n");
        skip();
    }
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0);
    assert_int_equal(tcgetattr(terminal, &modes), 0);
    modes.c_oflag = 0; /* else the line end becomes two bytes */
    assert_int_equal(tcsetattr(terminal, TCSANOW, &modes), 0);
    write_to(terminal);
    assert_came(master, shown);
    assert_int_equal(close(terminal), 0);
    assert_int_equal(close(master), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_gets_all_bytes),
        cmocka_unit_test(a_terminal_gets_text_only),
    };
    return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
