#include "src/core/storage/store_admission.h"

#include <string.h>

#include "proto/address.h"
#include "src/core/node/state.h"
#include "src/core/storage/key_places.h"
#include "src/core/storage/responsibility.h"
#include "src/core/storage/store_shares.h"

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
    bool old_stays;           /* it says the same and lasts longer */
    uint64_t group;           /* that the record is charged to */
    skad_key_leavers leavers; /* what gives way to it */
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

/* Returns the group that pays for the record. The same edition stays with the group that brought it
 * first: otherwise bringing it again from elsewhere would free the share of that group and use up
 * another one. */
static uint64_t payer(const judged *self)
{
    const skad_record *record = self->offer->record;
    bool same_edition = self->same_bytes || record->type == SKAD_RECORD_IMMUTABLE ||
                        self->held.sequence == record->sequence;
    return self->found && same_edition ? self->held.group : self->offer->group;
}

/* Whether there is room among the shares, and for an announcement under its key. A new edition
 * that another group brings is checked like a new record. */
static bool has_room(judged *self)
{
    const skad_record *record = self->offer->record;
    const skad_share_claim claim = {
        .publisher = record->publisher,
        .group = self->group,
        .bytes = self->offer->bytes.len,
        .replaces = self->found,
        .old_group = self->held.group,
        .old_bytes = self->held.len,
    };
    if (!skad_shares_have_room(self->node, &claim)) {
        return false;
    }
    bool has_place = self->found && self->held.group == self->group;
    return record->type != SKAD_RECORD_ANNOUNCEMENT || has_place ||
           skad_key_places_find(self->node, &self->name, self->group, &self->leavers);
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
        .group = self->group,
        .cached = !skad_is_responsible(&responsibility),
        .data = offer->bytes.data,
        .len = offer->bytes.len,
    };
    if (node->store.ops->put(node->store.self, SKAD_STORE_REPLICAS, &record, now) != SKAD_OK) {
        return refuse(SKAD_ERROR_FULL, 0);
    }
    skad_key_places_leave(node, &self->name, &self->leavers);
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
    self.group = payer(&self);
    if (!self.old_stays && !has_room(&self)) {
        return refuse(SKAD_ERROR_QUOTA, 0);
    }
    return keep(&self);
}
