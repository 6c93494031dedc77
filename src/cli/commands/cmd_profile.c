/* skad profile: shows the values of a profile, and draws pre-shared keys. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/assert.h"
#include "crypto/keys.h"
#include "crypto/random.h"
#include "proto/profile.h"
#include "proto/writer.h"
#include "src/cli/commands/commands.h"
#include "src/client/json.h"
#include "src/daemon/control/results.h"
#include "src/host/state/profile_text.h"

#define RESULT_BYTES_MAX 1024
#define RESULT_KEYS      (SKAD_PROFILE_FIGURES_COUNT + SKAD_PROFILE_FLAGS_COUNT + 3)
#define RESULT_ITEMS     (1 + 2 * RESULT_KEYS)

static const char *yes_or_no(bool answer)
{
    return answer ? "yes" : "no";
}

static void print_hex(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        printf("%02x", bytes[i]);
    }
    puts("");
}

/* Prints it as a profile file; values that do not belong in such a file are comments. */
static void print_text(const skad_profile *profile, const uint8_t hash[static SKAD_HASH_BYTES])
{
    printf("name = %s\n", profile->name);
    for (size_t i = 0; i < SKAD_PROFILE_FIGURES_COUNT; i++) {
        const skad_profile_figure *figure = &SKAD_PROFILE_FIGURES[i];
        printf("%s = %" PRIu32 "\n", figure->key, skad_profile_figure_get(figure, profile));
    }
    for (size_t i = 0; i < SKAD_PROFILE_FLAGS_COUNT; i++) {
        const skad_profile_flag *flag = &SKAD_PROFILE_FLAGS[i];
        printf("%s = %s\n", flag->key, yes_or_no(skad_profile_flag_get(flag, profile)));
    }
    printf("# pre-shared key: %s\n# hash: ", yes_or_no(profile->has_psk));
    print_hex(hash, SKAD_HASH_BYTES);
}

static void print_json(const skad_profile *profile, const uint8_t hash[static SKAD_HASH_BYTES])
{
    uint8_t bytes[RESULT_BYTES_MAX];
    skad_item items[RESULT_ITEMS];
    skad_writer writer;
    size_t count = 0;
    size_t consumed = 0;

    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_write_map(&writer, RESULT_KEYS);
    skad_result_str(&writer, "name", profile->name);
    for (size_t i = 0; i < SKAD_PROFILE_FIGURES_COUNT; i++) {
        const skad_profile_figure *figure = &SKAD_PROFILE_FIGURES[i];
        skad_result_uint(&writer, figure->key, skad_profile_figure_get(figure, profile));
    }
    for (size_t i = 0; i < SKAD_PROFILE_FLAGS_COUNT; i++) {
        const skad_profile_flag *flag = &SKAD_PROFILE_FLAGS[i];
        skad_result_bool(&writer, flag->key, skad_profile_flag_get(flag, profile));
    }
    skad_result_bool(&writer, "psk", profile->has_psk);
    skad_result_bytes(&writer, "hash", (skad_span){hash, SKAD_HASH_BYTES});
    skad_cut_result cut =
        skad_cut(bytes, writer.len, SKAD_CUT_LENIENT, items, RESULT_ITEMS, &count, &consumed);
    SKAD_ASSERT(!writer.overflow && cut == SKAD_CUT_OK);
    skad_json_write(stdout, (skad_answer){items, items + count});
    puts("");
}

static skad_exit show(const skad_options *options)
{
    uint8_t hash[SKAD_HASH_BYTES];
    skad_profile_hash(options->profile, hash);
    if (options->json) {
        print_json(options->profile, hash);
    } else {
        print_text(options->profile, hash);
    }
    return skad_printed();
}

static skad_exit draw_key(void)
{
    uint8_t key[SKAD_PSK_BYTES];
    skad_random_system(key, sizeof key);
    print_hex(key, sizeof key);
    skad_wipe(key, sizeof key);
    return skad_printed();
}

static skad_exit run(const skad_options *options)
{
    skad_failure failure;
    if (strcmp(options->argument, "show") == 0) {
        return show(options);
    }
    if (strcmp(options->argument, "psk") != 0) {
        (void)skad_fail(&failure, "profile: '%s' is neither show nor psk", options->argument);
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    if (options->given != 0) {
        (void)skad_fail(&failure, "profile psk: takes no options");
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    return draw_key();
}

const skad_command skad_command_profile = {
    .name = "profile",
    .usage = "profile show [--profile NAME|FILE] [--json]\n       skad profile psk",
    .summary = "Show a network's profile, or draw a pre-shared key",
    .details = "'show' prints the profile as a file has it, without its key, and the hash that\n"
               "all nodes of the network share. 'psk' prints a new key: 64 hex digits.",
    .options = SKAD_OPTION_PROFILE | SKAD_OPTION_JSON,
    .words = "show psk",
    .argument = true,
    .argument_needed = true,
    .run = run,
};
