/* UDP sockets over loopback, and addresses in both shapes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/address.h"
#include "src/host/net/udp.h"
#include "tests/support/ipv6.h"

static skad_address address_of(const char *text)
{
    skad_address address;
    assert_true(skad_address_parse(text, &address));
    return address;
}

static skad_udp_socket open_loopback(void)
{
    skad_udp_socket udp;
    skad_failure failure;
    skad_address listen = address_of("127.0.0.1:0");
    if (!skad_udp_open(&listen, &udp, NULL, &failure)) {
        fail_msg("%s", failure.text);
    }
    return udp;
}

static void addresses_keep_their_value_through_sockaddr(void **state)
{
    (void)state;
    static const char *const texts[] = {"192.0.2.1:1", "255.1.2.3:65535", "[2001:db8::5]:4700",
                                        "[::1]:80"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct sockaddr_storage name;
        skad_address back;
        skad_address address = address_of(texts[i]);
        socklen_t len = skad_address_to_sockaddr(&address, &name);
        assert_int_equal(len, address.family == SKAD_FAMILY_IPV4 ? sizeof(struct sockaddr_in)
                                                                 : sizeof(struct sockaddr_in6));
        assert_true(skad_address_from_sockaddr((struct sockaddr *)&name, &back));
        assert_memory_equal(&back, &address, sizeof back);
    }
}

static void mapped_addresses_become_ipv4(void **state)
{
    (void)state;
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_port = htons(4700)};
    skad_address back;
    skad_address expected = address_of("192.0.2.7:4700");
    assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.7", &name.sin6_addr), 1);
    assert_true(skad_address_from_sockaddr((struct sockaddr *)&name, &back));
    assert_memory_equal(&back, &expected, sizeof back);
}

static void other_families_are_refused(void **state)
{
    (void)state;
    struct sockaddr name = {.sa_family = AF_UNIX};
    skad_address back;
    assert_false(skad_address_from_sockaddr(&name, &back));
}

static void put(skad_udp_socket *udp, const skad_address *to, uint8_t fill, size_t len)
{
    skad_datagram *datagram = skad_udp_reserve(udp);
    assert_non_null(datagram);
    datagram->to = *to;
    datagram->len = len;
    memset(datagram->bytes, fill, len);
    skad_udp_commit(udp);
}

static void a_batch_arrives_whole_and_in_order(void **state)
{
    (void)state;
    skad_udp_socket from = open_loopback();
    skad_udp_socket to = open_loopback();
    skad_udp_received received[SKAD_UDP_BATCH];

    for (size_t i = 0; i < SKAD_UDP_BATCH; i++) {
        put(&from, &to.bound, (uint8_t)i, 1 + i);
    }
    assert_true(skad_udp_flush(&from));
    size_t count = skad_udp_receive(&to, received);
    assert_int_equal(count, SKAD_UDP_BATCH);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(received[i].len, 1 + i);
        assert_int_equal(received[i].bytes[0], i);
        assert_memory_equal(&received[i].from, &from.bound, sizeof from.bound);
    }
    assert_int_equal(skad_udp_receive(&to, received), 0);
    skad_udp_close(&from);
    skad_udp_close(&to);
}

/* An IPv6 socket takes no IPv4, so both families have the same port. */
static void both_families_may_have_the_same_port(void **state)
{
    (void)state;
    skad_udp_socket ipv4;
    skad_udp_socket ipv6;
    skad_failure failure;
    if (!test_has_ipv6()) {
        skip();
    }
    skad_address listen = address_of("[::]:1");
    listen.port = 0;
    if (!skad_udp_open(&listen, &ipv6, NULL, &failure)) {
        fail_msg("%s", failure.text);
    }
    listen = (skad_address){.family = SKAD_FAMILY_IPV4, .port = ipv6.bound.port};
    if (!skad_udp_open(&listen, &ipv4, NULL, &failure)) {
        fail_msg("%s", failure.text);
    }
    assert_int_equal(ipv4.bound.port, ipv6.bound.port);
    skad_udp_close(&ipv4);
    skad_udp_close(&ipv6);
}

/* A machine may lack an address, or come to it later; a port that is taken is another matter. */
static void an_address_that_is_missing_is_unsupported(void **state)
{
    (void)state;
    static const struct {
        const char *listen;
        bool unsupported;
        const char *words;
    } cases[] = {
        {"192.0.2.1:4700", true, "is not an address of this machine"},
        {"[2001:db8::1]:4700", true, "is not an address of this machine"},
        {"127.0.0.1:1", false, ""},
        {"[::1]:1", false, ""},
    };
    if (!test_has_ipv6()) {
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_udp_socket udp;
        skad_udp_socket first;
        skad_failure failure = {""};
        bool unsupported = !cases[i].unsupported;
        skad_address listen = address_of(cases[i].listen);
        bool taken = cases[i].words[0] == '\0';
        if (taken) { /* by another socket */
            listen.port = 0;
            assert_true(skad_udp_open(&listen, &first, NULL, &failure));
            listen.port = first.bound.port;
        }
        assert_false(skad_udp_open(&listen, &udp, &unsupported, &failure));
        assert_int_equal(unsupported, cases[i].unsupported);
        assert_non_null(
            strstr(failure.text, taken ? "is in use by another program" : cases[i].words));
        assert_int_equal(udp.fd, -1);
        if (taken) {
            skad_udp_close(&first);
        }
    }
}

