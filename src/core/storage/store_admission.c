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
    bool same_edition; /* the held one says the same, perhaps for another time */
    bool old_stays;    /* it says the same and lasts longer */
    skad_responsibility responsibility;
    uint64_t expires_unix_s;  /* when the record will be dropped */
    uint64_t group;           /* that it is charged to */
    skad_key_leavers leavers; /* what gives way to it */
} judged;

static skad_admitted_record refuse(skad_error_code code, uint64_t detail)
{
    return (skad_admitted_record){.code = code, .detail = detail};
}

/* ---- The checks, in their order ---- */

/* How far ahead an expiry may lie. */
static uint64_t ahead_max_s(const skad_node *node)
{
    return (uint64_t)SKAD_EXPIRY_LIVES_MAX * node->env.profile.record_life_s;
}

static skad_error_code check_expiry(const judged *self)
{
    const skad_record *record = self->offer->record;
    uint64_t now = self->node->env.now.unix_s;
    if (record->type == SKAD_RECORD_IMMUTABLE) {
        return SKAD_ERROR_NONE;
    }
    if (record->expiry_unix_s <= now) {
        return SKAD_ERROR_EXPIRED;
    }
    return record->expiry_unix_s - now > ahead_max_s(self->node) ? SKAD_ERROR_TOO_FAR
                                                                 : SKAD_ERROR_NONE;
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

/* When the held record will be dropped. No node grants more than a life: what says more was brought
 * while our clock was ahead (clock_watch.h). */
static uint64_t held_until(const judged *self)
{
    const uint64_t last = self->node->env.now.unix_s + self->node->env.profile.record_life_s;
    return self->held.expires_unix_s < last ? self->held.expires_unix_s : last;
}

/* Whether the old record stays: of two that say the same, the one with the later expiry does,
 * unless that lies so far ahead that no holder takes it: its publisher's clock and ours were ahead.
 */
static bool old_lasts_longer(const judged *self)
{
    const uint64_t last = self->node->env.now.unix_s + ahead_max_s(self->node);
    skad_record old;
    return self->found && !self->same_bytes && self->offer->record->type != SKAD_RECORD_IMMUTABLE &&
           self->held.sequence == self->offer->record->sequence &&
           skad_record_decode(self->held.data, self->held.len, &old) &&
           old.expiry_unix_s >= self->offer->record->expiry_unix_s && old.expiry_unix_s <= last;
}

/* ---- How long, and who pays ---- */

/* Returns when the record will be dropped: never sooner than was granted before. */
static uint64_t expiry(const judged *self)
{
    const skad_offer *offer = self->offer;
    uint32_t life_s = skad_responsibility_life_s(&self->responsibility, &self->node->env.profile);
    life_s = offer->life_s < life_s ? offer->life_s : life_s;
    uint64_t expires = self->node->env.now.unix_s + life_s;
    if (self->found && held_until(self) > expires) {
        expires = held_until(self);
    }
    bool ends = offer->record->type != SKAD_RECORD_IMMUTABLE;
    return ends && offer->record->expiry_unix_s < expires ? offer->record->expiry_unix_s : expires;
}

/* Whether there is room among the shares of the group that is charged, and for an announcement
 * under its key. A record that moves to another group is checked like a new one. */
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
    self->leavers.count = 0;
    if (!skad_shares_have_room(self->node, &claim)) {
        return false;
    }
    bool has_place = self->found && self->held.group == self->group;
    return record->type != SKAD_RECORD_ANNOUNCEMENT || has_place ||
           skad_key_places_find(self->node, &self->name, self->group, &self->leavers);
}

/* Whether the bringer's group may pay for what is held. Not for an announcement that would be more
 * crowded there. */
static bool may_pay(const judged *self)
{
    return self->offer->record->type != SKAD_RECORD_ANNOUNCEMENT ||
           skad_key_places_may_move(self->node, &self->name, self->held.group, self->offer->group);
}

/* Decides who pays and for how long; false if there is no room. Life is what a share is spent on:
 * who brings something new pays, and so does who prolongs what is held. Where that is not possible,
 * the same edition stays as it was, with the group and for the time that it had. */
static bool find_payer(judged *self)
{
    self->expires_unix_s = expiry(self);
    self->group = self->offer->group;
    bool prolongs = self->expires_unix_s > held_until(self);
    if (!self->same_edition) {
        return has_room(self);
    }
    if (prolongs && may_pay(self) && has_room(self)) {
        return true;
    }
    self->group = self->held.group;
    self->expires_unix_s = prolongs ? held_until(self) : self->expires_unix_s;
    return has_room(self);
}

/* ---- Admission ---- */

/* What is held stays as it is. */
static skad_admitted_record life_left(const judged *self)
{
    uint64_t left_s = held_until(self) - self->node->env.now.unix_s;
    return (skad_admitted_record){
        .life_s = (uint32_t)left_s,
        .ticket = skad_store_ticket(&self->node->store), /* that it was brought by, at the latest */
    };
}

static skad_admitted_record keep(judged *self)
{
    skad_node *node = self->node;
    const skad_offer *offer = self->offer;
    uint64_t now = node->env.now.unix_s;
    skad_store_record record = {
        .name = self->name,
        .sequence = offer->record->sequence,
        .stored_unix_s = now,
        .expires_unix_s = self->expires_unix_s,
        .group = self->group,
        .cached = !skad_is_responsible(&self->responsibility),
        .data = offer->bytes.data,
        .len = offer->bytes.len,
    };
    skad_status status = node->store.ops->put(node->store.self, SKAD_STORE_REPLICAS, &record, now);
    if (status != SKAD_OK) {
        return refuse(status == SKAD_ERR_BUSY ? SKAD_ERROR_BUSY : SKAD_ERROR_FULL, 0);
    }
    const uint64_t ticket = skad_store_ticket(&node->store);
    skad_key_places_leave(node, &self->name, &self->leavers);
    if (!self->same_bytes) {
        skad_watches_touch(&node->watches, offer->record->type, &offer->record->key,
                           node->env.now.mono_us);
    }
    return (skad_admitted_record){.life_s = (uint32_t)(record.expires_unix_s - now),
                                  .ticket = ticket};
}

skad_admitted_record skad_store_admit(skad_node *node, const skad_offer *offer)
{
    const skad_record *record = offer->record;
    judged self = {.node = node, .offer = offer, .name = skad_record_store_name(record)};
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
    self.same_edition = self.found && (self.same_bytes || self.held.sequence == record->sequence);
    self.old_stays = old_lasts_longer(&self);
    self.responsibility = skad_responsibility_of(&node->table, &node->env.profile, &record->key,
                                                 node->tuning.neighbourhoods);
    if (!self.old_stays && find_payer(&self)) {
        return keep(&self);
    }
    return self.same_edition ? life_left(&self) : refuse(SKAD_ERROR_QUOTA, 0);
}
