/* What a daemon gives up once everything is open, so that an attacker that takes it over can do
 * little: new privileges, other files than those of its folder, nearly all system calls, most
 * descriptors. docs/sandbox.md tells operators what is left. */
#ifndef SKAD_DAEMON_SANDBOX_SANDBOX_H
#define SKAD_DAEMON_SANDBOX_SANDBOX_H

#include <stdbool.h>

#include "src/daemon/system/log.h"

typedef enum skad_sandbox {
    SKAD_SANDBOX_OFF,
    SKAD_SANDBOX_LOG,     /* calls that would be refused go to the kernel's log; no more */
    SKAD_SANDBOX_ON,      /* files and calls are closed off */
    SKAD_SANDBOX_PARTIAL, /* one of the two: the kernel lacks the other; a result, not a choice */
} skad_sandbox;

/* "off", "log", "on" or "partial"; stable. */
const char *skad_sandbox_name(skad_sandbox sandbox);

/* OFF, LOG or ON by name. */
bool skad_sandbox_parse(const char *name, skad_sandbox *out);

/* Whether this build has a sandbox. Builds with sanitizers or coverage have none, because these
 * need more than it leaves. */
bool skad_sandbox_built(void);

/* Call before any secret is read: from now on this process leaves no core dump, and others of the
 * same user can neither trace it nor read its memory. Does nothing in a build without sandbox. */
void skad_sandbox_guard_secrets(void);

typedef struct skad_sandbox_config {
    skad_sandbox wanted;       /* OFF, LOG or ON */
    const char *dir;           /* the node's folder: read and written; NULL: none */
    const char *control_path;  /* removed at the end, wherever it is; NULL: none */
    const char *monitor_path;  /* removed at the end, too; NULL: none */
    const char *metrics_path;  /* the same */
    const char *settings_path; /* the file of configuration, read at a reload; NULL: none */
    unsigned descriptors;      /* that may be open; 0: 256 */
    skad_log_to log;
} skad_sandbox_config;

/* Enters the sandbox for good, with all threads that are started afterwards: call it while there is
 * only one thread. Parts that the kernel lacks are left out with a warning. Returns the outcome. */
skad_sandbox skad_sandbox_enter(const skad_sandbox_config *config);

#endif
