/* Which of several settings counts, and where it comes from. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cli/base/config_text.h"
#include "src/cli/base/settings.h"
#include "src/cli/commands/commands.h"
#include "tests/support/folder.h"

#define WORDS_MAX 12

typedef struct desk {
    char dir[64];
    char path[100];  /* of skad.conf */
    char parts[100]; /* of conf.d */
    char words[WORDS_MAX][160];
    char *argv[WORDS_MAX + 3];
    skad_options options;
    skad_failure failure;
} desk;

static int begin(void **state)
{
    static desk made;
    memset(&made, 0, sizeof made);
    test_folder_make(made.dir, sizeof made.dir);
    (void)snprintf(made.path, sizeof made.path, "%s/skad.conf", made.dir);
    (void)snprintf(made.parts, sizeof made.parts, "%s/conf.d", made.dir);
    *state = &made;
    return mkdir(made.parts, 0700);
}

static void empty(const char *dir)
{
    DIR *folder = opendir(dir);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] != '.' || entry->d_name[1] != '.') {
            char path[512];
            (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
            (void)unlink(path);
        }
    }
    (void)closedir(folder);
}

static int end(void **state)
{
    desk *self = *state;
    skad_options_free(&self->options);
    empty(self->parts);
    (void)rmdir(self->parts);
    empty(self->dir);
    return rmdir(self->dir);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Reads the command line of `run` and the files. */
static bool read_with(desk *self, const char *const *words)
{
    int argc = 2;
    skad_options_free(&self->options);
    self->argv[0] = self->argv[1] = self->words[0];
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        (void)snprintf(self->words[i], sizeof self->words[i], "%s", words[i]);
        self->argv[argc++] = self->words[i];
    }
    (void)snprintf(self->words[WORDS_MAX - 1], sizeof self->words[0], "--config=%s", self->path);
    self->argv[argc++] = self->words[WORDS_MAX - 1];
    return skad_options_read(&skad_command_run, argc, self->argv, &self->options, &self->failure);
}

static void read_well(desk *self, const char *const *words)
{
    if (!read_with(self, words)) {
        fail_msg("%s", self->failure.text);
    }
}

/* The values of a key that count, with their places from the folder on: "a@skad.conf:1 b@...". */
static const char *values_of(const desk *self, skad_option_set option)
{
    static char out[1024];
    size_t len = 0;
    out[0] = 0;
    for (size_t i = 0; i < self->options.settings->count; i++) {
        const skad_setting *setting = &self->options.settings->all[i];
        char place[PATH_MAX];
        if (setting->row->option != option || setting->dropped) {
            continue;
        }
        skad_settings_place(self->options.settings, setting, place);
        const char *from = strncmp(place, self->dir, strlen(self->dir)) == 0
                               ? place + strlen(self->dir) + 1
                               : place;
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%.60s@%.60s", len > 0 ? " " : "",
                                setting->value, from);
    }
    return out;
}

static void later_files_and_the_command_line_go_first(void **state)
{
    desk *self = *state;
    static const char *const line[] = {"--store", "9", NULL};
    write_file(self->dir, "skad.conf", "store = 5\nworkers = 1\n");
    read_well(self, NULL);
    assert_int_equal(self->options.store_mib, 5);
    assert_string_equal(values_of(self, SKAD_OPTION_STORE), "5@skad.conf:1");
    write_file(self->parts, "20.conf", "\nstore = 7\n");
    write_file(self->parts, "10.conf", "store = 6\n");
    read_well(self, NULL);
    assert_int_equal(self->options.store_mib, 7);
    assert_string_equal(values_of(self, SKAD_OPTION_STORE), "7@conf.d/20.conf:2");
    assert_int_equal(self->options.workers, 1);
    read_well(self, line);
    assert_int_equal(self->options.store_mib, 9);
    assert_string_equal(values_of(self, SKAD_OPTION_STORE), "9@command line");
    assert_true((self->options.given & SKAD_OPTION_WORKERS) != 0);
    assert_true((self->options.given & SKAD_OPTION_SANDBOX) == 0);
}

