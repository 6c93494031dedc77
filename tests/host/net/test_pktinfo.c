/* Of several addresses of this machine, the one that a datagram came to and is to leave from. Over
 * loopback, which has 127.0.0.0/8, and in a network of our own, whose loopback has more than one
 * IPv6 address. */
#define _GNU_SOURCE /* unshare, in6_pktinfo */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "proto/address.h"
#include "src/host/net/pktinfo.h"
#include "src/host/net/udp.h"

static skad_address address_of(const char *text)
{
    skad_address address;
    assert_true(skad_address_parse(text, &address));
    return address;
}

static skad_local local_of(const char *text)
{
    const skad_address address = address_of(text);
    skad_local local = {.family = address.family};
    memcpy(local.ip, address.ip, sizeof local.ip);
    return local;
}

static skad_udp_socket open_at(const char *text)
{
    skad_udp_socket udp;
    skad_failure failure;
    skad_address listen = address_of(text);
    if (!skad_udp_open(&listen, &udp, NULL, &failure)) {
        fail_msg("%s", failure.text);
    }
    return udp;
}

static void send_to(skad_udp_socket *udp, const skad_address *to, const skad_local *local)
{
    skad_datagram *datagram = skad_udp_reserve(udp);
    assert_non_null(datagram);
    datagram->to = *to;
    datagram->local = local != NULL ? *local : (skad_local){.family = SKAD_FAMILY_NONE};
    datagram->len = 1;
    datagram->bytes[0] = 'x';
    skad_udp_commit(udp);
    assert_true(skad_udp_flush(udp));
}

static skad_udp_received take(const skad_udp_socket *udp)
{
    skad_udp_received received[SKAD_UDP_BATCH];
    assert_int_equal(skad_udp_receive(udp, received), 1);
    return received[0];
}

/* A socket at `everywhere` is asked at `at` by a client at `client`, and answers. */
static void check_exchange(const char *everywhere, const char *client, const char *at,
                           uint32_t interface)
{
    skad_udp_socket port = open_at(everywhere);
    skad_udp_socket asker = open_at(client);
    skad_address asked = address_of(at);
    skad_local expected = local_of(at);
    expected.interface = interface;
    asked.port = port.bound.port;

    send_to(&asker, &asked, NULL);
    const skad_udp_received request = take(&port);
    assert_memory_equal(&request.local, &expected, sizeof expected);
    send_to(&port, &request.from, &request.local);
    const skad_udp_received answer = take(&asker);
    assert_memory_equal(&answer.from, &asked, sizeof asked);
    assert_int_equal(answer.local.family, SKAD_FAMILY_NONE); /* it has only one address */
    skad_udp_close(&port);
    skad_udp_close(&asker);
}

static void an_answer_leaves_from_the_address_that_was_asked(void **state)
{
    (void)state;
    check_exchange("0.0.0.0:0", "127.0.0.1:0", "127.0.0.1:1", 0);
    check_exchange("0.0.0.0:0", "127.0.0.1:0", "127.0.0.2:1", 0);
    check_exchange("0.0.0.0:0", "127.0.0.3:0", "127.9.9.9:1", 0);
}

static void of_one_batch_each_leaves_from_its_own(void **state)
{
    (void)state;
    static const char *const from[] = {"127.0.0.5:1", "127.0.0.4:1", "127.0.0.5:1"};
    skad_udp_socket port = open_at("0.0.0.0:0");
    skad_udp_socket asker = open_at("127.0.0.1:0");
    skad_udp_received received[SKAD_UDP_BATCH];
    for (size_t i = 0; i < 4; i++) { /* the last one as routing chooses */
        skad_datagram *datagram = skad_udp_reserve(&port);
        datagram->to = asker.bound;
        datagram->local = i < 3 ? local_of(from[i]) : (skad_local){.family = SKAD_FAMILY_NONE};
        datagram->len = 1;
        skad_udp_commit(&port);
    }
    assert_true(skad_udp_flush(&port));
    assert_int_equal(skad_udp_receive(&asker, received), 4);
    for (size_t i = 0; i < 4; i++) {
        skad_address expected = address_of(i < 3 ? from[i] : "127.0.0.1:1");
        expected.port = port.bound.port;
        assert_memory_equal(&received[i].from, &expected, sizeof expected);
    }
    skad_udp_close(&port);
    skad_udp_close(&asker);
}

