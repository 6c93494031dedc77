/* The sockets and the timers around the machines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>

#include "crypto/keys.h"
#include "crypto/random.h"
#include "proto/address.h"
#include "src/host/drive/mapping_inside.h"

#define LOOK_US       (60 * SKAD_US_PER_S) /* looking up a route is one call to the kernel */
#define DATAGRAMS_MAX 8                    /* taken in at once: a flood delays nothing else */

uint64_t skad_mapping_now_us(const skad_mapping *mapping)
{
    return skad_loop_now(mapping->config.loop)->mono_us;
}

static uint64_t draw(void)
{
    uint64_t random;
    skad_random_system((uint8_t *)&random, sizeof random);
    return random;
}

/* ---- One machine ---- */

/* What the kernel does not take is lost, as in the network. */
static void send_some(const skad_mapping_side *self, const uint8_t *bytes, size_t len)
{
    if (len > 0) {
        (void)send(self->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

static void go_on(skad_mapping_side *self)
{
    uint8_t request[SKAD_PORTMAP_REQUEST_BYTES];
    const uint64_t now = skad_mapping_now_us(self->mapping);
    send_some(self, request, skad_portmap_tick(&self->machine, now, draw(), request));
    skad_mapping_tell_changes(self);
    const uint64_t due_us = skad_portmap_deadline(&self->machine);
    skad_timer_start(self->mapping->config.loop, &self->due, due_us > now ? due_us - now : 0);
}

static void on_due(void *user)
{
    go_on(user);
}

static void on_readable(void *user)
{
    skad_mapping_side *self = user;
    uint8_t bytes[SKAD_PORTMAP_BYTES_MAX + 1];
    const uint64_t random = draw();
    for (size_t i = 0; i < DATAGRAMS_MAX; i++) {
        struct sockaddr_storage name;
        socklen_t name_len = sizeof name;
        skad_address from;
        memset(&name, 0, sizeof name);
        const ssize_t len = recvfrom(self->fd, bytes, sizeof bytes, MSG_DONTWAIT,
                                     (struct sockaddr *)&name, &name_len);
        if (len < 0 && errno == EAGAIN) {
            break;
        }
        /* An error is a report that nothing listens there, which any sender can forge. */
        if (len >= 0 && skad_address_from_sockaddr((const struct sockaddr *)&name, &from)) {
            skad_mapping_tell_verdict(
                self, skad_portmap_receive(&self->machine, &from, bytes, (size_t)len,
                                           skad_mapping_now_us(self->mapping), random));
        }
    }
    go_on(self);
}

/* The kernel then takes datagrams from the gateway's address and port alone. The request has to
 * come from the address that it is for (RFC 6887, section 8.1). */
static bool open_socket(skad_mapping_side *self)
{
    struct sockaddr_storage from;
    struct sockaddr_storage to;
    skad_address gateway = self->uplink.gateway;
    gateway.port = SKAD_PORTMAP_PORT;
    const socklen_t from_len = skad_address_to_sockaddr(&self->uplink.source, &from);
    const socklen_t to_len = skad_address_to_sockaddr(&gateway, &to);
    if (to.ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)&to)->sin6_scope_id = self->uplink.interface; /* if link-local */
    }
    self->fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self->fd >= 0 && (bind(self->fd, (const struct sockaddr *)&from, from_len) != 0 ||
                          connect(self->fd, (const struct sockaddr *)&to, to_len) != 0)) {
        const int error = errno;
        close(self->fd);
        self->fd = -1;
        errno = error;
    }
    return self->fd >= 0;
}

/* The nonce is the same after a restart, since a gateway that has a mapping changes it for no other
 * one (RFC 6887, section 11.3). */
static void make_nonce(const skad_mapping_side *self, uint8_t out[static SKAD_PORTMAP_NONCE_BYTES])
{
    const uint8_t port[] = {(uint8_t)(self->bound.port >> 8), (uint8_t)self->bound.port};
    const skad_span parts[] = {
        {self->uplink.gateway.ip, sizeof self->uplink.gateway.ip},
        {self->uplink.source.ip, sizeof self->uplink.source.ip},
        {port, sizeof port},
    };
    skad_hash(SKAD_HASH_GATEWAY, self->mapping->key, parts, 3, out, SKAD_PORTMAP_NONCE_BYTES);
}

