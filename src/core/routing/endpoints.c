#include "src/core/routing/endpoints.h"

#include <string.h>

#include "src/core/routing/diversity.h"

static const uint8_t FAMILIES[SKAD_ENDPOINTS] = {SKAD_FAMILY_IPV4, SKAD_FAMILY_IPV6};

size_t skad_endpoint_index(const skad_address *address)
{
    return address->family == SKAD_FAMILY_IPV6;
}

static bool has(const skad_peers *peers, skad_peer_slot slot, size_t endpoint)
{
    return (peers->peers[slot].families & FAMILIES[endpoint]) != 0;
}

skad_address skad_endpoint_address(const skad_peers *peers, skad_peer_slot slot, size_t endpoint)
{
    const skad_peer *peer = &peers->peers[slot];
    skad_address address = {0};
    if (!has(peers, slot, endpoint)) {
        return address;
    }
    address.family = FAMILIES[endpoint];
    if (endpoint == 0) {
        address.port = peer->ipv4_port;
        memcpy(address.ip, peer->ipv4, sizeof peer->ipv4);
    } else {
        const skad_peer_cold *cold = skad_peers_cold(peers, slot);
        address.port = cold->ipv6_port;
        memcpy(address.ip, cold->ipv6, sizeof cold->ipv6);
    }
    return address;
}

bool skad_endpoint_is(const skad_peers *peers, skad_peer_slot slot, const skad_address *address)
{
    const skad_peer *peer = &peers->peers[slot];
    if ((peer->families & address->family) == 0) {
        return false;
    }
    if (address->family == SKAD_FAMILY_IPV4) {
        return peer->ipv4_port == address->port &&
               memcmp(peer->ipv4, address->ip, sizeof peer->ipv4) == 0;
    }
    const skad_peer_cold *cold = skad_peers_cold(peers, slot);
    return cold->ipv6_port == address->port &&
           memcmp(cold->ipv6, address->ip, sizeof cold->ipv6) == 0;
}

bool skad_endpoint_apart(const skad_peers *peers, skad_peer_slot slot, size_t endpoint,
                         uint64_t group)
{
    if (!has(peers, slot, endpoint)) {
        return true;
    }
    if (endpoint == 0) {
        const uint8_t *ip = peers->peers[slot].ipv4;
        return ip[0] != (uint8_t)(group >> 16) || ip[1] != (uint8_t)(group >> 8);
    }
    const uint8_t *ip = skad_peers_cold(peers, slot)->ipv6;
    return ip[0] != (uint8_t)(group >> 48) || ip[1] != (uint8_t)(group >> 40) ||
           ip[2] != (uint8_t)(group >> 32) || ip[3] != (uint8_t)(group >> 24);
}

uint64_t skad_endpoint_group(const skad_peers *peers, skad_peer_slot slot, size_t endpoint)
{
    skad_address address = skad_endpoint_address(peers, slot, endpoint);
    return skad_address_group(&address);
}

bool skad_endpoint_choose(const skad_peers *peers, skad_peer_slot slot, unsigned families,
                          skad_address *out)
{
    unsigned usable = peers->peers[slot].families & families;
    if (usable == 0) {
        return false;
    }
    bool both = usable == SKAD_FAMILIES_ALL;
    size_t endpoint =
        both ? skad_endpoint_failures(peers, slot, 1) < skad_endpoint_failures(peers, slot, 0)
             : usable == SKAD_FAMILY_IPV6;
    *out = skad_endpoint_address(peers, slot, endpoint);
    return true;
}

/* Numbers the endpoints for their tokens, the IPv4 ones of all peers first. */
static uint16_t number_of(const skad_peers *peers, skad_peer_slot slot, size_t endpoint)
{
    return (uint16_t)(endpoint * peers->limit + slot);
}

