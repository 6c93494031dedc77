/* One question to the kernel: by which route would a datagram to the Internet leave? An example of
 * a place there is a root name server; it is only named. A question for one route is answered at
 * once, so nothing waits, however long the table of routes is. */
#include "src/host/net/uplink.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

static const uint8_t FAR_IPV4[4] = {198, 41, 0, 4}; /* a.root-servers.net */
static const uint8_t FAR_IPV6[16] = {0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, [13] = 0x02, [15] = 0x30};

typedef struct question {
    struct nlmsghdr head;
    struct rtmsg route;
    uint8_t attributes[2 * RTA_SPACE(16)];
} question;

static size_t ip_bytes(uint8_t family)
{
    return family == SKAD_FAMILY_IPV4 ? 4 : 16;
}

static void add(question *asked, unsigned short type, const uint8_t *ip, size_t len)
{
    const struct rtattr attribute = {.rta_len = (unsigned short)RTA_LENGTH(len), .rta_type = type};
    uint8_t *end = (uint8_t *)asked + asked->head.nlmsg_len;
    memcpy(end, &attribute, sizeof attribute);
    memcpy(end + sizeof attribute, ip, len);
    asked->head.nlmsg_len += (uint32_t)RTA_SPACE(len);
}

static bool is_unset(const skad_address *address)
{
    static const uint8_t zero[16];
    return memcmp(address->ip, zero, sizeof zero) == 0;
}

static bool ask(int fd, const skad_address *bound)
{
    const bool is_ipv4 = bound->family == SKAD_FAMILY_IPV4;
    const size_t len = ip_bytes(bound->family);
    question asked;
    memset(&asked, 0, sizeof asked);
    asked.head.nlmsg_len = (uint32_t)NLMSG_LENGTH(sizeof asked.route);
    asked.head.nlmsg_type = RTM_GETROUTE;
    asked.head.nlmsg_flags = NLM_F_REQUEST;
    asked.route.rtm_family = is_ipv4 ? AF_INET : AF_INET6;
    asked.route.rtm_dst_len = (unsigned char)(8 * len);
    add(&asked, RTA_DST, is_ipv4 ? FAR_IPV4 : FAR_IPV6, len);
    if (!is_unset(bound)) {
        asked.route.rtm_src_len = (unsigned char)(8 * len);
        add(&asked, RTA_SRC, bound->ip, len);
    }
    return send(fd, &asked, asked.head.nlmsg_len, 0) == (ssize_t)asked.head.nlmsg_len;
}

/* Attributes that are not of the expected length are passed over. */
static void read_attribute(const struct rtattr *attribute, const uint8_t *data, uint8_t family,
                           skad_uplink *out)
{
    const size_t len = attribute->rta_len - RTA_LENGTH(0);
    skad_address *to = attribute->rta_type == RTA_GATEWAY   ? &out->gateway
                       : attribute->rta_type == RTA_PREFSRC ? &out->source
                                                            : NULL;
    if (to != NULL && len == ip_bytes(family)) {
        to->family = family;
        memcpy(to->ip, data, len);
    } else if (attribute->rta_type == RTA_OIF && len == sizeof out->interface) {
        memcpy(&out->interface, data, len);
    }
}

static bool read_answer(const uint8_t *bytes, size_t len, uint8_t family, skad_uplink *out)
{
    struct nlmsghdr head;
    size_t at = NLMSG_LENGTH(sizeof(struct rtmsg));
    if (len < at) {
        return false;
    }
    memcpy(&head, bytes, sizeof head);
    if (head.nlmsg_type != RTM_NEWROUTE || head.nlmsg_len > len) {
        return false; /* there is no such route */
    }
    while (at + RTA_LENGTH(0) <= head.nlmsg_len) {
        struct rtattr attribute;
        memcpy(&attribute, bytes + at, sizeof attribute);
        if (attribute.rta_len < RTA_LENGTH(0) || attribute.rta_len > head.nlmsg_len - at) {
            break;
        }
        read_attribute(&attribute, bytes + at + RTA_LENGTH(0), family, out);
        at += RTA_ALIGN(attribute.rta_len);
    }
    return true;
}

bool skad_uplink_find(const skad_address *bound, skad_uplink *out)
{
    uint8_t bytes[1024];
    ssize_t len = -1;
    memset(out, 0, sizeof *out);
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0) {
        return false;
    }
    if (ask(fd, bound)) {
        len = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    }
    close(fd);
    if (len < 0 || !read_answer(bytes, (size_t)len, bound->family, out)) {
        return false;
    }
    if (!is_unset(bound)) {
        out->source = *bound;
        out->source.port = 0;
    }
    return out->gateway.family != SKAD_FAMILY_NONE && out->source.family != SKAD_FAMILY_NONE;
}
