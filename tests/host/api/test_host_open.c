/* What cannot be opened: each sentence names the member of the config, and nothing stays open. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <dirent.h>
#include <string.h>

#include "tests/support/failing_allocation.h"
#include "tests/support/hosts.h"

static size_t descriptors(void)
{
    size_t count = 0;
    DIR *entries = opendir("/proc/self/fd");
    assert_non_null(entries);
    while (readdir(entries) != NULL) {
        count++;
    }
    (void)closedir(entries);
    return count;
}

static void expect_refused(const skad_host_config *config, skad_status wanted, const char *text)
{
    skad_host host = 1;
    skad_failure failure;
    const size_t before = descriptors();
    assert_int_equal(skad_host_open(config, &host, &failure), wanted);
    assert_int_equal(host, 0);
    if (strstr(failure.text, text) == NULL) {
        fail_msg("'%s' lacks '%s'", failure.text, text);
    }
    assert_int_equal(skad_host_open(config, &host, NULL), wanted); /* no sentence is wanted */
    assert_int_equal(descriptors(), before);
}

/* Changes one member. */
#define REFUSED(member, value, wanted, text)                                                       \
    do {                                                                                           \
        skad_host_config config;                                                                   \
        test_host_config(NULL, &config);                                                           \
        config.member = (value);                                                                   \
        expect_refused(&config, wanted, text);                                                     \
    } while (0)

static void each_member_is_named(void **state)
{
    (void)state;
    static const char *const gone[] = {NULL};
    static const char *const odd[] = {"127.0.0.1"};
    static const char *const elsewhere[] = {"192.0.2.1:0"};
    static const char *const two[] = {"127.0.0.1:0", "127.0.0.2:0"};
    REFUSED(profile, NULL, SKAD_ERR_INPUT, "profile: NULL");
    REFUSED(profile, "/nowhere/profile", SKAD_ERR_INPUT, "profile: ");
    REFUSED(workers, -2, SKAD_ERR_INPUT, "workers: -2");
    REFUSED(workers, 65, SKAD_ERR_INPUT, "workers: 65");
    REFUSED(role, (skad_role)9, SKAD_ERR_INPUT, "role: 9");
    REFUSED(solve_share, 101, SKAD_ERR_INPUT, "solve_share: 101");
    REFUSED(log_least, (skad_log_level)17, SKAD_ERR_INPUT, "log_least: 17");
    REFUSED(folder, "", SKAD_ERR_IO, "folder: ");
    REFUSED(folder, "/nowhere/at/all", SKAD_ERR_IO, "folder: ");
    REFUSED(listen, NULL, SKAD_ERR_INPUT, "listen: ");
    REFUSED(listen, gone, SKAD_ERR_INPUT, "listen: address 0 is NULL");
    REFUSED(listen, odd, SKAD_ERR_INPUT, "listen: 127.0.0.1 is not");
    REFUSED(listen, elsewhere, SKAD_ERR_IO, "not an address of this machine");
    REFUSED(listen_count, 3, SKAD_ERR_INPUT, "listen: ");
    REFUSED(join_count, 33, SKAD_ERR_INPUT, "join: 32");
    REFUSED(join_count, 1, SKAD_ERR_INPUT, "join: node 0 is NULL");
    skad_host_config config;
    test_host_config(NULL, &config);
    config.listen = two;
    config.listen_count = 2;
    expect_refused(&config, SKAD_ERR_IO, "one IPv4 and one IPv6");
    test_host_config("a:b:c", &config);
    expect_refused(&config, SKAD_ERR_INPUT, "join: a:b:c");
    config.join = NULL;
    expect_refused(&config, SKAD_ERR_INPUT, "join: ");
    assert_int_equal(skad_host_open(NULL, NULL, NULL), SKAD_ERR_INPUT);
    assert_int_equal(skad_host_open(&config, NULL, NULL), SKAD_ERR_INPUT);
}

/* ---- Versions ---- */

typedef struct later_config {
    skad_host_config config;
    uint64_t of_a_later_version;
} later_config;

