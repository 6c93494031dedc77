/* Reading in a thread, comparing and changing on the loop. */
#include "src/cli/commands/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/base/effective.h"
#include "src/host/state/record_store.h"

/* What one reading takes and gives. The command line belongs to the process. */
typedef struct reading {
    const skad_command *command;
    int argc;
    char **argv;
    bool ok;
    skad_options options;
    skad_failure failure;
} reading;

skad_store_caps skad_reload_caps(const skad_options *options)
{
    skad_store_caps caps;
    skad_record_store_default_caps(&caps);
    if ((options->given & SKAD_OPTION_STORE) != 0) {
        caps.records_max = options->store_mib << 10;
        caps.bytes_max = options->store_mib << 20;
    }
    return caps;
}

/* ---- Comparing ---- */

static bool differs(const skad_options *a, const skad_options *b, const skad_option_row *row)
{
    static skad_effective left; /* large; used on the loop only */
    static skad_effective right;
    skad_effective_look(a, row, &left);
    skad_effective_look(b, row, &right);
    return !skad_effective_same(&left, &right);
}

/* Those of a set of keys that differ. */
static skad_option_set differing(const skad_options *a, const skad_options *b, skad_option_set keys)
{
    skad_option_set found = 0;
    for (size_t i = 0; i < SKAD_OPTION_ROWS_COUNT; i++) {
        const skad_option_row *row = &SKAD_OPTION_ROWS[i];
        found |= (keys & row->option) != 0 && differs(a, b, row) ? row->option : 0;
    }
    return found;
}

/* "join, log-level". */
static void list_names(skad_option_set keys, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = 0;
    for (size_t i = 0; i < SKAD_OPTION_ROWS_COUNT; i++) {
        if ((keys & SKAD_OPTION_ROWS[i].option) != 0 && len < cap) {
            len += (size_t)snprintf(out + len, cap - len, "%s%s", len > 0 ? ", " : "",
                                    SKAD_OPTION_ROWS[i].name);
        }
    }
}

/* ---- Taking over ---- */

static void tell(skad_option_set changed, skad_option_set waiting, skad_daemon *daemon)
{
    char names[256];
    list_names(changed, names, sizeof names);
    skad_daemon_notice_reload(daemon, names, NULL);
    if (changed == 0) {
        skad_log(skad_log_stderr(SKAD_LOG_INFO), SKAD_LOG_INFO,
                 "configuration read: nothing changed");
    } else {
        skad_log(skad_log_stderr(SKAD_LOG_INFO), SKAD_LOG_INFO, "configuration read: changed %s",
                 names);
    }
    if (waiting != 0) {
        list_names(waiting, names, sizeof names);
        skad_log(skad_log_stderr(SKAD_LOG_INFO), SKAD_LOG_WARNING,
                 "configuration read: %s will change at the next start only", names);
    }
}

static const skad_options *current_of(const skad_reloader *self)
{
    return self->current.settings != NULL ? &self->current : self->started;
}

static void refuse(const char *why, skad_daemon *daemon)
{
    skad_daemon_notice_reload(daemon, NULL, why);
    skad_log(skad_log_stderr(SKAD_LOG_INFO), SKAD_LOG_ERROR, "the old configuration stays: %s",
             why);
}

static void take_over(skad_reloader *self, reading *read, skad_daemon *daemon)
{
    const skad_options *fresh = &read->options;
    const skad_store_caps caps = skad_reload_caps(fresh);
    skad_option_set changed = differing(current_of(self), fresh, SKAD_OPTIONS_LIVE);
    skad_option_set waiting =
        differing(self->started, fresh, SKAD_OPTIONS_KEYS & ~SKAD_OPTIONS_LIVE);
    bool caps_refused = false;
    const skad_daemon_change change = {
        .join = (changed & SKAD_OPTION_JOIN) != 0 ? fresh->join : NULL,
        .join_count = fresh->join_count,
        .caps = (changed & SKAD_OPTION_STORE) != 0 ? &caps : NULL,
        .caps_refused = &caps_refused,
    };
    if (!skad_daemon_change_to(daemon, &change, &read->failure)) {
        refuse(read->failure.text, daemon);
        return;
    }
    if (caps_refused) {
        changed &= ~SKAD_OPTION_STORE;
        waiting |= SKAD_OPTION_STORE;
    }
    /* The lines below pass at the less strict of both levels, so that a change is always told. */
    if (fresh->log_level < skad_log_get_level()) {
        skad_log_set_level(fresh->log_level);
    }
    skad_log_set_format(fresh->log_format);
    tell(changed, waiting, daemon);
    skad_log_set_level(fresh->log_level);
    skad_options_free(&self->current);
    self->current = *fresh;
    memset(&read->options, 0, sizeof read->options); /* moved */
}

/* ---- The hooks ---- */

static void *begin(void *user)
{
    const skad_reloader *self = user;
    reading *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->command = self->started->command;
        made->argc = self->started->argc;
        made->argv = self->started->argv;
    }
    return made;
}

static void read_files(void *data, const atomic_bool *stop)
{
    reading *self = data;
    (void)stop;
    self->ok = skad_options_read_again(self->command, self->argc, self->argv, &self->options,
                                       &self->failure);
}

static void apply(void *user, void *data, skad_daemon *daemon)
{
    reading *read = data;
    if (read->ok) {
        take_over(user, read, daemon);
    } else {
        refuse(read->failure.text, daemon);
    }
}

static void drop(void *data)
{
    reading *self = data;
    skad_options_free(&self->options);
}

void skad_reloader_init(skad_reloader *self, const skad_options *started, skad_reload *out)
{
    memset(self, 0, sizeof *self);
    self->started = started;
    *out = (skad_reload){
        .begin = begin, .read = read_files, .apply = apply, .drop = drop, .user = self};
}

void skad_reloader_free(skad_reloader *self)
{
    skad_options_free(&self->current);
}
