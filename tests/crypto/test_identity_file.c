/* The identity file: every way in which it can be wrong, and that writing is whole or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "skad/identity.h"

#define FILE_BYTES  168
#define AT_CHECKSUM 136

static const skad_profile easy = {.name = "easy"};

/* A folder of its own for each test, removed with all that is in it. */
typedef struct folder {
    char path[256];
    char file[300]; /* where the identity goes */
} folder;

static int make_folder(void **state)
{
    folder *made = calloc(1, sizeof *made);
    const char *base = getenv("TMPDIR");
    assert_non_null(made);
    (void)snprintf(made->path, sizeof made->path, "%s/skad-test-XXXXXX",
                   base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(made->path));
    (void)snprintf(made->file, sizeof made->file, "%s/identity", made->path);
    *state = made;
    return 0;
}

/* Counts what is in the folder, and removes it on request. */
static unsigned entries(const folder *place, bool removing)
{
    DIR *directory = opendir(place->path);
    assert_non_null(directory);
    unsigned count = 0;
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        count++;
        if (removing) {
            bool is_folder = entry->d_type == DT_DIR;
            unlinkat(dirfd(directory), entry->d_name, is_folder ? AT_REMOVEDIR : 0);
        }
    }
    closedir(directory);
    return count;
}

static int remove_folder(void **state)
{
    folder *made = *state;
    entries(made, true);
    int failed = rmdir(made->path);
    free(made);
    return failed;
}

static void make_identity(uint8_t seed_byte, unsigned nonces, skad_identity *out)
{
    uint8_t seed[32];
    memset(seed, seed_byte, sizeof seed);
    assert_int_equal(skad_identity_from_seed(seed, 0, out), SKAD_OK);
    for (unsigned i = 0; i < nonces; i++) {
        const skad_puzzle_nonce nonce = {0x01020300 + i, {(uint8_t)(i + 1), 0xaa}};
        assert_int_equal(skad_identity_add_nonce(out, &easy, &nonce), SKAD_OK);
    }
}

static void create(const folder *place, const skad_identity *identity)
{
    assert_int_equal(skad_identity_create(place->file, identity), SKAD_OK);
}

static void read_bytes(const char *path, uint8_t bytes[static FILE_BYTES])
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, FILE_BYTES, file), FILE_BYTES);
    assert_int_equal(fgetc(file), EOF);
    (void)fclose(file);
}

