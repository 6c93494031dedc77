/* skad audit: finds the ballots of a round of storage audits with the evidence that they point to,
 * and tallies them; or tallies those of a file, without a node. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/ballot.h"
#include "src/cli/client/client.h"
#include "src/cli/commands/audit_text.h"
#include "src/cli/commands/commands.h"
#include "src/cli/file/spool.h"

/* A statement, and the bytes that it borrows. */
typedef struct gathered {
    skad_audit_statement statement;
    skad_profile profile; /* what makes an ID */
    uint8_t ballots[SKAD_AUDIT_BALLOTS_MAX][SKAD_RECORD_ANNOUNCE_BYTES_MAX];
    uint8_t proofs[SKAD_AUDIT_PROOFS_MAX][SKAD_VALUE_BYTES_MAX];
    skad_audit_result result;
    uint8_t file[SKAD_AUDIT_STATEMENT_BYTES_MAX + 1];
} gathered;

static bool read_hex(skad_span text, uint8_t *out, size_t len)
{
    char digits[3] = {0};
    for (size_t i = 0; i < len && text.len == 2 * len; i++) {
        memcpy(digits, text.data + 2 * i, 2);
        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return text.len == 2 * len;
}

/* ---- From the network ---- */

static skad_exit take_ballots(gathered *self, skad_answer result, skad_failure *failure)
{
    skad_audit_round *round = &self->statement.round;
    const skad_answer ballots = skad_answer_get(result, "ballots");
    round->number = skad_answer_uint(result, "round");
    round->period_s = skad_answer_uint(result, "period_s");
    self->profile.static_bits = (uint8_t)skad_answer_uint(result, "static_bits");
    self->profile.memory_kib = (uint32_t)skad_answer_uint(result, "memory_kib");
    if (!read_hex(skad_answer_bytes(result, "network_id"), round->network.bytes,
                  sizeof round->network.bytes)) {
        (void)skad_fail(failure, "the node's answer has no network ID");
        return SKAD_EXIT_FAILED;
    }
    for (size_t i = 0; i < skad_answer_count(ballots) && i < SKAD_AUDIT_BALLOTS_MAX; i++) {
        const skad_answer one = skad_answer_at(ballots, i);
        const bool is_bin = one.item != NULL && one.item->type == SKAD_ITEM_BIN;
        const skad_span bytes = {is_bin ? one.item->u.data : NULL, is_bin ? one.item->count : 0};
        if (bytes.len > 0 && bytes.len <= sizeof self->ballots[0]) {
            size_t *count = &self->statement.ballots_count;
            memcpy(self->ballots[*count], bytes.data, bytes.len);
            self->statement.ballots[*count] = (skad_span){self->ballots[*count], bytes.len};
            (*count)++;
        }
    }
    return SKAD_EXIT_DONE;
}

/* Fetches what a ballot points to. What is not found proves nothing, and is left out. */
static void take_proof(gathered *self, skad_client *client, const skad_id *key)
{
    skad_control_request request = {.method = SKAD_CONTROL_GET, .id = *key};
    skad_failure failure;
    skad_answer result;
    size_t *count = &self->statement.proofs_count;
    if (*count == SKAD_AUDIT_PROOFS_MAX ||
        skad_client_call(client, &request, &result, &failure) != SKAD_EXIT_DONE) {
        return;
    }
    const skad_span value = skad_answer_bytes(result, "value");
    if (value.len > 0 && value.len <= sizeof self->proofs[0]) {
        memcpy(self->proofs[*count], value.data, value.len);
        self->statement.proofs[*count] = (skad_span){self->proofs[*count], value.len};
        (*count)++;
    }
}

static skad_exit gather(gathered *self, const skad_options *options, skad_failure *failure)
{
    skad_control_request request = {.method = SKAD_CONTROL_AUDIT, .auto_sequence = true};
    skad_client client;
    skad_answer result;
    if (options->argument != NULL) {
        char *end = NULL;
        errno = 0;
        request.sequence = strtoull(options->argument, &end, 10);
        request.auto_sequence = false;
        if (options->argument[0] < '0' || options->argument[0] > '9' || *end != 0 || errno != 0) {
            (void)skad_fail(failure, "audit: '%s' is not the number of a round", options->argument);
            return SKAD_EXIT_USAGE;
        }
    }
    skad_exit exit = skad_client_open(options, &client, failure);
    if (exit != SKAD_EXIT_DONE) {
        return exit;
    }
    exit = skad_client_call(&client, &request, &result, failure);
    if (exit == SKAD_EXIT_DONE) {
        exit = take_ballots(self, result, failure);
    }
    for (size_t i = 0; i < self->statement.ballots_count && exit == SKAD_EXIT_DONE; i++) {
        skad_record record;
        skad_audit_ballot ballot;
        if (skad_record_decode(self->statement.ballots[i].data, self->statement.ballots[i].len,
                               &record) &&
            skad_audit_ballot_decode(record.value, &ballot) && ballot.has_evidence) {
            take_proof(self, &client, &ballot.evidence);
        }
    }
    skad_client_close(&client);
    return exit;
}

/* ---- From a file ---- */

static skad_exit read_file(gathered *self, const skad_options *options, skad_failure *failure)
{
    skad_network_id network;
    FILE *file = fopen(options->verify, "rb");
    if (file == NULL) {
        (void)skad_fail(failure, "%s: %s", options->verify, strerror(errno));
        return SKAD_EXIT_FAILED;
    }
    const size_t len = fread(self->file, 1, sizeof self->file, file);
    const bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed || !skad_audit_statement_decode(self->file, len, &self->statement)) {
        (void)skad_fail(failure, "%s: not the statement of a round of audits", options->verify);
        return SKAD_EXIT_FAILED;
    }
    self->profile = *options->profile;
    skad_profile_network_id(&self->profile, &network);
    if (memcmp(&network, &self->statement.round.network, sizeof network) != 0) {
        (void)skad_fail(failure, "%s: of another network than '%s': give its --profile",
                        options->verify, self->profile.name);
        return SKAD_EXIT_FAILED;
    }
    return SKAD_EXIT_DONE;
}

