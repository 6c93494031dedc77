/* Profiles from files: names and paths, keys in files of their own, and who may read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "src/host/state/profile_file.h"

#define PATH_BYTES 300
#define PSK        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* A folder of its own for each test, with a profile and a key. */
ssize_t __real_read(int fd, void *out, size_t cap);
ssize_t __wrap_read(int fd, void *out, size_t cap);

static int reading_fails; /* how the next read fails; 0: it does not */

ssize_t __wrap_read(int fd, void *out, size_t cap)
{
    if (reading_fails == 0) {
        return __real_read(fd, out, cap);
    }
    errno = reading_fails;
    reading_fails = 0;
    return -1;
}

typedef struct folder {
    char path[256];
    char profile[PATH_BYTES];
    char key[PATH_BYTES];
} folder;

static int make_folder(void **state)
{
    folder *made = calloc(1, sizeof *made);
    const char *base = getenv("TMPDIR");
    assert_non_null(made);
    (void)snprintf(made->path, sizeof made->path, "%s/skad-test-XXXXXX",
                   base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(made->path));
    (void)snprintf(made->profile, sizeof made->profile, "%s/office.profile", made->path);
    (void)snprintf(made->key, sizeof made->key, "%s/office.key", made->path);
    *state = made;
    return 0;
}

static int remove_folder(void **state)
{
    folder *place = *state;
    (void)remove(place->profile);
    (void)remove(place->key);
    int left = rmdir(place->path);
    free(place);
    return left;
}

static void write_file(const char *path, const void *bytes, size_t len, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static void write_text(const char *path, const char *text, mode_t mode)
{
    write_file(path, text, strlen(text), mode);
}

static void choose_well(const char *name, skad_profile *out)
{
    skad_failure failure;
    if (!skad_profile_choose(name, out, &failure)) {
        fail_msg("refused %s: %s", name, failure.text);
    }
}

/* Refused in words, and nothing of it is left. */
static void refuse(const char *name, const char *message)
{
    static const skad_profile nothing = {0};
    skad_profile profile;
    skad_failure failure;
    memset(&profile, 0xa5, sizeof profile);
    assert_false(skad_profile_choose(name, &profile, &failure));
    if (strstr(failure.text, message) == NULL) {
        fail_msg("no '%s' in '%s'", message, failure.text);
    }
    assert_memory_equal(&profile, &nothing, sizeof profile);
}

static void a_name_without_path_is_a_built_in_profile(void **state)
{
    (void)state;
    skad_profile profile;
    choose_well("test", &profile);
    assert_memory_equal(&profile, skad_profile_builtin("test"), sizeof profile);
    refuse("office", "there is no profile 'office': give public, test, or a file");
    refuse("", "there is no profile ''");
}

static void a_file_is_found_by_its_path(void **state)
{
    const folder *place = *state;
    skad_profile profile;
    write_text(place->profile, "name = office\n", 0644);
    choose_well(place->profile, &profile);
    assert_string_equal(profile.name, "office");
    assert_false(profile.has_psk);
}

static void a_file_in_the_working_folder_needs_no_slash(void **state)
{
    const folder *place = *state;
    char before[PATH_BYTES];
    skad_profile profile;
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(place->path), 0);
    write_text("office.key", "name = office\npsk_file = office.profile\n", 0600);
    write_text("office.profile", PSK, 0600);
    choose_well("office.key", &profile);
    assert_true(profile.has_psk);
    assert_int_equal(profile.psk[1], 0x11);
    refuse("other.profile", "cannot read other.profile: No such file");
    assert_int_equal(chdir(before), 0);
}

static void a_sentence_begins_with_the_path(void **state)
{
    const folder *place = *state;
    char begin[PATH_BYTES + 32];
    write_text(place->profile, "name = office\n\nk = 21\n", 0644);
    (void)snprintf(begin, sizeof begin, "%s: line 3: k is a number", place->profile);
    refuse(place->profile, begin);
    refuse(place->path, "is not a file");
    refuse(place->key, "No such file");
}

static void a_file_with_a_key_is_its_owners_alone(void **state)
{
    const folder *place = *state;
    static const mode_t modes[] = {0640, 0604, 0620, 0610, 0644};
    skad_profile profile;
    write_text(place->profile, "name = office\npsk = " PSK "\n", 0600);
    choose_well(place->profile, &profile);
    assert_true(profile.has_psk);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(place->profile, modes[i]), 0);
        refuse(place->profile, "holds a pre-shared key and can be read by others");
    }
}

