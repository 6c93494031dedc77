#include "src/core/forward/balance.h"

#include <stdlib.h>

#include "src/core/routing/distance.h"

skad_status skad_balances_init(skad_balances *self, bool later)
{
    *self = (skad_balances){.accounts =
                                later ? NULL : calloc(SKAD_BALANCES_MAX, sizeof *self->accounts)};
    return later || self->accounts != NULL ? SKAD_OK : SKAD_ERR_MEMORY;
}

void skad_balances_free(skad_balances *self)
{
    free(self->accounts);
    *self = (skad_balances){0};
}

int skad_balance_debt(const skad_account *account, uint64_t now_us)
{
    const uint64_t passed_us = now_us - account->paid_us;
    const uint64_t forgiven = passed_us / (SKAD_US_PER_S / SKAD_BALANCE_FORGIVEN_PER_S);
    const int debt = account->debt;
    const uint64_t size = (uint64_t)(debt < 0 ? -debt : debt);
    if (forgiven >= size) {
        return 0;
    }
    return debt < 0 ? debt + (int)forgiven : debt - (int)forgiven;
}

/* What it may count by now that we do not. */
static unsigned unpaid(const skad_account *account, uint64_t now_us)
{
    const uint64_t forgiven =
        (now_us - account->paid_us) / (SKAD_US_PER_S / SKAD_BALANCE_FORGIVEN_PER_S);
    return forgiven >= account->unpaid ? 0 : account->unpaid - (unsigned)forgiven;
}

static skad_account *find(const skad_balances *self, const skad_id *id)
{
    for (size_t i = 0; self->accounts != NULL && i < SKAD_BALANCES_MAX; i++) {
        if (self->accounts[i].taken && skad_id_equal(&self->accounts[i].id, id)) {
            return &self->accounts[i];
        }
    }
    return NULL;
}

/* How much is lost with an account. */
static unsigned weight(const skad_account *account, uint64_t now_us)
{
    const int debt = skad_balance_debt(account, now_us);
    return account->taken ? 1U + (unsigned)abs(debt) + unpaid(account, now_us) + account->silent
                          : 0;
}

/* Finds the account of a neighbour, or opens one; NULL without memory. */
static skad_account *account_of(skad_balances *self, const skad_id *id, uint64_t now_us)
{
    skad_account *account = find(self, id);
    if (account != NULL) {
        return account;
    }
    if (self->accounts == NULL) {
        self->accounts = calloc(SKAD_BALANCES_MAX, sizeof *self->accounts);
    }
    if (self->accounts == NULL) {
        return NULL;
    }
    account = &self->accounts[0];
    for (size_t i = 1; i < SKAD_BALANCES_MAX; i++) {
        if (weight(&self->accounts[i], now_us) < weight(account, now_us)) {
            account = &self->accounts[i];
        }
    }
    *account = (skad_account){.id = *id, .taken = true, .paid_us = now_us};
    return account;
}

/* Brings an account up to now. What is left of a second is not lost. */
static void settle(skad_account *account, uint64_t now_us)
{
    const uint64_t step_us = SKAD_US_PER_S / SKAD_BALANCE_FORGIVEN_PER_S;
    const int debt = skad_balance_debt(account, now_us);
    account->unpaid = (uint16_t)unpaid(account, now_us);
    account->debt = (int16_t)debt;
    account->paid_us =
        debt == 0 && account->unpaid == 0 ? now_us : now_us - (now_us - account->paid_us) % step_us;
}

bool skad_balance_may(const skad_balances *self, const skad_id *id, unsigned cost, uint64_t now_us)
{
    const skad_account *account = find(self, id);
    const int debt = account == NULL ? 0 : skad_balance_debt(account, now_us);
    return debt + (int)cost <= SKAD_BALANCE_DEBT_MAX;
}

bool skad_balance_charge(skad_balances *self, const skad_id *id, unsigned cost, uint64_t now_us)
{
    skad_account *account = account_of(self, id, now_us);
    if (account == NULL) {
        return false;
    }
    settle(account, now_us);
    if (account->debt + (int)cost > SKAD_BALANCE_DEBT_MAX) {
        return false;
    }
    account->debt = (int16_t)(account->debt + (int)cost);
    return true;
}

void skad_balance_credit(skad_balances *self, const skad_id *id, unsigned cost, uint64_t now_us)
{
    skad_account *account = account_of(self, id, now_us);
    if (account == NULL) {
        return;
    }
    settle(account, now_us);
    const int debt = account->debt - (int)cost;
    account->debt = (int16_t)(debt < -SKAD_BALANCE_DEBT_MAX ? -SKAD_BALANCE_DEBT_MAX : debt);
    account->silent = 0;
}

void skad_balance_unpaid(skad_balances *self, const skad_id *id, unsigned cost, uint64_t now_us)
{
    skad_account *account = account_of(self, id, now_us);
    if (account == NULL) {
        return;
    }
    settle(account, now_us);
    const unsigned sum = account->unpaid + cost;
    account->unpaid = (uint16_t)(sum < SKAD_BALANCE_DEBT_MAX ? sum : SKAD_BALANCE_DEBT_MAX);
}

void skad_balance_silent(skad_balances *self, const skad_id *id, uint64_t now_us)
{
    skad_account *account = account_of(self, id, now_us);
    if (account != NULL) {
        account->silent = (uint8_t)(account->silent + (account->silent < SKAD_BALANCE_SILENT_MAX));
        account->silent_us = now_us;
    }
}

bool skad_balance_strained(const skad_balances *self, const skad_id *id, uint64_t now_us)
{
    const skad_account *account = find(self, id);
    return account != NULL && (int)unpaid(account, now_us) - skad_balance_debt(account, now_us) >=
                                  SKAD_BALANCE_DEBT_RELAYED;
}

bool skad_balance_doubted(const skad_balances *self, const skad_id *id, uint64_t now_us)
{
    const skad_account *account = find(self, id);
    return account != NULL && account->silent >= SKAD_BALANCE_SILENT_MAX &&
           now_us - account->silent_us < SKAD_BALANCE_SILENT_S * SKAD_US_PER_S;
}
