/* A profile as text: what is taken, what is refused in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "crypto/keys.h"
#include "proto/profile.h"
#include "src/host/state/profile_text.h"

#define TEXT_BYTES 1024
#define PSK        "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static bool read_text(const char *text, skad_profile_text *out, skad_failure *failure)
{
    char copy[TEXT_BYTES];
    size_t len = strlen(text);
    assert_true(len < sizeof copy);
    memcpy(copy, text, len + 1);
    failure->text[0] = 0;
    return skad_profile_text_read(copy, len, out, failure);
}

static void read_well(const char *text, skad_profile_text *out)
{
    skad_failure failure;
    if (!read_text(text, out, &failure)) {
        fail_msg("refused '%s': %s", text, failure.text);
    }
}

static void every_key_goes_to_its_place(void **state)
{
    (void)state;
    skad_profile_text text;
    read_well("name = office\nstatic_bits = 1\ndynamic_bits = 2\nepoch_s = 3600\nk = 8\n"
              "siblings = 7\npaths = 6\nalpha = 3\nrecord_life_s = 4294967295\n"
              "group_bucket_max = 9\ngroup_table_max = 255\ngroup_path_max = 5\n"
              "allow_private = yes\nlimit_rates = no\npsk = " PSK "\n",
              &text);
    const skad_profile *profile = &text.profile;
    assert_string_equal(profile->name, "office");
    assert_int_equal(profile->static_bits, 1);
    assert_int_equal(profile->dynamic_bits, 2);
    assert_int_equal(profile->epoch_s, 3600);
    assert_int_equal(profile->k, 8);
    assert_int_equal(profile->siblings, 7);
    assert_int_equal(profile->paths, 6);
    assert_int_equal(profile->alpha, 3);
    assert_true(profile->record_life_s == UINT32_MAX);
    assert_int_equal(profile->group_bucket_max, 9);
    assert_int_equal(profile->group_table_max, 255);
    assert_int_equal(profile->group_path_max, 5);
    assert_true(profile->allow_private);
    assert_false(profile->limit_rates);
    assert_true(profile->has_psk);
    for (size_t i = 0; i < SKAD_PSK_BYTES; i++) {
        assert_int_equal(profile->psk[i], 0x11 * (i % 16));
    }
}

static void what_is_not_there_is_as_in_the_public_network(void **state)
{
    (void)state;
    skad_profile_text text;
    skad_profile expected = *skad_profile_builtin("public");
    memset(expected.name, 0, sizeof expected.name);
    memcpy(expected.name, "office", 6);
    read_well("name = office\n", &text);
    assert_memory_equal(&text.profile, &expected, sizeof expected);
    assert_string_equal(text.psk_file, "");
}

static void a_base_gives_all_figures_and_the_name(void **state)
{
    (void)state;
    skad_profile_text text;
    read_well("base = test\n", &text);
    assert_memory_equal(&text.profile, skad_profile_builtin("test"), sizeof text.profile);
    read_well("base = test\nname = mine\nk = 3\nsiblings = 3\n", &text);
    assert_int_equal(text.profile.dynamic_bits, 6);
    assert_int_equal(text.profile.k, 3);
    assert_true(text.profile.allow_private);
    assert_string_equal(text.profile.name, "mine");
}

static void a_built_in_network_may_get_a_key_and_local_policies(void **state)
{
    (void)state;
    skad_profile_text text;
    read_well("base = public\nallow_private = yes\ngroup_table_max = 3\npsk = " PSK "\n", &text);
    assert_string_equal(text.profile.name, "skad-public-1");
    read_well("name = skad-public-1\nallow_private = yes\n", &text);
    assert_string_equal(text.profile.name, "skad-public-1");
}

static void blanks_comments_and_line_ends_do_not_matter(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "name=n#1\nk=4\nsiblings=2",
        "\n  # a comment, k = 9\n\tname\t=  n#1  # of ours\r\nk = 4\r\n\r\nsiblings = 2 #\n",
        "siblings = 2\nk = 4\nname = n#1",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        skad_profile_text text;
        read_well(texts[i], &text);
        assert_string_equal(text.profile.name, "n#1");
        assert_int_equal(text.profile.k, 4);
        assert_int_equal(text.profile.siblings, 2);
    }
}

static void the_path_of_a_key_is_kept_as_it_is(void **state)
{
    (void)state;
    skad_profile_text text;
    read_well("name = n\npsk_file = ../my keys/a#b  \n", &text);
    assert_string_equal(text.psk_file, "../my keys/a#b");
    assert_false(text.profile.has_psk);
}

typedef struct refused_case {
    const char *label;
    const char *text;
    const char *message; /* how it begins */
} refused_case;

