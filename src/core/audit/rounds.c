#include "src/core/audit/rounds.h"

#include <string.h>

#include "skad/record.h"
#include "src/core/node/state.h"
#include "src/core/operations/start.h"
#include "src/core/routing/distance.h"
#include "src/core/rpc/role.h"
#include "src/core/storage/responsibility.h"
#include "src/core/upkeep/handover.h"

#define RETRY_US SKAD_US_PER_S

/* Indices of skad_node_audit.refused. */
enum { PAST, COMING, NOT_OURS, CONTRADICTING, NO_PLACE };

static uint64_t tenths_us(const skad_audits *audits, uint64_t tenths)
{
    return audits->round.period_s * SKAD_US_PER_S / SKAD_ROUNDS_TENTHS * tenths;
}

skad_status skad_rounds_init(skad_node *node, uint64_t period_s)
{
    skad_audits *audits = &node->audits;
    *audits = (skad_audits){.due_us = UINT64_MAX};
    if (period_s == 0) {
        return SKAD_OK;
    }
    audits->round = (skad_audit_round){.network = node->env.network_id,
                                       .period_s = period_s,
                                       .number = node->env.now.unix_s / period_s};
    audits->due_us = node->env.now.mono_us;
    skad_audit_anchor(&audits->round, &audits->anchor);
    if (node->lazy_allocation) {
        return SKAD_OK;
    }
    const skad_status status = skad_prover_begin(&audits->prover);
    return status != SKAD_OK ? status : skad_verifier_begin(&audits->verifier);
}

void skad_rounds_free(skad_node *node)
{
    skad_prover_free(&node->audits.prover);
    skad_verifier_free(&node->audits.verifier);
}

/* ---- The draw ---- */

/* Finds the living contacts nearest to an anchor, of our region there. Returns how many; -1 if we
 * are not drawn. */
static int draw(const skad_node *node, const skad_id *anchor, unsigned bits,
                skad_peer_slot slots[static SKAD_AUDIT_PLAYERS_MAX])
{
    const skad_peers *peers = &node->table.peers;
    const skad_id *self = &node->env.identity.id;
    skad_peer_slot found[SKAD_AUDIT_VOTERS_MAX];
    if (skad_common_prefix(self, anchor) < bits || skad_role_is_client(node) ||
        !node->tuning.neighbourhoods) {
        return -1;
    }
    const size_t count =
        skad_peers_closest(peers, anchor, node->families, NULL, SKAD_AUDIT_VOTERS_MAX, found);
    size_t nearer = 0;
    int players = 0;
    for (size_t i = 0; i < count; i++) {
        const skad_id *id = &peers->peers[found[i]].id;
        nearer += skad_distance_compare(anchor, id, self) < 0;
        if (players < SKAD_AUDIT_PLAYERS_MAX && skad_common_prefix(id, anchor) >= bits) {
            slots[players++] = found[i];
        }
    }
    return nearer < SKAD_AUDIT_VOTERS_MAX ? players : -1;
}

static bool settled(const skad_node *node)
{
    return node->join.joined &&
           node->env.now.mono_us - node->join.joined_us >= SKAD_HANDOVER_SETTLE_US;
}

/* A round begins; `late`: too long ago to play in it. */
static void begin(skad_node *node, uint64_t number, bool late)
{
    skad_audits *audits = &node->audits;
    skad_peer_slot slots[SKAD_AUDIT_PLAYERS_MAX];
    const uint64_t now_us = node->env.now.mono_us;
    audits->round.number = number;
    skad_audit_anchor(&audits->round, &audits->anchor);
    audits->bits = skad_responsibility_bits(&node->table, &node->env.profile);
    audits->voted = false;
    audits->pulled = false;
    audits->plays = false;
    const int players =
        late || !settled(node) ? -1 : draw(node, &audits->anchor, audits->bits, slots);
    if (players < 0 || skad_prover_begin(&audits->prover) != SKAD_OK ||
        skad_verifier_begin(&audits->verifier) != SKAD_OK) {
        return;
    }
    audits->plays = true;
    audits->stats.played++;
    audits->vote_us = now_us + tenths_us(audits, SKAD_ROUNDS_VOTE) +
                      skad_random_below(&node->env.random, tenths_us(audits, 1));
    audits->forget_us = now_us + tenths_us(audits, SKAD_ROUNDS_FORGET);
    for (int i = 0; i < players; i++) {
        skad_verifier_add(node, &node->table.peers.peers[slots[i]].id,
                          now_us + tenths_us(audits, SKAD_ROUNDS_ASK) +
                              skad_random_below(&node->env.random, tenths_us(audits, 1)));
    }
}