/* Nothing can be sent from the address of the header then. */
static void a_broadcast_is_answered_from_an_address_of_ours(void **state)
{
    (void)state;
    const int on = 1;
    skad_udp_socket port = open_at("0.0.0.0:0");
    skad_udp_socket asker = open_at("127.0.0.1:0");
    skad_address asked = address_of("127.255.255.255:1");
    const skad_local expected = local_of("127.0.0.1:1");
    asked.port = port.bound.port;
    assert_int_equal(setsockopt(asker.fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on), 0);
    send_to(&asker, &asked, NULL);
    const skad_udp_received request = take(&port);
    assert_memory_equal(&request.local, &expected, sizeof expected);
    skad_udp_close(&port);
    skad_udp_close(&asker);
}

/* As when it was taken away between a request and its answer. */
static void from_an_address_that_is_not_ours_nothing_leaves(void **state)
{
    (void)state;
    const skad_local lost = local_of("192.0.2.1:1");
    skad_udp_socket port = open_at("0.0.0.0:0");
    skad_udp_socket asker = open_at("127.0.0.1:0");
    send_to(&port, &asker.bound, &lost);
    assert_int_equal(port.counters.refused, 1);
    send_to(&port, &asker.bound, NULL);
    assert_int_equal(port.counters.refused, 1);
    (void)take(&asker);
    skad_udp_close(&port);
    skad_udp_close(&asker);
}

/* ---- Messages made by hand ---- */

static skad_local through_a_message(const skad_local *local)
{
    skad_pktinfo space;
    skad_local back;
    struct msghdr message = {.msg_controllen = 0};
    skad_pktinfo_write(local, &space, &message);
    skad_pktinfo_read(&message, &back);
    return back;
}

static void an_ipv6_multicast_address_is_none_to_answer_from(void **state)
{
    (void)state;
    const skad_local multicast = local_of("[ff02::1]:1");
    const skad_local single = local_of("[2001:db8::1]:1");
    const skad_local none = {.family = SKAD_FAMILY_NONE};
    assert_int_equal(through_a_message(&multicast).family, SKAD_FAMILY_NONE);
    assert_int_equal(through_a_message(&single).family, SKAD_FAMILY_IPV6);
    assert_int_equal(through_a_message(&none).family, SKAD_FAMILY_NONE);
}

/* A scope is of no use to any other address, and would bind the answer to one interface. */
static void only_a_link_local_address_has_an_interface(void **state)
{
    (void)state;
    skad_local global = local_of("[2001:db8::1]:1");
    skad_local link = local_of("[fe80::1]:1");
    global.interface = 7;
    link.interface = 7;
    assert_int_equal(through_a_message(&global).interface, 0);
    assert_int_equal(through_a_message(&link).interface, 7);
}

/* Other control messages of the same level or number, such as a time to live, are passed over. */
static void only_packet_information_tells_an_address(void **state)
{
    (void)state;
    static const struct {
        const char *local;
        int level, type;
        skad_family family;
    } cases[] = {
        {"127.0.0.1:1", IPPROTO_IP, IP_PKTINFO, SKAD_FAMILY_IPV4},
        {"127.0.0.1:1", IPPROTO_IP, IP_TTL, SKAD_FAMILY_NONE},
        {"127.0.0.1:1", SOL_SOCKET, IP_PKTINFO, SKAD_FAMILY_NONE},
        {"[2001:db8::1]:1", IPPROTO_IPV6, IPV6_PKTINFO, SKAD_FAMILY_IPV6},
        {"[2001:db8::1]:1", IPPROTO_IPV6, IPV6_HOPLIMIT, SKAD_FAMILY_NONE},
        {"[2001:db8::1]:1", SOL_SOCKET, IPV6_PKTINFO, SKAD_FAMILY_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_local local = local_of(cases[i].local);
        skad_pktinfo space;
        skad_local back;
        struct msghdr message = {.msg_controllen = 0};
        skad_pktinfo_write(&local, &space, &message);
        struct cmsghdr *control = CMSG_FIRSTHDR(&message);
        control->cmsg_level = cases[i].level;
        control->cmsg_type = cases[i].type;
        skad_pktinfo_read(&message, &back);
        assert_int_equal(back.family, cases[i].family);
    }
}

/* ---- A network of our own ---- */

/* As linux/ipv6.h has it, which does not go with netinet/in.h. */
typedef struct ipv6_request {
    struct in6_addr address;
    uint32_t prefix;
    int interface;
} ipv6_request;

static bool is_local_route_to(const struct nlmsghdr *report, const struct in6_addr *address)
{
    struct rtmsg *route = NLMSG_DATA(report);
    if (report->nlmsg_type != RTM_NEWROUTE || route->rtm_type != RTN_LOCAL) {
        return false;
    }
    size_t left = RTM_PAYLOAD(report);
    for (struct rtattr *one = RTM_RTA(route); RTA_OK(one, left); one = RTA_NEXT(one, left)) {
        if (one->rta_type == RTA_DST && RTA_PAYLOAD(one) == sizeof *address &&
            memcmp(RTA_DATA(one), address, sizeof *address) == 0) {
            return true;
        }
    }
    return false;
}

/* The kernel adds an address in the background: it is there once its route is reported. */
static void await_route(int routes, const struct in6_addr *address)
{
    for (;;) {
        _Alignas(struct nlmsghdr) uint8_t bytes[4096];
        ssize_t len = recv(routes, bytes, sizeof bytes, 0);
        assert_true(len >= (ssize_t)sizeof(struct nlmsghdr));
        struct nlmsghdr *report = (struct nlmsghdr *)(void *)bytes;
        for (size_t left = (size_t)len; NLMSG_OK(report, left); report = NLMSG_NEXT(report, left)) {
            if (is_local_route_to(report, address)) {
                return;
            }
        }
    }
}

static bool add_addresses(int fd, int routes)
{
    static const struct {
        const char *text;
        uint32_t prefix;
    } added[] = {{"fd00::1", 128}, {"fd00::2", 128}, {"fe80::1", 64}, {"fe80::2", 64}};
    for (size_t i = 0; i < sizeof added / sizeof added[0]; i++) {
        ipv6_request request = {.prefix = added[i].prefix, .interface = (int)if_nametoindex("lo")};
        assert_int_equal(inet_pton(AF_INET6, added[i].text, &request.address), 1);
        if (ioctl(fd, SIOCSIFADDR, &request) != 0) {
            return false;
        }
        await_route(routes, &request.address);
    }
    return true;
}

/* False where namespaces are not allowed, or there is no IPv6. */
static bool make_network(void)
{
    struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING};
    const struct sockaddr_nl reports = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV6_ROUTE};
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        return false;
    }
    int ipv4 = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int ipv6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int routes = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    assert_int_equal(bind(routes, (const struct sockaddr *)&reports, sizeof reports), 0);
    assert_int_equal(ioctl(ipv4, SIOCSIFFLAGS, &up), 0);
    bool made = ipv6 >= 0 && add_addresses(ipv6, routes);
    (void)close(ipv4);
    (void)close(ipv6);
    (void)close(routes);
    return made;
}

