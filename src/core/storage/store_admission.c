#include "src/core/storage/store_admission.h"

#include <string.h>

#include "proto/address.h"
#include "src/core/node/state.h"
#include "src/core/storage/responsibility.h"

skad_store_name skad_record_store_name(const skad_record *record)
{
    skad_store_name name = {.key = record->key, .type = (uint8_t)record->type};
    if (record->publisher != NULL) {
        memcpy(name.publisher, record->publisher, sizeof name.publisher);
    }
    return name;
}

static bool same_span(skad_span a, skad_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool skad_record_same(const skad_record *a, const skad_record *b)
{
    return a->sequence == b->sequence && same_span(a->value, b->value) &&
           skad_address_equal(&a->endpoint, &b->endpoint);
}

/* An offer and what we hold of that name. */
typedef struct judged {
    skad_node *node;
    const skad_offer *offer;
    skad_store_name name;
    bool found;             /* something of this name is held */
    skad_store_record held; /* where found; its data are valid until the next call to the store */
    bool same_bytes;
    bool old_stays; /* it says the same and lasts longer */
} judged;

static skad_admitted_record refuse(skad_error_code code, uint64_t detail)
{
    return (skad_admitted_record){.code = code, .detail = detail};
}

/* ---- The checks, in their order ---- */

static skad_error_code check_expiry(const judged *self)
{
    const skad_record *record = self->offer->record;
    uint64_t now = self->node->env.now.unix_s;
    uint64_t ahead_max = (uint64_t)SKAD_EXPIRY_LIVES_MAX * self->node->env.profile.record_life_s;
    if (record->type == SKAD_RECORD_IMMUTABLE) {
        return SKAD_ERROR_NONE;
    }
    if (record->expiry_unix_s <= now) {
        return SKAD_ERROR_EXPIRED;
    }
    return record->expiry_unix_s - now > ahead_max ? SKAD_ERROR_TOO_FAR : SKAD_ERROR_NONE;
}

/* Whether the record is authentic. The same bytes as those held were verified when they came. */
static bool authentic(const judged *self)
{
    if (self->offer->record->type == SKAD_RECORD_IMMUTABLE || self->same_bytes) {
        return true;
    }
    self->node->stats.verifications++;
    return skad_record_verify(self->offer->record, &self->node->env.network_id);
}

static skad_error_code check_sequence(const judged *self)
{
    const skad_offer *offer = self->offer;
    uint64_t held = self->found ? self->held.sequence : 0;
    skad_record old;
    if (self->same_bytes || offer->record->type == SKAD_RECORD_IMMUTABLE) {
        return SKAD_ERROR_NONE;
    }
    if (offer->record->type == SKAD_RECORD_MUTABLE && offer->has_cas && offer->cas != held) {
        return SKAD_ERROR_CAS;
    }
    if (!self->found || offer->record->sequence > held) {
        return SKAD_ERROR_NONE;
    }
    if (offer->record->sequence < held) {
        return SKAD_ERROR_OLDER;
    }
    bool same = skad_record_decode(self->held.data, self->held.len, &old) &&
                skad_record_same(offer->record, &old);
    return same ? SKAD_ERROR_NONE : SKAD_ERROR_CONFLICT;
}

/* Whether the old record stays: of two that say the same, the one with the later expiry does. */
static bool old_lasts_longer(const judged *self)
{
    skad_record old;
    return self->found && !self->same_bytes && self->offer->record->type != SKAD_RECORD_IMMUTABLE &&
           self->held.sequence == self->offer->record->sequence &&
           skad_record_decode(self->held.data, self->held.len, &old) &&
           old.expiry_unix_s >= self->offer->record->expiry_unix_s;
}

/* ---- Shares ---- */

static uint64_t share(uint64_t max, uint64_t divisor, uint64_t min)
{
    uint64_t part = max / divisor;
    return part < min ? min : part;
}

/* Whether an owner's share has room for the record. A record that it replaces counts as gone. */
static bool share_has_room(const judged *self, skad_store_owner kind, const uint8_t *owner,
                           uint64_t divisor)
{
    const skad_store *store = &self->node->store;
    skad_store_usage usage;
    skad_store_totals fill;
    store->ops->usage(store->self, kind, owner, &usage);
    store->ops->totals(store->self, &fill);
    uint64_t records = usage.records + !self->found;
    uint64_t bytes = usage.bytes + self->offer->bytes.len;
    uint64_t bytes_min = (uint64_t)SKAD_SHARE_RECORDS * SKAD_RECORD_BYTES_MAX;
    bytes -= self->found && self->held.len < bytes ? self->held.len : 0;
    return records <= share(fill.records_max, divisor, SKAD_SHARE_RECORDS) &&
           bytes <= share(fill.bytes_max, divisor, bytes_min);
}

static bool shares_have_room(const judged *self)
{
    const skad_store *store = &self->node->store;
    const skad_offer *offer = self->offer;
    skad_store_usage of_key;
    store->ops->usage(store->self, SKAD_OWNER_KEY, offer->record->key.bytes, &of_key);
    if (!self->found && of_key.records >= SKAD_KEY_RECORDS_MAX) {
        return false;
    }
    if (offer->record->publisher != NULL &&
        !share_has_room(self, SKAD_OWNER_PUBLISHER, offer->record->publisher,
                        SKAD_SHARE_PUBLISHER)) {
        return false;
    }
    if (offer->group == 0 || self->node->env.profile.group_table_max == 0) {
        return true;
    }
    uint8_t owner[SKAD_ID_BYTES] = {0};
    for (size_t i = 0; i < sizeof offer->group; i++) {
        owner[i] = (uint8_t)(offer->group >> (56 - 8 * i));
    }
    return share_has_room(self, SKAD_OWNER_GROUP, owner, SKAD_SHARE_GROUP);
}

/* ---- Admission ---- */

/* Returns when the record will be dropped: never sooner than was granted before. */
static uint64_t expiry(const judged *self, const skad_responsibility *responsibility)
{
    const skad_offer *offer = self->offer;
    uint32_t life_s = skad_responsibility_life_s(responsibility, &self->node->env.profile);
    life_s = offer->life_s < life_s ? offer->life_s : life_s;
    uint64_t expires = self->node->env.now.unix_s + life_s;
    if (self->found && self->held.expires_unix_s > expires) {
        expires = self->held.expires_unix_s;
    }
    bool ends = offer->record->type != SKAD_RECORD_IMMUTABLE;
    return ends && offer->record->expiry_unix_s < expires ? offer->record->expiry_unix_s : expires;
}

static skad_admitted_record keep(judged *self)
{
    skad_node *node = self->node;
    const skad_offer *offer = self->offer;
    uint64_t now = node->env.now.unix_s;
    if (self->old_stays) {
        return (skad_admitted_record){.life_s = (uint32_t)(self->held.expires_unix_s - now)};
    }
    skad_responsibility responsibility =
        skad_responsibility_of(&node->table, &node->env.profile, &offer->record->key);
    skad_store_record record = {
        .name = self->name,
        .sequence = offer->record->sequence,
        .stored_unix_s = now,
        .expires_unix_s = expiry(self, &responsibility),
        .group = offer->group,
        .cached = !skad_is_responsible(&responsibility),
        .data = offer->bytes.data,
        .len = offer->bytes.len,
    };
    if (node->store.ops->put(node->store.self, SKAD_STORE_REPLICAS, &record, now) != SKAD_OK) {
        return refuse(SKAD_ERROR_FULL, 0);
    }
    if (!self->same_bytes) {
        skad_watches_touch(&node->watches, offer->record->type, &offer->record->key,
                           node->env.now.mono_us);
    }
    return (skad_admitted_record){.life_s = (uint32_t)(record.expires_unix_s - now)};
}

skad_admitted_record skad_store_admit(skad_node *node, const skad_offer *offer)
{
    judged self = {.node = node, .offer = offer, .name = skad_record_store_name(offer->record)};
    skad_error_code code = check_expiry(&self);
    if (code != SKAD_ERROR_NONE) {
        return refuse(code, 0);
    }
    self.found = node->store.ops->find(node->store.self, SKAD_STORE_REPLICAS, &self.name,
                                       node->env.now.unix_s, &self.held);
    self.same_bytes = self.found && self.held.len == offer->bytes.len &&
                      memcmp(self.held.data, offer->bytes.data, self.held.len) == 0;
    if (!authentic(&self)) {
        return refuse(SKAD_ERROR_INVALID, 0);
    }
    code = check_sequence(&self);
    if (code != SKAD_ERROR_NONE) {
        return refuse(code, self.found ? self.held.sequence : 0);
    }
    self.old_stays = old_lasts_longer(&self);
    if (!self.old_stays && !self.same_bytes && !shares_have_room(&self)) {
        return refuse(SKAD_ERROR_QUOTA, 0);
    }
    return keep(&self);
}
