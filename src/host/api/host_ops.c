/* Operations: each argument is looked at, and the sentence of a failure names it. */
#include <errno.h>
#include <string.h>

#include "skad/record.h"
#include "src/host/api/host_inside.h"

#define LIVES_MAX      2
#define CLOCKS_DIVISOR 12

/* Begins a call that starts an operation. */
static skad_status begin(skad_host host, skad_host_state **out)
{
    const skad_status status = skad_host_enter(host, out);
    if (status == SKAD_OK) {
        skad_host_refresh(*out);
    }
    return status;
}

/* Ends it: what the node said, in a sentence. */
static skad_status end(skad_host_state *self, skad_status status, skad_op started, skad_op *op)
{
    const int error = errno;
    skad_host_due(self);
    switch (status) {
    case SKAD_OK:
        if (op != NULL) {
            *op = started;
        }
        return SKAD_OK;
    case SKAD_ERR_FULL:
        return skad_host_fail(self, status,
                              "too many operations are under way: start it when one has ended");
    case SKAD_ERR_IO:
        return skad_host_fail(self, status, "the store refuses: %s", strerror(error));
    case SKAD_ERR_MISSING:
        return skad_host_fail(self, status,
                              "no peer has told this node its address yet: wait until it has "
                              "joined, or announce no port");
    case SKAD_ERR_MEMORY:
    case SKAD_ERR_INPUT:
    case SKAD_ERR_EXISTS:
    case SKAD_ERR_PERMISSION:
    case SKAD_ERR_FORMAT:
    case SKAD_ERR_VERSION:
    case SKAD_ERR_STOPPED:
    case SKAD_ERR_PUZZLE:
    case SKAD_ERR_BUSY:
    case SKAD_ERR_CLOSED:
    case SKAD_ERR_THREAD:
    case SKAD_ERR_TIMEOUT:
        break;
    }
    return skad_host_fail(self, status, "%s", skad_status_text(status));
}

static skad_status refuse_null(skad_host_state *self, const char *name)
{
    return skad_host_fail(self, SKAD_ERR_INPUT, "%s: NULL", name);
}

/* Whether an argument of bytes can be used. */
static bool check_bytes(skad_host_state *self, const char *name, const void *data, size_t len,
                        size_t min, size_t max)
{
    if (len < min || len > max) {
        (void)skad_host_fail(self, SKAD_ERR_INPUT, "%s: %zu bytes; %zu to %zu are allowed", name,
                             len, min, max);
        return false;
    }
    if (data == NULL && len > 0) {
        (void)refuse_null(self, name);
        return false;
    }
    return true;
}

/* As long as holders allow, less two hours of a day, because they judge it by their own clocks. */
static uint32_t life_of(const skad_host_state *self)
{
    const uint32_t record_life_s = self->driver.profile.record_life_s;
    return LIVES_MAX * record_life_s - record_life_s / CLOCKS_DIVISOR;
}

/* ---- Values ---- */

skad_status skad_host_put(skad_host host, const void *value, size_t len, bool keep, skad_op *op,
                          skad_id *key)
{
    skad_host_state *self;
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    skad_op started = 0;
    skad_id made;
    skad_status status = begin(host, &self);
    if (status != SKAD_OK) {
        return status;
    }
    if (!check_bytes(self, "value", value, len, 1, SKAD_VALUE_BYTES_MAX)) {
        return SKAD_ERR_INPUT;
    }
    const size_t bytes = skad_record_encode_immutable(value, len, record, sizeof record);
    const skad_store_request request = {.record = record, .len = bytes, .keep = keep};
    status = keep
                 ? skad_node_store(self->driver.node, &request, *self->driver.now, &started, &made)
                 : skad_node_put(self->driver.node, value, len, *self->driver.now, &started, &made);
    if (status == SKAD_OK && key != NULL) {
        *key = made;
    }
    return end(self, status, started, op);
}

static skad_status fetch(skad_host_state *self, skad_record_type type, const skad_id *key,
                         skad_op *op)
{
    skad_op started = 0;
    const skad_status status =
        skad_node_get(self->driver.node, type, key, *self->driver.now, &started);
    return end(self, status, started, op);
}

skad_status skad_host_get(skad_host host, const skad_id *key, skad_op *op)
{
    skad_host_state *self;
    const skad_status status = begin(host, &self);
    if (status != SKAD_OK) {
        return status;
    }
    return key == NULL ? refuse_null(self, "key") : fetch(self, SKAD_RECORD_IMMUTABLE, key, op);
}

/* ---- Mutable records ---- */

skad_status skad_host_publish(skad_host host, skad_span salt, const void *value, size_t len,
                              uint64_t sequence, bool keep, skad_op *op)
{
    skad_host_state *self;
    skad_op started = 0;
    skad_id key;
    skad_status status = begin(host, &self);
    if (status != SKAD_OK) {
        return status;
    }
    if (!check_bytes(self, "salt", salt.data, salt.len, 0, SKAD_SALT_BYTES_MAX) ||
        !check_bytes(self, "value", value, len, 0, SKAD_MUTABLE_VALUE_BYTES_MAX)) {
        return SKAD_ERR_INPUT;
    }
    const skad_publish_request request = {
        .salt = salt,
        .value = {.data = value, .len = len},
        .sequence = sequence,
        .life_s = life_of(self),
        .keep = keep,
    };
    status = skad_node_publish(self->driver.node, &request, *self->driver.now, &started, &key);
    return end(self, status, started, op);
}

