/* What we forward for each neighbour, and what it forwards in return (Swarm calls it SWAP; nothing
 * is paid here). An account holds a debt in requests: what the neighbour asked of us, less what it
 * did for us. A neighbour that owes SKAD_BALANCE_DEBT_MAX is refused until some of it is forgiven,
 * which time does: a node that only asks is served at that pace. What we owe it is as bounded.
 *
 *     we answer its FORWARD    debt + 1, for a record to store + 2
 *     it answers our FORWARD   debt - 1, or - 2
 *     time                     towards 0, SKAD_BALANCE_FORGIVEN_PER_S in a second
 *
 * The account notes as well how often the neighbour was silent when it should have forwarded. One
 * that was silent SKAD_BALANCE_SILENT_MAX times in a row is asked after all others, until it
 * answers or SKAD_BALANCE_SILENT_S have passed: a node that answers pings and drops what it is to
 * forward.
 *
 * There are SKAD_BALANCES_MAX accounts. A neighbour without one takes the place of the account
 * nearest to 0. Who makes many IDs has many accounts; each has paid the puzzles. */
#ifndef SKAD_FORWARD_BALANCE_H
#define SKAD_FORWARD_BALANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"
#include "skad/types.h"

#define SKAD_BALANCES_MAX           256
#define SKAD_BALANCE_DEBT_MAX       256
#define SKAD_BALANCE_DEBT_RELAYED   128 /* of it, what we may owe for neighbours */
#define SKAD_BALANCE_FORGIVEN_PER_S 4
#define SKAD_BALANCE_SILENT_MAX     2
#define SKAD_BALANCE_SILENT_S       600

typedef struct skad_account {
    skad_id id;
    int16_t debt;    /* -SKAD_BALANCE_DEBT_MAX .. SKAD_BALANCE_DEBT_MAX, as of then */
    uint16_t unpaid; /* requests that it has counted, perhaps, and that earned nothing here */
    uint8_t silent;
    bool taken;
    uint64_t paid_us;   /* then: forgiven until */
    uint64_t silent_us; /* when it was silent last */
} skad_account;

typedef struct skad_balances {
    skad_account *accounts; /* owned, SKAD_BALANCES_MAX; NULL before the first, if later */
} skad_balances;

void skad_balances_free(skad_balances *self);

/* `later`: memory comes with the first FORWARD. */
SKAD_MUST_CHECK skad_status skad_balances_init(skad_balances *self, bool later);

/* Whether a neighbour may ask for `cost` more. */
SKAD_MUST_CHECK bool skad_balance_may(const skad_balances *self, const skad_id *id, unsigned cost,
                                      uint64_t now_us);
/* Does the same, and charges it if so. False without memory. */
bool skad_balance_charge(skad_balances *self, const skad_id *id, unsigned cost, uint64_t now_us);
/* A neighbour answered a FORWARD of ours. */
void skad_balance_credit(skad_balances *self, const skad_id *id, unsigned cost, uint64_t now_us);

/* A FORWARD of ours for a neighbour ended with an ERROR, or without an answer. The node that was
 * asked has counted it nevertheless: it counts those that it serves, and not those that succeed. */
void skad_balance_unpaid(skad_balances *self, const skad_id *id, unsigned cost, uint64_t now_us);

/* A neighbour gave no answer, or a false one. */
void skad_balance_silent(skad_balances *self, const skad_id *id, uint64_t now_us);
/* Whether it is to be asked after all others. */
bool skad_balance_doubted(const skad_balances *self, const skad_id *id, uint64_t now_us);

/* Whether we owe it so much that only our own requests may add to it: a neighbour that has us
 * forward more and more must not use up what we may ask of others. */
bool skad_balance_strained(const skad_balances *self, const skad_id *id, uint64_t now_us);

/* Returns the debt of an account by now. */
int skad_balance_debt(const skad_account *account, uint64_t now_us);

#endif
