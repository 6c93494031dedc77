/* The vectors of datagrams with two flaws: the check that comes first names the reason. */
#include "crypto/assert.h"
#include "tests/support/vectors.h"
#include "tests/support/vectors_dropped.h"
#include "tests/support/vectors_identities.h"
#include "tests/support/wire.h"

/* What may be wrong, in the order of the checks. */
typedef enum flaw {
    FLAW_TAG,
    FLAW_STRUCTURE,
    FLAW_VERSION,
    FLAW_KIND,
    FLAW_SELF,
    FLAW_UNAWAITED,
    FLAW_EPOCH,
    FLAW_STATIC,
    FLAW_SIGNATURE,
    FLAW_BODY,
    FLAW_IDENTITY,
    FLAW_DYNAMIC,
} flaw;

typedef struct order_case {
    const char *description;
    flaw first;
    flaw second;
    skad_verdict verdict;
    bool awaited; /* a reply for which a request waits */
} order_case;

static const order_case CASES[] = {
    {"another recipient, token of 15 bytes", FLAW_TAG, FLAW_STRUCTURE, SKAD_VERDICT_TAG, false},
    {"another recipient, version 2", FLAW_TAG, FLAW_VERSION, SKAD_VERDICT_TAG, false},
    {"another recipient, the receiver's key", FLAW_TAG, FLAW_SELF, SKAD_VERDICT_TAG, false},
    {"another recipient, signature of zeros", FLAW_TAG, FLAW_SIGNATURE, SKAD_VERDICT_TAG, false},
    {"version 2, token of 15 bytes", FLAW_VERSION, FLAW_STRUCTURE, SKAD_VERDICT_VERSION, false},
    {"version 2, kind 14", FLAW_VERSION, FLAW_KIND, SKAD_VERDICT_VERSION, false},
    {"version 2, epoch two away", FLAW_VERSION, FLAW_EPOCH, SKAD_VERDICT_VERSION, false},
    {"token of 15 bytes, kind 14", FLAW_STRUCTURE, FLAW_KIND, SKAD_VERDICT_STRUCTURE, false},
    {"token of 15 bytes, the receiver's key", FLAW_STRUCTURE, FLAW_SELF, SKAD_VERDICT_STRUCTURE,
     false},
    {"token of 15 bytes, unawaited", FLAW_STRUCTURE, FLAW_UNAWAITED, SKAD_VERDICT_STRUCTURE, false},
    {"kind 14, the receiver's key", FLAW_KIND, FLAW_SELF, SKAD_VERDICT_KIND, false},
    {"kind 14, epoch two away", FLAW_KIND, FLAW_EPOCH, SKAD_VERDICT_KIND, false},
    {"the receiver's key, unawaited", FLAW_SELF, FLAW_UNAWAITED, SKAD_VERDICT_SELF, false},
    {"the receiver's key, epoch two away", FLAW_SELF, FLAW_EPOCH, SKAD_VERDICT_SELF, false},
    {"unawaited, epoch two away", FLAW_UNAWAITED, FLAW_EPOCH, SKAD_VERDICT_UNSOLICITED, false},
    {"unawaited, static puzzle not solved", FLAW_UNAWAITED, FLAW_STATIC, SKAD_VERDICT_UNSOLICITED,
     false},
    {"unawaited, signature of zeros", FLAW_UNAWAITED, FLAW_SIGNATURE, SKAD_VERDICT_UNSOLICITED,
     false},
    {"epoch two away, another node", FLAW_EPOCH, FLAW_IDENTITY, SKAD_VERDICT_EPOCH, true},
    {"epoch two away, static puzzle not solved", FLAW_EPOCH, FLAW_STATIC, SKAD_VERDICT_EPOCH,
     false},
    {"epoch two away, dynamic puzzle not solved", FLAW_EPOCH, FLAW_DYNAMIC, SKAD_VERDICT_EPOCH,
     false},
    {"epoch two away, signature of zeros", FLAW_EPOCH, FLAW_SIGNATURE, SKAD_VERDICT_EPOCH, false},
    {"static puzzle not solved, signature of zeros", FLAW_STATIC, FLAW_SIGNATURE,
     SKAD_VERDICT_STATIC, false},
    {"static puzzle not solved, PING with an element", FLAW_STATIC, FLAW_BODY, SKAD_VERDICT_STATIC,
     false},
    {"static puzzle not solved, ID of another key", FLAW_STATIC, FLAW_IDENTITY, SKAD_VERDICT_STATIC,
     false},
    {"both puzzles not solved", FLAW_STATIC, FLAW_DYNAMIC, SKAD_VERDICT_STATIC, false},
    {"signature of zeros, PING with an element", FLAW_SIGNATURE, FLAW_BODY, SKAD_VERDICT_SIGNATURE,
     false},
    {"signature of zeros, PONG without elements", FLAW_SIGNATURE, FLAW_BODY, SKAD_VERDICT_SIGNATURE,
     true},
    {"another node, signature of zeros", FLAW_IDENTITY, FLAW_SIGNATURE, SKAD_VERDICT_SIGNATURE,
     true},
    {"ID of another key, signature of zeros", FLAW_IDENTITY, FLAW_SIGNATURE, SKAD_VERDICT_SIGNATURE,
     false},
    {"dynamic puzzle not solved, signature of zeros", FLAW_DYNAMIC, FLAW_SIGNATURE,
     SKAD_VERDICT_SIGNATURE, false},
    {"another node, PONG without elements", FLAW_IDENTITY, FLAW_BODY, SKAD_VERDICT_BODY, true},
    {"dynamic puzzle not solved, PING with an element", FLAW_DYNAMIC, FLAW_BODY, SKAD_VERDICT_BODY,
     false},
    {"another node, dynamic puzzle not solved", FLAW_IDENTITY, FLAW_DYNAMIC, SKAD_VERDICT_IDENTITY,
     true},
    {"ID of another key, dynamic puzzle not solved", FLAW_IDENTITY, FLAW_DYNAMIC,
     SKAD_VERDICT_IDENTITY, false},
};

