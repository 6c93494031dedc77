/* What a daemon gives up once everything is open, so that whoever takes it over has little in his
 * hands: new privileges, other files than those of its folder, nearly all system calls, most
 * descriptors. docs/sandbox.md tells operators what is left. */
#ifndef SKAD_DAEMON_SANDBOX_SANDBOX_H
#define SKAD_DAEMON_SANDBOX_SANDBOX_H

#include <stdbool.h>

#include "src/daemon/system/log.h"

typedef enum skad_sandbox {
    SKAD_SANDBOX_OFF,
    SKAD_SANDBOX_LOG,     /* calls that would be refused are told to the kernel's log; no more */
    SKAD_SANDBOX_ON,      /* files and calls are closed off */
    SKAD_SANDBOX_PARTIAL, /* one of the two: the kernel lacks the other; nobody can ask for this */
} skad_sandbox;

/* "off", "log", "on" or "partial"; stable. */
const char *skad_sandbox_name(skad_sandbox sandbox);

/* OFF, LOG or ON by name. */
bool skad_sandbox_parse(const char *name, skad_sandbox *out);

/* Whether this build has a sandbox. Sanitizers and coverage need more than it leaves: builds with
 * them have none. */
bool skad_sandbox_built(void);

/* Call before any secret is read: from now on this process leaves no core dump, and others of the
 * same user can neither trace it nor read its memory. Does nothing in a build without sandbox. */
void skad_sandbox_guard_secrets(void);

typedef struct skad_sandbox_config {
    skad_sandbox wanted;      /* OFF, LOG or ON */
    const char *dir;          /* the node's folder: read and written */
    const char *control_path; /* removed at the end, wherever it is */
    skad_log_level log;
} skad_sandbox_config;

/* For good, and for all threads that are started afterwards: call while there is only one. What the
 * kernel lacks is told by a warning, and left out. Returns what came of it. */
skad_sandbox skad_sandbox_enter(const skad_sandbox_config *config);

#endif
