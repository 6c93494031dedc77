/* The sandbox's files: landlock (Linux 5.13), called directly since the C library does not know
 * it. */
#ifndef SKAD_DAEMON_SANDBOX_SANDBOX_FILES_H
#define SKAD_DAEMON_SANDBOX_SANDBOX_FILES_H

#include <stdbool.h>

#include "src/daemon/sandbox/sandbox.h"

/* Closes off all files except those of the configuration: `dir` (NULL: none), where files may be
 * made, changed and removed; the folders of `control_path`, `monitor_path` and `metrics_path`
 * (NULL: none), where files may be removed; and, for reading, the files that looking up names and
 * counting processors need, and the folder of `settings_path` (NULL: none), unless that is the
 * user's home or one that holds everything: then the file as it is now. Open files stay open. The
 * process must have given up new privileges. False with errno set; then nothing is closed off. */
bool skad_sandbox_close_files(const skad_sandbox_config *config);

#endif