static const refused_case refused[] = {
    {"nothing", "", "the network's name is missing"},
    {"comments only", "# nothing\n", "the network's name is missing"},
    {"no equals sign", "name = n\nk 3\n", "line 2: write KEY = VALUE"},
    {"no key", "= 3\n", "line 1: write KEY = VALUE"},
    {"a key that is none", "name = n\n\n\nK = 3\n", "line 4: write KEY = VALUE"},
    {"an unknown key", "name = n\nsize = 3\n", "line 2: there is no key 'size'"},
    {"a word twice", "name = n\nname = n\n", "line 2: name is there twice"},
    {"a number twice", "name = n\nk = 16\nk = 16\n", "line 3: k is there twice"},
    {"no name", "name =\n", "line 1: name has 1 to 32"},
    {"a name of 33 bytes", "name = 123456789012345678901234567890123\n", "line 1: name has 1 to"},
    {"a name with a blank", "name = my net\n", "line 1: name has 1 to 32"},
    {"a name that is no ASCII", "name = n\xc3\xa4he\n", "line 1: name has 1 to 32"},
    {"an unknown base", "base = skad-public-1\n", "line 1: base is public or test"},
    {"a base too late", "name = n\nbase = test\n", "line 2: base comes before everything"},
    {"two bases", "base = test\nbase = test\n", "line 2: base is there twice"},
    {"neither yes nor no", "name = n\nallow_private = true\n", "line 2: allow_private is yes or"},
    {"a flag twice", "limit_rates = no\nlimit_rates = no\n", "line 2: limit_rates is there tw"},
    {"an empty number", "k =\n", "line 1: k is a number from 1 to 20"},
    {"a negative number", "k = -1\n", "line 1: k is a number from 1 to 20"},
    {"a signed number", "k = +1\n", "line 1: k is a number from 1 to 20"},
    {"a number and more", "k = 1x\n", "line 1: k is a number from 1 to 20"},
    {"a hexadecimal number", "k = 0x1\n", "line 1: k is a number from 1 to 20"},
    {"no bucket", "k = 0\n", "line 1: k is a number from 1 to 20"},
    {"a bucket too large", "k = 21\n", "line 1: k is a number from 1 to 20"},
    {"256 as a byte", "group_path_max = 256\n", "line 1: group_path_max is a number from 0 to 255"},
    {"2^32", "record_life_s = 4294967296\n", "line 1: record_life_s is a number from 1 to 42949"},
    {"2^64 + 1", "record_life_s = 18446744073709551617\n", "line 1: record_life_s is a number"},
    {"no life", "record_life_s = 0\n", "line 1: record_life_s is a number from 1"},
    {"an epoch too short", "epoch_s = 3599\n", "line 1: epoch_s is a number from 3600"},
    {"a puzzle too hard", "static_bits = 49\n", "line 1: static_bits is a number from 0 to 48"},
    {"a puzzle too hard", "dynamic_bits = 49\n", "line 1: dynamic_bits is a number from 0 to 48"},
    {"no path", "paths = 0\n", "line 1: paths is a number from 1 to 8"},
    {"too many at once", "alpha = 5\n", "line 1: alpha is a number from 1 to 4"},
    {"more siblings than k", "name = n\nk = 15\n", "siblings is 16 and k is 15"},
    {"a key too short", "psk = 0011\n", "line 1: psk has 64 hex digits"},
    {"a key too long", "psk = " PSK "0\n", "line 1: psk has 64 hex digits"},
    {"a key with a g", "psk = 0g112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
     "line 1: psk has 64 hex digits"},
    {"two keys", "name = n\npsk = " PSK "\npsk_file = x\n", "line 3: there is a pre-shared key al"},
    {"two keys", "name = n\npsk_file = x\npsk = " PSK "\n", "line 3: there is a pre-shared key al"},
    {"no key file", "psk_file = # none\n", "line 1: the path is empty"},
    {"another network's name", "base = public\nk = 8\nsiblings = 8\n",
     "skad-public-1 is the name of the built-in profile 'public'"},
    {"the test network's name", "name = skad-test-1\n",
     "skad-test-1 is the name of the built-in profile 'test'"},
};

