/* skad publish: signs a value that may change, and stores it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/address.h"
#include "skad/record.h"
#include "src/cli/client/client.h"
#include "src/cli/client/text.h"
#include "src/cli/commands/commands.h"
#include "src/cli/commands/stored.h"
#include "src/client/json.h"
#include "src/daemon/control/methods.h"
#include "src/host/system/clock.h"

typedef struct publication {
    const skad_options *options;
    skad_failure *failure;
    skad_client client;
    skad_identity identity; /* --key; else unused */
    skad_id publisher;      /* public key */
    skad_network_id network;
    uint64_t record_life_s; /* of the network */
    uint64_t sequence;
    bool next; /* the sequence is to be the next one */
    uint8_t value[SKAD_MUTABLE_VALUE_BYTES_MAX + 1];
    size_t len;
} publication;

/* ---- What is published ---- */

static skad_exit read_value(publication *self)
{
    const char *path = self->options->argument;
    bool from_stdin = strcmp(path, "-") == 0;
    int fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : 1;

    while (got > 0 && self->len < sizeof self->value) {
        got = read(fd, self->value + self->len, sizeof self->value - self->len);
        self->len += got > 0 ? (size_t)got : 0;
    }
    int error = errno;
    if (fd >= 0 && !from_stdin) {
        close(fd);
    }
    if (got < 0) {
        (void)skad_fail(self->failure, "cannot read %s: %s", path, strerror(error));
        return SKAD_EXIT_FAILED;
    }
    if (self->len > SKAD_MUTABLE_VALUE_BYTES_MAX) {
        (void)skad_fail(self->failure,
                        "a published value has at most %d bytes: put the file and publish its key",
                        SKAD_MUTABLE_VALUE_BYTES_MAX);
        return SKAD_EXIT_FAILED;
    }
    return SKAD_EXIT_DONE;
}

/* ---- Who publishes ---- */

static skad_exit load_identity(publication *self)
{
    if (self->options->key == NULL) {
        return SKAD_EXIT_DONE;
    }
    skad_status status = skad_identity_load(self->options->key, &self->identity);
    if (status != SKAD_OK) {
        (void)skad_fail(self->failure, "cannot use the identity %s: %s", self->options->key,
                        skad_status_text(status));
        return SKAD_EXIT_FAILED;
    }
    return SKAD_EXIT_DONE;
}

/* Network IDs are written like node IDs. */
static bool parse_network(const char *text, skad_network_id *out)
{
    skad_id id;
    if (!skad_id_parse(text, &id)) {
        return false;
    }
    memcpy(out->bytes, id.bytes, sizeof out->bytes);
    return true;
}

static skad_exit ask_node(publication *self)
{
    skad_control_request request = {.method = SKAD_CONTROL_STATUS};
    skad_answer status;
    char text[SKAD_ANSWER_TEXT_BYTES];

    skad_exit exit = skad_client_call(&self->client, &request, &status, self->failure);
    if (exit != SKAD_EXIT_DONE) {
        return exit;
    }
    self->record_life_s = skad_answer_uint(status, "record_life_s");
    skad_text_of(status, "network_id", text);
    if (!parse_network(text, &self->network)) {
        (void)skad_fail(self->failure,
                        "the daemon does not tell its network: is it older than this program?");
        return SKAD_EXIT_FAILED;
    }
    skad_text_of(status, "public_key", text);
    if (self->options->key != NULL) {
        memcpy(self->publisher.bytes, self->identity.public_key, SKAD_PUBLIC_KEY_BYTES);
    } else if (!skad_id_parse(text, &self->publisher)) {
        (void)skad_fail(self->failure, "the daemon does not tell its public key");
        return SKAD_EXIT_FAILED;
    }
    return SKAD_EXIT_DONE;
}

/* ---- Under which sequence ---- */

/* While a node that may have the record does not answer, it is not known whether there is one. A
 * dead one is left out once it has not answered for three seconds (src/core/routing/departed.h). */
#define RESOLVES_MAX 6
static const struct timespec PAUSE = {.tv_sec = 1};

static skad_exit choose_sequence(publication *self)
{
    skad_control_request request = {.method = SKAD_CONTROL_RESOLVE,
                                    .id = self->publisher,
                                    .salt = skad_text_span(self->options->salt)};
    skad_answer current;

    if ((self->options->given & SKAD_OPTION_SEQ) != 0) {
        self->sequence = self->options->sequence;
        return SKAD_EXIT_DONE;
    }
    self->next = true;
    if (self->options->key == NULL) {
        return SKAD_EXIT_DONE; /* the node itself takes it, and its clients never the same */
    }
    skad_exit exit = SKAD_EXIT_TIMED_OUT;
    for (unsigned i = 0; i < RESOLVES_MAX && exit == SKAD_EXIT_TIMED_OUT; i++) {
        if (i > 0) {
            (void)nanosleep(&PAUSE, NULL);
        }
        exit = skad_client_call(&self->client, &request, &current, self->failure);
    }
    if (exit == SKAD_EXIT_NOT_FOUND) {
        self->sequence = 1;
        return SKAD_EXIT_DONE;
    }
    if (exit != SKAD_EXIT_DONE) {
        return exit;
    }
    self->sequence = skad_answer_uint(current, "sequence") + 1;
    if (self->sequence == 0) {
        (void)skad_fail(self->failure, "the record that is there has the last of all sequences: "
                                       "choose another --salt");
        return SKAD_EXIT_FAILED;
    }
    return SKAD_EXIT_DONE;
}