static void pull(skad_node *node)
{
    node->audits.pulled = true;
    skad_handover_compare(node);
}

/* Before a round that draws us we look for what we lack. */
static void prepare(skad_node *node)
{
    skad_audits *audits = &node->audits;
    skad_audit_round next = audits->round;
    skad_peer_slot slots[SKAD_AUDIT_PLAYERS_MAX];
    skad_id anchor;
    next.number++;
    skad_audit_anchor(&next, &anchor);
    const unsigned bits = skad_responsibility_bits(&node->table, &node->env.profile);
    if (!audits->pulled && settled(node) && draw(node, &anchor, bits, slots) >= 0) {
        pull(node);
    }
}

/* ---- The ballot ---- */

static bool announce(skad_node *node, const skad_audit_ballot *ballot)
{
    const skad_audits *audits = &node->audits;
    const skad_publisher publisher = {&node->env.identity, node->env.network_id};
    const skad_address nowhere = {.family = SKAD_FAMILY_NONE};
    const uint64_t now_s = node->env.now.unix_s;
    uint8_t metadata[SKAD_METADATA_BYTES_MAX];
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    skad_start_record start = {.type = SKAD_RECORD_ANNOUNCEMENT};
    skad_op op;
    skad_audit_key(&audits->round, &start.key);
    const skad_span words = {metadata, skad_audit_ballot_encode(ballot, metadata)};
    start.bytes =
        (skad_span){bytes, skad_record_encode_announcement(publisher, &start.key, now_s,
                                                           now_s + node->env.profile.record_life_s,
                                                           &nowhere, words, bytes, sizeof bytes)};
    return skad_start_put(node, SKAD_OPERATION_BALLOT, &start, &op) == SKAD_OK;
}

/* Puts the evidence, and tells its key in the ballot. */
static void put_evidence(skad_node *node, skad_span evidence, skad_audit_ballot *ballot)
{
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    skad_start_record start = {.type = SKAD_RECORD_IMMUTABLE};
    skad_op op;
    start.bytes = (skad_span){
        bytes, skad_record_encode_immutable(evidence.data, evidence.len, bytes, sizeof bytes)};
    skad_value_key(evidence.data, evidence.len, &start.key);
    ballot->has_evidence = skad_start_put(node, SKAD_OPERATION_BALLOT, &start, &op) == SKAD_OK;
    ballot->evidence = start.key;
}

static void vote(skad_node *node)
{
    skad_audits *audits = &node->audits;
    skad_audit_ballot ballot;
    skad_span evidence;
    skad_verifier_ballot(node, &ballot, &evidence);
    if (evidence.len > 0) {
        put_evidence(node, evidence, &ballot);
    }
    audits->voted = ballot.count == 0 || announce(node, &ballot);
    audits->stats.ballots += audits->voted && ballot.count > 0;
    audits->vote_us = node->env.now.mono_us + RETRY_US;
}

/* ---- Time ---- */