static void a_key_file_beside_a_public_profile_is_its_owners_alone(void **state)
{
    const folder *place = *state;
    skad_profile profile;
    write_text(place->profile, "name = office\npsk_file = office.key\n", 0644);
    write_text(place->key, PSK "\n", 0600);
    choose_well(place->profile, &profile);
    assert_true(profile.has_psk);
    assert_int_equal(chmod(place->key, 0640), 0);
    refuse(place->profile, "office.key holds a pre-shared key and can be read by others");
    assert_int_equal(unlink(place->key), 0);
    refuse(place->profile, "office.key: No such file");
}

typedef struct key_case {
    const char *label;
    const char *bytes;
    size_t len;
    bool good;
} key_case;

static const key_case keys[] = {
    {"hex digits", PSK, 64, true},
    {"a line of hex digits", PSK "\r\n", 66, true},
    {"bytes", "0123456789abcdef0123456789abcde\n", 32, true},
    {"nothing", "", 0, false},
    {"31 bytes", "0123456789abcdef0123456789abcde", 31, false},
    {"33 bytes", "0123456789abcdef0123456789abcdef\n", 33, false},
    {"63 digits", PSK, 63, false},
    {"65 digits", PSK "0", 65, false},
    {"digits and a zero", PSK "\0", 65, false},
    {"two lines", PSK "\n" PSK "\n", 130, false},
    {"a letter", "g0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", 64, false},
};

static void a_key_file_holds_bytes_or_digits(void **state)
{
    const folder *place = *state;
    write_text(place->profile, "name = office\npsk_file = office.key\n", 0644);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        skad_profile profile;
        skad_failure failure = {"taken"};
        write_file(place->key, keys[i].bytes, keys[i].len, 0600);
        bool taken = skad_profile_choose(place->profile, &profile, &failure);
        if (taken != keys[i].good) {
            fail_msg("%s: %s", keys[i].label, failure.text);
        }
        if (taken && keys[i].len == SKAD_PSK_BYTES) {
            assert_memory_equal(profile.psk, keys[i].bytes, SKAD_PSK_BYTES);
        }
    }
}

static void an_absolute_path_of_a_key_is_taken_as_it_is(void **state)
{
    const folder *place = *state;
    char text[PATH_BYTES + 64];
    skad_profile profile;
    (void)snprintf(text, sizeof text, "name = office\npsk_file = %s\n", place->key);
    write_text(place->profile, text, 0644);
    write_text(place->key, PSK, 0600);
    choose_well(place->profile, &profile);
    assert_true(profile.has_psk);
}

static void a_file_of_64_kib_is_read_and_no_larger_one(void **state)
{
    const folder *place = *state;
    static char text[SKAD_PROFILE_FILE_BYTES_MAX + 1] = "name = office\n#";
    skad_profile profile;
    for (size_t i = strlen(text); i < sizeof text; i++) {
        text[i] = '#';
    }
    write_file(place->profile, text, SKAD_PROFILE_FILE_BYTES_MAX, 0644);
    choose_well(place->profile, &profile);
    write_file(place->profile, text, SKAD_PROFILE_FILE_BYTES_MAX + 1, 0644);
    refuse(place->profile, "is larger than 65536 bytes");
}

static void a_pipe_is_not_waited_for(void **state)
{
    const folder *place = *state;
    assert_int_equal(mkfifo(place->profile, 0600), 0);
    refuse(place->profile, "is not a file");
}

static void a_read_that_is_interrupted_goes_on_and_one_that_fails_is_told(void **state)
{
    const folder *place = *state;
    skad_profile profile;
    write_text(place->profile, "name = office\n", 0644);
    reading_fails = EINTR;
    choose_well(place->profile, &profile);
    assert_string_equal(profile.name, "office");
    assert_int_equal(reading_fails, 0);
    reading_fails = EIO;
    refuse(place->profile, "Input/output error");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_without_path_is_a_built_in_profile),
        IN_FOLDER(a_file_is_found_by_its_path),
        IN_FOLDER(a_file_in_the_working_folder_needs_no_slash),
        IN_FOLDER(a_sentence_begins_with_the_path),
        IN_FOLDER(a_file_with_a_key_is_its_owners_alone),
        IN_FOLDER(a_key_file_beside_a_public_profile_is_its_owners_alone),
        IN_FOLDER(a_key_file_holds_bytes_or_digits),
        IN_FOLDER(an_absolute_path_of_a_key_is_taken_as_it_is),
        IN_FOLDER(a_file_of_64_kib_is_read_and_no_larger_one),
        IN_FOLDER(a_pipe_is_not_waited_for),
        IN_FOLDER(a_read_that_is_interrupted_goes_on_and_one_that_fails_is_told),
    };
    skad_crypto_init();
    return cmocka_run_group_tests_name("profile file", tests, NULL, NULL);
}
