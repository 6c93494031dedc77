/* Reads the file, feeds the machine that builds its tree (src/host/files/file_store.h), and sends
 * what that wants put. */
#include "src/cli/file/file_put.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "crypto/assert.h"
#include "src/cli/file/meter.h"
#include "src/daemon/control/refusals.h"

#define READ_BYTES 16384

typedef struct in_flight {
    uint32_t msgid; /* 0: free */
    size_t bytes;   /* of the file */
} in_flight;

typedef struct upload {
    skad_client *client;
    const skad_file_put_request *request;
    skad_failure *failure;
    skad_meter meter;
    skad_file_store store;
    in_flight window[SKAD_FILE_STORE_WINDOW];
    skad_exit failed; /* DONE: all went well so far; otherwise nothing more is stored */
} upload;

/* ---- Records ---- */

static in_flight *find(upload *self, uint32_t msgid)
{
    size_t at = 0;
    while (at < SKAD_FILE_STORE_WINDOW && self->window[at].msgid != msgid) {
        at++;
    }
    return at < SKAD_FILE_STORE_WINDOW ? &self->window[at] : NULL;
}

static void read_report(skad_answer result, skad_put_report *out)
{
    const skad_answer refusals = skad_answer_get(result, "refusals");
    *out = (skad_put_report){
        .holders = (uint8_t)skad_answer_uint(result, "holders"),
        .wanted = (uint8_t)skad_answer_uint(result, "wanted"),
        .stored = (uint8_t)skad_answer_uint(result, "stored"),
        .refused = (uint8_t)skad_answer_uint(result, "refused"),
        .unresponsive = (uint8_t)skad_answer_uint(result, "silent"),
        .alone = skad_answer_bool(result, "alone"),
        .dense = skad_answer_bool(result, "dense"),
        .kept = skad_answer_bool(result, "kept"),
    };
    for (size_t code = 0; code < SKAD_REFUSALS; code++) {
        out->refusals[code] = (uint8_t)skad_answer_uint(refusals, skad_refusals_name(code));
    }
}

static skad_exit await_one(upload *self)
{
    skad_put_report report;
    skad_reply reply;
    skad_exit error = skad_client_await(self->client, &reply, self->failure);
    if (error != SKAD_EXIT_DONE) {
        return error;
    }
    in_flight *one = find(self, reply.msgid);
    if (one == NULL || reply.msgid == 0) {
        (void)skad_fail(self->failure, "the daemon answered what was not asked");
        return SKAD_EXIT_FAILED;
    }
    one->msgid = 0;
    if (reply.error != SKAD_EXIT_DONE) {
        (void)skad_fail(self->failure, "a piece could not be stored: %s", reply.message);
        return reply.error;
    }
    read_report(reply.result, &report);
    if (report.stored == 0) {
        (void)skad_fail(self->failure, "a piece could not be stored: no node took it");
        return SKAD_EXIT_REFUSED;
    }
    skad_file_store_put(&self->store, one->bytes, &report);
    const skad_meter_reading reading = {.done = self->store.totals.bytes,
                                        .total = self->request->size,
                                        .moved = self->store.totals.bytes};
    skad_meter_show(&self->meter, &reading);
    return SKAD_EXIT_DONE;
}

static skad_exit send_record(upload *self, const skad_file_record *record)
{
    skad_control_request request = {.method = SKAD_CONTROL_PUT,
                                    .value = {record->value, record->len},
                                    .keep = self->request->keep,
                                    .forward = self->request->forward,
                                    .chains = self->request->chains};
    const skad_exit error = skad_client_request(self->client, &request, self->failure);
    in_flight *place = find(self, 0);
    SKAD_ASSERT(place != NULL); /* the machine has as many in flight, and no more */
    *place = (in_flight){.msgid = request.msgid, .bytes = record->bytes};
    skad_file_store_sent(&self->store);
    return error;
}

/* Sends what waits, awaiting answers where the window is full; then all of them, if `all`. */
static skad_exit move(upload *self, bool all)
{
    skad_file_record record;
    skad_exit error = SKAD_EXIT_DONE;
    while (error == SKAD_EXIT_DONE) {
        if (skad_file_store_next(&self->store, &record)) {
            error = send_record(self, &record);
        } else if (self->store.queue_count > 0 || (all && !skad_file_store_is_done(&self->store))) {
            error = await_one(self);
        } else {
            break;
        }
    }
    return error;
}

/* Once a record could not be stored, the rest of the file is only hashed, so that the key of what
 * is half stored can be told. */
static void move_or_fail(upload *self, bool all)
{
    if (self->failed == SKAD_EXIT_DONE) {
        self->failed = move(self, all);
        if (self->failed != SKAD_EXIT_DONE) {
            skad_file_store_only_hash(&self->store);
        }
    }
}

/* ---- The file ---- */

static skad_exit take(upload *self, const uint8_t *data, size_t len)
{
    for (size_t taken = 0; taken < len;) {
        taken += skad_file_store_take(&self->store, data + taken, len - taken);
        if (self->store.too_large) {
            (void)skad_fail(self->failure, "the file is too large: at most 21.87 TB fit");
            return SKAD_EXIT_FAILED;
        }
        move_or_fail(self, false);
    }
    return SKAD_EXIT_DONE;
}

static skad_exit store_all(upload *self)
{
    uint8_t data[READ_BYTES];
    ssize_t got;
    while ((got = read(self->request->fd, data, sizeof data)) != 0) {
        if (got < 0 && errno != EINTR) {
            (void)skad_fail(self->failure, "cannot read %s: %s", self->request->name,
                            strerror(errno));
            return SKAD_EXIT_FAILED;
        }
        skad_exit error = got > 0 ? take(self, data, (size_t)got) : SKAD_EXIT_DONE;
        if (error != SKAD_EXIT_DONE) {
            return error;
        }
    }
    skad_file_store_end(&self->store);
    move_or_fail(self, true);
    return self->failed;
}

skad_exit skad_file_put(skad_client *client, const skad_file_put_request *request,
                        skad_file_put_report *out, skad_failure *failure)
{
    upload self = {.client = client, .request = request, .failure = failure};

    skad_meter_begin(&self.meter, "stored");
    skad_exit error = store_all(&self);
    skad_meter_end(&self.meter);
    const skad_file_totals *totals = &self.store.totals;
    *out = (skad_file_put_report){.root = self.store.root,
                                  .root_known = self.store.rooted,
                                  .bytes = self.store.taken,
                                  .totals = *totals,
                                  .not_kept = request->keep ? totals->records - totals->kept : 0};
    return error;
}
