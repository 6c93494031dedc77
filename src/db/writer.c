#include "src/db/writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "src/db/row.h"

#define WAITING_MAX (SKAD_DB_PENDING_MAX + SKAD_DB_UNIT_MAX)

/* Failures that are not taken yet: no more than changes. */
struct skad_db_writer {
    skad_db_writer_config config;
    pthread_t thread;
    pthread_mutex_t lock; /* of all below; never held while the disk is waited for */
    pthread_cond_t work;
    const skad_db_write *waiting[WAITING_MAX]; /* a ring */
    size_t first;
    size_t count;
    skad_db_failure failures[WAITING_MAX]; /* a ring */
    size_t failures_first;
    size_t failures_count;
    bool stop;
    bool wrote;
    bool recount;
    bool overdue;
    uint64_t recount_unix_s;
};

/* ---- Changes ---- */

int skad_db_ticket(const skad_db *db, MDB_txn *txn, uint64_t *out)
{
    MDB_val key = skad_db_value("ticket", 6);
    MDB_val value;
    int result = mdb_get(txn, db->tables[SKAD_DB_META], &key, &value);
    *out = 0;
    if (result == 0 && value.mv_size == sizeof *out) {
        memcpy(out, value.mv_data, sizeof *out);
    }
    return result == MDB_NOTFOUND ? 0 : result;
}

static int state_ticket(const skad_db_change *change, uint64_t ticket)
{
    MDB_val key = skad_db_value("ticket", 6);
    MDB_val value = skad_db_value(&ticket, sizeof ticket);
    return mdb_put(change->txn, change->db->tables[SKAD_DB_META], &key, &value, 0);
}

static int make(skad_db_change *change, const skad_db_write *write)
{
    int result = skad_db_change_remove(change, write->section, &write->record.name);
    result = result == MDB_NOTFOUND ? 0 : result;
    if (result == 0 && write->put) {
        result = skad_db_change_add(change, write->section, &write->record,
                                    (skad_span){write->row, write->row_len});
    }
    return result;
}

/* Makes so many writes in one transaction. */
static int commit(skad_db_writer *self, const skad_db_write *const *writes, size_t count)
{
    skad_db_change change;
    const uint64_t ticket = writes[count - 1]->ticket;
    int result = skad_db_change_begin(self->config.db, &self->config.totals, &change);
    if (result != 0) {
        return result;
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        result = make(&change, writes[i]);
    }
    if (result == 0) {
        result = state_ticket(&change, ticket);
    }
    if (result != 0) {
        skad_db_change_abort(&change);
        return result;
    }
    return skad_db_change_commit(&change, &self->config.totals);
}

static void note_failure(skad_db_writer *self, uint64_t ticket, int result)
{
    const skad_db_failure failure = {.ticket = ticket,
                                     .error = skad_db_write_errno(self->config.db, result),
                                     .damage = skad_db_tells_damage(result)};
    pthread_mutex_lock(&self->lock);
    self->failures[(self->failures_first + self->failures_count++) % WAITING_MAX] = failure;
    pthread_mutex_unlock(&self->lock);
}

static void note_commit(skad_db_writer *self)
{
    pthread_mutex_lock(&self->lock);
    self->wrote = true;
    pthread_mutex_unlock(&self->lock);
}

/* The number of writes of the first change. */
static size_t unit(const skad_db_write *const *writes, size_t count)
{
    size_t len = 1;
    while (len < count && writes[len]->ticket == writes[0]->ticket) {
        len++;
    }
    return len;
}

static void decide(skad_db_writer *self, const skad_db_write *const *writes, size_t count)
{
    if (commit(self, writes, count) == 0) {
        note_commit(self);
        return;
    }
    for (size_t at = 0; at < count;) {
        const size_t len = unit(writes + at, count - at);
        const uint64_t ticket = writes[at]->ticket;
        int result = commit(self, writes + at, len);
        if (result == 0) {
            note_commit(self);
        } else {
            note_failure(self, ticket, result);
        }
        at += len;
    }
}

/* ---- The thread ---- */

