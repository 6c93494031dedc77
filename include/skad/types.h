/* The few types that every part of skad and every user of it shares: identifiers, addresses,
 * contacts, time. They are plain values without ownership; copy them freely. */
#ifndef SKAD_TYPES_H
#define SKAD_TYPES_H

#include <stddef.h>
#include <stdint.h>

#define SKAD_ID_BYTES           32   /* node IDs and content keys share one 256-bit space */
#define SKAD_PUBLIC_KEY_BYTES   32   /* Ed25519, RFC 8032 */
#define SKAD_DATAGRAM_BYTES_MAX 1232 /* IPv6's minimum MTU 1280, less its header 40 and UDP's 8 */

/* A borrowed sequence of bytes. data may be NULL where len is 0. */
typedef struct skad_span {
    const uint8_t *data;
    size_t len;
} skad_span;

/* A point of the key space: a node ID or the key of a record, most significant byte first. */
typedef struct skad_id {
    uint8_t bytes[SKAD_ID_BYTES];
} skad_id;

/* A network: what the signatures of its nodes and publishers are bound to (skad/profile.h). */
typedef struct skad_network_id {
    uint8_t bytes[32];
} skad_network_id;

/* Values are bits, so that they also serve as a set ("want", "families we can send on"). */
typedef enum skad_family {
    SKAD_FAMILY_NONE = 0,
    SKAD_FAMILY_IPV4 = 1,
    SKAD_FAMILY_IPV6 = 2,
} skad_family;

#define SKAD_FAMILIES_ALL (SKAD_FAMILY_IPV4 | SKAD_FAMILY_IPV6)

/* A UDP endpoint. IPv4 uses ip[0..3] and keeps the rest zero, so that equal endpoints are equal
 * bytes. IPv4-mapped IPv6 addresses are never stored: they are turned into IPv4 at the socket. */
typedef struct skad_address {
    uint8_t family; /* a skad_family; NONE means absent */
    uint16_t port;  /* host byte order */
    uint8_t ip[16]; /* network byte order */
} skad_address;

/* Which of the addresses of this machine a datagram came to, or is to leave from: for one that
 * listens on all of them and has several. Family NONE: not known, let routing choose. */
typedef struct skad_local {
    uint8_t family;
    uint8_t ip[16];     /* as in skad_address */
    uint32_t interface; /* index, for a link-local address; 0: any */
} skad_local;

/* A node and its endpoints: at most one of each family, at least one present. */
typedef struct skad_contact {
    skad_id id;
    skad_address ipv4;
    skad_address ipv6;
    uint16_t guarded; /* skad_family bits of endpoints at which strangers have to be introduced */
} skad_contact;

/* One instant, as the driver sees it. The core never reads a clock: each call that needs the time
 * takes one of these. mono_us never goes back; unix_s may jump (it only decides puzzle epochs and
 * record expiry). */
typedef struct skad_time {
    uint64_t mono_us; /* monotonic, microseconds, origin arbitrary */
    uint64_t unix_s;  /* wall clock, seconds since 1970 */
} skad_time;

#define SKAD_US_PER_MS 1000ULL
#define SKAD_US_PER_S  1000000ULL

#endif
