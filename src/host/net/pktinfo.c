#define _GNU_SOURCE /* in6_pktinfo */
#include "src/host/net/pktinfo.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

static_assert(sizeof(struct in_pktinfo) <= sizeof(struct in6_pktinfo), "there is room for both");

static bool link_local(const uint8_t ip[static 16])
{
    return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

/* Without it routing chooses the address of an answer, as it does on a machine with only one. */
void skad_pktinfo_enable(int fd, const skad_address *bound)
{
    static const uint8_t everywhere[16] = {0};
    const int on = 1;
    if (memcmp(bound->ip, everywhere, sizeof everywhere) != 0) {
        return;
    }
    if (bound->family == SKAD_FAMILY_IPV4) {
        (void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    } else {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    }
}

/* The address in the header may be a broadcast; the kernel names the one to answer from beside it.
 */
static void read_ipv4(const struct cmsghdr *control, skad_local *out)
{
    struct in_pktinfo info;
    memcpy(&info, CMSG_DATA(control), sizeof info);
    memcpy(out->ip, &info.ipi_spec_dst, 4);
    out->family = SKAD_FAMILY_IPV4;
}

static void read_ipv6(const struct cmsghdr *control, skad_local *out)
{
    struct in6_pktinfo info;
    memcpy(&info, CMSG_DATA(control), sizeof info);
    if (!IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) {
        memcpy(out->ip, &info.ipi6_addr, 16);
        out->family = SKAD_FAMILY_IPV6;
        out->interface = link_local(out->ip) ? (uint32_t)info.ipi6_ifindex : 0;
    }
}

void skad_pktinfo_read(struct msghdr *message, skad_local *out)
{
    const struct cmsghdr *control = CMSG_FIRSTHDR(message);
    *out = (skad_local){.family = SKAD_FAMILY_NONE};
    if (control == NULL) {
        return;
    }
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
        read_ipv4(control, out);
    } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
        read_ipv6(control, out);
    }
}

static void put(struct msghdr *message, skad_pktinfo *space, int level, int type, const void *info,
                size_t len)
{
    const struct cmsghdr control = {
        .cmsg_len = CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type};
    memset(space, 0, sizeof *space);
    memcpy(space->bytes, &control, sizeof control);
    memcpy(space->bytes + CMSG_LEN(0), info, len);
    message->msg_control = space;
    message->msg_controllen = CMSG_SPACE(len);
}

void skad_pktinfo_write(const skad_local *local, skad_pktinfo *space, struct msghdr *message)
{
    if (local->family == SKAD_FAMILY_IPV4) {
        struct in_pktinfo info = {.ipi_ifindex = 0};
        memcpy(&info.ipi_spec_dst, local->ip, 4);
        put(message, space, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    } else if (local->family == SKAD_FAMILY_IPV6) {
        struct in6_pktinfo info = {.ipi6_ifindex = local->interface};
        memcpy(&info.ipi6_addr, local->ip, 16);
        put(message, space, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
}
