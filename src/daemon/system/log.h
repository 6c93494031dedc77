/* What a daemon reports to its operator (src/host/system/report.h): one line each on stderr, with
 * the time (UTC) and a level. */
#ifndef SKAD_DAEMON_SYSTEM_LOG_H
#define SKAD_DAEMON_SYSTEM_LOG_H

#include <stdbool.h>

#include "src/host/system/report.h"

/* "info", "warning" or "error"; stable. */
const char *skad_log_level_name(skad_log_level level);
/* INFO, WARNING or ERROR by name. */
bool skad_log_level_parse(const char *name, skad_log_level *out);

/* The least level of the whole process, which may change at any time; INFO at first. A line needs
 * this one and that of its writer. */
void skad_log_set_level(skad_log_level least);
skad_log_level skad_log_get_level(void);

/* Lines of this level and above go to stderr. Control characters become '?', so that a name from
 * outside cannot forge a line. */
skad_log_to skad_log_stderr(skad_log_level least);

#endif
