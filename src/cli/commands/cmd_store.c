/* skad store: checks and repairs the database of a node that does not run. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "src/cli/commands/commands.h"
#include "src/cli/commands/reload.h"
#include "src/daemon/state/tending.h"

static skad_data_directory directory;

static bool check(const skad_options *options, skad_failure *failure)
{
    skad_db_examined examined;
    const char *path = options->argument2 != NULL ? options->argument2 : directory.records;
    if (!skad_tending_examine(path, options->profile, &examined, failure)) {
        return false;
    }
    printf("%s: intact: %" PRIu64 " records held, %" PRIu64 " published, %" PRIu64 " bytes\n", path,
           examined.held, examined.published, examined.bytes);
    return true;
}

static bool salvage(const skad_options *options, skad_failure *failure)
{
    skad_db_taken taken;
    const char *from = options->argument2;
    const skad_store_caps caps = skad_reload_caps(options);
    if (!skad_data_directory_check_owner(&directory, failure) ||
        !skad_tending_salvage(&directory, from, options->profile, &caps, &taken, failure)) {
        return false;
    }
    if (taken.report.text[0] != '\0') {
        printf("%s\n", taken.report.text);
    } else if (from == NULL) {
        printf("%s: intact, nothing to salvage\n", directory.records);
    }
    if (from != NULL) {
        printf("%s: %" PRIu64 " records taken over into %s\n", from, taken.kept, directory.records);
    }
    return taken.error == 0 ||
           skad_fail(failure, "not all records could be taken over: %s%s", strerror(taken.error),
                     "; free some room or memory, and salvage once more");
}

static bool restore(const skad_options *options, skad_failure *failure)
{
    static char aside[PATH_MAX];
    if (!skad_data_directory_check_owner(&directory, failure) ||
        !skad_tending_replace(&directory, options->argument2, options->profile, aside, failure)) {
        return false;
    }
    printf("%s: now a copy of %s\n", directory.records, options->argument2);
    if (aside[0] != '\0') {
        printf("%s: what was there before\n", aside);
    }
    return true;
}

static skad_exit run(const skad_options *options)
{
    skad_failure failure;
    bool (*act)(const skad_options *options, skad_failure *failure) = NULL;
    if (strcmp(options->argument, "check") == 0) {
        act = check;
    } else if (strcmp(options->argument, "salvage") == 0) {
        act = salvage;
    } else if (strcmp(options->argument, "restore") == 0) {
        act = restore;
    } else {
        (void)skad_fail(&failure, "store: '%s' is neither check, salvage nor restore",
                        options->argument);
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    if (act == restore && options->argument2 == NULL) {
        (void)skad_fail(&failure, "store restore: which FILE is to be put there?");
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    if (!skad_data_directory_init(options->dir, &directory, &failure) || !act(options, &failure)) {
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    return skad_printed();
}

const skad_command skad_command_store = {
    .name = "store",
    .usage = "store check [FILE]\n"
             "       skad store salvage [FILE]\n"
             "       skad store restore FILE\n"
             "       each with [--dir DIR] [--profile NAME|FILE] [--store MIB] [--config FILE]",
    .summary = "Check and repair the database of a node that does not run",
    .details =
        "'check' reads all of DIR/records.db, or of FILE, and changes nothing. 'salvage' takes\n"
        "over what can be read of FILE, damaged or not, for instance one that was set aside;\n"
        "without FILE it sets DIR/records.db aside if that is damaged, and takes over the rest.\n"
        "'restore' puts a copy of FILE, which must be intact, in the place of DIR/records.db, and\n"
        "keeps what was there under another name.",
    .options = SKAD_OPTION_DIR | SKAD_OPTION_PROFILE | SKAD_OPTION_STORE | SKAD_OPTION_CONFIG,
    .words = "check salvage restore",
    .argument = true,
    .argument_needed = true,
    .argument2 = true,
    .configured = true,
    .run = run,
};
