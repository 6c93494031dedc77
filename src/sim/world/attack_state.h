/* What the attacks share: identities, tokens, and how a datagram is forged. */
#ifndef SKAD_SIM_WORLD_ATTACK_STATE_H
#define SKAD_SIM_WORLD_ATTACK_STATE_H

#include "crypto/token.h"
#include "proto/message.h"
#include "skad/identity.h"
#include "src/sim/world/attacks.h"

#define SKAD_SIM_OVERHEARD_MAX 64 /* a newer datagram replaces the oldest */

typedef struct skad_sim_overheard {
    skad_address source;
    skad_datagram datagram;
} skad_sim_overheard;

typedef struct skad_sim_token {
    bool known;
    uint8_t bytes[SKAD_TOKEN_BYTES];
} skad_sim_token;

struct skad_attacks {
    skad_prng prng;
    skad_identity *identities; /* of the adversaries */
    skad_sim_token *tokens;    /* of each adversary, one for each honest node; the last granted */
    skad_sim_overheard *overheard;
    uint32_t overheard_count; /* ever */
    const skad_id *keys;      /* borrowed */
    size_t keys_count;
    uint32_t publishers;                   /* invented so far */
    uint64_t sequence;                     /* of records that frame */
    uint8_t record[SKAD_RECORD_BYTES_MAX]; /* the last announcement, and where it was brought */
    size_t record_len;
    uint32_t record_holder;
    bool over;
};

/* A request that an adversary makes. */
typedef struct skad_sim_forgery {
    uint32_t attacker; /* its number among the adversaries */
    uint32_t victim;
    const skad_message *message;
    const skad_address *source; /* NULL: its own */
    const uint8_t *claimed_key; /* NULL: its own public key */
    bool wrong;                 /* the signature */
    bool token;                 /* shows the one that it got from the victim */
} skad_sim_forgery;

/* Sends it; nothing if it is to show a token and there is none, or the message does not fit. */
void skad_sim_forge(skad_world *world, const skad_sim_forgery *forgery);

/* A random adversary; a random honest node that is aimed at and up, or SKAD_SIM_NOBODY. */
uint32_t skad_attacks_draw_attacker(skad_world *world);
uint32_t skad_attacks_draw_victim(skad_world *world);

bool skad_attacks_has_token(const skad_world *world, uint32_t attacker, uint32_t victim);

/* The turns (attack_datagrams.c, attack_records.c). */
void skad_attack_flood(skad_world *world);
void skad_attack_replay(skad_world *world);
void skad_attack_crowd(skad_world *world);
void skad_attack_frame(skad_world *world);
void skad_attack_squat(skad_world *world);

#endif
