#include "src/host/net/sources.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/address.h"
#include "src/host/net/scoped.h"
#include "src/host/net/udp.h"

/* No machine has an address of these ranges, which are for documentation (RFC 5737, RFC 3849): the
 * way there is that of the default route. */
static const skad_address world[2] = {
    {.family = SKAD_FAMILY_IPV4, .port = 9, .ip = {192, 0, 2, 1}},
    {.family = SKAD_FAMILY_IPV6, .port = 9, .ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
};

static skad_address source_to(const skad_address *to)
{
    struct sockaddr_storage name;
    skad_address from = {.family = SKAD_FAMILY_NONE};
    socklen_t len = skad_address_to_sockaddr(to, &name);
    const int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return from;
    }
    if (connect(fd, (const struct sockaddr *)&name, len) == 0) {
        len = sizeof name;
        if (getsockname(fd, (struct sockaddr *)&name, &len) != 0 ||
            !skad_address_from_sockaddr((const struct sockaddr *)&name, &from)) {
            from = (skad_address){.family = SKAD_FAMILY_NONE};
        }
        from.port = 0; /* of this socket */
    }
    close(fd);
    return from;
}

static void add(skad_sources *sources, size_t family, const skad_address *to)
{
    const bool usable = to->family != SKAD_FAMILY_NONE && !skad_scoped_link_local(to);
    if (usable && sources->count[family] < SKAD_SOURCES_MAX) {
        sources->all[family][sources->count[family]++] = (skad_source){*to, source_to(to)};
    }
}

void skad_sources_begin(skad_sources *sources)
{
    *sources = (skad_sources){.count = {0}};
    for (size_t family = 0; family < 2; family++) {
        add(sources, family, &world[family]);
    }
}

void skad_sources_note(skad_sources *sources, const skad_contact *peers, size_t count)
{
    skad_sources_begin(sources);
    for (size_t i = 0; i < count; i++) {
        add(sources, 0, &peers[i].ipv4);
        add(sources, 1, &peers[i].ipv6);
    }
}

unsigned skad_sources_changed(skad_sources *sources)
{
    unsigned changed = 0;
    for (size_t family = 0; family < 2; family++) {
        for (size_t i = 0; i < sources->count[family]; i++) {
            skad_source *source = &sources->all[family][i];
            const skad_address from = source_to(&source->to);
            changed |= skad_address_equal(&from, &source->from) ? 0U : source->to.family;
            source->from = from;
        }
    }
    return changed;
}
