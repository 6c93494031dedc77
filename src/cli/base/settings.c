/* Reading files, and deciding which of several settings counts. */
#include "src/cli/base/settings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cli/base/config_text.h"

/* What reading passes along. */
typedef struct reading {
    skad_settings *self;
    skad_option_set keys;
    skad_settings_problem *problem;
    void *user;
    skad_failure *failure;
} reading;

/* ---- Which one counts ---- */

static void drop_all_of(skad_settings *self, const skad_option_row *row)
{
    for (size_t i = 0; i < self->count; i++) {
        self->all[i].dropped = self->all[i].dropped || self->all[i].row == row;
    }
}

static bool is_commanded(const skad_settings *self, const skad_option_row *row)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->all[i].row == row && self->all[i].file == SKAD_CONFIG_FILES_MAX) {
            return true;
        }
    }
    return false;
}

bool skad_settings_command(skad_settings *self, const skad_option_row *row, const char *value)
{
    if (self->count == SKAD_SETTINGS_MAX) {
        return false;
    }
    if ((row->option & SKAD_OPTIONS_LISTS) == 0) {
        drop_all_of(self, row);
    }
    self->all[self->count++] =
        (skad_setting){.row = row, .value = value, .file = SKAD_CONFIG_FILES_MAX};
    return true;
}

/* ---- A problem ---- */

/* True if reading goes on. */
static bool tell(const reading *how, const char *path, unsigned line, const char *what)
{
    skad_failure sentence;
    (void)skad_fail(&sentence, "%s:%u: %s", path, line, what);
    if (how->problem == NULL) {
        *how->failure = sentence;
        return false;
    }
    how->problem(how->user, sentence.text);
    return true;
}

static void say_unknown(skad_option_set keys, const char *key, skad_failure *out)
{
    const char *nearest = skad_option_nearest(keys, key, strlen(key));
    if (nearest == NULL) {
        (void)skad_fail(out, "there is no key '%s': see skad.conf(5)", key);
    } else {
        (void)skad_fail(out, "there is no key '%s': did you mean '%s'?", key, nearest);
    }
}

/* ---- A file ---- */

static const skad_setting *same_in_file(const skad_settings *self, const skad_option_row *row,
                                        unsigned file)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->all[i].row == row && self->all[i].file == file) {
            return &self->all[i];
        }
    }
    return NULL;
}

static bool note(const reading *how, unsigned file, unsigned line, const char *key,
                 const char *value, skad_failure *flaw)
{
    skad_settings *self = how->self;
    const skad_option_row *row = skad_option_row_find(how->keys, key, strlen(key));
    if (row == NULL) {
        say_unknown(how->keys, key, flaw);
        return false;
    }
    const bool list = (row->option & SKAD_OPTIONS_LISTS) != 0;
    const skad_setting *before = list ? NULL : same_in_file(self, row, file);
    if (before != NULL) {
        return skad_fail(flaw, "%s is set in line %u already", key, before->line);
    }
    if (value[0] == 0 && !list) {
        return skad_fail(flaw, "%s has no value: leave the line out for the default", key);
    }
    if (self->count == SKAD_SETTINGS_MAX) {
        return skad_fail(flaw, "there are more than %d settings", SKAD_SETTINGS_MAX);
    }
    const bool commanded = is_commanded(self, row);
    if (!commanded && (!list || value[0] == 0)) {
        drop_all_of(self, row);
    }
    self->all[self->count++] = (skad_setting){.row = row,
                                              .value = value,
                                              .file = file,
                                              .line = line,
                                              .dropped = commanded || value[0] == 0};
    return true;
}

static bool read_text(const reading *how, unsigned file)
{
    skad_config_text text;
    const char *key = NULL;
    const char *value = NULL;
    skad_failure flaw;
    skad_config_text_begin(&text, how->self->files[file].text);
    for (;;) {
        const skad_config_step step = skad_config_text_next(&text, &key, &value, &flaw);
        if (step == SKAD_CONFIG_END) {
            return true;
        }
        const bool noted =
            step == SKAD_CONFIG_ENTRY && note(how, file, text.line, key, value, &flaw);
        if (!noted && !tell(how, how->self->files[file].path, text.line, flaw.text)) {
            return false;
        }
    }
}

static bool fail_read(const char *path, skad_failure *failure)
{
    return skad_fail(failure, "cannot read %s: %s", path, strerror(errno));
}

