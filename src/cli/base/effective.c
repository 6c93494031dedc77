/* Settings, and the defaults of what is not set. */
#include "src/cli/base/effective.h"

#include <stdio.h>
#include <string.h>

#include "src/host/net/workers.h"

static const char *default_of(const skad_option_row *row, const skad_options *options,
                              skad_effective *out)
{
    switch (row->option) {
    case SKAD_OPTION_DIR:
        return options->dir;
    case SKAD_OPTION_PROFILE:
        return "public";
    case SKAD_OPTION_SANDBOX:
        return "on";
    case SKAD_OPTION_ROLE:
        return "auto";
    case SKAD_OPTION_PORT_MAPPING:
    case SKAD_OPTION_LOCAL_DISCOVERY:
        return "no";
    case SKAD_OPTION_AUDITS:
        return "0";
    case SKAD_OPTION_WORKERS:
        (void)snprintf(out->text, sizeof out->text, "%zu", skad_workers_default());
        return out->text;
    case SKAD_OPTION_STORE:
        return "1024";
    case SKAD_OPTION_SOCKET:
        (void)snprintf(out->text, sizeof out->text, "%s/control.sock", options->dir);
        return out->text;
    case SKAD_OPTION_LOG_LEVEL:
        return "info";
    case SKAD_OPTION_LOG_FORMAT:
        return "auto";
    case SKAD_OPTION_SOCKET_MODE:
    case SKAD_OPTION_MONITOR_MODE:
        return "0600";
    case SKAD_OPTION_MONITOR_SOCKET:
    case SKAD_OPTION_METRICS:
        return "off";
    case SKAD_OPTION_DESCRIPTORS:
        return "256";
    case SKAD_OPTION_PUZZLE_SHARE:
        return "100";
    default:
        return (row->option & SKAD_OPTIONS_LIMITS) != 0 ? "0" : NULL;
    }
}

static void look_defaults(const skad_options *options, const skad_option_row *row,
                          skad_effective *out)
{
    if (row->option == SKAD_OPTION_LISTEN) {
        out->count = 2;
        out->values[0].value = "0.0.0.0:4700";
        out->values[1].value = "[::]:4700";
    } else {
        out->values[0].value = default_of(row, options, out);
        out->count = out->values[0].value != NULL;
    }
}

void skad_effective_look(const skad_options *options, const skad_option_row *row,
                         skad_effective *out)
{
    const skad_settings *settings = options->settings;
    memset(out, 0, sizeof *out);
    out->row = row;
    out->list = (row->option & SKAD_OPTIONS_LISTS) != 0;
    for (size_t i = 0; i < settings->count && out->count < SKAD_EFFECTIVE_MAX; i++) {
        const skad_setting *setting = &settings->all[i];
        if (setting->row == row && !setting->dropped) {
            out->values[out->count].value = setting->value;
            out->values[out->count++].setting = setting;
        }
    }
    if (out->count == 0) {
        look_defaults(options, row, out);
    }
}

bool skad_effective_same(const skad_effective *a, const skad_effective *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        same = strcmp(a->values[i].value, b->values[i].value) == 0;
    }
    return same;
}
