/* skad backup: copies what a node cannot do without, also while it runs. */
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
        !skad_backup_make(&directory, options->profile, options->argument, &report, &failure)) {
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    skad_id_format(&report.id, id);
    printf("%s: node %s, %" PRIu64 " publications%s\n", options->argument, id, report.published,
           report.peers ? ", peers" : ", no peers");
    if (report.damaged > 0) {
        (void)skad_fail(&failure,
                        "%" PRIu64 " publications are damaged and are missing in it: stop the "
                        "node, and see 'skad store check'",
                        report.damaged);
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    return skad_printed();
}

const skad_command skad_command_backup = {
    .name = "backup",
    .usage = "backup FOLDER [--dir DIR] [--profile NAME|FILE] [--config FILE]",
    .summary = "Copy identity, publications and peers of a node",
    .details = "FOLDER must not be there; it appears when it is complete. The node may go on\n"
               "running. Records that it holds for others are not copied. The backup holds the\n"
               "private key: keep it as you keep one.",
    .options = SKAD_OPTION_DIR | SKAD_OPTION_PROFILE | SKAD_OPTION_CONFIG,
    .words = "FILE",
    .argument = true,
    .argument_needed = true,
    .configured = true,
    .run = run,
};
