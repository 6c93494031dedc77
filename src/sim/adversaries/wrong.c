/* wrong: gives other bytes than those that are stored under a key: an immutable record that was
 * invented for the occasion. It routes as honest nodes do, acknowledges and forgets. */
#include <string.h>

#include "src/sim/world/adversary.h"

#define VALUE_BYTES 100

typedef struct wrong {
    uint8_t record[SKAD_RECORD_BYTES_MAX]; /* the last one, which a reply borrows */
} wrong;

static skad_conduct asked(skad_league *league, const skad_asked *asked, skad_message *reply)
{
    wrong *self = league->state;
    uint8_t value[VALUE_BYTES];
    skad_conduct conduct = skad_league_answer(league, asked, reply);
    if (reply->kind == SKAD_KIND_VALUE) {
        skad_prng_bytes(league->prng, value, sizeof value);
        size_t len =
            skad_record_encode_immutable(value, sizeof value, self->record, sizeof self->record);
        reply->u.reply.u.value.records[0] = (skad_span){self->record, len};
        reply->u.reply.u.value.records_count = 1;
        reply->u.reply.u.value.contacts_count = 0;
    }
    return conduct;
}

SKAD_ADVERSARY(wrong) = {
    .is = SKAD_ADVERSARY_IS("wrong", "gives other bytes than those of the key", SKAD_SIM_LIES),
    .state_bytes = sizeof(wrong),
    .asked = asked,
};
