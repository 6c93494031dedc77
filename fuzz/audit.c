/* Audits: evidence, ballots and statements that others write, and the node as prover and verifier.
 * What decodes encodes to the same bytes. No input makes evidence against a node that did not sign
 * it, and after each step of a node its invariants hold: above all that it blames by a signed
 * contradiction alone. The node's peers answer with true words in which the input changes bytes.
 * Signatures are modelled. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/ballot.h"
#include "proto/profile.h"
#include "src/core/node/invariants.h"
#include "tests/support/audit_script.h"

static void decode_evidence(const uint8_t *data, size_t len)
{
    static const skad_network_id network;
    uint8_t again[SKAD_VALUE_BYTES_MAX];
    skad_audit_evidence evidence;
    if (skad_audit_evidence_decode(data, len, &network, &evidence)) {
        FUZZ_REQUIRE(skad_audit_evidence_encode(&evidence, again) == len);
        FUZZ_REQUIRE(memcmp(again, data, len) == 0);
        FUZZ_REQUIRE(!skad_audit_evidence_holds(&evidence)); /* no input is signed */
    }
}

static void decode_ballot(const uint8_t *data, size_t len)
{
    uint8_t again[SKAD_METADATA_BYTES_MAX];
    skad_audit_ballot ballot;
    if (skad_audit_ballot_decode((skad_span){data, len}, &ballot)) {
        FUZZ_REQUIRE(skad_audit_ballot_encode(&ballot, again) == len);
        FUZZ_REQUIRE(memcmp(again, data, len) == 0);
    }
}

static void decode_statement(const uint8_t *data, size_t len)
{
    static uint8_t again[SKAD_AUDIT_STATEMENT_BYTES_MAX];
    static skad_audit_statement statement;
    static skad_audit_result result;
    if (skad_audit_statement_decode(data, len, &statement)) {
        FUZZ_REQUIRE(skad_audit_statement_encode(&statement, again, sizeof again) == len);
        FUZZ_REQUIRE(memcmp(again, data, len) == 0);
        FUZZ_REQUIRE(skad_audit_tally(&statement, skad_profile_builtin("test"), &result) ==
                     SKAD_OK);
        FUZZ_REQUIRE(result.blamed_count == 0 && result.winner < 0);
    }
}

/* ---- A node ---- */

static fuzz_choices *input;

/* What a peer says, with some bytes changed. */
static bool change(test_fixture *made, test_remote *who, const skad_message *request,
                   skad_message *answer)
{
    static uint8_t words[2][SKAD_AUDIT_POINTS_MAX * SKAD_AUDIT_OPENING_BYTES];
    const bool answers = audit_act(made, who, request, answer);
    const bool audited = answers && answer->kind == SKAD_KIND_AUDITED;
    const bool proven = answers && answer->kind == SKAD_KIND_PROVEN;
    if ((audited || proven) && fuzz_byte(input) % 2 == 0) {
        skad_span *first = &answer->u.reply.u.audited.commitment; /* of both */
        skad_span *second = proven ? &answer->u.reply.u.proven.openings : first;
        skad_span *changed = fuzz_byte(input) % 2 == 0 ? first : second;
        memcpy(words[0], changed->data, changed->len);
        words[0][fuzz_below(input, changed->len)] ^= fuzz_byte(input);
        changed->data = words[0];
    }
    return answers;
}

static void ask_something(void)
{
    uint8_t bytes[SKAD_AUDIT_POINTS_MAX * SKAD_AUDIT_POINT_BYTES] = {0};
    const size_t peer = fuzz_below(input, AUDIT_PEERS);
    const size_t count = 1 + fuzz_below(input, SKAD_AUDIT_POINTS_MAX);
    const uint64_t number = audit_state()->round.number + fuzz_byte(input) % 3 - 1;
    skad_message message = {.kind = fuzz_byte(input) % 2 == 0 ? SKAD_KIND_AUDIT : SKAD_KIND_PROVE};
    bytes[0] = fuzz_byte(input) % 4;
    if (message.kind == SKAD_KIND_AUDIT) {
        message.u.audit.round = number;
        message.u.audit.challenge = (skad_span){bytes, SKAD_AUDIT_CHALLENGE_BYTES};
    } else {
        message.u.prove.round = number;
        message.u.prove.points = (skad_span){bytes, count * SKAD_AUDIT_POINT_BYTES};
    }
    message = audit_ask(peer, &message);
    FUZZ_REQUIRE(message.kind == SKAD_KIND_ERROR || message.kind == SKAD_KIND_AUDITED ||
                 message.kind == SKAD_KIND_PROVEN);
}

static void check(void)
{
    const char *broken = skad_node_broken(audit_fixture.node, audit_fixture.now);
    FUZZ_REQUIRE(broken == NULL);
}

static void play(void)
{
    (void)audit_begin_with(AUDIT_PEERS);
    audit_fixture.script = change;
    for (size_t i = 0; i < AUDIT_PEERS; i++) {
        audit_how[i] = (audit_manner)fuzz_below(input, AUDIT_SAYS_FAR_LESS + 1);
    }
    audit_next_round();
    for (unsigned i = 0; i < 12 && !fuzz_over(input); i++) {
        ask_something();
        test_fixture_run(&audit_fixture, fuzz_below(input, 100) * SKAD_US_PER_S);
        check();
    }
    test_fixture_run(&audit_fixture, AUDIT_PERIOD_S * SKAD_US_PER_S);
    check();
    (void)audit_end(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_choices choices = {data, len, 0};
    input = &choices;
    switch (fuzz_byte(&choices) % 4) {
    case 0:
        decode_evidence(data + choices.at, len - choices.at);
        break;
    case 1:
        decode_ballot(data + choices.at, len - choices.at);
        break;
    case 2:
        decode_statement(data + choices.at, len - choices.at);
        break;
    default:
        play();
        break;
    }
    return 0;
}