/* ---- Both ---- */

static skad_exit keep(gathered *self, const skad_options *options, skad_failure *failure)
{
    skad_spool spool;
    const size_t len = skad_audit_statement_encode(&self->statement, self->file, sizeof self->file);
    if (!skad_spool_open(options->output, &spool, failure)) {
        return SKAD_EXIT_FAILED;
    }
    if (write(spool.fd, self->file, len) != (ssize_t)len) {
        (void)skad_fail(failure, "%s: %s", options->output, strerror(errno));
        skad_spool_discard(&spool);
        return SKAD_EXIT_FAILED;
    }
    return skad_spool_commit(&spool, failure) ? SKAD_EXIT_DONE : SKAD_EXIT_FAILED;
}

static skad_exit work(gathered *self, const skad_options *options, skad_failure *failure)
{
    const bool verifies = options->verify != NULL;
    if (verifies && (options->argument != NULL || options->output != NULL)) {
        (void)skad_fail(failure, "audit: --verify takes neither a round nor -o");
        return SKAD_EXIT_USAGE;
    }
    skad_exit exit = verifies ? read_file(self, options, failure) : gather(self, options, failure);
    if (exit != SKAD_EXIT_DONE) {
        return exit;
    }
    if (skad_audit_tally(&self->statement, &self->profile, &self->result) != SKAD_OK) {
        (void)skad_fail(failure, "out of memory");
        return SKAD_EXIT_FAILED;
    }
    (options->json ? skad_audit_print_json : skad_audit_print)(&self->statement.round,
                                                               &self->result);
    if (verifies && self->result.invalid > 0) {
        (void)skad_fail(failure, "%s: %zu of its ballots and proofs are none", options->verify,
                        self->result.invalid);
        return SKAD_EXIT_FAILED;
    }
    return options->output != NULL ? keep(self, options, failure) : SKAD_EXIT_DONE;
}

static skad_exit run(const skad_options *options)
{
    skad_failure failure;
    gathered *self = calloc(1, sizeof *self);
    if (self == NULL) {
        (void)skad_fail(&failure, "out of memory");
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    const skad_exit exit = work(self, options, &failure);
    free(self);
    return exit == SKAD_EXIT_DONE ? skad_printed() : skad_complain(exit, &failure);
}

const skad_command skad_command_audit = {
    .name = "audit",
    .usage = "audit [ROUND] [-o FILE] [--json] [--socket PATH] [--timeout SECONDS]\n"
             "       skad audit --verify FILE [--profile NAME|FILE] [--json]",
    .summary = "Show who held what it should in a round of storage audits",
    .details =
        "Finds the ballots of a round, by default the last one, and the evidence that they point\n"
        "to, and tallies them: who agrees (how many others say so, and how many otherwise), who\n"
        "is blamed for contradicting its own signed words, and who has won. -o keeps all of it in\n"
        "FILE. --verify tallies such a file without a node: all that have it come to the same\n"
        "result. Its exit code is 1 if something in the file is not genuine.",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON | SKAD_OPTION_OUTPUT | SKAD_OPTION_VERIFY |
               SKAD_OPTION_PROFILE,
    .argument = true,
    .run = run,
};
