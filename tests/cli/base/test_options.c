/* Options of the command line: what is taken, where it goes, what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/base/option_table.h"
#include "src/cli/commands/commands.h"

#define WORDS_MAX 8

typedef struct refused_case {
    const char *label;
    const skad_command *command;
    const char *words[WORDS_MAX];
    const char *message;
} refused_case;

static const refused_case refused[] = {
    {"an option of another command", &skad_command_get, {"x", "--seq", "1"}, "no option --seq"},
    {"a number that is none",
     &skad_command_publish,
     {"x", "--seq", "1x"},
     "--seq: 1x is not a number"},
    {"a negative number", &skad_command_publish, {"x", "--cas", "-1"}, "--cas: -1 is not a number"},
    {"a number beyond 64 bits",
     &skad_command_publish,
     {"x", "--seq", "18446744073709551616"},
     "is not a number from 0 to 18446744073709551615"},
    {"bytes with a unit", &skad_command_get, {"x", "--max-bytes", "1G"}, "is not a number"},
    {"more bytes than a file has",
     &skad_command_get,
     {"x", "--max-bytes", "21870000000001"},
     "from 0 to 21870000000000"},
    {"too few acks", &skad_command_put, {"x", "--min-acks", "0"}, "from 1 to 255"},
    {"too many acks", &skad_command_put, {"x", "--min-acks", "256"}, "from 1 to 255"},
    {"port 0", &skad_command_announce, {"x", "--port", "0"}, "from 1 to 65535"},
    {"an address without a port",
     &skad_command_announce,
     {"x", "--address", "::1"},
     "--address: ::1"},
    {"an address with port 0",
     &skad_command_announce,
     {"x", "--address", "[::1]:0"},
     "give ADDR:PORT"},
    {"no time to live", &skad_command_publish, {"x", "--life", "0"}, "from 1 to 4294967295"},
    {"a watch that never rests", &skad_command_watch, {"x", "--every", "4"}, "from 5 to"},
    {"a value that is missing", &skad_command_watch, {"x", "--count"}, "--count needs a value"},
    {"a profile that is none",
     &skad_command_run,
     {"--profile", "office"},
     "--profile: there is no profile 'office'"},
    {"a file that is not there",
     &skad_command_keygen,
     {"--profile", "./no/such/file"},
     "--profile: cannot read ./no/such/file: No such file"},
    {"no store", &skad_command_run, {"--store", "0"}, "from 1 to 1048576"},
    {"half a discovery",
     &skad_command_run,
     {"--local-discovery", "maybe"},
     "--local-discovery: maybe is neither yes nor no"},
    {"half a sandbox",
     &skad_command_run,
     {"--sandbox", "partial"},
     "--sandbox: partial is neither on, log nor off"},
    {"an abbreviation",
     &skad_command_run,
     {"--prof", "test"},
     "run: there is no option --prof: did you mean --profile?"},
    {"a slip", &skad_command_get, {"x", "--max-byets=1"}, "--max-byets: did you mean --max-bytes?"},
    {"a value for a flag", &skad_command_put, {"x", "--once=yes"}, "--once takes no value"},
    {"a letter that is none", &skad_command_get, {"x", "-x"}, "there is no option -x"},
    {"a letter without its value", &skad_command_get, {"x", "-o"}, "-o needs a value"},
    {"no level", &skad_command_run, {"--log-level", "loud"}, "--log-level: loud is neither info"},
    {"no argument", &skad_command_resolve, {"--json"}, "an argument is missing"},
    {"an argument too many", &skad_command_withdraw, {"x", "y"}, "'y' is one argument too many"},
    {"an argument where none is due", &skad_command_records, {"x"}, "one argument too many"},
};

static bool read_words(const skad_command *command, const char *const *words, skad_options *out,
                       skad_failure *failure)
{
    char copies[WORDS_MAX][64];
    char *argv[WORDS_MAX + 3] = {copies[0], copies[0]};
    int argc = 2;
    for (size_t i = 0; i < WORDS_MAX && words[i] != NULL; i++) {
        (void)strncpy(copies[i], words[i], sizeof copies[i] - 1);
        copies[i][sizeof copies[i] - 1] = 0;
        argv[argc++] = copies[i];
    }
    return skad_options_read(command, argc, argv, out, failure);
}

static void wrong_options_are_refused_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        skad_options options;
        skad_failure failure = {""};
        bool taken = read_words(refused[i].command, refused[i].words, &options, &failure);
        skad_options_free(&options);
        if (taken || strstr(failure.text, refused[i].message) == NULL) {
            fail_msg("%s: %d '%s'", refused[i].label, taken, failure.text);
        }
    }
}

static void every_option_goes_to_its_place(void **state)
{
    (void)state;
    static char name[] = "skad";
    static char *argv[] = {
        name,     name,        "key",   "--salt",   "s",      "--seq", "18446744073709551615",
        "--cas",  "0",         "--key", "file",     "--life", "7",     "--once",
        "--json", "--timeout", "9",     "--socket", "/tmp/x"};
    skad_options options;
    skad_failure failure = {""};
    assert_true(skad_options_read(&skad_command_publish, sizeof argv / sizeof argv[0], argv,
                                  &options, &failure));
    assert_string_equal(options.argument, "key");
    assert_string_equal(options.salt, "s");
    assert_true(options.sequence == UINT64_MAX);
    assert_int_equal(options.cas, 0);
    assert_string_equal(options.key, "file");
    assert_int_equal(options.life_s, 7);
    assert_true(options.once && options.json);
    assert_int_equal(options.timeout_s, 9);
    assert_string_equal(options.socket, "/tmp/x");
    assert_int_equal(options.given, SKAD_OPTION_SALT | SKAD_OPTION_SEQ | SKAD_OPTION_CAS |
                                        SKAD_OPTION_KEY | SKAD_OPTION_LIFE | SKAD_OPTION_ONCE |
                                        SKAD_OPTION_JSON | SKAD_OPTION_TIMEOUT |
                                        SKAD_OPTION_SOCKET);
}

static void values_may_be_joined_and_options_end_at_two_dashes(void **state)
{
    (void)state;
    static char name[] = "skad";
    static char *argv[] = {name, name, "--max-bytes=5", "-ofile", "--", "--timeout"};
    skad_options options;
    skad_failure failure = {""};
    assert_true(skad_options_read(&skad_command_get, 6, argv, &options, &failure));
    assert_int_equal(options.max_bytes, 5);
    assert_string_equal(options.output, "file");
    assert_string_equal(options.argument, "--timeout");
    assert_int_equal(options.timeout_s, 65);
}

static void what_is_not_given_is_at_its_default(void **state)
{
    (void)state;
    static char name[] = "skad";
    static char *argv[] = {name, name, "key"};
    skad_options options;
    skad_failure failure = {""};
    assert_true(skad_options_read(&skad_command_watch, 3, argv, &options, &failure));
    assert_int_equal(options.given, 0);
    assert_int_equal(options.timeout_s, 65);
    assert_int_equal(options.every_s, 0); /* the daemon's default */
    assert_int_equal(options.count, 0);
    assert_null(options.salt);
    assert_false(options.providers);
    assert_string_equal(options.profile->name, "skad-public-1");
    assert_int_equal(options.sandbox, SKAD_SANDBOX_ON);
}

/* Two branches may have taken the same bit. */
static void each_option_has_a_bit_of_its_own(void **state)
{
    skad_option_set taken = 0;
    (void)state;
    for (size_t i = 0; i < SKAD_OPTION_ROWS_COUNT; i++) {
        const skad_option_set option = SKAD_OPTION_ROWS[i].option;
        assert_int_equal(option & (option - 1), 0);
        if ((taken & option) != 0) {
            fail_msg("--%s has another's bit", SKAD_OPTION_ROWS[i].name);
        }
        taken |= option;
    }
}

int main(void)
{
    (void)setenv("SKAD_CONFIG", "none", 1); /* whatever this machine has */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_option_has_a_bit_of_its_own),
        cmocka_unit_test(wrong_options_are_refused_in_words),
        cmocka_unit_test(every_option_goes_to_its_place),
        cmocka_unit_test(values_may_be_joined_and_options_end_at_two_dashes),
        cmocka_unit_test(what_is_not_given_is_at_its_default),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
