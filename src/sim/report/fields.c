#include "src/sim/report/fields.h"

/* The path of a member cannot stand in parentheses. */
/* NOLINTBEGIN(bugprone-macro-parentheses) */
#define FIELD(section, path, name, type, kind, about)                                              \
    {                                                                                              \
        section, name, about, offsetof(skad_sim_outcome, path), 1, SKAD_SIM_FIELD_##type,          \
            SKAD_SIM_##kind                                                                        \
    }
#define MANY(section, path, name, type, kind, length, about)                                       \
    {                                                                                              \
        section, name, about, offsetof(skad_sim_outcome, path), length, SKAD_SIM_FIELD_##type,     \
            SKAD_SIM_##kind                                                                        \
    }
#define SUM(section, path, name, about)   FIELD(section, path, name, COUNT, CUMULATIVE, about)
#define STATE(section, path, name, about) FIELD(section, path, name, COUNT, STATE, about)

/* What lookups, gets and puts have in common. */
#define COSTS(section, path)                                                                       \
    SUM(section, path.rpcs, "rpcs", "requests, of all of them"),                                   \
        SUM(section, path.us, "us", "microseconds of simulated time that all of them took"),       \
        MANY(section, path.durations.columns, "durations", HISTOGRAM, CUMULATIVE,                  \
             SKAD_SIM_DURATIONS_COLUMNS,                                                           \
             "pairs of a column and its count; column c < 16 is for c microseconds, sixteen more " \
             "for each doubling"),                                                                 \
        MANY(section, path.requests.columns, "requests", HISTOGRAM, CUMULATIVE,                    \
             SKAD_SIM_REQUESTS_COLUMNS, "likewise, of the requests of each"),                      \
        MANY(section, path.hops, "hops", COUNTS, CUMULATIVE, SKAD_SIM_HOPS,                        \
             "at h: those with h answers before the node that mattered was named")

#define CLASS(section, path)                                                                       \
    STATE(section, path.up, "up", "nodes of this class that are up"),                              \
        STATE(section, path.joined, "joined", "of them, those that have joined"),                  \
        STATE(section, path.places, "places",                                                      \
              "places that they hold in tables of honest nodes; 0 unless report_every_s is set"),  \
        SUM(section, path.lookups, "lookups", "that they made, and that ended"),                   \
        SUM(section, path.lookups_right, "lookups_right", "that found the nearest honest node"),   \
        SUM(section, path.gets, "gets", "that they made, and that ended"),                         \
        SUM(section, path.gets_right, "gets_right", "that returned the value")
/* NOLINTEND(bugprone-macro-parentheses) */

