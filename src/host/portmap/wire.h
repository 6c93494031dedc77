/* What is said to a gateway, byte by byte: PCP (RFC 6887), of which MAP is all that is used here,
 * and NAT-PMP (RFC 6886), which came before it. Both use UDP port 5351 of the gateway, and the
 * first byte tells them apart.
 *
 * An answer is only read here. Whether it is one to us is for portmap.h to say. */
#ifndef SKAD_HOST_PORTMAP_WIRE_H
#define SKAD_HOST_PORTMAP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"

#define SKAD_PORTMAP_PORT          5351
#define SKAD_PORTMAP_BYTES_MAX     1100 /* of an answer (RFC 6887, section 7) */
#define SKAD_PORTMAP_REQUEST_BYTES 60   /* of the longest request */
#define SKAD_PORTMAP_NONCE_BYTES   12

/* A request, and the answer to it. */
typedef enum skad_portmap_kind {
    SKAD_PORTMAP_PCP_MAP = 0, /* MAP: a mapping of IPv4, a pinhole of IPv6 */
    SKAD_PORTMAP_PMP_ADDRESS, /* which external address the gateway has */
    SKAD_PORTMAP_PMP_MAP,     /* a mapping of UDP */
    SKAD_PORTMAP_KINDS,
} skad_portmap_kind;

/* What a request asks for. */
typedef struct skad_portmap_wish {
    skad_address internal;  /* ours */
    skad_address suggested; /* external: a hint. Family NONE and port 0: any */
    uint32_t lifetime_s;    /* 0: the mapping is to go */
    uint8_t nonce[SKAD_PORTMAP_NONCE_BYTES];
} skad_portmap_wish;

/* Writes a request; returns how many bytes it has. */
size_t skad_portmap_write(skad_portmap_kind kind, const skad_portmap_wish *wish,
                          uint8_t out[static SKAD_PORTMAP_REQUEST_BYTES]);

/* Results of PCP; those of NAT-PMP are turned into these. */
enum {
    SKAD_PORTMAP_SUCCESS = 0,
    SKAD_PORTMAP_UNSUPP_VERSION = 1,
    SKAD_PORTMAP_NOT_AUTHORIZED = 2,
    SKAD_PORTMAP_UNSUPP_OPCODE = 4,
    SKAD_PORTMAP_UNSUPP_OPTION = 5,
    SKAD_PORTMAP_NETWORK_FAILURE = 7,
    SKAD_PORTMAP_NO_RESOURCES = 8,
    SKAD_PORTMAP_UNSUPP_PROTOCOL = 9,
    SKAD_PORTMAP_USER_EX_QUOTA = 10,
    SKAD_PORTMAP_CANNOT_PROVIDE_EXTERNAL = 11,
    SKAD_PORTMAP_ADDRESS_MISMATCH = 12,
    SKAD_PORTMAP_STRANGE = 255, /* one of NAT-PMP that has no name */
};

typedef struct skad_portmap_answer {
    bool other_version; /* says that it does not know ours; then nothing else is there */
    skad_portmap_kind kind;
    uint8_t result; /* as above, or one without a name */
    uint32_t epoch_s;
    uint32_t lifetime_s;                     /* of the mapping; of PCP also of an error */
    uint8_t nonce[SKAD_PORTMAP_NONCE_BYTES]; /* of PCP */
    uint8_t protocol;                        /* of PCP: 17 is UDP */
    bool has_ports;                          /* internal_port was there */
    uint16_t internal_port;
    skad_address external; /* PMP_ADDRESS: without a port; PMP_MAP: the port alone */
} skad_portmap_answer;

/* How reading ended. */
typedef enum skad_portmap_read {
    SKAD_PORTMAP_READ = 0,
    SKAD_PORTMAP_READ_SIZE,    /* too short, too long, or of a length that no answer has */
    SKAD_PORTMAP_READ_REQUEST, /* no answer at all */
    SKAD_PORTMAP_READ_UNKNOWN, /* of another version or to another request */
} skad_portmap_read;

skad_portmap_read skad_portmap_answer_read(const uint8_t *bytes, size_t len,
                                           skad_portmap_answer *out);

#endif
