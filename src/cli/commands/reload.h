/* Taking over a new configuration while a node runs: all of it or nothing. What may change does; of
 * the other keys that differ from what the node was started with, the log names each. */
#ifndef SKAD_CLI_COMMANDS_RELOAD_H
#define SKAD_CLI_COMMANDS_RELOAD_H

#include "src/cli/base/options.h"
#include "src/daemon/app/foreground.h"

typedef struct skad_reloader {
    const skad_options *started; /* borrowed: what the node was started with */
    skad_options current;        /* what was taken over last; without settings: `started` */
} skad_reloader;

/* The hooks for skad_run_foreground. */
void skad_reloader_init(skad_reloader *self, const skad_options *started, skad_reload *out);
void skad_reloader_free(skad_reloader *self);

/* The caps of the store that options ask for. */
skad_store_caps skad_reload_caps(const skad_options *options);

#endif
