/* Memory for secrets: whole pages, locked where that is allowed, out of core dumps, wiped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "crypto/secret.h"

static bool all_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static void it_is_zeroed_aligned_and_writable_to_its_end(void **state)
{
    (void)state;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t sizes[] = {1, 32, page - 1, page, page + 1, 20 * page};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *secret = skad_secret_alloc(sizes[i], NULL);
        assert_non_null(secret);
        assert_int_equal((uintptr_t)secret % alignof(max_align_t), 0);
        assert_true(all_zero(secret, sizes[i]));
        memset(secret, 0xa5, sizes[i]);
        skad_secret_free(secret, sizes[i]);
    }
    skad_secret_free(NULL, 1);
}

static void more_than_there_is_gives_nothing(void **state)
{
    (void)state;
    bool locked = true;
    assert_null(skad_secret_alloc(SIZE_MAX, &locked));
    assert_false(locked);
    assert_null(skad_secret_alloc(SIZE_MAX / 2, &locked));
    assert_false(locked);
}

/* The flags of the mapping that holds an address (proc(5), smaps): "lo" is locked, "dd" is left out
 * of core dumps. */
static void flags_of(const void *address, char out[static 128])
{
    char line[512];
    bool inside = false;
    FILE *maps = fopen("/proc/self/smaps", "r");
    assert_non_null(maps);
    out[0] = 0;
    while (out[0] == 0 && fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from = 0;
        uintptr_t to = 0;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2) {
            inside = (uintptr_t)address >= from && (uintptr_t)address < to;
        } else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            line[sizeof line - 1] = 0;
            (void)snprintf(out, 128, "%.127s", line);
        }
    }
    (void)fclose(maps);
}

/* Sanitizers make mlock do nothing and succeed. */
static bool locking_is_pretended(void)
{
    char flags[128];
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    bool said_so = mlock(memory, page) == 0;
    flags_of(memory, flags);
    assert_int_equal(munmap(memory, page), 0);
    return said_so && flags[0] != 0 && strstr(flags, " lo") == NULL;
}

static void it_stays_out_of_core_dumps_and_where_allowed_out_of_swap(void **state)
{
    (void)state;
    char flags[128];
    bool locked = false;
    void *secret = skad_secret_alloc(64, &locked);
    assert_non_null(secret);
    flags_of(secret, flags);
    skad_secret_free(secret, 64);
    if (flags[0] == 0) {
        skip(); /* a kernel that does not tell */
    }
    assert_non_null(strstr(flags, " dd"));
    if (locking_is_pretended()) {
        skip();
    }
    assert_int_equal(strstr(flags, " lo") != NULL, locked);
}

/* Without the right to lock a single byte, and with no privilege to ignore that. Returns an exit
 * code, since it runs in a child. */
static int alloc_without_locking(void)
{
    const struct rlimit none = {0, 0};
    bool locked = true;
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0)) {
        return 2;
    }
    uint8_t *secret = skad_secret_alloc(64, &locked);
    if (secret == NULL || locked) {
        return 1;
    }
    memset(secret, 1, 64);
    skad_secret_free(secret, 64);
    return 0;
}

static void where_locking_is_refused_it_goes_on_and_says_so(void **state)
{
    (void)state;
    int code = 0;
    if (locking_is_pretended()) {
        skip();
    }
    pid_t child = fork();
    if (child == 0) {
        _exit(alloc_without_locking());
    }
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code));
    assert_int_equal(WEXITSTATUS(code), 0);
}

static void thousands_share_few_mappings(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    static void *secrets[COUNT];
    unsigned lines = 0;
    for (size_t i = 0; i < COUNT; i++) {
        secrets[i] = skad_secret_alloc(64, NULL);
        assert_non_null(secrets[i]);
    }
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    for (int byte = fgetc(maps); byte != EOF; byte = fgetc(maps)) {
        lines += byte == '\n';
    }
    (void)fclose(maps);
    for (size_t i = 0; i < COUNT; i++) {
        skad_secret_free(secrets[i], 64);
    }
    assert_in_range(lines, 1, COUNT / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_zeroed_aligned_and_writable_to_its_end),
        cmocka_unit_test(more_than_there_is_gives_nothing),
        cmocka_unit_test(it_stays_out_of_core_dumps_and_where_allowed_out_of_swap),
        cmocka_unit_test(where_locking_is_refused_it_goes_on_and_says_so),
        cmocka_unit_test(thousands_share_few_mappings),
    };
    skad_crypto_init();
    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
