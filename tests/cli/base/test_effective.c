/* What a key amounts to, set or not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/base/effective.h"
#include "src/cli/commands/commands.h"

static void read_line(char **words, int count, skad_options *out)
{
    static char name[] = "skad";
    char *argv[12] = {name, name};
    skad_failure failure;
    memcpy(argv + 2, words, (size_t)count * sizeof *words);
    assert_true(skad_options_read(&skad_command_run, count + 2, argv, out, &failure));
}

static void look(const skad_options *options, skad_option_set option, skad_effective *out)
{
    skad_effective_look(options, skad_option_row_of(option), out);
}

static void what_is_not_set_has_its_default(void **state)
{
    (void)state;
    static skad_effective key;
    static char dir[] = "--dir=/x";
    char *words[] = {dir};
    static const struct {
        skad_option_set option;
        size_t count;
        const char *value;
    } cases[] = {
        {SKAD_OPTION_PROFILE, 1, "public"}, {SKAD_OPTION_SANDBOX, 1, "on"},
        {SKAD_OPTION_ROLE, 1, "auto"},      {SKAD_OPTION_PORT_MAPPING, 1, "no"},
        {SKAD_OPTION_STORE, 1, "1024"},     {SKAD_OPTION_SOCKET, 1, "/x/control.sock"},
        {SKAD_OPTION_LOG_LEVEL, 1, "info"}, {SKAD_OPTION_LISTEN, 2, "0.0.0.0:4700"},
        {SKAD_OPTION_JOIN, 0, NULL},
    };
    skad_options options;
    read_line(words, 1, &options);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        look(&options, cases[i].option, &key);
        assert_int_equal(key.count, cases[i].count);
        if (key.count > 0) {
            assert_string_equal(key.values[0].value, cases[i].value);
            assert_null(key.values[0].setting);
        }
    }
    look(&options, SKAD_OPTION_WORKERS, &key);
    assert_int_equal(strtoul(key.values[0].value, NULL, 10), skad_workers_default());
    look(&options, SKAD_OPTION_DIR, &key);
    assert_string_equal(key.values[0].value, "/x");
    assert_non_null(key.values[0].setting);
    skad_options_free(&options);
}

static void the_default_in_words_is_no_difference(void **state)
{
    (void)state;
    static skad_effective left;
    static skad_effective right;
    static char words_of[][24] = {"--store=1024", "--join=a:1", "--join=b:2", "--join=b:2",
                                  "--join=a:1"};
    char *store[] = {words_of[0]};
    char *two[] = {words_of[1], words_of[2]};
    char *turned[] = {words_of[3], words_of[4]};
    skad_options a;
    skad_options b;
    read_line(store, 0, &a);
    read_line(store, 1, &b);
    look(&a, SKAD_OPTION_STORE, &left);
    look(&b, SKAD_OPTION_STORE, &right);
    assert_true(skad_effective_same(&left, &right));
    skad_options_free(&a);
    skad_options_free(&b);
    read_line(two, 2, &a);
    read_line(turned, 2, &b);
    look(&a, SKAD_OPTION_JOIN, &left);
    look(&b, SKAD_OPTION_JOIN, &right);
    assert_int_equal(left.count, 2);
    assert_true(skad_effective_same(&left, &left));
    assert_false(skad_effective_same(&left, &right));
    skad_options_free(&b);
    read_line(two, 1, &b);
    look(&b, SKAD_OPTION_JOIN, &right);
    assert_false(skad_effective_same(&left, &right));
    skad_options_free(&a);
    skad_options_free(&b);
}

int main(void)
{
    (void)setenv("SKAD_CONFIG", "none", 1); /* whatever this machine has */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_set_has_its_default),
        cmocka_unit_test(the_default_in_words_is_no_difference),
    };
    return cmocka_run_group_tests_name("effective", tests, NULL, NULL);
}
