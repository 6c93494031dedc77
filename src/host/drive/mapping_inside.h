/* What a mapping is made of, for the files of this room: mapping.c drives the machines,
 * mapping_told.c says what has become of them. */
#ifndef SKAD_HOST_DRIVE_MAPPING_INSIDE_H
#define SKAD_HOST_DRIVE_MAPPING_INSIDE_H

#include "crypto/hash.h"
#include "src/host/drive/mapping.h"
#include "src/host/net/uplink.h"
#include "src/host/portmap/portmap.h"

/* One family. */
typedef struct skad_mapping_side {
    skad_mapping *mapping;
    size_t i;           /* 0: IPv4, 1: IPv6 */
    skad_address bound; /* of the node's socket; NONE: it has none */
    skad_mapping_state state;
    char reason[SKAD_MAPPING_TEXT_BYTES];
    skad_uplink uplink;
    int fd; /* -1: none */
    skad_watch readable;
    skad_timer due;
    skad_portmap machine;
    /* What was told of this gateway. */
    bool mapped;
    skad_address external;
    skad_portmap_trouble trouble;
    unsigned dropped; /* a bit for each verdict */
    unsigned differs; /* looks in a row */
    bool differs_told;
    skad_log_limit mapped_limit;
    uint64_t again_us; /* when the node may be asked for the next probe */
} skad_mapping_side;

struct skad_mapping {
    skad_mapping_config config;
    uint8_t key[SKAD_HASH_KEY_BYTES];
    skad_timer look;
    skad_mapping_side sides[2];
};

/* The instant of the current turn. */
uint64_t skad_mapping_now_us(const skad_mapping *mapping);

/* Rests in a state, and says so if it is a new one. */
void skad_mapping_rest(skad_mapping_side *self, skad_mapping_state state, const char *reason);
/* Has the node ask soon whether strangers reach it: once a minute at most, however a gateway flaps.
 */
void skad_mapping_ask_reach(skad_mapping_side *self);
/* The machine has moved on: compares it with what was told of it. */
void skad_mapping_tell_changes(skad_mapping_side *self);
/* A datagram came: says once for each reason that it was ignored. */
void skad_mapping_tell_verdict(skad_mapping_side *self, skad_portmap_verdict verdict);
/* Says once if peers see the node elsewhere than where it is mapped: the address that they see is
 * the one that it has, so none comes in by the mapping. To be called once a look. */
void skad_mapping_tell_difference(skad_mapping_side *self);

#endif
