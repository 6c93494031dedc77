/* Greeting and saving, by two timers. */
#include "src/host/state/peer_book.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "src/host/state/peer_store.h"
#include "src/host/system/task.h"

/* The first greetings may find a network that is not up yet, so they are repeated, ever less often:
 * at most 128 small datagrams each time. */
#define GREET_S_MIN 5U
#define GREET_S_MAX 600U
#define SAVE_US     (600 * SKAD_US_PER_S)

struct skad_peer_book {
    skad_peer_book_config config;
    char path[PATH_MAX]; /* empty: nothing is written */
    skad_peer_file peers;
    size_t next; /* index of the peer that is greeted first the next time */
    unsigned pause_s;
    skad_timer greeting;
    skad_timer saving;
    skad_task *task; /* the writing of the file; NULL: none is under way */
    int told_errno;  /* why saving failed, as last logged; 0: it did not fail since */
};

/* ---- Greeting ---- */

static void greet_some(skad_peer_book *book)
{
    const skad_contact *first = &book->peers.contacts[book->next];
    size_t left = book->peers.count - book->next;
    /* If there was no room for any, the same peers are greeted the next time. */
    if (skad_node_greet(book->config.node, first, left, *book->config.now) == SKAD_OK) {
        book->next = left > SKAD_GREET_MAX ? book->next + SKAD_GREET_MAX : 0;
    }

    skad_timer_start(book->config.loop, &book->greeting, book->pause_s * SKAD_US_PER_S);
    book->pause_s = book->pause_s * 2 < GREET_S_MAX ? book->pause_s * 2 : GREET_S_MAX;
}

static void on_greeting(void *user)
{
    greet_some(user);
}

bool skad_peer_book_greet(skad_peer_book *book)
{
    skad_timer_stop(book->config.loop, &book->greeting);
    book->next = 0;
    book->pause_s = GREET_S_MIN;
    if (book->peers.count > 0) {
        greet_some(book);
    }
    return book->peers.count > 0;
}

void skad_peer_book_joined(skad_peer_book *book)
{
    skad_timer_stop(book->config.loop, &book->greeting);
}

/* ---- Saving ---- */

/* What proves the identities of those that were chosen, so that they need not be proven again. */
static void take_proofs(const skad_node *node, skad_peer_file *chosen)
{
    for (size_t i = 0; i < chosen->count; i++) {
        skad_proof proof;
        skad_peer_proof *out = &chosen->proofs[i];
        *out = (skad_peer_proof){.known = skad_node_proof(node, &chosen->contacts[i].id, &proof)};
        if (out->known) {
            memcpy(out->public_key, proof.public_key, sizeof out->public_key);
            out->nonce = proof.nonce;
        }
    }
}

/* Hands the proofs of an earlier run to the node. */
static void give_proofs(const skad_peer_book *book)
{
    for (size_t i = 0; i < book->peers.count; i++) {
        const skad_peer_proof *kept = &book->peers.proofs[i];
        skad_proof proof = {.nonce = kept->nonce};
        memcpy(proof.public_key, kept->public_key, sizeof proof.public_key);
        if (kept->known) {
            skad_node_believe(book->config.node, &book->peers.contacts[i].id, &proof,
                              *book->config.now);
        }
    }
}

/* Takes the best peers of the table, unless it is empty. */
static bool renew(skad_peer_book *book)
{
    skad_node_stats stats;
    skad_time now = *book->config.now;
    skad_node_stats_get(book->config.node, now, &stats);
    size_t count = skad_node_table(book->config.node, now, NULL, 0);
    if (!stats.joined || count == 0) {
        return false;
    }
    skad_table_row *rows = calloc(count, sizeof *rows);
    skad_peer_file *chosen = calloc(1, sizeof *chosen);
    bool any = false;
    if (rows != NULL && chosen != NULL) {
        (void)skad_node_table(book->config.node, now, rows, count);
        skad_peer_store_choose(rows, count, chosen);
        take_proofs(book->config.node, chosen);
        any = chosen->count > 0;
    }
    if (any) {
        book->peers = *chosen;
        book->peers.written_s = now.unix_s;
        book->next = 0;
    }
    free(rows);
    free(chosen);
    return any;
}

