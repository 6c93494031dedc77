/* Writing requests and reading answers. Numbers are big-endian. */
#include "src/host/portmap/wire.h"

#include <string.h>

#define PCP_VERSION  2
#define PMP_VERSION  0
#define ANSWER       0x80 /* in the second byte: set in answers */
#define PCP_MAP      1
#define PMP_ADDRESS  0
#define PMP_MAP_UDP  1
#define PROTOCOL_UDP 17

#define PCP_HEADER_BYTES         24
#define PCP_MAP_BYTES            60
#define PMP_ADDRESS_BYTES        2
#define PMP_MAP_BYTES            12
#define PMP_ERROR_BYTES          8 /* an error has at least the epoch */
#define PMP_ADDRESS_ANSWER_BYTES 12
#define PMP_MAP_ANSWER_BYTES     16

static const uint8_t MAPPED_PREFIX[12] = {[10] = 0xff, [11] = 0xff};

/* ---- Numbers and addresses ---- */

static void put_u16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

static void put_u32(uint8_t *out, uint32_t value)
{
    put_u16(out, (uint16_t)(value >> 16));
    put_u16(out + 2, (uint16_t)value);
}

static uint16_t get_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t get_u32(const uint8_t *bytes)
{
    return (uint32_t)get_u16(bytes) << 16 | get_u16(bytes + 2);
}

/* PCP has addresses of 16 bytes: IPv4 ones are mapped, and all zero is none (section 5). */
static void put_address(uint8_t out[static 16], const skad_address *address)
{
    if (address->family == SKAD_FAMILY_IPV4) {
        memcpy(out, MAPPED_PREFIX, sizeof MAPPED_PREFIX);
        memcpy(out + sizeof MAPPED_PREFIX, address->ip, 4);
    } else {
        memcpy(out, address->ip, 16);
    }
}

static skad_address get_address(const uint8_t bytes[static 16])
{
    skad_address address = {.family = SKAD_FAMILY_IPV6};
    if (memcmp(bytes, MAPPED_PREFIX, sizeof MAPPED_PREFIX) == 0) {
        address.family = SKAD_FAMILY_IPV4;
        memcpy(address.ip, bytes + sizeof MAPPED_PREFIX, 4);
    } else {
        memcpy(address.ip, bytes, 16);
    }
    return address;
}

/* ---- Requests ---- */

static size_t write_pcp(const skad_portmap_wish *wish, uint8_t *out)
{
    skad_address any = {.family = wish->internal.family};
    memset(out, 0, PCP_MAP_BYTES);
    out[0] = PCP_VERSION;
    out[1] = PCP_MAP;
    put_u32(out + 4, wish->lifetime_s);
    put_address(out + 8, &wish->internal);
    memcpy(out + 24, wish->nonce, SKAD_PORTMAP_NONCE_BYTES);
    out[36] = PROTOCOL_UDP;
    put_u16(out + 40, wish->internal.port);
    put_u16(out + 42, wish->suggested.port);
    put_address(out + 44, wish->suggested.family == SKAD_FAMILY_NONE ? &any : &wish->suggested);
    return PCP_MAP_BYTES;
}

static size_t write_pmp_map(const skad_portmap_wish *wish, uint8_t *out)
{
    memset(out, 0, PMP_MAP_BYTES);
    out[0] = PMP_VERSION;
    out[1] = PMP_MAP_UDP;
    put_u16(out + 4, wish->internal.port);
    put_u16(out + 6, wish->suggested.port);
    put_u32(out + 8, wish->lifetime_s);
    return PMP_MAP_BYTES;
}

size_t skad_portmap_write(skad_portmap_kind kind, const skad_portmap_wish *wish,
                          uint8_t out[static SKAD_PORTMAP_REQUEST_BYTES])
{
    if (kind == SKAD_PORTMAP_PCP_MAP) {
        return write_pcp(wish, out);
    }
    if (kind == SKAD_PORTMAP_PMP_MAP) {
        return write_pmp_map(wish, out);
    }
    out[0] = PMP_VERSION;
    out[1] = PMP_ADDRESS;
    return PMP_ADDRESS_BYTES;
}

/* ---- Answers ---- */

/* An answer of any version may say that it does not know ours. In PCP the result is the fourth byte
 * behind one that is zero, in NAT-PMP both are the result, so it has the same place. It is to MAP,
 * or to the first step of NAT-PMP, and at least an error's header (RFC 6887, section 9; RFC 6886,
 * section 3.5). */