static void begin(skad_mapping_side *self)
{
    uint8_t nonce[SKAD_PORTMAP_NONCE_BYTES];
    skad_address gateway = self->uplink.gateway;
    skad_address internal = self->uplink.source;
    gateway.port = SKAD_PORTMAP_PORT;
    internal.port = self->bound.port;
    make_nonce(self, nonce);
    skad_portmap_init(&self->machine, &gateway, &internal, nonce,
                      skad_mapping_now_us(self->mapping));
    self->dropped = 0;
    self->differs = 0;
    self->differs_told = false;
    self->trouble = SKAD_PORTMAP_FINE;
    self->readable = (skad_watch){.fd = self->fd, .readable = on_readable, .user = self};
    self->due = (skad_timer){.due = on_due, .user = self};
    skad_watch_start(self->mapping->config.loop, &self->readable);
    go_on(self);
}

/* ---- Which gateway ---- */

static void end(skad_mapping_side *self, bool farewell)
{
    uint8_t request[SKAD_PORTMAP_REQUEST_BYTES];
    if (self->fd < 0) {
        return;
    }
    if (farewell) {
        send_some(self, request, skad_portmap_farewell(&self->machine, request));
    }
    skad_watch_stop(self->mapping->config.loop, &self->readable);
    skad_timer_stop(self->mapping->config.loop, &self->due);
    close(self->fd);
    self->fd = -1;
    if (self->mapped) {
        self->mapped = false;
        skad_mapping_ask_reach(self);
    }
}

/* False, with the state to rest in, if there is nothing to map. */
static bool needs(skad_mapping_side *self, const skad_uplink *uplink)
{
    char reason[SKAD_MAPPING_TEXT_BYTES];
    char text[SKAD_ADDRESS_TEXT_BYTES];
    skad_address own = uplink->source;
    own.port = self->bound.port;
    const bool public = skad_address_routable(&own, false);
    if (public == (self->i == 1)) {
        return true;
    }
    skad_address_format(&own, text);
    (void)snprintf(reason, sizeof reason,
                   public ? "%s is a public address, which needs none"
                          : "%s is no global address, so a pinhole would let none in",
                   text);
    skad_mapping_rest(self, SKAD_MAPPING_UNNEEDED, reason);
    return false;
}

static bool is_same(const skad_uplink *a, const skad_uplink *b)
{
    return skad_address_equal(&a->gateway, &b->gateway) &&
           skad_address_equal(&a->source, &b->source) && a->interface == b->interface;
}

static void look(skad_mapping_side *self)
{
    char reason[SKAD_MAPPING_TEXT_BYTES];
    skad_uplink uplink;
    if (self->bound.family == SKAD_FAMILY_NONE) {
        return;
    }
    if (!skad_uplink_find(&self->bound, &uplink)) {
        end(self, false);
        skad_mapping_rest(self, SKAD_MAPPING_NO_GATEWAY, "there is no gateway");
        return;
    }
    if (self->fd >= 0 && is_same(&uplink, &self->uplink)) {
        skad_mapping_tell_difference(self);
        return;
    }
    end(self, false);
    if (!needs(self, &uplink)) {
        return;
    }
    self->uplink = uplink;
    if (!open_socket(self)) {
        (void)snprintf(reason, sizeof reason, "cannot open a socket to the gateway: %s",
                       strerror(errno));
        skad_mapping_rest(self, SKAD_MAPPING_NO_GATEWAY, reason);
        return;
    }
    self->state = SKAD_MAPPING_ASKING;
    self->reason[0] = 0;
    begin(self);
}

void skad_mapping_look(skad_mapping *mapping)
{
    if (mapping != NULL) {
        look(&mapping->sides[0]);
        look(&mapping->sides[1]);
        skad_timer_start(mapping->config.loop, &mapping->look, LOOK_US);
    }
}

static void on_look(void *user)
{
    skad_mapping_look(user);
}

static void hurry(skad_mapping_side *self)
{
    if (self->fd >= 0) {
        skad_portmap_hurry(&self->machine, skad_mapping_now_us(self->mapping));
        go_on(self);
    }
}

