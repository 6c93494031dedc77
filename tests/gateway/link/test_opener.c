/* The process that connects: it hands over a socket, or says why not, as often as it is asked. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "src/gateway/link/opener.h"

static char folder[] = "/tmp/skad-opener-XXXXXX";
static struct sockaddr_un name;

static int make_folder(void **state)
{
    (void)state;
    name.sun_family = AF_UNIX;
    return mkdtemp(folder) == NULL ||
                   snprintf(name.sun_path, sizeof name.sun_path, "%s/socket", folder) < 0
               ? -1
               : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(name.sun_path);
    return rmdir(folder);
}

static int listen_there(void)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static void it_connects_whenever_it_is_asked(void **state)
{
    skad_opener opener;
    skad_failure failure;
    char bytes[4];
    (void)state;
    assert_true(skad_opener_start(name.sun_path, &opener, &failure));
    assert_int_equal(skad_opener_connect(&opener), -1);
    assert_int_equal(errno, ENOENT);
    const int daemon = listen_there();
    for (size_t i = 0; i < 3; i++) {
        const int fd = skad_opener_connect(&opener);
        assert_true(fd >= 0);
        assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
        assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        const int peer = accept(daemon, NULL, NULL);
        assert_true(peer >= 0);
        assert_int_equal(write(fd, "abc", 3), 3);
        assert_int_equal(read(peer, bytes, sizeof bytes), 3);
        close(fd);
        assert_int_equal(read(peer, bytes, sizeof bytes), 0); /* the process kept no copy */
        close(peer);
    }
    close(daemon);
    assert_int_equal(skad_opener_connect(&opener), -1);
    assert_int_equal(errno, ECONNREFUSED);
    skad_opener_stop(&opener);
}

static void a_path_that_is_no_socket_address_is_refused(void **state)
{
    skad_opener opener;
    skad_failure failure;
    char path[200];
    (void)state;
    memset(path, 'a', sizeof path);
    path[sizeof path - 1] = 0;
    assert_false(skad_opener_start(path, &opener, &failure));
    assert_false(skad_opener_start("", &opener, &failure));
    assert_non_null(strstr(failure.text, "--socket"));
}

static void a_process_that_is_gone_is_told(void **state)
{
    skad_opener opener;
    skad_failure failure;
    (void)state;
    assert_true(skad_opener_start(name.sun_path, &opener, &failure));
    assert_int_equal(kill(opener.pid, SIGKILL), 0);
    skad_opener gone = opener;
    assert_int_equal(skad_opener_connect(&gone), -1);
    skad_opener_stop(&opener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_connects_whenever_it_is_asked),
        cmocka_unit_test(a_path_that_is_no_socket_address_is_refused),
        cmocka_unit_test(a_process_that_is_gone_is_told),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
