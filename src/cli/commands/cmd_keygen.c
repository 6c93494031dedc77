/* skad keygen: makes an identity and prints its node ID. */
#include <stdio.h>

#include "proto/address.h"
#include "src/cli/base/progress.h"
#include "src/cli/commands/commands.h"
#include "src/host/state/data_directory.h"

static skad_exit run(const skad_options *options)
{
    const skad_solve_options solve = {.progress = skad_progress_puzzle};
    skad_data_directory directory;
    skad_identity identity;
    skad_failure failure;
    char text[SKAD_ID_TEXT_BYTES];

    bool ok = skad_data_directory_init(options->dir, &directory, &failure) &&
              skad_data_directory_make(&directory, &failure) &&
              skad_data_directory_keygen(&directory, options->profile, &solve, &identity, &failure);
    skad_progress_clear();
    if (!ok) {
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    skad_id_format(&identity.id, text);
    skad_identity_wipe(&identity);
    puts(text);
    return skad_printed();
}

const skad_command skad_command_keygen = {
    .name = "keygen",
    .usage = "keygen [--dir DIR] [--profile NAME|FILE]",
    .summary = "Make an identity and print its node ID",
    .details = "The identity costs work, about four core-minutes in the public network. It is\n"
               "kept in DIR/identity; anyone with that file can act as it.",
    .options = SKAD_OPTION_DIR | SKAD_OPTION_PROFILE,
    .run = run,
};
