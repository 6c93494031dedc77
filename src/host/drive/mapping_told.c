/* Lines of the log about mappings, each once. */
#include <stdio.h>
#include <string.h>

#include "proto/address.h"
#include "src/host/drive/mapping_inside.h"

#define DIFFERS_LOOKS 2                    /* peers see another address for so many looks */
#define AGAIN_US      (60 * SKAD_US_PER_S) /* between two probes for the sake of a mapping */

static const char *name_of(const skad_mapping_side *self)
{
    return self->i == 0 ? "IPv4" : "IPv6";
}

void skad_mapping_rest(skad_mapping_side *self, skad_mapping_state state, const char *reason)
{
    if (self->state != state || strcmp(self->reason, reason) != 0) {
        self->state = state;
        (void)snprintf(self->reason, sizeof self->reason, "%s", reason);
        skad_log(self->mapping->config.log, SKAD_LOG_INFO, "port mapping: %s: %s", name_of(self),
                 reason);
    }
}

static const char *text_of(const skad_address *address, char out[static SKAD_ADDRESS_TEXT_BYTES])
{
    skad_address_format(address, out);
    return out;
}

void skad_mapping_ask_reach(skad_mapping_side *self)
{
    skad_mapping *mapping = self->mapping;
    if (skad_mapping_now_us(mapping) >= self->again_us) {
        self->again_us = skad_mapping_now_us(mapping) + AGAIN_US;
        skad_node_reach_again(mapping->config.node, 1U << self->i,
                              *skad_loop_now(mapping->config.loop));
    }
}

static void tell_mapped(skad_mapping_side *self)
{
    char gateway[SKAD_ADDRESS_TEXT_BYTES];
    char external[SKAD_ADDRESS_TEXT_BYTES];
    uint64_t held = 0;
    const skad_portmap *machine = &self->machine;
    if (!skad_log_limit_pass(&self->mapped_limit, skad_mapping_now_us(self->mapping), &held)) {
        return;
    }
    skad_log(self->mapping->config.log, SKAD_LOG_INFO,
             "port mapping: the gateway %s lets %s in for %u s, by %s",
             text_of(&machine->gateway, gateway), text_of(&machine->external, external),
             machine->lifetime_s, machine->by_pcp ? "PCP" : "NAT-PMP");
    if (machine->external.family == SKAD_FAMILY_IPV4 &&
        !skad_address_routable(&machine->external, false)) {
        skad_log(self->mapping->config.log, SKAD_LOG_WARNING,
                 "port mapping: that is no public address, so another NAT lies behind the gateway: "
                 "forward the UDP port there, too, or ask the provider for a public address");
    }
}

static void tell_trouble(const skad_mapping_side *self)
{
    const skad_portmap *machine = &self->machine;
    const uint64_t now = skad_mapping_now_us(self->mapping);
    const uint64_t wait_us = machine->due_us > now ? machine->due_us - now : 0;
    skad_log(self->mapping->config.log, SKAD_LOG_WARNING,
             "port mapping: %s: %s; trying again in %llu s, and ever less often", name_of(self),
             skad_portmap_trouble_text(machine->trouble),
             (unsigned long long)(wait_us / SKAD_US_PER_S));
}

void skad_mapping_tell_changes(skad_mapping_side *self)
{
    const skad_portmap *machine = &self->machine;
    const bool mapped = machine->state == SKAD_PORTMAP_MAPPED;
    if (mapped && (!self->mapped || !skad_address_equal(&machine->external, &self->external))) {
        self->external = machine->external;
        self->differs = 0;
        self->trouble = SKAD_PORTMAP_FINE;
        tell_mapped(self);
        skad_mapping_ask_reach(self);
    } else if (!mapped && self->mapped) {
        skad_log(self->mapping->config.log, SKAD_LOG_WARNING,
                 "port mapping: that of %s is gone: asking for it anew", name_of(self));
        skad_mapping_ask_reach(self);
    }
    if (machine->state == SKAD_PORTMAP_WAITING && machine->trouble != self->trouble) {
        tell_trouble(self);
        self->trouble = machine->trouble;
    }
    self->mapped = mapped;
}

void skad_mapping_tell_verdict(skad_mapping_side *self, skad_portmap_verdict verdict)
{
    char gateway[SKAD_ADDRESS_TEXT_BYTES];
    if (verdict != SKAD_PORTMAP_TAKEN && (self->dropped & 1U << verdict) == 0) {
        self->dropped |= 1U << verdict;
        skad_log(self->mapping->config.log, SKAD_LOG_WARNING,
                 "port mapping: the gateway %s sends what is no answer to a request (%s): ignored",
                 text_of(&self->machine.gateway, gateway), skad_portmap_verdict_name(verdict));
    }
}

void skad_mapping_tell_difference(skad_mapping_side *self)
{
    skad_node_stats stats;
    char seen[SKAD_ADDRESS_TEXT_BYTES];
    char external[SKAD_ADDRESS_TEXT_BYTES];
    const skad_mapping_config *config = &self->mapping->config;
    if (self->machine.state != SKAD_PORTMAP_MAPPED || self->differs_told) {
        return;
    }
    skad_node_stats_get(config->node, *skad_loop_now(config->loop), &stats);
    const skad_address *observed = &stats.observed[self->i];
    if (observed->family == SKAD_FAMILY_NONE ||
        skad_address_equal(observed, &self->machine.external)) {
        self->differs = 0;
    } else if (++self->differs >= DIFFERS_LOOKS) {
        self->differs_told = true;
        skad_log(config->log, SKAD_LOG_WARNING,
                 "port mapping: peers see this node at %s, but the gateway lets %s in, so "
                 "strangers may not reach it: listen on another port (--listen), or forward the "
                 "UDP port in the gateway by hand",
                 text_of(observed, seen), text_of(&self->machine.external, external));
    }
}