/* ---- Storing ---- */

/* Has the node sign the value, or signs it here. `record` has room for one record. */
static skad_exit make_request(publication *self, uint8_t *record, skad_control_request *out)
{
    const skad_options *options = self->options;
    const skad_span salt = skad_text_span(options->salt);

    *out = (skad_control_request){
        .method = SKAD_CONTROL_PUBLISH,
        .value = {self->value, self->len},
        .salt = salt,
        .sequence = self->sequence,
        .auto_sequence = self->next,
        .has_cas = (options->given & SKAD_OPTION_CAS) != 0,
        .cas = options->cas,
        .life_s = (uint32_t)options->life_s,
        .keep = !options->once,
    };
    if (options->key == NULL) {
        return SKAD_EXIT_DONE;
    }
    uint64_t life_s =
        options->life_s != 0 ? options->life_s : skad_method_life_s(self->record_life_s);
    size_t len = skad_record_encode_mutable((skad_publisher){&self->identity, self->network}, salt,
                                            self->sequence, skad_clock_now().unix_s + life_s,
                                            out->value, record, SKAD_RECORD_BYTES_MAX);
    if (len == 0) {
        (void)skad_fail(self->failure, "--salt: at most %d bytes", SKAD_SALT_BYTES_MAX);
        return SKAD_EXIT_USAGE;
    }
    out->method = SKAD_CONTROL_STORE;
    out->value = (skad_span){record, len};
    return SKAD_EXIT_DONE;
}

static void print(publication *self, skad_answer result)
{
    char publisher[SKAD_ID_TEXT_BYTES];
    char salt[4 * SKAD_SALT_BYTES_MAX + 8];

    skad_id_format(&self->publisher, publisher);
    if (self->options->key == NULL) {
        self->sequence = skad_answer_uint(result, "sequence");
    }
    if (self->options->json) {
        printf("{\"publisher\":\"%s\"", publisher);
        if (self->options->key != NULL) {
            printf(",\"sequence\":%" PRIu64, self->sequence); /* else the node's answer has it */
        }
        skad_json_write_more(stdout, result);
        puts("}");
        return;
    }
    printf("publisher  %s\n", publisher);
    if (self->options->salt != NULL) {
        skad_text_escape(skad_text_span(self->options->salt), salt, sizeof salt);
        printf("salt       %s\n", salt);
    }
    printf("sequence   %" PRIu64 "\n", self->sequence);
    skad_stored_print(result);
}

static skad_exit store(publication *self)
{
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    skad_control_request request;
    skad_answer result;

    skad_exit exit = make_request(self, record, &request);
    if (exit == SKAD_EXIT_DONE) {
        exit = skad_client_call(&self->client, &request, &result, self->failure);
    }
    if (exit != SKAD_EXIT_DONE) {
        return skad_complain(exit, self->failure);
    }
    print(self, result);
    exit = skad_stored_exit(result, !self->options->once);
    return exit == SKAD_EXIT_DONE ? skad_printed() : exit;
}

static skad_exit publish(publication *self)
{
    skad_exit exit = ask_node(self);
    if (exit == SKAD_EXIT_DONE) {
        exit = choose_sequence(self);
    }
    return exit == SKAD_EXIT_DONE ? store(self) : skad_complain(exit, self->failure);
}

static skad_exit run(const skad_options *options)
{
    skad_failure failure;
    publication self = {.options = options, .failure = &failure};

    skad_exit exit = read_value(&self);
    if (exit == SKAD_EXIT_DONE) {
        exit = load_identity(&self);
    }
    if (exit == SKAD_EXIT_DONE) {
        exit = skad_client_open(options, &self.client, &failure);
    }
    if (exit != SKAD_EXIT_DONE) {
        exit = skad_complain(exit, &failure);
    } else {
        exit = publish(&self);
        skad_client_close(&self.client);
    }
    skad_identity_wipe(&self.identity);
    return exit;
}

const skad_command skad_command_publish = {
    .name = "publish",
    .usage = "publish FILE|- [--salt TEXT] [--seq N] [--cas N] [--key FILE] [--life SECONDS]\n"
             "                    [--once] [--json] [--socket PATH] [--timeout SECONDS]",
    .summary = "Publish a value of up to 800 bytes that can be replaced later",
    .details = "It is found by the publisher's public key and the salt ('skad resolve'). A higher\n"
               "sequence replaces a lower one. The node signs it, re-announces it each hour and\n"
               "signs it anew in time; what was signed with --key ends with its life.",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON | SKAD_OPTION_SALT | SKAD_OPTION_SEQ |
               SKAD_OPTION_CAS | SKAD_OPTION_KEY | SKAD_OPTION_LIFE | SKAD_OPTION_ONCE,
    .words = "FILE",
    .argument = true,
    .argument_needed = true,
    .run = run,
};
