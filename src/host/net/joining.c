/* Judging by counters, and a timer that logs. */
#include "src/host/net/joining.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/address.h"

/* A hello has timed out by then, after those to old peers; and ten seconds are not over. */
#define LOOK_US (8 * SKAD_US_PER_S)
#define LATE_US (7 * SKAD_US_PER_S) /* the first look, whatever the timer's turn */

#define DATE_BYTES 32

const char *skad_joining_name(skad_joining_state state)
{
    switch (state) {
    case SKAD_JOINING_JOINED:
        return "joined";
    case SKAD_JOINING_ALONE:
        return "alone";
    case SKAD_JOINING_UNREACHABLE:
        return "unreachable";
    case SKAD_JOINING_UNRESOLVED:
        return "unresolved";
    case SKAD_JOINING_UNUSABLE:
        return "unusable";
    case SKAD_JOINING_CLOCK:
        return "clock";
    case SKAD_JOINING_ITSELF:
        return "itself";
    case SKAD_JOINING_REFUSED:
        return "refused";
    case SKAD_JOINING_SILENT:
        return "silent";
    case SKAD_JOINING_TRYING:
        return "trying";
    }
    return "?";
}

/* ---- Judging ---- */

static void format_date(uint64_t unix_s, char out[static DATE_BYTES])
{
    struct tm calendar;
    time_t seconds = (time_t)unix_s;
    gmtime_r(&seconds, &calendar);
    if (strftime(out, DATE_BYTES, "%Y-%m-%d %H:%M UTC", &calendar) == 0) {
        out[0] = 0;
    }
}

static skad_joining_state judge(const skad_joining_facts *facts)
{
    const skad_resolver_state *found = &facts->found;
    const bool asks = found->usable > 0 || facts->greets;
    if (facts->joined) {
        return SKAD_JOINING_JOINED;
    }
    if (found->places == 0 && !facts->greets) {
        return SKAD_JOINING_ALONE;
    }
    if (facts->unsent > 0 && asks) {
        return SKAD_JOINING_UNREACHABLE;
    }
    if (!asks && found->awaited > 0 && facts->late) {
        return SKAD_JOINING_UNRESOLVED;
    }
    if (!asks && found->awaited == 0) {
        return found->skipped > 0 ? SKAD_JOINING_UNUSABLE : SKAD_JOINING_UNRESOLVED;
    }
    if (facts->of_another_time > 0) {
        return SKAD_JOINING_CLOCK;
    }
    if (facts->from_itself > 0) {
        return SKAD_JOINING_ITSELF;
    }
    if (facts->refused > 0) {
        return SKAD_JOINING_REFUSED;
    }
    return asks && facts->timeouts > 0 ? SKAD_JOINING_SILENT : SKAD_JOINING_TRYING;
}

/* "127.0.0.1:4700 and 3 other addresses", or what else is asked. */
static void format_asked(const skad_joining_facts *facts, char *out, size_t bytes)
{
    char first[SKAD_ADDRESS_TEXT_BYTES];
    if (facts->address == NULL) {
        (void)snprintf(out, bytes, "the peers of its last run");
        return;
    }
    skad_address_format(facts->address, first);
    if (facts->found.usable > 1) {
        (void)snprintf(out, bytes, "%s and the %zu other addresses of --join", first,
                       facts->found.usable - 1);
    } else {
        (void)snprintf(out, bytes, "%s", first);
    }
}

static void write_text(const skad_joining_facts *facts, skad_joining_state state, const char *asked,
                       const char *date, char text[static SKAD_JOINING_TEXT_BYTES])
{
    const size_t bytes = SKAD_JOINING_TEXT_BYTES;
    switch (state) {
    case SKAD_JOINING_JOINED:
        text[0] = 0;
        return;
    case SKAD_JOINING_ALONE:
        (void)snprintf(text, bytes,
                       "there is no --join and no peer of an earlier run: the node waits until "
                       "others ask it");
        return;
    case SKAD_JOINING_UNREACHABLE:
        (void)snprintf(text, bytes,
                       "the system refuses to send (%s): check the network, its routes and "
                       "firewall",
                       strerror(facts->unsent_errno));
        return;
    case SKAD_JOINING_UNRESOLVED:
        if (facts->found.waits != NULL) {
            (void)snprintf(text, bytes,
                           "no name server has answered for %.100s yet: check the name servers in "
                           "/etc/resolv.conf",
                           facts->found.waits);
            return;
        }
        (void)snprintf(text, bytes,
                       "no name of --join resolves; %.100s: %s. Check the names and the name "
                       "servers in /etc/resolv.conf",
                       facts->flaw.place, facts->flaw.why);
        return;
    case SKAD_JOINING_UNUSABLE:
        (void)snprintf(text, bytes,
                       "none of the addresses of --join can be used; %.100s: %s. Name another node",
                       facts->flaw.place, facts->flaw.why);
        return;
    case SKAD_JOINING_CLOCK:
        (void)snprintf(text, bytes,
                       "datagrams come whose puzzles are of another time: check the clock of this "
                       "machine, which says %s",
                       date);
        return;
    case SKAD_JOINING_ITSELF:
        (void)snprintf(text, bytes, "%s leads to this node itself: give --join another one", asked);
        return;
    case SKAD_JOINING_REFUSED:
        (void)snprintf(text, bytes,
                       "nothing listens at %s: check the address and the port, and whether that "
                       "node runs",
                       asked);
        return;
    case SKAD_JOINING_SILENT:
        (void)snprintf(text, bytes,
                       "no answer from %s: the node may be down or in another network (--profile, "
                       "key), a firewall may be between, or a clock wrong; this one says %s",
                       asked, date);
        return;
    case SKAD_JOINING_TRYING:
        (void)snprintf(text, bytes, "%s",
                       facts->found.awaited > 0 && facts->found.usable == 0 && !facts->greets
                           ? "names of --join are being looked up"
                           : "the node asks, and waits for the first answers");
        return;
    }
}