static void write_bytes(const char *path, const uint8_t *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

/* Loads and checks that a failure left nothing in the output. */
static skad_status load(const char *path, skad_identity *out)
{
    static const uint8_t zeros[sizeof *out];
    memset(out, 0xee, sizeof *out);
    skad_status status = skad_identity_load(path, out);
    if (status != SKAD_OK) {
        assert_memory_equal(out, zeros, sizeof *out);
    }
    return status;
}

static void assert_same(const skad_identity *a, const skad_identity *b)
{
    assert_memory_equal(a->public_key, b->public_key, sizeof a->public_key);
    assert_memory_equal(a->secret_key, b->secret_key, sizeof a->secret_key);
    assert_memory_equal(a->id.bytes, b->id.bytes, sizeof a->id.bytes);
    assert_int_equal(a->nonces_count, b->nonces_count);
    for (size_t i = 0; i < a->nonces_count; i++) {
        assert_int_equal(a->nonces[i].epoch, b->nonces[i].epoch);
        assert_memory_equal(a->nonces[i].bytes, b->nonces[i].bytes, SKAD_NONCE_BYTES);
    }
}

static void what_was_written_is_read_back(void **state)
{
    const folder *place = *state;
    for (unsigned nonces = 0; nonces <= SKAD_IDENTITY_NONCES_MAX; nonces++) {
        skad_identity written;
        skad_identity read;
        make_identity(1, nonces, &written);
        create(place, &written);
        assert_int_equal(load(place->file, &read), SKAD_OK);
        assert_same(&read, &written);
        assert_int_equal(unlink(place->file), 0);
    }
}

static void the_bytes_are_the_documented_ones(void **state)
{
    const folder *place = *state;
    skad_identity identity;
    make_identity(1, 2, &identity);
    create(place, &identity);
    uint8_t expected[FILE_BYTES] = "skad identity\n";
    expected[15] = 2; /* version */
    expected[17] = 2; /* nonces */
    /* 18..21: memory, none */
    memset(expected + 24, 1, 32);
    memcpy(expected + 56, identity.public_key, 32);
    static const uint8_t places[24] = {1, 2, 3, 0, 1, 0xaa, 0, 0, 0, 0, 0, 0,
                                       1, 2, 3, 1, 2, 0xaa, 0, 0, 0, 0, 0, 0};
    memcpy(expected + 88, places, sizeof places);
    skad_hash_one(SKAD_HASH_FILE, expected, AT_CHECKSUM, expected + AT_CHECKSUM);
    uint8_t bytes[FILE_BYTES];
    read_bytes(place->file, bytes);
    assert_memory_equal(bytes, expected, sizeof bytes);
}

static void a_new_file_is_private_and_alone(void **state)
{
    const folder *place = *state;
    skad_identity identity;
    make_identity(1, 1, &identity);
    mode_t before = umask(0);
    create(place, &identity);
    umask(before);
    struct stat about;
    assert_int_equal(stat(place->file, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_equal(about.st_nlink, 1);
    assert_int_equal(entries(place, false), 1);
}

static void a_name_without_folder_lies_in_the_working_directory(void **state)
{
    const folder *place = *state;
    char before[PATH_MAX];
    skad_identity identity;
    skad_identity read;
    make_identity(1, 1, &identity);
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(place->path), 0);
    skad_status created = skad_identity_create("identity", &identity);
    skad_status loaded = skad_identity_load("identity", &read);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(created, SKAD_OK);
    assert_int_equal(loaded, SKAD_OK);
}

static void nothing_is_overwritten(void **state)
{
    const folder *place = *state;
    static const uint8_t others[] = "somebody else's";
    skad_identity identity;
    make_identity(1, 1, &identity);
    write_bytes(place->file, others, sizeof others);
    assert_int_equal(skad_identity_create(place->file, &identity), SKAD_ERR_EXISTS);
    uint8_t bytes[sizeof others + 1];
    int fd = open(place->file, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, bytes, sizeof bytes), sizeof others);
    close(fd);
    assert_memory_equal(bytes, others, sizeof others);
    assert_int_equal(entries(place, false), 1);

    assert_int_equal(unlink(place->file), 0); /* nor is a link that leads nowhere followed */
    assert_int_equal(symlink("nowhere", place->file), 0);
    assert_int_equal(skad_identity_create(place->file, &identity), SKAD_ERR_EXISTS);
    assert_int_equal(entries(place, false), 1);
}

static void a_missing_file_or_folder_is_missing(void **state)
{
    const folder *place = *state;
    skad_identity identity;
    skad_identity read;
    make_identity(1, 1, &identity);
    char path[400];
    (void)snprintf(path, sizeof path, "%s/none/identity", place->path);
    assert_int_equal(load(place->file, &read), SKAD_ERR_MISSING);
    assert_int_equal(load(path, &read), SKAD_ERR_MISSING);
    assert_int_equal(skad_identity_create(path, &identity), SKAD_ERR_MISSING);
    assert_int_equal(skad_identity_update(place->file, &identity), SKAD_ERR_MISSING);
    assert_int_equal(entries(place, false), 0);

    write_bytes(place->file, (const uint8_t *)"x", 1); /* not a folder */
    (void)snprintf(path, sizeof path, "%s/identity", place->file);
    assert_int_equal(load(path, &read), SKAD_ERR_MISSING);
    assert_int_equal(unlink(place->file), 0);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static char path[PATH_MAX];
    memset(path, 'x', sizeof path - 1);
    skad_identity identity;
    make_identity(1, 0, &identity);
    assert_int_equal(skad_identity_create(path, &identity), SKAD_ERR_IO);
    assert_int_equal(errno, ENAMETOOLONG);
}

static void a_file_that_others_can_use_is_refused(void **state)
{
    const folder *place = *state;
    skad_identity identity;
    skad_identity read;
    make_identity(1, 1, &identity);
    create(place, &identity);
    static const mode_t bits[] = {S_IRGRP, S_IWGRP, S_IXGRP, S_IROTH, S_IWOTH, S_IXOTH};
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        assert_int_equal(chmod(place->file, 0600 | bits[i]), 0);
        assert_int_equal(load(place->file, &read), SKAD_ERR_PERMISSION);
        assert_int_equal(skad_identity_update(place->file, &identity), SKAD_ERR_PERMISSION);
    }
    assert_int_equal(chmod(place->file, 0400), 0);
    assert_int_equal(load(place->file, &read), SKAD_OK);
}

