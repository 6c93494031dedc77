#include "src/host/net/scoped.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/address.h"

#define TEXT_BYTES 128

bool skad_scoped_link_local(const skad_address *address)
{
    return address->family == SKAD_FAMILY_IPV6 && address->ip[0] == 0xfe &&
           (address->ip[1] & 0xc0) == 0x80;
}

/* Returns 0 if there is no such interface. */
static uint32_t interface_of(const char *name)
{
    char known[IF_NAMESIZE];
    char *end = NULL;
    const unsigned long number = strtoul(name, &end, 10);
    if (name[0] >= '0' && name[0] <= '9' && *end == 0) {
        return number <= UINT32_MAX && if_indextoname((unsigned)number, known) != NULL
                   ? (uint32_t)number
                   : 0;
    }
    return if_nametoindex(name);
}

/* Takes the scope out of "[fe80::1%eth0]:4700". False if there is none, or it does not fit. */
static bool split(const char *text, char plain[static TEXT_BYTES], char scope[static TEXT_BYTES])
{
    const char *percent = strchr(text, '%');
    const char *rest = percent == NULL ? NULL : strchr(percent, ']');
    if (rest == NULL || strlen(text) >= TEXT_BYTES) {
        return false;
    }
    (void)snprintf(plain, TEXT_BYTES, "%.*s%s", (int)(percent - text), text, rest);
    (void)snprintf(scope, TEXT_BYTES, "%.*s", (int)(rest - percent - 1), percent + 1);
    return true;
}

skad_scoped_outcome skad_scoped_parse(const char *text, skad_scoped *out, skad_failure *failure)
{
    char plain[TEXT_BYTES];
    char scope[TEXT_BYTES];
    *out = (skad_scoped){.interface = 0};
    const bool scoped = split(text, plain, scope);
    if (!skad_address_parse(scoped ? plain : text, &out->address)) {
        return SKAD_SCOPED_NO_ADDRESS;
    }
    const bool needed = skad_scoped_link_local(&out->address);
    if (scoped && !needed) {
        (void)skad_fail(failure, "%s: only link-local addresses (fe80::/10) have a scope", text);
        return SKAD_SCOPED_REFUSED;
    }
    if (needed && !scoped) {
        (void)skad_fail(failure,
                        "%s: a link-local address needs its interface, as in [fe80::1%%eth0]:4700",
                        text);
        return SKAD_SCOPED_REFUSED;
    }
    if (scoped) {
        out->interface = interface_of(scope);
        if (out->interface == 0) {
            (void)skad_fail(failure, "%s: this machine has no network interface '%s'", text, scope);
            return SKAD_SCOPED_REFUSED;
        }
    }
    return SKAD_SCOPED_FINE;
}