static bool is_other_version(const uint8_t *bytes, size_t len)
{
    const bool sized =
        bytes[0] == PMP_VERSION ? len >= PMP_ERROR_BYTES : len >= PCP_HEADER_BYTES && len % 4 == 0;
    return sized && (bytes[1] & ~ANSWER) <= PCP_MAP && bytes[2] == 0 &&
           bytes[3] == SKAD_PORTMAP_UNSUPP_VERSION;
}

static skad_portmap_read read_pcp(const uint8_t *bytes, size_t len, skad_portmap_answer *out)
{
    if (len < PCP_MAP_BYTES || len % 4 != 0) {
        return SKAD_PORTMAP_READ_SIZE;
    }
    if (bytes[1] != (ANSWER | PCP_MAP)) {
        return SKAD_PORTMAP_READ_UNKNOWN;
    }
    out->kind = SKAD_PORTMAP_PCP_MAP;
    out->result = bytes[3];
    out->lifetime_s = get_u32(bytes + 4);
    out->epoch_s = get_u32(bytes + 8);
    memcpy(out->nonce, bytes + 24, SKAD_PORTMAP_NONCE_BYTES);
    out->protocol = bytes[36];
    out->has_ports = true;
    out->internal_port = get_u16(bytes + 40);
    out->external = get_address(bytes + 44);
    out->external.port = get_u16(bytes + 42);
    return SKAD_PORTMAP_READ;
}

/* The results of NAT-PMP by the names of PCP (RFC 6886, section 3.5). */
static uint8_t result_of_pmp(uint16_t result)
{
    static const uint8_t results[] = {
        SKAD_PORTMAP_SUCCESS,         SKAD_PORTMAP_UNSUPP_VERSION, SKAD_PORTMAP_NOT_AUTHORIZED,
        SKAD_PORTMAP_NETWORK_FAILURE, SKAD_PORTMAP_NO_RESOURCES,   SKAD_PORTMAP_UNSUPP_OPCODE,
    };
    return result < sizeof results ? results[result] : SKAD_PORTMAP_STRANGE;
}

static skad_portmap_read read_pmp(const uint8_t *bytes, size_t len, skad_portmap_answer *out)
{
    const bool map = bytes[1] == (ANSWER | PMP_MAP_UDP);
    const size_t whole = map ? PMP_MAP_ANSWER_BYTES : PMP_ADDRESS_ANSWER_BYTES;
    if (!map && bytes[1] != (ANSWER | PMP_ADDRESS)) {
        return SKAD_PORTMAP_READ_UNKNOWN;
    }
    out->kind = map ? SKAD_PORTMAP_PMP_MAP : SKAD_PORTMAP_PMP_ADDRESS;
    out->result = result_of_pmp(get_u16(bytes + 2));
    const bool error = out->result != SKAD_PORTMAP_SUCCESS;
    if (len > whole || len < (error ? PMP_ERROR_BYTES : whole)) {
        return SKAD_PORTMAP_READ_SIZE;
    }
    out->epoch_s = get_u32(bytes + 4);
    if (map && len == whole) {
        out->has_ports = true;
        out->internal_port = get_u16(bytes + 8);
        out->external.port = get_u16(bytes + 10);
        out->lifetime_s = error ? 0 : get_u32(bytes + 12);
    } else if (!map && !error) {
        out->external.family = SKAD_FAMILY_IPV4;
        memcpy(out->external.ip, bytes + 8, 4);
    }
    return SKAD_PORTMAP_READ;
}

skad_portmap_read skad_portmap_answer_read(const uint8_t *bytes, size_t len,
                                           skad_portmap_answer *out)
{
    *out = (skad_portmap_answer){.other_version = false};
    if (len < 4 || len > SKAD_PORTMAP_BYTES_MAX) {
        return SKAD_PORTMAP_READ_SIZE;
    }
    if ((bytes[1] & ANSWER) == 0) {
        return SKAD_PORTMAP_READ_REQUEST;
    }
    if (is_other_version(bytes, len)) {
        out->other_version = true;
        return SKAD_PORTMAP_READ;
    }
    switch (bytes[0]) {
    case PCP_VERSION:
        return read_pcp(bytes, len, out);
    case PMP_VERSION:
        return read_pmp(bytes, len, out);
    default:
        return SKAD_PORTMAP_READ_UNKNOWN;
    }
}