/* Makes the key of a mutable record; false: the arguments cannot be used. */
static bool mutable_key(skad_host_state *self, const uint8_t *publisher, skad_span salt,
                        skad_id *out)
{
    if (publisher == NULL) {
        (void)refuse_null(self, "publisher");
        return false;
    }
    if (!check_bytes(self, "salt", salt.data, salt.len, 0, SKAD_SALT_BYTES_MAX)) {
        return false;
    }
    skad_mutable_key(publisher, salt, out);
    return true;
}

skad_status skad_host_resolve(skad_host host, const uint8_t *publisher, skad_span salt, skad_op *op)
{
    skad_host_state *self;
    skad_id key;
    const skad_status status = begin(host, &self);
    if (status != SKAD_OK) {
        return status;
    }
    return mutable_key(self, publisher, salt, &key) ? fetch(self, SKAD_RECORD_MUTABLE, &key, op)
                                                    : SKAD_ERR_INPUT;
}

/* ---- Announcements ---- */

skad_status skad_host_announce(skad_host host, const skad_id *key, uint16_t port,
                               skad_span metadata, bool keep, skad_op *op)
{
    skad_host_state *self;
    skad_op started = 0;
    skad_status status = begin(host, &self);
    if (status != SKAD_OK) {
        return status;
    }
    if (key == NULL) {
        return refuse_null(self, "key");
    }
    if (!check_bytes(self, "metadata", metadata.data, metadata.len, 0, SKAD_METADATA_BYTES_MAX)) {
        return SKAD_ERR_INPUT;
    }
    const skad_announce_request request = {
        .key = *key,
        .endpoint = {.family = SKAD_FAMILY_NONE, .port = port},
        .metadata = metadata,
        .life_s = life_of(self),
        .keep = keep,
    };
    status = skad_node_announce(self->driver.node, &request, *self->driver.now, &started);
    return end(self, status, started, op);
}

skad_status skad_host_providers(skad_host host, const skad_id *key, skad_op *op)
{
    skad_host_state *self;
    const skad_status status = begin(host, &self);
    if (status != SKAD_OK) {
        return status;
    }
    return key == NULL ? refuse_null(self, "key") : fetch(self, SKAD_RECORD_ANNOUNCEMENT, key, op);
}

/* ---- Watches ---- */

static skad_status watch(skad_host_state *self, skad_record_type type, const skad_id *key,
                         uint32_t every_s, skad_op *op)
{
    skad_op started = 0;
    if (every_s < SKAD_WATCH_S_MIN) {
        return skad_host_fail(self, SKAD_ERR_INPUT, "every_s: %u; %d or more are allowed", every_s,
                              SKAD_WATCH_S_MIN);
    }
    const skad_status status =
        skad_node_watch(self->driver.node, type, key, every_s, *self->driver.now, &started);
    return end(self, status, started, op);
}

skad_status skad_host_watch(skad_host host, const uint8_t *publisher, skad_span salt,
                            uint32_t every_s, skad_op *op)
{
    skad_host_state *self;
    skad_id key;
    const skad_status status = begin(host, &self);
    if (status != SKAD_OK) {
        return status;
    }
    return mutable_key(self, publisher, salt, &key)
               ? watch(self, SKAD_RECORD_MUTABLE, &key, every_s, op)
               : SKAD_ERR_INPUT;
}

skad_status skad_host_watch_providers(skad_host host, const skad_id *key, uint32_t every_s,
                                      skad_op *op)
{
    skad_host_state *self;
    const skad_status status = begin(host, &self);
    if (status != SKAD_OK) {
        return status;
    }
    return key == NULL ? refuse_null(self, "key")
                       : watch(self, SKAD_RECORD_ANNOUNCEMENT, key, every_s, op);
}

skad_status skad_host_cancel(skad_host host, skad_op op)
{
    skad_host_state *self;
    const skad_status status = begin(host, &self);
    if (status == SKAD_OK) {
        skad_node_cancel(self->driver.node, op);
    }
    return status;
}

/* ---- The node ---- */

skad_node *skad_host_node(skad_host host)
{
    skad_host_state *self;
    if (begin(host, &self) != SKAD_OK) {
        return NULL;
    }
    skad_host_due(self); /* the caller may have it do something */
    return self->driver.node;
}

skad_time skad_host_now(skad_host host)
{
    skad_host_state *self;
    return begin(host, &self) == SKAD_OK ? *self->driver.now : (skad_time){.mono_us = 0};
}

skad_address skad_host_address(skad_host host, size_t i)
{
    skad_host_state *self;
    const skad_address none = {.family = SKAD_FAMILY_NONE};
    return skad_host_enter(host, &self) == SKAD_OK && i < self->driver.endpoints.count
               ? self->driver.endpoints.sockets[i].bound
               : none;
}