static bool load(int fd, const char *path, char *out, skad_failure *failure)
{
    struct stat about;
    size_t len = 0;
    if (fstat(fd, &about) != 0) {
        return fail_read(path, failure);
    }
    if (!S_ISREG(about.st_mode)) {
        return skad_fail(failure, "%s is not a file", path);
    }
    while (len <= SKAD_CONFIG_BYTES_MAX) {
        const ssize_t got = read(fd, out + len, SKAD_CONFIG_BYTES_MAX + 1 - len);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return fail_read(path, failure);
        }
        len += got > 0 ? (size_t)got : 0;
    }
    if (len > SKAD_CONFIG_BYTES_MAX) {
        return skad_fail(failure, "%s is larger than %d bytes", path, SKAD_CONFIG_BYTES_MAX);
    }
    out[len] = 0;
    return strlen(out) == len || skad_fail(failure, "%s is not text", path);
}

/* Takes a file in. `optional`: it may be missing. */
static bool read_file(const reading *how, const char *path, bool optional)
{
    skad_settings *self = how->self;
    /* O_NONBLOCK: a pipe that lies there must not make us wait. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return (optional && (errno == ENOENT || errno == ENOTDIR)) || fail_read(path, how->failure);
    }
    char *name = strdup(path);
    char *text = malloc(SKAD_CONFIG_BYTES_MAX + 2);
    const bool room = name != NULL && text != NULL;
    const bool ok =
        room ? load(fd, path, text, how->failure) : skad_fail(how->failure, "out of memory");
    (void)close(fd);
    if (!room || !ok) {
        free(name);
        free(text);
        return false;
    }
    char *fitting = realloc(text, strlen(text) + 1);
    if (fitting != NULL) {
        text = fitting;
    }
    const unsigned file = self->files_count++;
    self->files[file].path = name;
    self->files[file].text = text;
    return read_text(how, file);
}

/* ---- conf.d ---- */

static bool is_part(const char *name)
{
    const size_t len = strlen(name);
    return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".conf") == 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool list_parts(DIR *folder, const char *path, char **names, size_t *count,
                       skad_failure *failure)
{
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (!is_part(entry->d_name)) {
            continue;
        }
        if (*count == SKAD_CONFIG_FILES_MAX - 1) {
            return skad_fail(failure, "%s has more than %d files", path, SKAD_CONFIG_FILES_MAX - 1);
        }
        names[*count] = strdup(entry->d_name);
        if (names[*count] == NULL) {
            return skad_fail(failure, "out of memory");
        }
        (*count)++;
    }
    return true;
}

static bool read_parts(const reading *how, const char *path)
{
    char *names[SKAD_CONFIG_FILES_MAX];
    size_t count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return errno == ENOENT || errno == ENOTDIR || fail_read(path, how->failure);
    }
    bool ok = list_parts(folder, path, names, &count, how->failure);
    (void)closedir(folder);
    qsort(names, count, sizeof names[0], compare_names);
    for (size_t i = 0; i < count; i++) {
        char part[PATH_MAX];
        const int len = snprintf(part, sizeof part, "%s/%s", path, names[i]);
        ok = ok && (len < PATH_MAX || skad_fail(how->failure, "the path %s is too long", path)) &&
             read_file(how, part, false);
        free(names[i]);
    }
    return ok;
}

/* ---- All files ---- */

/* The folder conf.d beside a file. */
static bool place_parts(const char *path, char out[static PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    const size_t folder_len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    const int len = snprintf(out, PATH_MAX, "%.*s" SKAD_CONFIG_FOLDER, (int)folder_len, path);
    return len > 0 && len < PATH_MAX;
}

const char *skad_settings_path(const char *given)
{
    const char *set = getenv("SKAD_CONFIG");
    return given != NULL ? given : set != NULL && set[0] != 0 ? set : SKAD_CONFIG_DEFAULT;
}

bool skad_settings_read(skad_settings *self, const char *path, skad_option_set keys,
                        skad_settings_problem *problem, void *user, skad_failure *failure)
{
    const reading how = {
        .self = self, .keys = keys, .problem = problem, .user = user, .failure = failure};
    char parts[PATH_MAX];
    const char *main_file = skad_settings_path(path);
    if (strcmp(main_file, SKAD_CONFIG_NONE) == 0) {
        return true;
    }
    const bool is_default = strcmp(main_file, SKAD_CONFIG_DEFAULT) == 0;
    if (!place_parts(main_file, parts)) {
        return skad_fail(failure, "the path of the configuration is too long");
    }
    return read_file(&how, main_file, is_default) && read_parts(&how, parts);
}

void skad_settings_place(const skad_settings *self, const skad_setting *setting,
                         char out[static PATH_MAX])
{
    if (setting->file == SKAD_CONFIG_FILES_MAX) {
        (void)snprintf(out, PATH_MAX, "command line");
        return;
    }
    (void)snprintf(out, PATH_MAX, "%.*s:%u", PATH_MAX - 16, self->files[setting->file].path,
                   setting->line);
}

void skad_settings_free(skad_settings *self)
{
    for (unsigned i = 0; self != NULL && i < self->files_count; i++) {
        free(self->files[i].path);
        free(self->files[i].text);
    }
    free(self);
}
