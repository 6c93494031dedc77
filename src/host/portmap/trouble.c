/* One table: names and sentences. */
#include "src/host/portmap/trouble.h"

#include <stddef.h>

#include "src/host/portmap/wire.h"

typedef struct row {
    const char *name;
    const char *text;
} row;

static const row ROWS[SKAD_PORTMAP_TROUBLES] = {
    [SKAD_PORTMAP_FINE] = {"fine", ""},
    [SKAD_PORTMAP_SILENT] = {"silent",
                             "the gateway does not answer: switch PCP or NAT-PMP on in it, or "
                             "forward the UDP port by hand"},
    [SKAD_PORTMAP_VERSION] = {"version",
                              "the gateway speaks neither PCP nor NAT-PMP of a version that the "
                              "node knows: forward the UDP port by hand"},
    [SKAD_PORTMAP_REFUSED] = {"refused", "the gateway allows this machine no mapping: switch port "
                                         "mapping on in it, or forward the UDP port by hand"},
    [SKAD_PORTMAP_UNSUPPORTED] = {"unsupported",
                                  "the gateway maps no UDP ports: forward the port by hand"},
    [SKAD_PORTMAP_NETWORK] = {"network",
                              "the gateway has no network itself: look at its connection"},
    [SKAD_PORTMAP_RESOURCES] = {"resources",
                                "the gateway has no room for another mapping: remove old ones"},
    [SKAD_PORTMAP_QUOTA] = {"quota", "the gateway has too many mappings of this machine: remove "
                                     "old ones"},
    [SKAD_PORTMAP_EXTERNAL] = {"external",
                               "the gateway has no external address or port to give: another "
                               "machine may have the port, so listen on another one"},
    [SKAD_PORTMAP_BETWEEN] = {"between", "another NAT lies between this machine and the gateway: "
                                         "forward the UDP port in both by hand"},
    [SKAD_PORTMAP_LIFETIME] = {"lifetime",
                               "the gateway gives a mapping that ends at once: forward the UDP "
                               "port by hand, and report it to the maker of the gateway"},
    [SKAD_PORTMAP_NONSENSE] = {"nonsense",
                               "the gateway answers what makes no sense: forward the UDP port by "
                               "hand, and report it to the maker of the gateway"},
};

const char *skad_portmap_trouble_name(skad_portmap_trouble trouble)
{
    return ROWS[trouble].name;
}

const char *skad_portmap_trouble_text(skad_portmap_trouble trouble)
{
    return ROWS[trouble].text;
}

skad_portmap_trouble skad_portmap_trouble_of(uint8_t result)
{
    switch (result) {
    case SKAD_PORTMAP_UNSUPP_VERSION:
        return SKAD_PORTMAP_VERSION;
    case SKAD_PORTMAP_NOT_AUTHORIZED:
        return SKAD_PORTMAP_REFUSED;
    case SKAD_PORTMAP_UNSUPP_OPCODE:
    case SKAD_PORTMAP_UNSUPP_OPTION:
    case SKAD_PORTMAP_UNSUPP_PROTOCOL:
        return SKAD_PORTMAP_UNSUPPORTED;
    case SKAD_PORTMAP_NETWORK_FAILURE:
        return SKAD_PORTMAP_NETWORK;
    case SKAD_PORTMAP_NO_RESOURCES:
        return SKAD_PORTMAP_RESOURCES;
    case SKAD_PORTMAP_USER_EX_QUOTA:
        return SKAD_PORTMAP_QUOTA;
    case SKAD_PORTMAP_CANNOT_PROVIDE_EXTERNAL:
        return SKAD_PORTMAP_EXTERNAL;
    case SKAD_PORTMAP_ADDRESS_MISMATCH:
        return SKAD_PORTMAP_BETWEEN;
    default:
        return SKAD_PORTMAP_NONSENSE;
    }
}