static void only_a_regular_file_is_read(void **state)
{
    const folder *place = *state;
    skad_identity identity;
    skad_identity read;
    char target[400];
    make_identity(1, 1, &identity);

    assert_int_equal(mkdir(place->file, 0700), 0);
    assert_int_equal(load(place->file, &read), SKAD_ERR_IO);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(rmdir(place->file), 0);

    assert_int_equal(mkfifo(place->file, 0600), 0); /* without a writer: must not block */
    assert_int_equal(load(place->file, &read), SKAD_ERR_IO);
    assert_int_equal(unlink(place->file), 0);

    (void)snprintf(target, sizeof target, "%s/target", place->path);
    assert_int_equal(skad_identity_create(target, &identity), SKAD_OK);
    assert_int_equal(symlink(target, place->file), 0);
    assert_int_equal(load(place->file, &read), SKAD_ERR_IO);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(load(target, &read), SKAD_OK);
}

static void every_truncation_and_any_appendix_is_refused(void **state)
{
    const folder *place = *state;
    skad_identity identity;
    skad_identity read;
    uint8_t bytes[FILE_BYTES + 1] = {0};
    make_identity(1, 2, &identity);
    create(place, &identity);
    read_bytes(place->file, bytes);
    for (size_t len = 0; len < FILE_BYTES; len++) {
        write_bytes(place->file, bytes, len);
        assert_int_equal(load(place->file, &read), SKAD_ERR_FORMAT);
    }
    write_bytes(place->file, bytes, FILE_BYTES + 1);
    assert_int_equal(load(place->file, &read), SKAD_ERR_FORMAT);
    write_bytes(place->file, bytes, FILE_BYTES);
    assert_int_equal(load(place->file, &read), SKAD_OK);
}

static void a_flipped_bit_in_any_byte_is_noticed(void **state)
{
    const folder *place = *state;
    skad_identity identity;
    skad_identity read;
    uint8_t bytes[FILE_BYTES];
    make_identity(1, 2, &identity);
    create(place, &identity);
    read_bytes(place->file, bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] ^= (uint8_t)(1 << i % 8);
        write_bytes(place->file, bytes, sizeof bytes);
        bytes[i] ^= (uint8_t)(1 << i % 8);
        bool in_version = i == 14 || i == 15;
        assert_int_equal(load(place->file, &read), in_version ? SKAD_ERR_VERSION : SKAD_ERR_FORMAT);
    }
}

static void another_version_is_told_whatever_its_size(void **state)
{
    const folder *place = *state;
    skad_identity read;
    uint8_t bytes[400] = "skad identity\n";
    static const uint8_t versions[] = {1, 3}; /* 1: of before node IDs were memory-hard */
    static const size_t sizes[] = {16, 100, 167, 168, 169, 400};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        bytes[15] = versions[i % 2];
        write_bytes(place->file, bytes, sizes[i]);
        assert_int_equal(load(place->file, &read), SKAD_ERR_VERSION);
    }
}

static void nonsense_with_a_valid_checksum_is_refused(void **state)
{
    const folder *place = *state;
    static const struct {
        const char *label;
        size_t at;
        uint8_t value;
    } cases[] = {
        {"a flag", 16, 1},
        {"five nonces", 17, 5},
        {"fewer nonces than filled places", 17, 1},
        {"a reserved byte", 18, 1},
        {"the last reserved byte", 23, 1},
        {"another seed", 24, 2},
        {"another public key", 56, 0},
        {"the same epoch twice", 88 + 12 + 3, 0},
        {"a byte in an unused place", 88 + 24, 1},
        {"the last byte in an unused place", AT_CHECKSUM - 1, 1},
    };
    skad_identity identity;
    skad_identity read;
    uint8_t original[FILE_BYTES];
    make_identity(1, 2, &identity);
    create(place, &identity);
    read_bytes(place->file, original);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[FILE_BYTES];
        memcpy(bytes, original, sizeof bytes);
        bytes[cases[i].at] = cases[i].value;
        assert_memory_not_equal(bytes, original, AT_CHECKSUM);
        skad_hash_one(SKAD_HASH_FILE, bytes, AT_CHECKSUM, bytes + AT_CHECKSUM);
        write_bytes(place->file, bytes, sizeof bytes);
        if (load(place->file, &read) != SKAD_ERR_FORMAT) {
            fail_msg("accepted %s", cases[i].label);
        }
    }
}