static bool has(const order_case *self, flaw which)
{
    return self->first == which || self->second == which;
}

/* Who sends it: the puzzles and the key are the sender's. */
static void choose_sender(const order_case *self, const skad_vector_identities *all,
                          const skad_identity *unfit, skad_wire_craft *craft)
{
    const bool is_reply = self->awaited || has(self, FLAW_UNAWAITED);
    const skad_kind kind = is_reply ? SKAD_KIND_PONG : SKAD_KIND_PING;
    const skad_identity *sender = &all->sender;

    if (has(self, FLAW_STATIC) && !has(self, FLAW_IDENTITY)) {
        sender = unfit;
    } else if (has(self, FLAW_SELF)) {
        sender = &all->receiver;
    }
    skad_wire_craft_init(craft, sender, &all->receiver.id, kind, craft->body);
    craft->request_digest = self->awaited ? all->request_digest : NULL;
    craft->pad_bytes = 8;
    if (has(self, FLAW_IDENTITY) && !is_reply) {
        const skad_identity *named = has(self, FLAW_STATIC) ? unfit : &all->other;
        craft->id = (skad_span){named->id.bytes, SKAD_ID_BYTES};
    }
}

static void apply(const order_case *self, skad_wire_craft *craft)
{
    static const uint8_t zeros[15];
    static const uint8_t wrong_nonce[SKAD_NONCE_BYTES] = {0xff, 0xff, 0xff, 0xff,
                                                          0xff, 0xff, 0xff, 0xff};

    if (has(self, FLAW_TAG)) {
        skad_wire_fill(craft->recipient.bytes, SKAD_ID_BYTES, 1);
    }
    if (has(self, FLAW_STRUCTURE)) {
        craft->token = (skad_span){zeros, sizeof zeros};
    }
    craft->version = has(self, FLAW_VERSION) ? 2 : craft->version;
    craft->kind = has(self, FLAW_KIND) ? 14 : craft->kind;
    craft->epoch += has(self, FLAW_EPOCH) ? 2 : 0;
    if (has(self, FLAW_DYNAMIC)) {
        craft->nonce = (skad_span){wrong_nonce, sizeof wrong_nonce};
    }
}

static void write_case(skad_json *json, const skad_vector_identities *all, const order_case *self)
{
    static const uint8_t none[] = {0x90};
    static const uint8_t nil[] = {0x91, 0xc0};
    static const uint8_t observed[] = {0x91, 0xc4, 6, 198, 51, 100, 7, 0x0f, 0xa0};
    const bool is_reply = self->awaited || has(self, FLAW_UNAWAITED);
    const skad_span request =
        has(self, FLAW_BODY) ? (skad_span){nil, sizeof nil} : (skad_span){none, sizeof none};
    const skad_span reply = has(self, FLAW_BODY) ? (skad_span){none, sizeof none}
                                                 : (skad_span){observed, sizeof observed};
    const skad_id *responder = has(self, FLAW_IDENTITY) ? &all->other.id : &all->sender.id;
    uint8_t datagram[SKAD_DATAGRAM_BYTES_MAX];
    skad_identity unfit;
    skad_wire_craft craft;

    skad_wire_identity_unfit(3, &unfit);
    craft.body = is_reply ? reply : request;
    choose_sender(self, all, &unfit, &craft);
    apply(self, &craft);
    size_t len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
    if (has(self, FLAW_SIGNATURE)) {
        for (size_t i = len - SKAD_SIGNATURE_BYTES; i < len; i++) {
            datagram[i] = 0;
        }
        skad_wire_retag(datagram, len, &craft.recipient);
    }
    const skad_vector_dropped dropped = {self->description, self->verdict, &all->receiver.id,
                                         craft.request_digest, self->awaited ? responder : NULL};
    skad_vector_dropped_write(json, &dropped, datagram, len);
}

void skad_vectors_order(skad_json *json)
{
    skad_vector_identities all;

    skad_vector_identities_init(&all);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        write_case(json, &all, &CASES[i]);
    }
}
