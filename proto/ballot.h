/* What comes of a round of audits (audit.h): ballots, and their tally.
 *
 * Each verifier announces what it found under the round's key: an announcement, signed as any, with
 * its ballot as the metadata. The ballots of a round together are its statement: no single node
 * writes it, and all that read the same ballots come to the same result.
 *
 * The tally:
 *   1. Of all ballots those of the 19 nodes nearest to the anchor count whose keys solve the static
 *      puzzle. To be nearer than the honest ones costs an attacker as many tries as any placed ID.
 *   2. A voter counts if more than half of the other voters name it: so it was there, and solved
 *      the dynamic puzzle, by the word of those that spoke to it.
 *   3. It agrees if at least two others, and more than say otherwise, found that it holds what they
 *      hold, and no evidence contradicts it.
 *   4. Of those that agree the one with the lowest lot has won. The lot is a hash of round and node
 *      ID, which costs a static puzzle to draw anew. No nonce or record is in it, so it does not
 *      help to withhold something last.
 *
 * Evidence proves itself. Ballots do not: a majority of Sybils can deny an honest node the round,
 * and blame it for nothing. */
#ifndef SKAD_PROTO_BALLOT_H
#define SKAD_PROTO_BALLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/audit.h"
#include "skad/profile.h"

#define SKAD_AUDIT_PLAYERS_MAX 18 /* that one ballot names; with the voter itself 19 play */
#define SKAD_AUDIT_VOTERS_MAX  (SKAD_AUDIT_PLAYERS_MAX + 1)
#define SKAD_AUDIT_NAME_BYTES  4   /* of a lot, which name a node */
#define SKAD_AUDIT_AGREES_MIN  2   /* others that must agree with a node */
#define SKAD_AUDIT_BALLOTS_MAX 256 /* as many as a key has places */
#define SKAD_AUDIT_PROOFS_MAX  32  /* evidence in one statement */

typedef enum skad_audit_verdict {
    SKAD_AUDIT_UNJUDGED = 0,    /* it took part, and there was nothing to compare */
    SKAD_AUDIT_AGREES = 1,      /* it holds what the voter holds */
    SKAD_AUDIT_LACKS = 2,       /* it lacks more than a little of it */
    SKAD_AUDIT_WITHHELD = 3,    /* it committed itself, and did not reveal */
    SKAD_AUDIT_CONTRADICTS = 4, /* by its own signed words (skad_audit_evidence) */
} skad_audit_verdict;

/* Returns the stable lower-case name. */
const char *skad_audit_verdict_name(skad_audit_verdict verdict);

typedef struct skad_audit_ballot {
    uint8_t bits; /* of the voter's region */
    uint8_t count;
    struct {
        uint8_t name[SKAD_AUDIT_NAME_BYTES];
        uint8_t verdict; /* a skad_audit_verdict */
    } players[SKAD_AUDIT_PLAYERS_MAX];
    bool has_evidence;
    skad_id evidence; /* key of an immutable record */
} skad_audit_ballot;

/* Encodes it as metadata; returns the length. Decodes it strictly: nothing out of its limit, and no
 * player twice. */
size_t skad_audit_ballot_encode(const skad_audit_ballot *ballot,
                                uint8_t out[static SKAD_METADATA_BYTES_MAX]);
SKAD_MUST_CHECK bool skad_audit_ballot_decode(skad_span metadata, skad_audit_ballot *out);

/* ---- Statements ---- */

/* A statement as a file: the announcements and the evidence, each as it was found. */
typedef struct skad_audit_statement {
    skad_audit_round round;
    size_t ballots_count;
    skad_span ballots[SKAD_AUDIT_BALLOTS_MAX];
    size_t proofs_count;
    skad_span proofs[SKAD_AUDIT_PROOFS_MAX];
} skad_audit_statement;

#define SKAD_AUDIT_STATEMENT_BYTES_MAX                                                             \
    (64 + SKAD_AUDIT_BALLOTS_MAX * SKAD_BIN16(SKAD_RECORD_ANNOUNCE_BYTES_MAX) +                    \
     SKAD_AUDIT_PROOFS_MAX * SKAD_BIN16(SKAD_VALUE_BYTES_MAX))

/* Returns the length; 0 if `cap` is too small. The decoder is strict; spans borrow from `data`. */
size_t skad_audit_statement_encode(const skad_audit_statement *statement, uint8_t *out, size_t cap);
SKAD_MUST_CHECK bool skad_audit_statement_decode(const uint8_t *data, size_t len,
                                                 skad_audit_statement *out);

/* ---- The tally ---- */

typedef struct skad_audit_voter {
    uint8_t key[SKAD_PUBLIC_KEY_BYTES];
    skad_id id;
    uint8_t lot[SKAD_AUDIT_LOT_BYTES];
    skad_audit_ballot ballot;
    bool confirmed; /* more than half of the others name it */
    bool agrees;
    uint8_t agree;   /* confirmed others that say so, */
    uint8_t against; /* and that say otherwise */
} skad_audit_voter;

typedef struct skad_audit_blamed {
    uint8_t key[SKAD_PUBLIC_KEY_BYTES];
    skad_audit_fault fault;
} skad_audit_blamed;

typedef struct skad_audit_result {
    skad_id anchor;
    size_t voters_count;
    skad_audit_voter voters[SKAD_AUDIT_VOTERS_MAX]; /* the nearest to the anchor first */
    size_t confirmed;
    size_t agreeing;
    int winner; /* index of a voter; -1: none agrees */
    size_t blamed_count;
    skad_audit_blamed blamed[SKAD_AUDIT_PROOFS_MAX]; /* each node once */
    size_t invalid;                                  /* ballots and proofs that are none */
} skad_audit_result;

/* Tallies a round. Of the profile it takes what makes a node ID. Costs a signature check and a
 * memory-hard hash for each ballot. Errors: SKAD_ERR_MEMORY. */
SKAD_MUST_CHECK skad_status skad_audit_tally(const skad_audit_statement *statement,
                                             const skad_profile *profile, skad_audit_result *out);

/* The last part of it, of voters whose ballots are genuine: who is confirmed, agrees and has won.
 */
void skad_audit_decide(skad_audit_result *result);

/* Puts a voter among the nearest to the anchor; false where there are enough nearer ones. */
bool skad_audit_add_voter(skad_audit_result *result, const skad_audit_voter *voter);

#endif