static bool has_network;

static int begin(void **state)
{
    (void)state;
    has_network = make_network();
    if (!has_network) {
        print_message("no network namespace with IPv6 here: its cases are skipped\n");
    }
    return 0;
}

static void an_answer_by_ipv6_leaves_from_the_address_that_was_asked(void **state)
{
    (void)state;
    if (!has_network) {
        skip();
    }
    check_exchange("[::]:0", "[::1]:0", "[::1]:1", 0);
    check_exchange("[::]:0", "[fd00::1]:0", "[fd00::2]:1", 0);
    check_exchange("[::]:0", "[fd00::2]:0", "[fd00::1]:1", 0);
}

/* An address of ours has no scope, so the interface that is kept with the request leads back. */
static void a_link_local_answer_finds_its_interface(void **state)
{
    (void)state;
    if (!has_network) {
        skip();
    }
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_scope_id = if_nametoindex("lo")};
    struct sockaddr_in6 from;
    socklen_t len = sizeof from;
    char byte;
    skad_udp_socket port = open_at("[::]:0");
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(inet_pton(AF_INET6, "fe80::1", &name.sin6_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(inet_pton(AF_INET6, "fe80::2", &name.sin6_addr), 1);
    name.sin6_port = htons(port.bound.port);
    assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&name, sizeof name), 1);

    const skad_udp_received request = take(&port);
    assert_int_equal(request.local.interface, name.sin6_scope_id);
    send_to(&port, &request.from, &request.local);
    assert_int_equal(port.counters.refused, 0);
    assert_int_equal(recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&from, &len), 1);
    assert_memory_equal(&from.sin6_addr, &name.sin6_addr, sizeof name.sin6_addr);
    assert_int_equal(close(fd), 0);
    skad_udp_close(&port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_leaves_from_the_address_that_was_asked),
        cmocka_unit_test(of_one_batch_each_leaves_from_its_own),
        cmocka_unit_test(a_broadcast_is_answered_from_an_address_of_ours),
        cmocka_unit_test(from_an_address_that_is_not_ours_nothing_leaves),
        cmocka_unit_test(an_ipv6_multicast_address_is_none_to_answer_from),
        cmocka_unit_test(only_a_link_local_address_has_an_interface),
        cmocka_unit_test(only_packet_information_tells_an_address),
        cmocka_unit_test(an_answer_by_ipv6_leaves_from_the_address_that_was_asked),
        cmocka_unit_test(a_link_local_answer_finds_its_interface),
    };
    return cmocka_run_group_tests_name("pktinfo", tests, begin, NULL);
}
