/* skad restore: puts a backup into the folder of a node. */
#include <inttypes.h>
#include <stdio.h>

#include "proto/address.h"
#include "src/cli/commands/commands.h"
#include "src/daemon/state/backup.h"

static skad_exit run(const skad_options *options)
{
    static skad_data_directory directory;
    skad_backup_report report;
    skad_failure failure;
    char id[SKAD_ID_TEXT_BYTES];

    if (!skad_data_directory_init(options->dir, &directory, &failure) ||
        !skad_backup_restore(options->argument, &directory, options->profile, &report, &failure)) {
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    skad_id_format(&report.id, id);
    printf("%s: node %s, %" PRIu64 " publications%s\n", directory.dir, id, report.published,
           report.peers ? ", peers" : ", no peers");
    return skad_printed();
}

const skad_command skad_command_restore = {
    .name = "restore",
    .usage = "restore FOLDER [--dir DIR] [--profile NAME|FILE] [--config FILE]",
    .summary = "Put a backup into the folder of a node",
    .details =
        "FOLDER is what 'skad backup' made. DIR must have no node yet; an identity is never\n"
        "overwritten. Before you start the node here, stop the one that the backup is of:\n"
        "two nodes must not share an identity. If this command is interrupted, run it again.",
    .options = SKAD_OPTION_DIR | SKAD_OPTION_PROFILE | SKAD_OPTION_CONFIG,
    .words = "FILE",
    .argument = true,
    .argument_needed = true,
    .configured = true,
    .run = run,
};