/* Takes what waits, whole changes: a group, or one change that is larger. Called with the lock. */
static size_t take(skad_db_writer *self, const skad_db_write **out)
{
    size_t taken = 0;
    while (self->count > 0) {
        const skad_db_write *write = self->waiting[self->first];
        if (taken >= SKAD_DB_GROUP_MAX && write->ticket != out[taken - 1]->ticket) {
            break;
        }
        out[taken++] = write;
        self->first = (self->first + 1) % WAITING_MAX;
        self->count--;
    }
    return taken;
}

static void recount(skad_db_writer *self, uint64_t now_unix_s)
{
    int result = skad_db_recount_late(self->config.db, &self->config.overdue, now_unix_s,
                                      &self->config.totals);
    pthread_mutex_lock(&self->lock);
    self->overdue = result != 0;
    pthread_mutex_unlock(&self->lock);
}

static void *run(void *argument)
{
    skad_db_writer *self = argument;
    const skad_db_write *group[WAITING_MAX];
    for (;;) {
        pthread_mutex_lock(&self->lock);
        while (self->count == 0 && !self->recount && !self->stop) {
            pthread_cond_wait(&self->work, &self->lock);
        }
        const size_t count = take(self, group);
        const bool recounts = self->recount;
        const bool stops = self->stop && count == 0;
        const uint64_t now_unix_s = self->recount_unix_s;
        self->recount = false;
        pthread_mutex_unlock(&self->lock);
        if (stops) {
            return NULL;
        }
        if (recounts) {
            recount(self, now_unix_s);
        }
        if (count > 0) {
            decide(self, group, count);
        }
        if (self->config.wake != NULL) {
            self->config.wake(self->config.user);
        }
    }
}

/* Signals are the loop's business: a new thread takes none. */
static int start_thread(skad_db_writer *self)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&self->thread, NULL, run, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

skad_status skad_db_writer_start(const skad_db_writer_config *config, skad_db_writer **out)
{
    skad_db_writer *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return SKAD_ERR_MEMORY;
    }
    self->config = *config;
    self->overdue = config->overdue.is;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->work, NULL);
    if (start_thread(self) != 0) {
        pthread_cond_destroy(&self->work);
        pthread_mutex_destroy(&self->lock);
        free(self);
        return SKAD_ERR_MEMORY;
    }
    *out = self;
    return SKAD_OK;
}

void skad_db_writer_stop(skad_db_writer *self)
{
    pthread_mutex_lock(&self->lock);
    self->stop = true;
    pthread_cond_signal(&self->work);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
}

void skad_db_writer_free(skad_db_writer *self)
{
    pthread_cond_destroy(&self->work);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

/* ---- For the other thread ---- */

void skad_db_writer_hand(skad_db_writer *self, const skad_db_write *first)
{
    pthread_mutex_lock(&self->lock);
    for (; first != NULL; first = first->next) {
        self->waiting[(self->first + self->count++) % WAITING_MAX] = first;
    }
    pthread_cond_signal(&self->work);
    pthread_mutex_unlock(&self->lock);
}

void skad_db_writer_recount(skad_db_writer *self, uint64_t now_unix_s)
{
    pthread_mutex_lock(&self->lock);
    self->recount = true;
    self->recount_unix_s = now_unix_s;
    pthread_cond_signal(&self->work);
    pthread_mutex_unlock(&self->lock);
}

bool skad_db_writer_overdue(skad_db_writer *self)
{
    pthread_mutex_lock(&self->lock);
    bool overdue = self->overdue;
    pthread_mutex_unlock(&self->lock);
    return overdue;
}

bool skad_db_writer_failed(skad_db_writer *self, skad_db_failure *out)
{
    pthread_mutex_lock(&self->lock);
    bool failed = self->failures_count > 0;
    if (failed) {
        *out = self->failures[self->failures_first];
        self->failures_first = (self->failures_first + 1) % WAITING_MAX;
        self->failures_count--;
    }
    pthread_mutex_unlock(&self->lock);
    return failed;
}

bool skad_db_writer_wrote(skad_db_writer *self)
{
    pthread_mutex_lock(&self->lock);
    bool wrote = self->wrote;
    self->wrote = false;
    pthread_mutex_unlock(&self->lock);
    return wrote;
}