static void what_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        skad_profile_text text;
        skad_failure failure;
        bool taken = read_text(refused[i].text, &text, &failure);
        if (taken || strncmp(failure.text, refused[i].message, strlen(refused[i].message)) != 0) {
            fail_msg("%s: %d '%s'", refused[i].label, taken, failure.text);
        }
    }
}

static void no_sentence_repeats_a_key(void **state)
{
    (void)state;
    static const char *const texts[] = {PSK "\n",       "psk = " PSK "0\n", "psk " PSK "\n",
                                        PSK " = psk\n", "name = " PSK "\n", "k = " PSK "\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        skad_profile_text text;
        skad_failure failure;
        assert_false(read_text(texts[i], &text, &failure));
        assert_null(strstr(failure.text, "0011"));
    }
}

static void a_zero_byte_is_no_text(void **state)
{
    (void)state;
    char bytes[] = "name = n\n\0k = 3\n";
    skad_profile_text text;
    skad_failure failure;
    assert_false(skad_profile_text_read(bytes, sizeof bytes - 1, &text, &failure));
    assert_string_equal(failure.text, "this is not text");
}

/* Every figure that the profile's hash covers makes another network; the others do not. */
static void hashed_figures_make_another_network(void **state)
{
    (void)state;
    skad_profile_text text;
    uint8_t before[SKAD_HASH_BYTES];
    uint8_t after[SKAD_HASH_BYTES];
    read_well("name = n\nsiblings = 8\n", &text);
    skad_profile_hash(&text.profile, before);
    for (size_t i = 0; i < SKAD_PROFILE_FIGURES_COUNT; i++) {
        const skad_profile_figure *figure = &SKAD_PROFILE_FIGURES[i];
        uint32_t usual = skad_profile_figure_get(figure, &text.profile);
        uint32_t other = usual > 8 ? usual - 1 : usual + 1;
        skad_profile_text changed;
        char lines[128];
        (void)snprintf(lines, sizeof lines, "name = n\n%s%s = %u\n",
                       strcmp(figure->key, "siblings") == 0 ? "" : "siblings = 8\n", figure->key,
                       other);
        read_well(lines, &changed);
        assert_int_equal(skad_profile_figure_get(figure, &changed.profile), other);
        skad_profile_hash(&changed.profile, after);
        bool local = strncmp(figure->key, "group_", 6) == 0;
        assert_int_equal(memcmp(before, after, sizeof before) == 0, local);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_goes_to_its_place),
        cmocka_unit_test(what_is_not_there_is_as_in_the_public_network),
        cmocka_unit_test(a_base_gives_all_figures_and_the_name),
        cmocka_unit_test(a_built_in_network_may_get_a_key_and_local_policies),
        cmocka_unit_test(blanks_comments_and_line_ends_do_not_matter),
        cmocka_unit_test(the_path_of_a_key_is_kept_as_it_is),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(no_sentence_repeats_a_key),
        cmocka_unit_test(a_zero_byte_is_no_text),
        cmocka_unit_test(hashed_figures_make_another_network),
    };
    skad_crypto_init();
    return cmocka_run_group_tests_name("profile text", tests, NULL, NULL);
}
