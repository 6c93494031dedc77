#include "src/core/audit/verifier.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/node/state.h"
#include "src/core/rpc/request.h"

#define COMMITTED_BYTES (SKAD_AUDIT_COMMITMENT_BYTES - SKAD_SIGNATURE_BYTES)

skad_status skad_verifier_begin(skad_verifier *verifier)
{
    if (verifier->players == NULL) {
        verifier->players = calloc(SKAD_AUDIT_PLAYERS_MAX, sizeof *verifier->players);
    }
    verifier->count = 0;
    return verifier->players == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

void skad_verifier_free(skad_verifier *verifier)
{
    free(verifier->players);
    *verifier = (skad_verifier){0};
}

void skad_verifier_add(skad_node *node, const skad_id *id, uint64_t ask_us)
{
    skad_verifier *verifier = &node->audits.verifier;
    if (verifier->count < SKAD_AUDIT_PLAYERS_MAX) {
        skad_player *player = &verifier->players[verifier->count++];
        *player = (skad_player){.id = *id, .ask_us = ask_us};
        player->of.round = node->audits.round;
        player->of.verifier = node->env.identity.id;
        skad_random_bytes(&node->env.random, player->of.challenge, sizeof player->of.challenge);
    }
}

/* ---- Asking ---- */

static skad_message request_of(const skad_player *player)
{
    skad_message message;
    if (player->state == SKAD_PLAYER_ASKED) {
        message.kind = SKAD_KIND_AUDIT;
        message.u.audit.round = player->of.round.number;
        message.u.audit.challenge = (skad_span){player->of.challenge, sizeof player->of.challenge};
    } else {
        message.kind = SKAD_KIND_PROVE;
        message.u.prove.round = player->of.round.number;
        message.u.prove.points =
            (skad_span){player->points, (size_t)player->picks_count * SKAD_AUDIT_POINT_BYTES};
    }
    return message;
}

static void judge(skad_node *node, skad_player *player, skad_audit_verdict verdict)
{
    player->state = SKAD_PLAYER_JUDGED;
    player->verdict = (uint8_t)verdict;
    node->audits.stats.verdicts[verdict]++;
}

/* Ends what waits for an answer that does not come. */
static void give_up(skad_node *node, skad_player *player)
{
    if (player->state == SKAD_PLAYER_COMMITTED) {
        judge(node, player, SKAD_AUDIT_WITHHELD);
    } else {
        player->state = SKAD_PLAYER_ABSENT;
    }
}

static void send(skad_node *node, skad_player *player)
{
    const skad_message message = request_of(player);
    const skad_peers *peers = &node->table.peers;
    const skad_peer_slot slot = skad_peers_find(peers, &player->id);
    skad_address address;
    if (slot == SKAD_PEER_NONE || !skad_endpoint_choose(peers, slot, node->families, &address)) {
        give_up(node, player);
        return;
    }
    const skad_request request = {
        .message = &message,
        .address = &address,
        .responder = &player->id,
        .purpose = SKAD_PURPOSE_AUDIT,
        .owner = player->of.round.number,
        .step = (uint16_t)(player - node->audits.verifier.players),
    };
    player->tries++;
    if (!skad_request_send(node, &request)) {
        give_up(node, player);
    }
}

uint64_t skad_verifier_tick(skad_node *node)
{
    skad_verifier *verifier = &node->audits.verifier;
    uint64_t next_us = UINT64_MAX;
    for (size_t i = 0; i < verifier->count; i++) {
        skad_player *player = &verifier->players[i];
        if (player->state != SKAD_PLAYER_WAITS) {
            continue;
        }
        if (player->ask_us <= node->env.now.mono_us) {
            if (skad_request_can_send(node)) {
                player->state = SKAD_PLAYER_ASKED;
                player->tries = 0;
                send(node, player);
                continue;
            }
            player->ask_us = node->env.now.mono_us + SKAD_US_PER_S;
        }
        next_us = player->ask_us < next_us ? player->ask_us : next_us;
    }
    return next_us;
}

/* ---- Judging ---- */

/* Keeps evidence, if it is some. */
static bool keep_evidence(skad_player *player, const skad_audit_evidence *evidence)
{
    if (!skad_audit_evidence_holds(evidence)) {
        return false;
    }
    player->evidence_len = (uint16_t)skad_audit_evidence_encode(evidence, player->evidence);
    return player->evidence_len > 0;
}

static skad_audit_evidence evidence_of(const skad_player *player, skad_audit_fault fault)
{
    return (skad_audit_evidence){
        .fault = fault, .of = player->of, .commitment = player->commitment};
}

/* A leaf of the right name and edition with other contents than ours. Its key tells who is right,
 * if the record is an immutable one. */
static bool refuted(skad_node *node, skad_player *player, size_t pick, const uint8_t *opening)
{
    const skad_store_name name = {.key = player->picks[pick].key, .type = SKAD_RECORD_IMMUTABLE};
    skad_audit_evidence evidence = evidence_of(player, SKAD_AUDIT_FAULT_LEAF);
    skad_store_record held;
    if (!player->picks[pick].immutable ||
        !node->store.ops->find(node->store.self, SKAD_STORE_REPLICAS, &name, node->env.now.unix_s,
                               &held)) {
        return false;
    }
    evidence.opening = opening;
    evidence.record = (skad_span){held.data, held.len};
    return keep_evidence(player, &evidence);
}

/* Looks at what was revealed and signed. */
static skad_audit_verdict compare(skad_node *node, skad_player *player,
                                  const skad_audit_commitment *commitment,
                                  const skad_audit_reveal *reveal, const skad_message *answer)
{
    size_t lacking = 0;
    for (size_t i = 0; i < player->picks_count; i++) {
        const uint8_t *opening =
            answer->u.reply.u.proven.openings.data + i * SKAD_AUDIT_OPENING_BYTES;
        const skad_audit_opened opened =
            skad_audit_opening_check(opening, player->picks[i].leaf, commitment->root);
        if (opened == SKAD_AUDIT_OPENED_WRONG) {
            skad_audit_evidence evidence = evidence_of(player, SKAD_AUDIT_FAULT_REVEAL);
            evidence.reveal = *reveal;
            evidence.signature = answer->u.reply.u.proven.signature.data;
            evidence.index = (uint8_t)i;
            evidence.opening = opening;
            return keep_evidence(player, &evidence) ? SKAD_AUDIT_CONTRADICTS : SKAD_AUDIT_WITHHELD;
        }
        const bool same = opened == SKAD_AUDIT_OPENED_LEAF &&
                          memcmp(skad_audit_opening_leaf(opening), player->picks[i].leaf,
                                 SKAD_AUDIT_LEAF_BYTES) == 0;
        if (!same && opened == SKAD_AUDIT_OPENED_LEAF && refuted(node, player, i, opening)) {
            return SKAD_AUDIT_CONTRADICTS;
        }
        lacking += !same;
    }
    return 2 * lacking < player->picks_count ? SKAD_AUDIT_AGREES : SKAD_AUDIT_LACKS;
}

/* A reveal that is not signed, or not of what we asked, is none. */
static void take_reveal(skad_node *node, skad_player *player, const skad_message *answer)
{
    const uint8_t *committed = answer->u.reply.u.proven.commitment.data;
    const skad_span openings = answer->u.reply.u.proven.openings;
    skad_audit_commitment commitment;
    skad_audit_reveal reveal;
    if (memcmp(committed, player->commitment, COMMITTED_BYTES) != 0) {
        skad_audit_evidence evidence = evidence_of(player, SKAD_AUDIT_FAULT_TWICE);
        evidence.second = committed;
        const bool twice = keep_evidence(player, &evidence);
        node->audits.stats.invalid += !twice;
        judge(node, player, twice ? SKAD_AUDIT_CONTRADICTS : SKAD_AUDIT_WITHHELD);
        return;
    }
    if (openings.len != (size_t)player->picks_count * SKAD_AUDIT_OPENING_BYTES ||
        !skad_audit_commitment_read(&player->of, player->commitment, &commitment)) {
        node->audits.stats.invalid++;
        judge(node, player, SKAD_AUDIT_WITHHELD);
        return;
    }
    skad_audit_reveal_of(player->points, player->picks_count, openings.data, &reveal);
    if (!skad_audit_reveal_verify(&player->of, &commitment, &reveal,
                                  answer->u.reply.u.proven.signature.data)) {
        node->audits.stats.invalid++;
        judge(node, player, SKAD_AUDIT_WITHHELD);
        return;
    }
    judge(node, player, compare(node, player, &commitment, &reveal, answer));
}

/* Records that are asked for were here before the round began, and a little longer. */
static uint64_t settled_unix_s(const skad_audits *audits)
{
    const uint64_t begin = audits->round.number * audits->round.period_s;
    return begin - audits->round.period_s / SKAD_ROUNDS_GRACE;
}

static void take_commitment(skad_node *node, skad_player *player, const skad_message *answer,
                            const uint8_t *key)
{
    skad_audit_commitment commitment;
    const uint8_t *bytes = answer->u.reply.u.audited.commitment.data;
    memcpy(player->of.prover, key, sizeof player->of.prover);
    if (!skad_audit_commitment_read(&player->of, bytes, &commitment)) {
        node->audits.stats.invalid++;
        judge(node, player, SKAD_AUDIT_WITHHELD);
        return;
    }
    memcpy(player->commitment, bytes, sizeof player->commitment);
    if (commitment.bits > node->audits.bits + SKAD_VERIFIER_BITS_APART) {
        judge(node, player, SKAD_AUDIT_LACKS);
        return;
    }
    player->picks_count = (uint8_t)skad_leaves_pick_some(
        node, &player->of, &commitment, settled_unix_s(&node->audits), player->picks);
    if (player->picks_count == 0) {
        judge(node, player, SKAD_AUDIT_UNJUDGED);
        return;
    }
    for (size_t i = 0; i < player->picks_count; i++) {
        memcpy(player->points + i * SKAD_AUDIT_POINT_BYTES, player->picks[i].leaf,
               SKAD_AUDIT_POINT_BYTES);
    }
    player->state = SKAD_PLAYER_COMMITTED;
    player->tries = 0;
    send(node, player);
}

/* The player of a request that is still under way. */
static skad_player *player_of(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_audits *audits = &node->audits;
    if (!audits->plays || rpc->owner != audits->round.number ||
        rpc->step >= audits->verifier.count) {
        return NULL;
    }
    skad_player *player = &audits->verifier.players[rpc->step];
    const bool asked = player->state == SKAD_PLAYER_ASKED && rpc->kind == SKAD_KIND_AUDIT;
    const bool proves = player->state == SKAD_PLAYER_COMMITTED && rpc->kind == SKAD_KIND_PROVE;
    return asked || proves ? player : NULL;
}

void skad_verifier_answered(skad_node *node, const skad_pending_rpc *rpc,
                            const skad_message *answer,
                            const uint8_t key[static SKAD_PUBLIC_KEY_BYTES])
{
    skad_player *player = player_of(node, rpc);
    if (player == NULL) {
        return;
    }
    if (answer->kind == SKAD_KIND_AUDITED) {
        take_commitment(node, player, answer, key);
    } else if (answer->kind == SKAD_KIND_PROVEN) {
        take_reveal(node, player, answer);
    } else if (answer->u.reply.u.error.code == SKAD_ERROR_TOKEN &&
               player->tries < SKAD_VERIFIER_TRIES) {
        send(node, player); /* with the token that came */
    } else {
        give_up(node, player);
    }
}

void skad_verifier_failed(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_player *player = player_of(node, rpc);
    if (player != NULL) {
        give_up(node, player);
    }
}

bool skad_verifier_again(skad_node *node, const skad_pending_rpc *rpc)
{
    const skad_player *player = player_of(node, rpc);
    if (player == NULL) {
        return false;
    }
    const skad_message message = request_of(player);
    skad_request_again(node, rpc, &message);
    return true;
}

/* ---- The ballot ---- */

void skad_verifier_ballot(skad_node *node, skad_audit_ballot *ballot, skad_span *evidence)
{
    const skad_verifier *verifier = &node->audits.verifier;
    size_t against = 0;
    *ballot = (skad_audit_ballot){.bits = (uint8_t)node->audits.bits};
    *evidence = (skad_span){0};
    for (size_t i = 0; i < verifier->count; i++) {
        const skad_player *player = &verifier->players[i];
        uint8_t lot[SKAD_AUDIT_LOT_BYTES];
        if (player->state != SKAD_PLAYER_COMMITTED && player->state != SKAD_PLAYER_JUDGED) {
            continue;
        }
        skad_audit_lot(&node->audits.round, &player->id, lot);
        memcpy(ballot->players[ballot->count].name, lot, SKAD_AUDIT_NAME_BYTES);
        ballot->players[ballot->count++].verdict =
            player->state == SKAD_PLAYER_JUDGED ? player->verdict : SKAD_AUDIT_WITHHELD;
        if (player->verdict == SKAD_AUDIT_CONTRADICTS &&
            skad_random_below(&node->env.random, ++against) == 0) {
            *evidence = (skad_span){player->evidence, player->evidence_len};
        }
    }
}