static void update_replaces_the_nonces_of_the_same_key(void **state)
{
    const folder *place = *state;
    skad_identity identity;
    skad_identity read;
    make_identity(1, 1, &identity);
    create(place, &identity);
    make_identity(1, 3, &identity);
    assert_int_equal(skad_identity_update(place->file, &identity), SKAD_OK);
    assert_int_equal(load(place->file, &read), SKAD_OK);
    assert_same(&read, &identity);
    struct stat about;
    assert_int_equal(stat(place->file, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_equal(entries(place, false), 1);
}

static void update_never_touches_another_key_or_a_damaged_file(void **state)
{
    const folder *place = *state;
    skad_identity identity;
    uint8_t before[FILE_BYTES];
    uint8_t after[FILE_BYTES];
    make_identity(1, 1, &identity);
    create(place, &identity);
    read_bytes(place->file, before);
    make_identity(2, 1, &identity);
    assert_int_equal(skad_identity_update(place->file, &identity), SKAD_ERR_EXISTS);
    read_bytes(place->file, after);
    assert_memory_equal(after, before, sizeof after);

    before[100] ^= 1;
    write_bytes(place->file, before, sizeof before);
    make_identity(1, 2, &identity);
    assert_int_equal(skad_identity_update(place->file, &identity), SKAD_ERR_FORMAT);
    read_bytes(place->file, after);
    assert_memory_equal(after, before, sizeof after);
    assert_int_equal(entries(place, false), 1);
}

/* Runs create or update while no file may grow beyond `bytes_max`, as on a full disk. */
static skad_status write_on_full_disk(const folder *place, const skad_identity *identity,
                                      bool updating, rlim_t bytes_max)
{
    struct rlimit usual;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    const struct rlimit tight = {bytes_max, usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    skad_status status = updating ? skad_identity_update(place->file, identity)
                                  : skad_identity_create(place->file, identity);
    int failure = errno;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(failure, EFBIG);
    return status;
}

static void a_full_disk_leaves_nothing_behind(void **state)
{
    const folder *place = *state;
    skad_identity identity;
    make_identity(1, 1, &identity);
    static const rlim_t sizes[] = {0, 1, 100, FILE_BYTES - 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(write_on_full_disk(place, &identity, false, sizes[i]), SKAD_ERR_IO);
        assert_int_equal(entries(place, false), 0);
    }
}

static void a_full_disk_leaves_the_old_file_as_it_was(void **state)
{
    const folder *place = *state;
    skad_identity identity;
    uint8_t before[FILE_BYTES];
    uint8_t after[FILE_BYTES];
    make_identity(1, 1, &identity);
    create(place, &identity);
    read_bytes(place->file, before);
    make_identity(1, 3, &identity);
    assert_int_equal(write_on_full_disk(place, &identity, true, 100), SKAD_ERR_IO);
    read_bytes(place->file, after);
    assert_memory_equal(after, before, sizeof after);
    assert_int_equal(entries(place, false), 1);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_was_written_is_read_back),
        IN_FOLDER(the_bytes_are_the_documented_ones),
        IN_FOLDER(a_new_file_is_private_and_alone),
        IN_FOLDER(a_name_without_folder_lies_in_the_working_directory),
        IN_FOLDER(nothing_is_overwritten),
        IN_FOLDER(a_missing_file_or_folder_is_missing),
        IN_FOLDER(a_path_that_is_too_long_is_refused),
        IN_FOLDER(a_file_that_others_can_use_is_refused),
        IN_FOLDER(only_a_regular_file_is_read),
        IN_FOLDER(every_truncation_and_any_appendix_is_refused),
        IN_FOLDER(a_flipped_bit_in_any_byte_is_noticed),
        IN_FOLDER(another_version_is_told_whatever_its_size),
        IN_FOLDER(nonsense_with_a_valid_checksum_is_refused),
        IN_FOLDER(update_replaces_the_nonces_of_the_same_key),
        IN_FOLDER(update_never_touches_another_key_or_a_damaged_file),
        IN_FOLDER(a_full_disk_leaves_nothing_behind),
        IN_FOLDER(a_full_disk_leaves_the_old_file_as_it_was),
    };
    return cmocka_run_group_tests_name("identity file", tests, NULL, NULL);
}