/* Logs one line for each cause, until saving works again: a full disk stays full for long. */
static void log_failure(skad_peer_book *book, int error)
{
    if (book->told_errno != error) {
        skad_log(book->config.log, SKAD_LOG_WARNING,
                 "cannot keep the peers in %s (%s): the next start may need --join", book->path,
                 strerror(error));
    }
    book->told_errno = error;
}

/* What the thread that writes the file needs. */
typedef struct save_data {
    char path[PATH_MAX];
    skad_profile profile; /* without the key */
    skad_peer_file peers;
    int error; /* errno; 0: it is written */
} save_data;

static void write_file(void *user, const atomic_bool *stop)
{
    (void)stop;
    save_data *data = user;
    data->error =
        skad_peer_store_save(data->path, &data->profile, &data->peers) == SKAD_OK ? 0 : errno;
}

static void told(skad_peer_book *book, int error)
{
    if (error == 0) {
        if (book->told_errno != 0) {
            skad_log(book->config.log, SKAD_LOG_INFO, "the peers are kept in %s again", book->path);
        }
        book->told_errno = 0;
    } else {
        log_failure(book, error);
    }
}

static void on_written(void *user, void *result)
{
    skad_peer_book *book = user;
    const save_data *data = result;
    book->task = NULL;
    told(book, data->error);
}

/* Has a thread write the file: a slow disk takes seconds for it. */
static void save_soon(skad_peer_book *book)
{
    if (book->task != NULL || !renew(book) || book->path[0] == '\0') {
        return;
    }
    save_data *data = calloc(1, sizeof *data);
    if (data != NULL) {
        memcpy(data->path, book->path, sizeof data->path);
        data->profile = *book->config.profile;
        data->peers = book->peers;
        const skad_task_work work = {
            .run = write_file, .finish = on_written, .user = book, .data = data};
        if (skad_task_start(book->config.loop, &work, &book->task) == SKAD_OK) {
            return;
        }
        free(data);
    }
    log_failure(book, ENOMEM);
}

static void on_saving(void *user)
{
    skad_peer_book *book = user;
    skad_timer_start(book->config.loop, &book->saving, SAVE_US);
    save_soon(book);
}

/* At the end nothing is left that would wait. A write that is under way is the last one. */
static void save_now(skad_peer_book *book)
{
    if (book->task != NULL) {
        skad_task_abandon(book->task);
    } else if (renew(book) && book->path[0] != '\0') {
        const bool saved =
            skad_peer_store_save(book->path, book->config.profile, &book->peers) == SKAD_OK;
        told(book, saved ? 0 : errno);
    }
}

/* ---- Life ---- */

static void start_timers(skad_peer_book *book)
{
    book->greeting = (skad_timer){.due = on_greeting, .user = book};
    book->saving = (skad_timer){.due = on_saving, .user = book};
    skad_timer_start(book->config.loop, &book->saving, SAVE_US);
}

skad_status skad_peer_book_new(const skad_peer_book_config *config, skad_peer_book **out)
{
    size_t len = config->path == NULL ? 0 : strlen(config->path);
    if (len >= PATH_MAX) {
        return SKAD_ERR_INPUT;
    }
    skad_peer_book *book = calloc(1, sizeof *book);
    if (book == NULL) {
        return SKAD_ERR_MEMORY;
    }
    book->config = *config;
    book->config.path = NULL;
    if (len > 0) {
        memcpy(book->path, config->path, len + 1);
        if (!skad_peer_store_load(book->path, config->profile, config->now->unix_s, config->log,
                                  &book->peers)) {
            book->path[0] = '\0';
        }
    }
    give_proofs(book);
    start_timers(book);
    *out = book;
    return SKAD_OK;
}

void skad_peer_book_free(skad_peer_book *book)
{
    if (book == NULL) {
        return;
    }
    save_now(book);
    skad_timer_stop(book->config.loop, &book->greeting);
    skad_timer_stop(book->config.loop, &book->saving);
    free(book);
}
