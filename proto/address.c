/* Endpoints as text, on the wire, and against the registry of special-purpose ranges
 * (https://www.iana.org/assignments/iana-ipv4-special-registry and its IPv6 sister, RFC 6890). */
#include "proto/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "crypto/assert.h"
#include "proto/limits.h"

#define IPV4_BYTES 4
#define IPV6_BYTES 16

/* A range of addresses at which no node on the internet answers. Nodes may answer at `local` ones
 * within one machine or site, so profiles that allow private addresses may use them. */
typedef struct special_range {
    const char *name;
    uint8_t prefix[IPV6_BYTES];
    uint8_t bits;
    bool local;
} special_range;

/* The first range that matches decides. */
static const special_range IPV4_RANGES[] = {
    {"this network", {0}, 8, false},
    {"private", {10}, 8, true},
    {"carrier-grade NAT", {100, 64}, 10, true},
    {"loopback", {127}, 8, true},
    {"link-local", {169, 254}, 16, true},
    {"private", {172, 16}, 12, true},
    {"protocol assignments", {192, 0, 0}, 24, false},
    {"documentation 1", {192, 0, 2}, 24, false},
    {"6to4 relay", {192, 88, 99}, 24, false},
    {"private", {192, 168}, 16, true},
    {"benchmarks", {198, 18}, 15, false},
    {"documentation 2", {198, 51, 100}, 24, false},
    {"documentation 3", {203, 0, 113}, 24, false},
    {"multicast", {224}, 4, false},
    {"reserved and broadcast", {240}, 4, false},
};

static const special_range IPV6_RANGES[] = {
    {"loopback", {[15] = 1}, 128, true},
    {"unspecified and IPv4-compatible", {0}, 96, false},
    {"IPv4-mapped", {[10] = 0xff, [11] = 0xff}, 96, false},
    {"NAT64", {0x00, 0x64, 0xff, 0x9b}, 96, false},
    {"local NAT64", {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, false},
    {"discard", {0x01, 0x00}, 64, false},
    {"protocol assignments and Teredo", {0x20, 0x01}, 23, false},
    {"documentation 1", {0x20, 0x01, 0x0d, 0xb8}, 32, false},
    {"6to4", {0x20, 0x02}, 16, false},
    {"documentation 2", {0x3f, 0xff}, 20, false},
    {"segment routing", {0x5f, 0x00}, 16, false},
    {"unique local", {0xfc}, 7, true},
    {"link-local", {0xfe, 0x80}, 10, true},
    {"site-local", {0xfe, 0xc0}, 10, false},
    {"multicast", {0xff}, 8, false},
};

static const uint8_t IPV4_MAPPED_PREFIX[12] = {[10] = 0xff, [11] = 0xff};

bool skad_address_equal(const skad_address *a, const skad_address *b)
{
    return a->family == b->family && a->port == b->port && memcmp(a->ip, b->ip, IPV6_BYTES) == 0;
}

/* Reads one to five digits, at most 65535, and nothing else. */
static bool parse_port(const char *text, uint16_t *port)
{
    size_t len = strlen(text);
    unsigned value = 0;

    if (len < 1 || len > 5) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = 10 * value + (unsigned)(text[i] - '0');
    }
    *port = (uint16_t)value;
    return value <= UINT16_MAX;
}

static void unmap_ipv4(skad_address *address)
{
    if (memcmp(address->ip, IPV4_MAPPED_PREFIX, sizeof IPV4_MAPPED_PREFIX) == 0) {
        memmove(address->ip, address->ip + sizeof IPV4_MAPPED_PREFIX, IPV4_BYTES);
        memset(address->ip + IPV4_BYTES, 0, IPV6_BYTES - IPV4_BYTES);
        address->family = SKAD_FAMILY_IPV4;
    }
}

bool skad_address_parse(const char *text, skad_address *out)
{
    char host[SKAD_ADDRESS_TEXT_BYTES];
    const char *colon = strrchr(text, ':');
    bool bracketed = text[0] == '[';

    memset(out, 0, sizeof *out);
    if (colon == NULL || !parse_port(colon + 1, &out->port)) {
        return false;
    }
    const char *start = bracketed ? text + 1 : text;
    const char *end = bracketed ? colon - 1 : colon;
    if (end <= start || (size_t)(end - start) >= sizeof host || (bracketed && *end != ']')) {
        return false;
    }
    memcpy(host, start, (size_t)(end - start));
    host[end - start] = '\0';
    if (!bracketed) {
        out->family = SKAD_FAMILY_IPV4;
        return inet_pton(AF_INET, host, out->ip) == 1;
    }
    out->family = SKAD_FAMILY_IPV6;
    if (inet_pton(AF_INET6, host, out->ip) != 1) {
        return false;
    }
    unmap_ipv4(out);
    return true;
}

