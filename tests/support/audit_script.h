/* What tests of audits share: a node that holds records, in a round that draws it and all of its
 * peers, who show what they hold as they are told. */
#ifndef SKAD_TESTS_AUDIT_SCRIPT_H
#define SKAD_TESTS_AUDIT_SCRIPT_H

#include "src/core/audit/rounds.h"
#include "tests/support/audit_words.h"
#include "tests/support/fixture.h"

#define AUDIT_PEERS    14
#define AUDIT_PERIOD_S 600
#define AUDIT_RECORDS  40 /* records 0 to 39 (audit_words.h) are held by all */

/* What a peer does that is asked. */
typedef enum audit_manner {
    AUDIT_HONEST,
    AUDIT_LACKS_A_LITTLE,  /* one record in eight, says so */
    AUDIT_LACKS_MOST,      /* says so */
    AUDIT_SILENT,          /* answers no AUDIT */
    AUDIT_WITHHOLDS,       /* answers no PROVE */
    AUDIT_REFUSES,         /* to reveal */
    AUDIT_WANTS_TOKENS,    /* refuses everything for its token */
    AUDIT_FORGES_LEAVES,   /* knows the names of records alone */
    AUDIT_INVENTS_A_ROOT,  /* has no leaves at all */
    AUDIT_COPIES,          /* the leaves of another node */
    AUDIT_COMMITS_TWICE,   /* tells another commitment when it reveals */
    AUDIT_SIGNS_WRONGLY,   /* its commitment */
    AUDIT_REVEALS_WRONGLY, /* its reveal is not signed */
    AUDIT_REVEALS_FEWER,   /* points than it was asked for */
    AUDIT_SAYS_FAR_LESS,   /* its region is said to be much smaller */
} audit_manner;

extern test_fixture audit_fixture;
extern audit_manner audit_how[TEST_REMOTES_MAX];

/* What the peers saw. */
typedef struct audit_seen {
    unsigned audits;
    unsigned proves;
    uint64_t first_us; /* when the first AUDIT came, and the last */
    uint64_t last_us;
    unsigned announced; /* ANNOUNCEs of ballots */
    unsigned stored;    /* STOREs of evidence */
    uint8_t ballot[SKAD_RECORD_BYTES_MAX];
    size_t ballot_len; /* the last one */
    uint8_t evidence[SKAD_RECORD_BYTES_MAX];
    size_t evidence_len;
} audit_seen;
extern audit_seen audit_saw;

/* Setup and teardown of a case: the node knows the peers, the first round that it may play in has
 * not begun. */
int audit_begin(void **state);
int audit_begin_with(size_t peers);
int audit_end(void **state);

/* What the peers do (a test_script). */
bool audit_act(test_fixture *made, test_remote *who, const skad_message *request,
               skad_message *answer);

/* The node holds record number n since so many seconds. */
void audit_hold(uint32_t number, uint64_t since_s);

skad_audits *audit_state(void);
skad_node_audit audit_counts(void);
/* The node's record of a peer; NULL: it does not play with it. */
const skad_player *audit_player(size_t peer);

/* Runs until so many tenths of the next period have passed, or of the one under way. */
void audit_run_to(uint64_t tenths);
/* To the beginning of the next round. */
void audit_next_round(void);

/* Peer number `peer` asks the node. */
skad_message audit_ask(size_t peer, const skad_message *request);
/* Its AUDIT of the current round, with a challenge that begins with a byte; its PROVE of records.
 */
skad_message audit_challenge(size_t peer, uint8_t first);
skad_message audit_prove(size_t peer, uint32_t first_record, size_t count);

#endif