skad_joining_state skad_joining_judge(const skad_joining_facts *facts,
                                      char text[static SKAD_JOINING_TEXT_BYTES])
{
    char asked[SKAD_ADDRESS_TEXT_BYTES + 64];
    char date[DATE_BYTES];
    const skad_joining_state state = judge(facts);
    format_asked(facts, asked, sizeof asked);
    format_date(facts->unix_s, date);
    write_text(facts, state, asked, date, text);
    return state;
}

/* ---- Watching ---- */

static void gather(const skad_joining *joining, skad_joining_facts *out)
{
    const skad_joining_config *config = &joining->config;
    const skad_udp_endpoints *endpoints = config->endpoints;
    skad_node_stats stats;
    skad_node_stats_get(config->node, *config->now, &stats);
    *out = (skad_joining_facts){
        .joined = stats.joined,
        .greets = joining->greets,
        .late = config->now->mono_us - joining->begun_us >= LATE_US,
        .address = skad_resolver_first(*config->resolver),
        .unix_s = config->now->unix_s,
        .timeouts = stats.timeouts,
        .from_itself = stats.verdicts[SKAD_VERDICT_SELF],
        .of_another_time = stats.verdicts[SKAD_VERDICT_EPOCH],
    };
    skad_resolver_state_get(*config->resolver, &out->found);
    (void)skad_resolver_flaws(*config->resolver, &out->flaw, 1);
    for (size_t i = 0; i < endpoints->count; i++) {
        const skad_udp_counters *counters = &endpoints->sockets[i].counters;
        out->refused += endpoints->endpoints[i].peer_sockets.refused;
        out->unsent += counters->refused;
        out->unsent_errno = counters->refused > 0 ? counters->refused_errno : out->unsent_errno;
    }
}

skad_joining_state skad_joining_look(const skad_joining *joining,
                                     char text[static SKAD_JOINING_TEXT_BYTES])
{
    const skad_joining_facts *before = &joining->before;
    skad_joining_facts facts;
    gather(joining, &facts);
    facts.timeouts -= before->timeouts;
    facts.from_itself -= before->from_itself;
    facts.of_another_time -= before->of_another_time;
    facts.refused -= before->refused;
    facts.unsent -= before->unsent;
    return skad_joining_judge(&facts, text);
}

static void on_look(void *user)
{
    skad_joining *joining = user;
    char text[SKAD_JOINING_TEXT_BYTES];
    const skad_joining_state state = skad_joining_look(joining, text);
    if (state == SKAD_JOINING_JOINED) {
        return;
    }
    skad_timer_start(joining->config.loop, &joining->look, LOOK_US);
    if (state != joining->told && state != SKAD_JOINING_TRYING) {
        skad_log(joining->config.log,
                 state == SKAD_JOINING_ALONE ? SKAD_LOG_INFO : SKAD_LOG_WARNING, "not joined: %s",
                 text);
        joining->told = state;
    }
}

void skad_joining_init(skad_joining *joining, const skad_joining_config *config)
{
    *joining = (skad_joining){.config = *config, .told = SKAD_JOINING_JOINED};
    joining->look = (skad_timer){.due = on_look, .user = joining};
}

/* Begun once more, it counts anew, but goes on looking at the same pace: a machine whose interfaces
 * come and go all the time shall not silence it. */
void skad_joining_begin(skad_joining *joining, bool greets)
{
    joining->greets = greets;
    joining->begun_us = joining->config.now->mono_us;
    gather(joining, &joining->before);
    if (!joining->look.active) {
        joining->told = SKAD_JOINING_JOINED;
        skad_timer_start(joining->config.loop, &joining->look, LOOK_US);
    }
}

void skad_joining_end(skad_joining *joining)
{
    if (joining->config.loop != NULL) {
        skad_timer_stop(joining->config.loop, &joining->look);
    }
}