static void lists_add_up_until_an_empty_one_or_the_command_line(void **state)
{
    desk *self = *state;
    static const char *const line[] = {"--join", "x:1", "--join", "y:2", NULL};
    write_file(self->dir, "skad.conf", "join = a:1\njoin = b:2\n");
    write_file(self->parts, "1.conf", "join = c:3\n");
    read_well(self, NULL);
    assert_string_equal(values_of(self, SKAD_OPTION_JOIN),
                        "a:1@skad.conf:1 b:2@skad.conf:2 c:3@conf.d/1.conf:1");
    assert_int_equal(self->options.join_count, 3);
    write_file(self->parts, "2.conf", "join =\njoin = d:4\n");
    read_well(self, NULL);
    assert_string_equal(values_of(self, SKAD_OPTION_JOIN), "d:4@conf.d/2.conf:2");
    assert_int_equal(self->options.join_count, 1);
    read_well(self, line);
    assert_string_equal(values_of(self, SKAD_OPTION_JOIN), "x:1@command line y:2@command line");
    assert_int_equal(self->options.join_count, 2);
}

static void only_names_that_end_in_conf_are_read(void **state)
{
    desk *self = *state;
    write_file(self->dir, "skad.conf", "store = 5\n");
    write_file(self->parts, "10.conf~", "store = x\n");
    write_file(self->parts, ".10.conf", "store = x\n");
    write_file(self->parts, "10.conf.dpkg-old", "store = x\n");
    write_file(self->parts, ".conf", "store = x\n");
    read_well(self, NULL);
    assert_int_equal(self->options.store_mib, 5);
}

static void what_is_wrong_is_told_with_file_and_line(void **state)
{
    desk *self = *state;
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        {"\nstroe = 5\n", "skad.conf:2: there is no key 'stroe': did you mean 'store'?"},
        {"banana = 5\n", "skad.conf:1: there is no key 'banana': see skad.conf(5)"},
        {"prof = test\n", "skad.conf:1: there is no key 'prof': did you mean 'profile'?"},
        {"config = x\n", "skad.conf:1: there is no key 'config'"},
        {"timeout = 5\n", "skad.conf:1: there is no key 'timeout'"},
        {"store = 5\nstore = 6\n", "skad.conf:2: store is set in line 1 already"},
        {"store =\n", "skad.conf:1: store has no value: leave the line out"},
        {"store = many\n", "skad.conf:1: store: many is not a number from 1 to"},
        {"\n\nlisten = x\n", "skad.conf:3: listen: x: give ADDR:PORT"},
        {"listen = 127.0.0.1:1\nlisten = 127.0.0.2:1\n",
         "skad.conf:2: listen: give one IPv4 and one IPv6 address at most"},
        {"join = x\n", "skad.conf:1: join: x: give ADDR:PORT, [ADDR]:PORT or NAME:PORT"},
        {"sandbox = yes\n", "skad.conf:1: sandbox: yes is neither on, log nor off"},
        {"log-level = loud\n", "skad.conf:1: log-level: loud is neither info, warning nor error"},
        {"profile = none\n", "skad.conf:1: profile: there is no profile 'none'"},
        {"store 5\n", "skad.conf:1: write KEY = VALUE"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file(self->dir, "skad.conf", cases[i].text);
        if (read_with(self, NULL) || strstr(self->failure.text, cases[i].words) == NULL) {
            fail_msg("%s%s", cases[i].text, self->failure.text);
        }
    }
}