/* They leave in as many batches as it takes, and their places are used again. */
static void as_many_wait_as_there_are_places(void **state)
{
    (void)state;
    skad_udp_socket from = open_loopback();
    skad_udp_socket to = open_loopback();
    skad_udp_received received[SKAD_UDP_BATCH];
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < SKAD_UDP_WAITING; i++) {
            put(&from, &to.bound, (uint8_t)i, 1);
        }
        assert_null(skad_udp_reserve(&from));
        skad_udp_refuse(&from);
        assert_int_equal(from.counters.refused, round + 1);
        assert_true(skad_udp_flush(&from));
        for (size_t i = 0; i < SKAD_UDP_BATCH; i++) { /* more than these may not fit its queue */
            put(&from, &to.bound, (uint8_t)i, 1);
        }
        while (skad_udp_receive(&to, received) > 0) {
        }
        assert_true(skad_udp_flush(&from));
        assert_int_equal(skad_udp_receive(&to, received), SKAD_UDP_BATCH);
        assert_int_equal(received[SKAD_UDP_BATCH - 1].bytes[0], SKAD_UDP_BATCH - 1);
    }
    skad_udp_close(&from);
    skad_udp_close(&to);
}

static void a_queue_that_nobody_reads_fills_up_and_drops(void **state)
{
    (void)state;
    skad_udp_socket udp;
    skad_failure failure;
    skad_udp_queue queue;
    const int small = 4096;
    const skad_address any = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}};
    assert_true(skad_udp_open(&any, &udp, NULL, &failure));
    assert_true(skad_udp_queue_get(&udp, &queue));
    assert_int_equal(queue.percent, 0);
    assert_int_equal(queue.drops, 0);
    assert_int_equal(setsockopt(udp.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    for (size_t i = 0; i < 64; i++) {
        put(&udp, &udp.bound, 1, 1000);
        assert_true(skad_udp_flush(&udp));
    }
    assert_true(skad_udp_queue_get(&udp, &queue));
    assert_true(queue.percent >= 50);
    assert_true(queue.drops > 0 && queue.drops < 64);
    skad_udp_close(&udp);
}

static void a_datagram_that_is_too_long_shows(void **state)
{
    (void)state;
    uint8_t bytes[2000] = {0};
    struct sockaddr_storage name;
    skad_udp_received received[SKAD_UDP_BATCH];
    skad_udp_socket to = open_loopback();
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    socklen_t len = skad_address_to_sockaddr(&to.bound, &name);

    assert_int_equal(sendto(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&name, len),
                     sizeof bytes);
    assert_int_equal(skad_udp_receive(&to, received), 1);
    assert_int_equal(received[0].len, SKAD_DATAGRAM_BYTES_MAX + 1);
    close(fd);
    skad_udp_close(&to);
}

/* Broadcast needs an option that is not set: the kernel says EACCES. */
static void a_datagram_that_the_kernel_refuses_is_counted_and_skipped(void **state)
{
    (void)state;
    skad_udp_socket from = open_loopback();
    skad_udp_socket to = open_loopback();
    skad_udp_received received[SKAD_UDP_BATCH];
    skad_address broadcast = address_of("255.255.255.255:9");

    put(&from, &broadcast, 0, 1);
    put(&from, &to.bound, 1, 1);
    put(&from, &broadcast, 2, 1);
    put(&from, &to.bound, 3, 1);
    assert_true(skad_udp_flush(&from));
    assert_int_equal(from.counters.refused, 2);
    assert_int_not_equal(from.counters.refused_errno, 0);
    assert_int_equal(skad_udp_receive(&to, received), 2);
    assert_int_equal(received[0].bytes[0], 1);
    assert_int_equal(received[1].bytes[0], 3);
    skad_udp_close(&from);
    skad_udp_close(&to);
}

static void a_port_in_use_is_told(void **state)
{
    (void)state;
    skad_udp_socket first = open_loopback();
    skad_udp_socket second;
    skad_failure failure = {""};
    bool unsupported = true;
    assert_false(skad_udp_open(&first.bound, &second, &unsupported, &failure));
    assert_non_null(strstr(failure.text, "in use by another program"));
    assert_false(unsupported);
    skad_udp_close(&first);
}

static void an_address_of_another_machine_is_told(void **state)
{
    (void)state;
    skad_udp_socket udp;
    skad_failure failure = {""};
    skad_address listen = address_of("192.0.2.1:0");
    assert_false(skad_udp_open(&listen, &udp, NULL, &failure));
    assert_non_null(strstr(failure.text, "not an address of this machine"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_keep_their_value_through_sockaddr),
        cmocka_unit_test(mapped_addresses_become_ipv4),
        cmocka_unit_test(other_families_are_refused),
        cmocka_unit_test(a_batch_arrives_whole_and_in_order),
        cmocka_unit_test(both_families_may_have_the_same_port),
        cmocka_unit_test(an_address_that_is_missing_is_unsupported),
        cmocka_unit_test(as_many_wait_as_there_are_places),
        cmocka_unit_test(a_queue_that_nobody_reads_fills_up_and_drops),
        cmocka_unit_test(a_datagram_that_is_too_long_shows),
        cmocka_unit_test(a_datagram_that_the_kernel_refuses_is_counted_and_skipped),
        cmocka_unit_test(a_port_in_use_is_told),
        cmocka_unit_test(an_address_of_another_machine_is_told),
    };
    return cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}