void skad_address_format(const skad_address *address, char out[static SKAD_ADDRESS_TEXT_BYTES])
{
    char host[INET6_ADDRSTRLEN];

    if (address->family == SKAD_FAMILY_NONE) {
        (void)snprintf(out, SKAD_ADDRESS_TEXT_BYTES, "-");
        return;
    }
    bool is_ipv4 = address->family == SKAD_FAMILY_IPV4;
    SKAD_ASSERT(inet_ntop(is_ipv4 ? AF_INET : AF_INET6, address->ip, host, sizeof host) != NULL);
    (void)snprintf(out, SKAD_ADDRESS_TEXT_BYTES, is_ipv4 ? "%s:%u" : "[%s]:%u", host,
                   (unsigned)address->port);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool skad_id_parse(const char *text, skad_id *out)
{
    if (strnlen(text, SKAD_ID_TEXT_BYTES) != SKAD_ID_TEXT_BYTES - 1) {
        return false;
    }
    for (size_t i = 0; i < SKAD_ID_BYTES; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out->bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void skad_id_format(const skad_id *id, char out[static SKAD_ID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < SKAD_ID_BYTES; i++) {
        out[2 * i] = digits[id->bytes[i] >> 4];
        out[2 * i + 1] = digits[id->bytes[i] & 15];
    }
    out[SKAD_ID_TEXT_BYTES - 1] = '\0';
}

void skad_write_address(skad_writer *writer, const skad_address *address)
{
    uint8_t bytes[SKAD_ADDRESS6_BYTES];
    size_t ip_bytes = address->family == SKAD_FAMILY_IPV4 ? IPV4_BYTES : IPV6_BYTES;

    if (address->family == SKAD_FAMILY_NONE) {
        skad_write_bin(writer, NULL, 0);
        return;
    }
    memcpy(bytes, address->ip, ip_bytes);
    bytes[ip_bytes] = (uint8_t)(address->port >> 8);
    bytes[ip_bytes + 1] = (uint8_t)(address->port & 0xff);
    skad_write_bin(writer, bytes, ip_bytes + 2);
}

void skad_read_address(skad_reader *reader, bool optional, skad_address *out)
{
    skad_span bytes = skad_read_bin(reader, 0, SKAD_ADDRESS6_BYTES);

    memset(out, 0, sizeof *out);
    if (bytes.len == 0) {
        reader->failed = reader->failed || !optional;
        return;
    }
    if (bytes.len != SKAD_ADDRESS4_BYTES && bytes.len != SKAD_ADDRESS6_BYTES) {
        reader->failed = true;
        return;
    }
    size_t ip_bytes = bytes.len - 2;
    out->family = ip_bytes == IPV4_BYTES ? SKAD_FAMILY_IPV4 : SKAD_FAMILY_IPV6;
    memcpy(out->ip, bytes.data, ip_bytes);
    out->port = (uint16_t)(bytes.data[ip_bytes] << 8 | bytes.data[ip_bytes + 1]);
    bool mapped = out->family == SKAD_FAMILY_IPV6 &&
                  memcmp(out->ip, IPV4_MAPPED_PREFIX, sizeof IPV4_MAPPED_PREFIX) == 0;
    if (out->port == 0 || mapped) {
        reader->failed = true;
    }
}

static bool in_range(const uint8_t *ip, const special_range *range)
{
    size_t whole = range->bits / 8;
    unsigned rest = range->bits % 8;

    if (memcmp(ip, range->prefix, whole) != 0) {
        return false;
    }
    return rest == 0 || (ip[whole] ^ range->prefix[whole]) >> (8 - rest) == 0;
}

/* Whether one of the IPv4 ranges begins with this octet. Each contact of each answer is checked,
 * and nearly all pass here, without a walk through the table. */
static bool octet_is_special(uint8_t octet)
{
    switch (octet) {
    case 0:
    case 10:
    case 100:
    case 127:
    case 169:
    case 172:
    case 192:
    case 198:
    case 203:
        return true;
    default:
        return octet >= 224;
    }
}

bool skad_address_routable(const skad_address *address, bool allow_private)
{
    bool is_ipv4 = address->family == SKAD_FAMILY_IPV4;
    const special_range *ranges = is_ipv4 ? IPV4_RANGES : IPV6_RANGES;
    size_t count = is_ipv4 ? sizeof IPV4_RANGES / sizeof IPV4_RANGES[0]
                           : sizeof IPV6_RANGES / sizeof IPV6_RANGES[0];

    if (address->family == SKAD_FAMILY_NONE || address->port == 0) {
        return false;
    }
    if (is_ipv4 && !octet_is_special(address->ip[0])) {
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (in_range(address->ip, &ranges[i])) {
            return ranges[i].local && allow_private;
        }
    }
    return true;
}

const skad_address *skad_contact_endpoint(const skad_contact *contact, unsigned families,
                                          bool allow_private)
{
    const skad_address *endpoints[] = {&contact->ipv4, &contact->ipv6};
    for (size_t i = 0; i < 2; i++) {
        if ((families & endpoints[i]->family) != 0 &&
            skad_address_routable(endpoints[i], allow_private)) {
            return endpoints[i];
        }
    }
    return NULL;
}
