/* audit-outvote: Sybils that store what they should, and say in their ballots that all others lack
 * it. They cannot make evidence. */
#include <string.h>

#include "proto/ballot.h"
#include "src/sim/world/league_audits.h"

/* The state of the league: a ballot of its own is leaving. */
typedef struct outvoting {
    bool brings;
} outvoting;

static bool is_ours(const skad_league *league, const skad_audit_round *round, const uint8_t *name)
{
    for (uint32_t i = 0; i < league->count; i++) {
        uint8_t lot[SKAD_AUDIT_LOT_BYTES];
        skad_audit_lot(round, skad_world_id(league->world, league->nodes[i]), lot);
        if (memcmp(lot, name, SKAD_AUDIT_NAME_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* The round whose ballots have this key, if it is one of now. */
static bool round_of(const skad_league *league, const skad_id *key, skad_audit_round *round)
{
    const uint64_t period_s = (uint64_t)league->world->scenario.audit_period_s;
    skad_id expected;
    if (period_s == 0) {
        return false;
    }
    *round =
        (skad_audit_round){.period_s = period_s, .number = skad_league_unix_s(league) / period_s};
    skad_profile_network_id(&league->world->profile, &round->network);
    skad_audit_key(round, &expected);
    return memcmp(&expected, key, sizeof expected) == 0;
}

/* Its node announces an honest ballot: another one leaves in its place. */
static bool departs(skad_league *league, uint32_t node, const skad_datagram *datagram,
                    uint64_t *delay_us)
{
    skad_envelope envelope;
    skad_message message;
    skad_record record;
    skad_audit_round round;
    skad_audit_ballot ballot;
    uint8_t metadata[SKAD_METADATA_BYTES_MAX];
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    outvoting *state = league->state;
    (void)delay_us;
    if (state->brings || !skad_datagram_request(datagram, &envelope, &message) ||
        message.kind != SKAD_KIND_ANNOUNCE ||
        !skad_record_decode(message.u.announce.record.data, message.u.announce.record.len,
                            &record) ||
        !round_of(league, &record.key, &round) ||
        memcmp(record.publisher, skad_league_identity(league, node)->public_key, 32) != 0 ||
        !skad_audit_ballot_decode(record.value, &ballot)) {
        return true;
    }
    for (size_t i = 0; i < ballot.count; i++) {
        ballot.players[i].verdict =
            is_ours(league, &round, ballot.players[i].name) ? SKAD_AUDIT_AGREES : SKAD_AUDIT_LACKS;
    }
    ballot.has_evidence = false;
    const skad_span words = {metadata, skad_audit_ballot_encode(&ballot, metadata)};
    const skad_address nowhere = {0};
    const size_t len = skad_record_encode_announcement(
        skad_league_publisher(league, skad_league_identity(league, node)), &record.key,
        record.sequence + 1, record.expiry_unix_s, &nowhere, words, bytes, sizeof bytes);
    const uint32_t victim = skad_sim_node_at(&league->world->addresses, &datagram->to);
    if (victim < league->world->honest) {
        state->brings = true;
        skad_league_bring(league, node, victim, (skad_span){bytes, len});
        state->brings = false;
    }
    return false;
}

/* Its ballots are all that it sends. */
static void turn(skad_league *league)
{
    (void)league;
}

SKAD_ADVERSARY(audit_outvote) = {
    .is = SKAD_ADVERSARY_IS("audit-outvote", "in audits says that all but colluders lack records",
                            SKAD_SIM_LIES | SKAD_SIM_SENDS),
    .state_bytes = sizeof(outvoting),
    .departs = departs,
    .turn = turn,
};
