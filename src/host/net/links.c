#define _GNU_SOURCE /* IFF_MULTICAST */
#include "src/host/net/links.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "proto/address.h"
#include "src/host/net/scoped.h"
#include "src/host/net/udp.h"

static uint8_t count_bits(const skad_address *mask)
{
    uint8_t bits = 0;
    while (bits < 128 && (mask->ip[bits / 8] & (0x80U >> (bits % 8))) != 0) {
        bits++;
    }
    return bits;
}

static bool is_link(const struct ifaddrs *one)
{
    const unsigned needed = IFF_UP | IFF_MULTICAST;
    return one->ifa_addr != NULL && one->ifa_netmask != NULL &&
           (one->ifa_flags & (needed | IFF_LOOPBACK)) == needed;
}

/* A netmask has the family of its address, or none at all. */
static bool read_one(const struct ifaddrs *one, skad_link *out)
{
    struct sockaddr_storage mask = {.ss_family = one->ifa_addr->sa_family};
    const bool ipv6 = mask.ss_family == AF_INET6;
    skad_address read;
    if (!is_link(one) || (mask.ss_family != AF_INET && !ipv6)) {
        return false;
    }
    memcpy(&mask, one->ifa_netmask,
           ipv6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    mask.ss_family = one->ifa_addr->sa_family;
    if (!skad_address_from_sockaddr(one->ifa_addr, &out->address) ||
        !skad_address_from_sockaddr((const struct sockaddr *)&mask, &read) ||
        read.family != out->address.family) {
        return false;
    }
    out->address.port = 0;
    out->prefix_bits = count_bits(&read);
    out->interface = if_nametoindex(one->ifa_name);
    return out->interface != 0;
}

void skad_links_read(skad_links *out)
{
    struct ifaddrs *all = NULL;
    out->count = 0;
    if (getifaddrs(&all) != 0) {
        return;
    }
    for (const struct ifaddrs *one = all; one != NULL && out->count < SKAD_LINKS_MAX;
         one = one->ifa_next) {
        if (one->ifa_addr != NULL && read_one(one, &out->all[out->count])) {
            out->count++;
        }
    }
    freeifaddrs(all);
}

static bool shares_prefix(const skad_link *link, const skad_address *address)
{
    for (unsigned bit = 0; bit < link->prefix_bits; bit++) {
        const unsigned mask = 0x80U >> (bit % 8);
        if (((link->address.ip[bit / 8] ^ address->ip[bit / 8]) & mask) != 0) {
            return false;
        }
    }
    return true;
}

static bool is_private(const skad_address *address)
{
    skad_address with_port = *address;
    with_port.port = 1;
    return skad_address_routable(&with_port, true) && !skad_address_routable(&with_port, false);
}

bool skad_links_hold(const skad_links *links, uint32_t interface, const skad_address *address)
{
    for (size_t i = 0; i < links->count && is_private(address); i++) {
        const skad_link *link = &links->all[i];
        if (link->interface == interface && link->address.family == address->family &&
            shares_prefix(link, address)) {
            return true;
        }
    }
    return false;
}

const skad_address *skad_links_best(const skad_links *links, uint32_t interface, skad_family family)
{
    const skad_address *best = NULL;
    for (size_t i = 0; i < links->count; i++) {
        const skad_address *address = &links->all[i].address;
        const bool fits = links->all[i].interface == interface && address->family == family &&
                          is_private(address);
        if (fits &&
            (best == NULL || (skad_scoped_link_local(best) && !skad_scoped_link_local(address)))) {
            best = address;
        }
    }
    return best;
}