void skad_mapping_changed(skad_mapping *mapping)
{
    skad_mapping_look(mapping);
    for (size_t i = 0; mapping != NULL && i < 2; i++) {
        hurry(&mapping->sides[i]);
    }
}

void skad_mapping_unreached(skad_mapping *mapping, unsigned family)
{
    if (mapping != NULL) {
        hurry(&mapping->sides[family == SKAD_FAMILY_IPV6]);
    }
}

/* ---- Life ---- */

/* A socket that only this machine reaches has no gateway. */
static bool is_loopback(const skad_address *address)
{
    static const uint8_t loopback[16] = {[15] = 1};
    return address->family == SKAD_FAMILY_IPV4
               ? address->ip[0] == 127
               : memcmp(address->ip, loopback, sizeof loopback) == 0;
}

skad_status skad_mapping_new(const skad_mapping_config *config, skad_mapping **out)
{
    skad_mapping *mapping = calloc(1, sizeof *mapping);
    *out = mapping;
    if (mapping == NULL) {
        return SKAD_ERR_MEMORY;
    }
    mapping->config = *config;
    mapping->config.identity = NULL;
    mapping->look = (skad_timer){.due = on_look, .user = mapping};
    skad_hash(SKAD_HASH_GATEWAY, NULL,
              &(skad_span){config->identity->secret_key, SKAD_SECRET_KEY_BYTES}, 1, mapping->key,
              sizeof mapping->key);
    for (size_t i = 0; i < 2; i++) {
        mapping->sides[i] = (skad_mapping_side){.mapping = mapping, .i = i, .fd = -1};
    }
    for (size_t i = 0; i < config->endpoints->count; i++) {
        const skad_address *bound = &config->endpoints->sockets[i].bound;
        skad_mapping_side *self = &mapping->sides[bound->family == SKAD_FAMILY_IPV6];
        if (is_loopback(bound)) {
            skad_mapping_rest(self, SKAD_MAPPING_UNNEEDED,
                              "the node listens on a loopback address");
        } else {
            self->bound = *bound;
        }
    }
    return SKAD_OK;
}

void skad_mapping_free(skad_mapping *mapping)
{
    if (mapping == NULL) {
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        mapping->sides[i].again_us = UINT64_MAX; /* the node ends */
        end(&mapping->sides[i], true);
    }
    skad_timer_stop(mapping->config.loop, &mapping->look);
    skad_wipe(mapping->key, sizeof mapping->key);
    free(mapping);
}

const char *skad_mapping_state_name(skad_mapping_state state)
{
    static const char *const names[] = {
        [SKAD_MAPPING_OFF] = "off",
        [SKAD_MAPPING_UNNEEDED] = "unneeded",
        [SKAD_MAPPING_NO_GATEWAY] = "no_gateway",
        [SKAD_MAPPING_ASKING] = "asking",
        [SKAD_MAPPING_MAPPED] = "mapped",
        [SKAD_MAPPING_FAILED] = "failed",
    };
    return names[state];
}

void skad_mapping_look_at(const skad_mapping *mapping, size_t i, skad_mapping_view *out)
{
    *out = (skad_mapping_view){.state = SKAD_MAPPING_OFF};
    if (mapping == NULL) {
        return;
    }
    const skad_mapping_side *self = &mapping->sides[i];
    const skad_portmap *machine = &self->machine;
    out->state = self->state;
    memcpy(out->reason, self->reason, sizeof out->reason);
    if (self->fd < 0) {
        return;
    }
    out->gateway = machine->gateway;
    (void)snprintf(out->reason, sizeof out->reason, "%s",
                   skad_portmap_trouble_text(machine->trouble));
    if (machine->state == SKAD_PORTMAP_MAPPED) {
        out->state = SKAD_MAPPING_MAPPED;
        out->protocol = machine->by_pcp ? "pcp" : "nat-pmp";
        out->external = machine->external;
        out->lifetime_s = skad_portmap_left_s(machine, skad_mapping_now_us(mapping));
    } else if (machine->state == SKAD_PORTMAP_WAITING) {
        out->state = SKAD_MAPPING_FAILED;
    }
}
