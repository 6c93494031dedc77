/* The sandbox's files: landlock (Linux 5.13), called directly since the C library does not know
 * it. */
#ifndef SKAD_DAEMON_SANDBOX_SANDBOX_FILES_H
#define SKAD_DAEMON_SANDBOX_SANDBOX_FILES_H

#include <stdbool.h>

/* Closes off all files except: `dir`, where files may be made, changed and removed; the folder of
 * `control_path`, where files may be removed; and, for reading, the files that looking up names and
 * counting processors need, and the folder of the file `settings` (NULL: none), unless that is the
 * user's home or one that holds everything: then the file as it is now. Open files stay open. The
 * process must have given up new privileges. False with errno set; then nothing is closed off. */
bool skad_sandbox_close_files(const char *dir, const char *control_path, const char *settings);

#endif