static void configs_of_other_versions_are_understood(void **state)
{
    (void)state;
    skad_host host;
    later_config later = {.of_a_later_version = 0};
    test_host_config(NULL, &later.config);
    later.config.size = sizeof later;
    assert_int_equal(skad_host_open(&later.config, &host, NULL),
                     SKAD_OK); /* it wants nothing new */
    assert_int_equal(skad_host_close(host), SKAD_OK);
    later.of_a_later_version = 1;
    expect_refused(&later.config, SKAD_ERR_VERSION, "only a later version");
    /* An earlier one: all behind its end is as by default, whatever lies there. */
    test_host_config(NULL, &later.config);
    later.config.size = offsetof(skad_host_config, role);
    later.config.workers = -77;
    later.config.log_least = (skad_log_level)99;
    assert_int_equal(skad_host_open(&later.config, &host, NULL), SKAD_OK);
    assert_int_equal(skad_host_close(host), SKAD_OK);
    REFUSED(size, 0, SKAD_ERR_INPUT, "skad_host_config_init");
    REFUSED(size, 1 << 20, SKAD_ERR_INPUT, "skad_host_config_init");
}

static void local_discovery_is_for_private_networks(void **state)
{
    (void)state;
    skad_host_config config;
    skad_host host;
    test_host_config(NULL, &config);
    assert_false(config.local_discovery);
    config.local_discovery = true;
    assert_int_equal(skad_host_open(&config, &host, NULL), SKAD_OK);
    assert_int_equal(skad_host_step(host), SKAD_OK);
    assert_int_equal(skad_host_close(host), SKAD_OK);
    config.profile = "public";
    expect_refused(&config, SKAD_ERR_INPUT, "local_discovery: the profile");
}

static void an_opening_can_be_stopped(void **state)
{
    (void)state;
    skad_flag stop;
    skad_host_config config;
    atomic_init(&stop, true);
    test_host_config(NULL, &config);
    config.profile = "public"; /* an identity of it takes a while */
    config.stop = &stop;
    expect_refused(&config, SKAD_ERR_STOPPED, "stopped");
}

/* ---- Bounds ---- */

static void a_process_has_so_many_hosts(void **state)
{
    (void)state;
    skad_host hosts[64];
    skad_host_config config;
    test_host_config(NULL, &config);
    config.peer_sockets = false;
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(skad_host_open(&config, &hosts[i], NULL), SKAD_OK);
    }
    expect_refused(&config, SKAD_ERR_FULL, "64 hosts are open");
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(skad_host_close(hosts[i]), SKAD_OK);
    }
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    skad_host host;
    skad_host_config config;
    bool failed = true;
    test_host_config("127.0.0.1:9", &config);
    const size_t open_before = descriptors();
    const long held_before = test_allocations_held();
    for (size_t nth = 1; failed; nth++) {
        skad_failure failure = {""};
        test_allocation_fail(nth);
        const skad_status status = skad_host_open(&config, &host, &failure);
        failed = test_allocation_failed();
        test_allocation_fail(0);
        if (status == SKAD_OK) {
            assert_int_equal(skad_host_step(host), SKAD_OK);
            assert_int_equal(skad_host_close(host), SKAD_OK);
        } else {
            assert_true(failed);
            assert_true(failure.text[0] != 0);
        }
        assert_int_equal(descriptors(), open_before);
        assert_int_equal(test_allocations_held(), held_before);
    }
}

/* ---- Logs ---- */

static unsigned lines;
static bool clean = true;

static void on_line(void *user, skad_log_level level, const char *text)
{
    assert_ptr_equal(user, &lines);
    lines += level == SKAD_LOG_WARNING && strstr(text, "cannot join through") != NULL;
    clean = clean && strpbrk(text, "\n\r\t\033") == NULL;
}

static void the_log_tells_what_an_operator_should_know(void **state)
{
    (void)state;
    skad_host host;
    skad_host_config config;
    test_host_config("192.0.2.1:4700", &config); /* for documents only */
    config.log = on_line;
    config.user = &lines;
    config.log_least = SKAD_LOG_WARNING;
    assert_int_equal(skad_host_open(&config, &host, NULL), SKAD_OK);
    assert_int_equal(skad_host_step(host), SKAD_OK);
    assert_int_equal(lines, 1);
    assert_true(clean);
    assert_int_equal(skad_host_close(host), SKAD_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_member_is_named),
        cmocka_unit_test(configs_of_other_versions_are_understood),
        cmocka_unit_test(local_discovery_is_for_private_networks),
        cmocka_unit_test(an_opening_can_be_stopped),
        cmocka_unit_test(a_process_has_so_many_hosts),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(the_log_tells_what_an_operator_should_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
