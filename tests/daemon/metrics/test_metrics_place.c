/* Where metrics may be served. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/daemon/metrics/metrics_place.h"
#include "src/host/net/udp.h"
#include "tests/support/folder.h"

static void only_this_machine_is_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *words; /* NULL: it is taken */
    } cases[] = {
        {"127.0.0.1:9700", NULL},
        {"127.9.9.9:1", NULL},
        {"[::1]:9700", NULL},
        {"/run/skad/metrics.sock", NULL},
        {"off", NULL},
        {"0.0.0.0:9700", "is not an address of this machine alone"},
        {"[::]:9700", "is not an address of this machine alone"},
        {"192.0.2.1:9700", "is not an address of this machine alone"},
        {"[::2]:9700", "is not an address of this machine alone"},
        {"127.0.0.1:0", "give 127.0.0.1:PORT"},
        {"127.0.0.1", "give 127.0.0.1:PORT"},
        {"localhost:9700", "give 127.0.0.1:PORT"},
        {"metrics.sock", "give 127.0.0.1:PORT"},
        {"", "give 127.0.0.1:PORT"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_metrics_place place;
        skad_failure failure = {""};
        const bool taken = skad_metrics_place_parse(cases[i].text, &place, &failure);
        const bool wanted = cases[i].words == NULL;
        if (taken != wanted || (!wanted && strstr(failure.text, cases[i].words) == NULL)) {
            fail_msg("%s: %s", cases[i].text, failure.text);
        }
        assert_int_equal(skad_metrics_place_is(&place), wanted && cases[i].text[0] != 'o');
    }
}

static void a_path_is_never_cut(void **state)
{
    (void)state;
    char path[SKAD_METRICS_PATH_BYTES + 1];
    skad_metrics_place place;
    skad_failure failure;
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[SKAD_METRICS_PATH_BYTES] = 0;
    assert_false(skad_metrics_place_parse(path, &place, &failure));
    assert_non_null(strstr(failure.text, "longer than 107 bytes"));
    path[SKAD_METRICS_PATH_BYTES - 1] = 0;
    assert_true(skad_metrics_place_parse(path, &place, &failure));
    assert_string_equal(place.path, path);
}

static void a_port_or_a_path_in_use_is_told(void **state)
{
    (void)state;
    skad_metrics_place place = {.address = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}}};
    skad_metrics_place at_path = {.path = ""};
    skad_failure failure;
    char dir[64];
    struct stat about;
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    int fd = -1;
    int second = -1;
    assert_true(skad_metrics_place_listen(&place, &fd, &failure)); /* the system chooses a port */
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    assert_true(skad_address_from_sockaddr((struct sockaddr *)&name, &place.address));
    assert_false(skad_metrics_place_listen(&place, &second, &failure));
    assert_non_null(strstr(failure.text, "metrics: cannot listen on 127.0.0.1:"));
    assert_non_null(strstr(failure.text, "choose another port"));
    (void)close(fd);

    test_folder_make(dir, sizeof dir);
    (void)snprintf(at_path.path, sizeof at_path.path, "%s/metrics.sock", dir);
    assert_true(skad_metrics_place_listen(&at_path, &fd, &failure));
    assert_int_equal(stat(at_path.path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0660);
    assert_false(skad_metrics_place_listen(&at_path, &second, &failure));
    assert_non_null(strstr(failure.text, "metrics: another daemon is using"));
    (void)close(fd);
    assert_true(skad_metrics_place_listen(&at_path, &fd, &failure)); /* that of a dead daemon */
    (void)close(fd);
    (void)unlink(at_path.path);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_this_machine_is_a_place),
        cmocka_unit_test(a_path_is_never_cut),
        cmocka_unit_test(a_port_or_a_path_in_use_is_told),
    };
    return cmocka_run_group_tests_name("metrics_place", tests, NULL, NULL);
}