static void forget(skad_node *node)
{
    skad_audits *audits = &node->audits;
    audits->plays = false;
    audits->verifier.count = 0;
    audits->prover.count = 0;
    if (node->lazy_allocation) {
        skad_rounds_free(node);
    }
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Returns the instant at which the wall clock will show a second. */
static uint64_t instant_of(const skad_node *node, uint64_t unix_s)
{
    const skad_time *now = &node->env.now;
    const uint64_t wait_s = unix_s > now->unix_s ? unix_s - now->unix_s : 1;
    return now->mono_us + wait_s * SKAD_US_PER_S;
}

static void play(skad_node *node)
{
    skad_audits *audits = &node->audits;
    const uint64_t now_us = node->env.now.mono_us;
    audits->due_us = earlier(audits->due_us, skad_verifier_tick(node));
    if (!audits->voted && now_us >= audits->vote_us) {
        vote(node);
    }
    if (!audits->pulled && audits->prover.lacking >= SKAD_ROUNDS_LACKING) {
        pull(node);
    }
    if (now_us >= audits->forget_us) {
        forget(node);
        return;
    }
    audits->due_us = earlier(audits->due_us, audits->voted ? audits->forget_us : audits->vote_us);
}

void skad_rounds_tick(skad_node *node)
{
    skad_audits *audits = &node->audits;
    const uint64_t period_s = audits->round.period_s;
    if (period_s == 0 || node->env.now.mono_us < audits->due_us) {
        return;
    }
    const uint64_t number = node->env.now.unix_s / period_s;
    const uint64_t into_s = node->env.now.unix_s % period_s;
    const uint64_t forget_s = period_s * SKAD_ROUNDS_FORGET / SKAD_ROUNDS_TENTHS;
    if (number > audits->round.number) {
        forget(node);
        begin(node, number, into_s > period_s / SKAD_ROUNDS_TENTHS);
    }
    if (number == audits->round.number && into_s >= forget_s) {
        prepare(node);
    }
    audits->due_us =
        instant_of(node, number * period_s + (into_s < forget_s ? forget_s : period_s));
    if (audits->plays) {
        play(node);
    }
}

uint64_t skad_rounds_deadline(const skad_node *node)
{
    return node->audits.round.period_s == 0 ? UINT64_MAX : node->audits.due_us;
}

/* ---- Serving ---- */

static skad_error_code check_round(skad_node *node, uint64_t number)
{
    const skad_audits *audits = &node->audits;
    if (audits->round.period_s == 0) {
        return SKAD_ERROR_UNSUPPORTED;
    }
    if (number != audits->round.number) {
        return number < audits->round.number ? SKAD_ERROR_EXPIRED : SKAD_ERROR_TOO_FAR;
    }
    if (!audits->plays) {
        return SKAD_ERROR_UNSUPPORTED;
    }
    const uint64_t over_us =
        audits->forget_us - tenths_us(audits, SKAD_ROUNDS_FORGET - SKAD_ROUNDS_VOTE);
    return node->env.now.mono_us >= over_us ? SKAD_ERROR_EXPIRED : SKAD_ERROR_NONE;
}

static void count_refusal(skad_audits *audits, skad_error_code code)
{
    audits->stats.refused[code == SKAD_ERROR_EXPIRED       ? PAST
                          : code == SKAD_ERROR_TOO_FAR     ? COMING
                          : code == SKAD_ERROR_UNSUPPORTED ? NOT_OURS
                          : code == SKAD_ERROR_INVALID     ? CONTRADICTING
                                                           : NO_PLACE]++;
}

skad_error_code skad_rounds_serve(skad_node *node, const skad_id *sender,
                                  const skad_message *request, skad_rounds_room *room,
                                  skad_message *reply)
{
    const bool audit = request->kind == SKAD_KIND_AUDIT;
    skad_error_code code =
        check_round(node, audit ? request->u.audit.round : request->u.prove.round);
    if (code == SKAD_ERROR_NONE && audit) {
        code = skad_prover_commit(node, sender, request->u.audit.challenge.data, room->commitment);
        reply->kind = SKAD_KIND_AUDITED;
        reply->u.reply.u.audited.commitment =
            (skad_span){room->commitment, sizeof room->commitment};
    } else if (code == SKAD_ERROR_NONE) {
        skad_prover_reveal *reveal = &room->reveal;
        code = skad_prover_prove(node, sender, request->u.prove.points, reveal);
        reply->kind = SKAD_KIND_PROVEN;
        reply->u.reply.u.proven.commitment =
            (skad_span){reveal->commitment, sizeof reveal->commitment};
        reply->u.reply.u.proven.openings =
            (skad_span){reveal->openings, reveal->count * SKAD_AUDIT_OPENING_BYTES};
        reply->u.reply.u.proven.signature =
            (skad_span){reveal->signature, sizeof reveal->signature};
    }
    if (code != SKAD_ERROR_NONE) {
        count_refusal(&node->audits, code);
    }
    return code;
}

void skad_rounds_inspect(const skad_node *node, skad_node_audit *out)
{
    const skad_audits *audits = &node->audits;
    *out = audits->stats;
    out->period_s = audits->round.period_s;
    if (out->period_s != 0) {
        out->round = audits->round.number;
        out->anchor = audits->anchor;
        skad_audit_key(&audits->round, &out->key);
        out->plays = audits->plays;
        out->players = (uint8_t)audits->verifier.count;
    }
}
