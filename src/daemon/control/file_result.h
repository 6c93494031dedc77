/* What clients are told of files: how far they are, and their results. */
#ifndef SKAD_DAEMON_CONTROL_FILE_RESULT_H
#define SKAD_DAEMON_CONTROL_FILE_RESULT_H

#include "src/daemon/control/control_files.h"

/* Send a notification `progress`, and remember what was told. */
void skad_control_put_progress(skad_control_file *file);
void skad_control_get_progress(skad_control_file *file);

/* Write the response. */
void skad_put_file_result(const skad_control_file *file, skad_writer *writer);
void skad_get_file_result(const skad_control_file *file, skad_writer *writer);

#endif
