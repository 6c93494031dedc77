/* The control socket's requests, as a stream: reading always makes progress or stops, and a request
 * stays the same when it is written and read again. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/address.h"
#include "proto/control.h"

static bool equal(skad_span a, skad_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void write_again(const skad_control_request *request);

/* Each request of a batch is one by itself, or is refused; what is blamed is one of its own. */
static void read_batch(const skad_control_request *batch)
{
    FUZZ_REQUIRE(batch->batch >= 1 && batch->batch <= SKAD_CONTROL_BATCH_MAX);
    for (size_t i = 0; i < batch->batch; i++) {
        skad_control_request one;
        const skad_control_cut cut = skad_control_read_batched(batch->raw, i, &one);
        FUZZ_REQUIRE(cut == SKAD_CONTROL_REQUEST || cut == SKAD_CONTROL_NO_METHOD ||
                     cut == SKAD_CONTROL_WRONG_PARAMS);
        FUZZ_REQUIRE(one.msgid == 0);
        if (cut == SKAD_CONTROL_REQUEST && one.method != SKAD_CONTROL_BATCH) {
            write_again(&one);
        }
    }
}

static void write_again(const skad_control_request *request)
{
    static uint8_t bytes[2 * SKAD_CONTROL_REQUEST_BYTES_MAX];
    skad_control_request again;
    skad_writer writer;
    bool msgid_known;
    size_t consumed;
    if (request->method == SKAD_CONTROL_BATCH) {
        read_batch(request);
        return;
    }
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_request(&writer, request);
    FUZZ_REQUIRE(!writer.overflow);
    if (writer.len > SKAD_CONTROL_REQUEST_BYTES_MAX) {
        return; /* defaults that were left out made it longer */
    }
    skad_control_cut cut = skad_control_read(bytes, writer.len, &again, &msgid_known, &consumed);
    FUZZ_REQUIRE(cut == SKAD_CONTROL_REQUEST && consumed == writer.len);
    FUZZ_REQUIRE(again.msgid == request->msgid && again.method == request->method);
    FUZZ_REQUIRE(memcmp(&again.id, &request->id, sizeof again.id) == 0);
    FUZZ_REQUIRE(skad_address_equal(&again.address, &request->address));
    FUZZ_REQUIRE(equal(again.value, request->value) && equal(again.salt, request->salt));
    FUZZ_REQUIRE(again.sequence == request->sequence && again.has_cas == request->has_cas);
    FUZZ_REQUIRE(again.cas == request->cas && again.life_s == request->life_s);
    FUZZ_REQUIRE(again.keep == request->keep && again.every_s == request->every_s);
    FUZZ_REQUIRE(again.watched == request->watched && again.published == request->published);
    FUZZ_REQUIRE(again.has_cursor == request->has_cursor && again.max == request->max);
    FUZZ_REQUIRE(again.api == request->api && again.kinds == request->kinds);
    FUZZ_REQUIRE(again.has_size == request->has_size && again.size == request->size);
    FUZZ_REQUIRE(again.offset == request->offset && again.length == request->length);
    FUZZ_REQUIRE(again.auto_sequence == request->auto_sequence);
    FUZZ_REQUIRE(memcmp(again.cursor, request->cursor, sizeof again.cursor) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    skad_control_request request;
    bool msgid_known;
    size_t consumed;
    while (len > 0) {
        switch (skad_control_read(data, len, &request, &msgid_known, &consumed)) {
        case SKAD_CONTROL_REQUEST:
            write_again(&request);
            break;
        case SKAD_CONTROL_WRONG_PARAMS:
            FUZZ_REQUIRE(request.blame.parameter == NULL || request.blame.expected != NULL);
            break;
        case SKAD_CONTROL_CHUNK:
        case SKAD_CONTROL_ACK:
        case SKAD_CONTROL_IGNORED:
        case SKAD_CONTROL_NO_METHOD:
            break;
        case SKAD_CONTROL_MORE:
            FUZZ_REQUIRE(len < SKAD_CONTROL_REQUEST_BYTES_MAX);
            return 0;
        case SKAD_CONTROL_RUBBISH:
            return 0;
        }
        FUZZ_REQUIRE(consumed >= 1 && consumed <= len &&
                     consumed <= SKAD_CONTROL_REQUEST_BYTES_MAX);
        data += consumed;
        len -= consumed;
    }
    return 0;
}
