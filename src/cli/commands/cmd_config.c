/* skad config: checks the files of configuration, and shows what a node would run with. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/assert.h"
#include "proto/writer.h"
#include "src/cli/base/effective.h"
#include "src/cli/commands/commands.h"
#include "src/client/json.h"
#include "src/daemon/control/results.h"

/* Each of 256 settings may be a path; a value of JSON needs as much and its place. */
#define RESULT_BYTES_MAX (4U << 20)
#define RESULT_ITEMS_MAX 2048

/* ---- Checking ---- */

static void on_problem(void *user, const char *sentence)
{
    size_t *problems = user;
    (*problems)++;
    (void)fprintf(stderr, "skad: %s\n", sentence);
}

static skad_exit check(skad_options *options)
{
    skad_failure failure;
    size_t problems = 0;
    const char *given = options->argument2 != NULL ? options->argument2 : options->config;
    if (!skad_options_configure(options, given, on_problem, &problems, &failure)) {
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    if (problems > 0) {
        return SKAD_EXIT_FAILED;
    }
    const skad_settings *settings = options->settings;
    size_t from_files = 0;
    for (size_t i = 0; i < settings->count; i++) {
        from_files += settings->all[i].file != SKAD_CONFIG_FILES_MAX;
    }
    if (settings->files_count == 0) {
        printf("%s: there is no such file: the defaults apply\n", skad_settings_path(given));
    }
    for (unsigned i = 0; i < settings->files_count; i++) {
        printf("%s: fine\n", settings->files[i].path);
    }
    printf("%zu settings in %u files, no problem\n", from_files, settings->files_count);
    return skad_printed();
}

/* ---- Showing ---- */

/* Where a value comes from. */
static const char *place_of(const skad_options *options, const skad_effective *key, size_t i,
                            char out[static PATH_MAX])
{
    if (key->values[i].setting == NULL) {
        return "default";
    }
    skad_settings_place(options->settings, key->values[i].setting, out);
    return out;
}

static void print_text(const skad_options *options, const skad_effective *key)
{
    char place[PATH_MAX];
    if (key->count == 0) {
        printf("# %s is not set\n", key->row->name);
    }
    for (size_t i = 0; i < key->count; i++) {
        printf("%s = %s  # %s\n", key->row->name, key->values[i].value,
               place_of(options, key, i, place));
    }
}

static void write_value(const skad_options *options, const skad_effective *key, size_t i,
                        skad_writer *writer)
{
    char place[PATH_MAX];
    skad_write_map(writer, 2);
    skad_result_str(writer, "value", key->values[i].value);
    skad_result_str(writer, "source", place_of(options, key, i, place));
}

/* A list is an array, also of none and of one; a key that is not set is null. */
static void write_key(const skad_options *options, const skad_effective *key, skad_writer *writer)
{
    skad_result_key(writer, key->row->name);
    if (key->list) {
        skad_write_array(writer, key->count);
        for (size_t i = 0; i < key->count; i++) {
            write_value(options, key, i, writer);
        }
    } else if (key->count == 0) {
        skad_write_nil(writer);
    } else {
        write_value(options, key, 0, writer);
    }
}

static size_t count_keys(void)
{
    size_t count = 0;
    for (size_t i = 0; i < SKAD_OPTION_ROWS_COUNT; i++) {
        count += (SKAD_OPTION_ROWS[i].option & SKAD_OPTIONS_KEYS) != 0;
    }
    return count;
}

static void show_all(const skad_options *options, skad_writer *writer)
{
    static skad_effective key;
    for (size_t i = 0; i < SKAD_OPTION_ROWS_COUNT; i++) {
        if ((SKAD_OPTION_ROWS[i].option & SKAD_OPTIONS_KEYS) == 0) {
            continue;
        }
        skad_effective_look(options, &SKAD_OPTION_ROWS[i], &key);
        if (writer == NULL) {
            print_text(options, &key);
        } else {
            write_key(options, &key, writer);
        }
    }
}

static void show_json(const skad_options *options)
{
    static uint8_t bytes[RESULT_BYTES_MAX];
    static skad_item items[RESULT_ITEMS_MAX];
    skad_writer writer;
    size_t count = 0;
    size_t consumed = 0;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_write_map(&writer, count_keys());
    show_all(options, &writer);
    const skad_cut_result cut =
        skad_cut(bytes, writer.len, SKAD_CUT_LENIENT, items, RESULT_ITEMS_MAX, &count, &consumed);
    SKAD_ASSERT(!writer.overflow && cut == SKAD_CUT_OK);
    skad_json_write(stdout, (skad_answer){items, items + count});
    puts("");
}

static skad_exit show(skad_options *options)
{
    skad_failure failure;
    if (options->argument2 != NULL) {
        (void)skad_fail(&failure,
                        "config show: '%s' is one argument too many: name a file with "
                        "--config",
                        options->argument2);
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    if (!skad_options_configure(options, options->config, NULL, NULL, &failure)) {
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    if (options->json) {
        show_json(options);
    } else {
        show_all(options, NULL);
    }
    return skad_printed();
}

static skad_exit run(const skad_options *given)
{
    skad_failure failure;
    skad_options options = *given; /* what it points to stays the caller's */
    if (strcmp(options.argument, "check") == 0) {
        return check(&options);
    }
    if (strcmp(options.argument, "show") == 0) {
        return show(&options);
    }
    (void)skad_fail(&failure, "config: '%s' is neither check nor show", options.argument);
    return skad_complain(SKAD_EXIT_USAGE, &failure);
}

const skad_command skad_command_config = {
    .name = "config",
    .usage = "config check [FILE]\n"
             "       skad config show [--config FILE] [--json] [OPTION OF RUN]...",
    .summary = "Check the files of configuration, or show what a node would run with",
    .details = "'check' tells each problem of FILE and of the files in conf.d beside it, by line.\n"
               "'show' prints each key as a node would run with it, and where it comes from: the\n"
               "default, a line of a file, or the command line.",
    .options = SKAD_OPTIONS_KEYS | SKAD_OPTION_CONFIG | SKAD_OPTION_JSON,
    .words = "check show",
    .argument = true,
    .argument_needed = true,
    .argument2 = true,
    .run = run,
};