static const skad_sim_field FIELDS[] = {
    SUM("lookups", lookups.ended, "ended", "lookups that ended"),
    SUM("lookups", lookups.nearest, "nearest", "that returned the nearest honest node that is up"),
    SUM("lookups", lookups.exact, "exact",
        "that returned exactly the s nearest nodes that are up, adversaries included"),
    SUM("lookups", lookups.captured, "captured", "that returned nothing but adversaries"),
    SUM("lookups", lookups.silent, "silent", "that no node answered"),
    SUM("lookups", lookups.dense, "dense", "that noticed a suspiciously dense neighbourhood"),
    SUM("lookups", lookups.diverged, "diverged",
        "whose closest diverge from chance by more than 0.94 (Kullback and Leibler)"),
    SUM("lookups", lookups.siblings_found, "siblings_found",
        "of the s nearest honest nodes, those that were returned, in all lookups"),
    SUM("lookups", lookups.siblings_true, "siblings_true", "nearest honest nodes, in all lookups"),
    COSTS("lookups", lookups),
    SUM("gets", gets.ended, "ended", "gets that ended"),
    SUM("gets", gets.right, "right", "that returned the value"),
    SUM("gets", gets.stale, "stale", "that returned the edition before"),
    SUM("gets", gets.wrong, "wrong", "that returned another value"),
    SUM("gets", gets.missed, "missed", "that found nothing, although an honest node held it"),
    SUM("gets", gets.lost, "lost", "that found nothing, and no honest node held it"),
    SUM("gets", gets.silent, "silent", "that no node answered"),
    SUM("gets", gets.dense, "dense", "that noticed a suspiciously dense neighbourhood"),
    COSTS("gets", gets),
    SUM("forwarding", forwarding.errands, "errands", "forwarded lookups and gets that ended"),
    SUM("forwarding", forwarding.requests, "requests", "FORWARDs of all nodes"),
    SUM("forwarding", forwarding.values, "values",
        "forwarded gets that returned a value which another node held"),
    SUM("forwarding", forwarding.copies, "copies",
        "of them, those to which a node gave it that is not responsible for it"),
    SUM("anonymity", anonymity.judged, "judged",
        "lookups and gets that ended while some nodes were curious"),
    SUM("anonymity", anonymity.seen, "seen_count", "that came to one of the curious at least"),
    SUM("anonymity", anonymity.identified, "identified_count",
        "whose asker had sent the first request that the curious saw"),
    SUM("anonymity", anonymity.millibits, "millibits",
        "thousandths of bits that are left of the askers' identities, in sum"),
    SUM("anonymity", anonymity.millibits_whole, "millibits_whole", "that there were"),
    SUM("puts", puts.ended, "ended", "puts that ended"),
    SUM("puts", puts.stored, "stored", "that at least one holder acknowledged"),
    SUM("puts", puts.dense, "dense", "that noticed a suspiciously dense neighbourhood"),
    COSTS("puts", puts),
    SUM("captured", captured.early, "early", "gets of the captured record right after its put"),
    SUM("captured", captured.early_right, "early_right", "of them, those that returned it"),
    SUM("captured", captured.late, "late", "gets of it after the wait"),
    SUM("captured", captured.late_right, "late_right", "of them, those that returned it"),
    FIELD("captured", captured.stored, "stored", FLAG, STATE, "its put reported success"),
    FIELD("captured", captured.dense, "dense", FLAG, STATE,
          "its put noticed a suspiciously dense neighbourhood"),
    SUM("captured", captured.put_rpcs, "put_rpcs",
        "requests that its publisher sent until the put ended"),
    FIELD("captured", captured.holders, "holders", COUNT32, STATE,
          "honest nodes that held it when the put ended"),
    FIELD("captured", captured.holders_late, "holders_late", COUNT32, STATE,
          "honest nodes that held it before the late gets"),
    CLASS("residents", classes[SKAD_SIM_RESIDENTS]),
    CLASS("newcomers", classes[SKAD_SIM_NEWCOMERS]),
    CLASS("adversaries", classes[SKAD_SIM_ADVERSARIES]),
    STATE("tables", places.all, "places",
          "places of the tables of honest nodes but a victim, where an adversary has a victim or "
          "phases"),
    STATE("tables", places.hostile, "hostile", "of them, those that adversaries hold"),
    STATE("tables", victim.peers, "victim_peers", "peers in the victim's table"),
    STATE("tables", victim.hostile, "victim_hostile", "of them, adversaries"),
    STATE("tables", victim.known_to, "victim_known_to", "honest nodes that have it as a peer"),
    SUM("datagrams", counters.sent, "sent", "datagrams that nodes sent"),
    SUM("datagrams", counters.sent_bytes, "sent_bytes", "their bytes"),
    SUM("datagrams", counters.delivered, "delivered", "that came to a node that is up"),
    SUM("datagrams", counters.lost, "lost", "that got lost"),
    SUM("datagrams", counters.shut_out, "shut_out", "that a NAT kept out"),
    SUM("datagrams", counters.partitioned, "parted", "that a partition kept out"),
    SUM("datagrams", counters.queue_full, "choked", "that a full upload queue kept out"),
    SUM("datagrams", counters.unroutable, "nowhere",
        "that came to no node, or to one that is down"),
    SUM("world", arrivals, "arrivals", "nodes that came"),
    SUM("world", departures, "departures", "nodes that went"),
    STATE("world", up, "up", "nodes that are up"),
    STATE("world", joined, "joined", "of them, those that have joined"),
    FIELD("world", simulated_s, "simulated_s", REAL, CUMULATIVE, "simulated seconds, measured"),
    SUM("world", counters.events, "events", "events of the simulation"),
    FIELD("world", real_s, "real_s", REAL, CUMULATIVE, "seconds of real time for them"),
    FIELD("world", build_s, "build_s", REAL, STATE, "seconds of real time until the world stood"),
    FIELD("world", bytes_per_node, "bytes_per_node", REAL, STATE, "memory, by the nodes"),
    FIELD("world", peers_per_node, "peers_per_node", REAL, STATE, "peers in a table, on average"),
    FIELD("world", price, "price_hashes", REAL, STATE,
          "hashes that the adversary's identities cost, expected"),
    FIELD("world", draws, "draws", REAL, STATE,
          "keys that the adversary drew, before any puzzle, expected"),
    STATE("prefixes", prefixes.bits, "bits", "first bits of an ID that make its prefix"),
    MANY("prefixes", prefixes.honest, "honest", COUNTS16, STATE, SKAD_SIM_PREFIXES_MAX,
         "honest nodes that are up, by prefix, in the order of the key space"),
    MANY("prefixes", prefixes.adverse, "adverse", COUNTS16, STATE, SKAD_SIM_PREFIXES_MAX,
         "adversaries likewise"),
};

const skad_sim_field *skad_sim_field_at(size_t n)
{
    return n < sizeof FIELDS / sizeof FIELDS[0] ? &FIELDS[n] : NULL;
}

/* to += sign * from. Unsigned numbers wrap round, which is what subtracting is. */
static void combine(const skad_sim_field *field, void *to, const void *from, int sign)
{
    for (size_t i = 0; i < field->length; i++) {
        switch (field->type) {
        case SKAD_SIM_FIELD_COUNT:
        case SKAD_SIM_FIELD_COUNTS:
            ((uint64_t *)to)[i] += (uint64_t)sign * ((const uint64_t *)from)[i];
            break;
        case SKAD_SIM_FIELD_COUNT32:
        case SKAD_SIM_FIELD_HISTOGRAM:
            ((uint32_t *)to)[i] += (uint32_t)sign * ((const uint32_t *)from)[i];
            break;
        case SKAD_SIM_FIELD_REAL:
            ((double *)to)[i] += sign * ((const double *)from)[i];
            break;
        case SKAD_SIM_FIELD_FLAG:
        case SKAD_SIM_FIELD_COUNTS16:
            break; /* nothing to add up */
        }
    }
}

static void combine_all(skad_sim_outcome *to, const skad_sim_outcome *from, int sign, bool states)
{
    const skad_sim_field *field = NULL;
    for (size_t n = 0; (field = skad_sim_field_at(n)) != NULL; n++) {
        if (states || field->kind == SKAD_SIM_CUMULATIVE) {
            combine(field, (char *)to + field->place, (const char *)from + field->place, sign);
        }
    }
}

void skad_sim_outcome_add(skad_sim_outcome *sum, const skad_sim_outcome *one)
{
    combine_all(sum, one, 1, true);
}

void skad_sim_outcome_since(skad_sim_outcome *outcome, const skad_sim_outcome *before)
{
    combine_all(outcome, before, -1, false);
}