bool skad_endpoint_set(skad_peers *peers, skad_peer_slot slot, const skad_address *address)
{
    skad_peer *peer = &peers->peers[slot];
    size_t endpoint = skad_endpoint_index(address);
    if (endpoint == 0) {
        memcpy(peer->ipv4, address->ip, sizeof peer->ipv4);
        peer->ipv4_port = address->port;
    } else {
        skad_peer_cold *cold = skad_peers_cold_of(peers, slot);
        if (cold == NULL) {
            return false;
        }
        memcpy(cold->ipv6, address->ip, sizeof cold->ipv6);
        cold->ipv6_port = address->port;
    }
    peer->families = (peer->families | FAMILIES[endpoint]) & SKAD_FAMILIES_ALL;
    skad_endpoint_guard(peers, slot, address, false);
    skad_endpoint_answered(peers, slot, endpoint);
    skad_peer_tokens_forget(&peers->tokens, number_of(peers, slot, endpoint));
    return true;
}

void skad_endpoint_clear(skad_peers *peers, skad_peer_slot slot, size_t endpoint)
{
    skad_peer *peer = &peers->peers[slot];
    peer->families = peer->families & ~(unsigned)FAMILIES[endpoint] & SKAD_FAMILIES_ALL;
    peer->guarded = peer->guarded & peer->families;
    skad_peer_tokens_forget(&peers->tokens, number_of(peers, slot, endpoint));
}

void skad_endpoint_guard(skad_peers *peers, skad_peer_slot slot, const skad_address *address,
                         bool guarded)
{
    skad_peer *peer = &peers->peers[slot];
    if (skad_endpoint_is(peers, slot, address)) {
        const unsigned others = peer->guarded & ~(unsigned)address->family;
        peer->guarded = (others | (guarded ? address->family : 0U)) & SKAD_FAMILIES_ALL;
    }
}

/* Returns the failure counter of an endpoint that exists. */
static uint8_t *failures_of(skad_peers *peers, skad_peer_slot slot, size_t endpoint)
{
    skad_peer *peer = &peers->peers[slot];
    return endpoint == 0 ? &peer->ipv4_failures : &peers->colds[peer->cold].ipv6_failures;
}

uint8_t skad_endpoint_failures(const skad_peers *peers, skad_peer_slot slot, size_t endpoint)
{
    if (!has(peers, slot, endpoint)) {
        return 0;
    }
    return endpoint == 0 ? peers->peers[slot].ipv4_failures
                         : skad_peers_cold(peers, slot)->ipv6_failures;
}

void skad_endpoint_failed(skad_peers *peers, skad_peer_slot slot, size_t endpoint)
{
    uint8_t *failures = failures_of(peers, slot, endpoint);
    *failures = (uint8_t)(*failures + (*failures < UINT8_MAX));
}

void skad_endpoint_distrust_token(skad_peers *peers, skad_peer_slot slot,
                                  const skad_address *address, uint64_t now_us)
{
    if (skad_endpoint_is(peers, slot, address)) {
        skad_peer_tokens_distrust(&peers->tokens,
                                  number_of(peers, slot, skad_endpoint_index(address)), now_us);
    }
}

uint32_t skad_endpoint_token_print(const skad_peers *peers, skad_peer_slot slot,
                                   const skad_address *address)
{
    return skad_endpoint_is(peers, slot, address)
               ? skad_peer_tokens_print(&peers->tokens,
                                        number_of(peers, slot, skad_endpoint_index(address)))
               : 0;
}

void skad_endpoint_answered(skad_peers *peers, skad_peer_slot slot, size_t endpoint)
{
    *failures_of(peers, slot, endpoint) = 0;
}

void skad_endpoint_keep_token(skad_peers *peers, skad_peer_slot slot, const skad_address *address,
                              const uint8_t token[static SKAD_TOKEN_BYTES], uint64_t now_us)
{
    if (skad_endpoint_is(peers, slot, address)) {
        skad_peer_tokens_keep(&peers->tokens, number_of(peers, slot, skad_endpoint_index(address)),
                              token, now_us);
    }
}

const uint8_t *skad_endpoint_token(const skad_peers *peers, skad_peer_slot slot, size_t endpoint,
                                   uint64_t now_us)
{
    return skad_peer_tokens_fresh(&peers->tokens, number_of(peers, slot, endpoint), now_us);
}