static void files_and_folders_that_cannot_be_read_are_told(void **state)
{
    desk *self = *state;
    static char large[SKAD_CONFIG_BYTES_MAX + 2];
    char name[32];
    assert_false(read_with(self, NULL));
    assert_non_null(strstr(self->failure.text, "cannot read"));
    memset(large, '\n', sizeof large - 1);
    write_file(self->dir, "skad.conf", large);
    assert_false(read_with(self, NULL));
    assert_non_null(strstr(self->failure.text, "is larger than 65536 bytes"));
    large[SKAD_CONFIG_BYTES_MAX] = 0;
    write_file(self->dir, "skad.conf", large);
    read_well(self, NULL);
    assert_int_equal(unlink(self->path), 0);
    assert_int_equal(mkfifo(self->path, 0600), 0);
    assert_false(read_with(self, NULL));
    assert_non_null(strstr(self->failure.text, "is not a file"));
    assert_int_equal(unlink(self->path), 0);
    FILE *file = fopen(self->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite("a = b\n\0c", 1, 8, file), 8);
    assert_int_equal(fclose(file), 0);
    assert_false(read_with(self, NULL));
    assert_non_null(strstr(self->failure.text, "is not text"));
    write_file(self->dir, "skad.conf", "");
    for (unsigned i = 0; i < SKAD_CONFIG_FILES_MAX; i++) {
        (void)snprintf(name, sizeof name, "%u.conf", i);
        write_file(self->parts, name, "");
        assert_int_equal(read_with(self, NULL), i < SKAD_CONFIG_FILES_MAX - 1);
    }
    assert_non_null(strstr(self->failure.text, "has more than 64 files"));
}

static void settings_have_their_bound(void **state)
{
    desk *self = *state;
    static char text[16 * SKAD_SETTINGS_MAX];
    for (unsigned i = 0; i < SKAD_SETTINGS_MAX; i++) {
        memcpy(text + 7 * i, "join =\n", 7);
    }
    text[7 * (SKAD_SETTINGS_MAX - 1)] = 0; /* --config is one, too */
    write_file(self->dir, "skad.conf", text);
    read_well(self, NULL);
    text[7 * (SKAD_SETTINGS_MAX - 1)] = 'j';
    write_file(self->dir, "skad.conf", text);
    assert_false(read_with(self, NULL));
    assert_non_null(strstr(self->failure.text, "there are more than 256 settings"));
}

static void the_environment_names_the_file_and_none_is_none(void **state)
{
    desk *self = *state;
    static char name[] = "skad";
    char *argv[] = {name, name};
    write_file(self->dir, "skad.conf", "store = 5\n");
    assert_int_equal(setenv("SKAD_CONFIG", self->path, 1), 0);
    assert_true(skad_options_read(&skad_command_run, 2, argv, &self->options, &self->failure));
    assert_int_equal(self->options.store_mib, 5);
    skad_options_free(&self->options);
    assert_int_equal(setenv("SKAD_CONFIG", "none", 1), 0);
    assert_true(skad_options_read(&skad_command_run, 2, argv, &self->options, &self->failure));
    assert_int_equal(self->options.given, 0);
    skad_options_free(&self->options);
    assert_int_equal(unsetenv("SKAD_CONFIG"), 0);
    assert_string_equal(skad_settings_path(NULL), "/etc/skad/skad.conf");
    assert_string_equal(skad_settings_path("x"), "x");
}

static bool read_again(desk *self, skad_options *out)
{
    return skad_options_read_again(self->options.command, self->options.argc, self->options.argv,
                                   out, &self->failure);
}

static void reading_again_leaves_the_profile_alone(void **state)
{
    desk *self = *state;
    skad_options again;
    write_file(self->dir, "skad.conf", "profile = test\nlog-level = info\n");
    read_well(self, NULL);
    write_file(self->dir, "skad.conf", "profile = ./gone.profile\nlog-level = error\n");
    assert_true(read_again(self, &again));
    assert_int_equal(again.log_level, SKAD_LOG_ERROR);
    assert_string_equal(again.profile_name, "./gone.profile");
    assert_null(again.profile_read);
    skad_options_free(&again);
    write_file(self->dir, "skad.conf", "log-level = x\n");
    assert_false(read_again(self, &again));
    skad_options_free(&again);
    assert_int_equal(self->options.log_level, SKAD_LOG_INFO);
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DESK(later_files_and_the_command_line_go_first),
        AT_DESK(lists_add_up_until_an_empty_one_or_the_command_line),
        AT_DESK(only_names_that_end_in_conf_are_read),
        AT_DESK(what_is_wrong_is_told_with_file_and_line),
        AT_DESK(files_and_folders_that_cannot_be_read_are_told),
        AT_DESK(settings_have_their_bound),
        AT_DESK(the_environment_names_the_file_and_none_is_none),
        AT_DESK(reading_again_leaves_the_profile_alone),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
