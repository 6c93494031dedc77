/* Parts of files that a get leaves, and goes on with. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cli/file/part.h"
#include "tests/support/folder.h"

typedef struct place {
    char dir[64];
    char path[96];
    char part[128];
} place;

static place make_place(void)
{
    place self;
    test_folder_make(self.dir, sizeof self.dir);
    (void)snprintf(self.path, sizeof self.path, "%s/file", self.dir);
    (void)snprintf(self.part, sizeof self.part, "%s/file.part", self.dir);
    return self;
}

static void a_part_becomes_the_file_once_it_is_whole(void **state)
{
    (void)state;
    place where = make_place();
    skad_failure failure = {""};
    skad_part part;
    skad_part second;

    assert_true(skad_part_open(where.path, &part, &failure));
    assert_int_equal(write(part.fd, "half", 4), 4);
    assert_false(skad_part_open(where.path, &second, &failure)); /* one at a time */
    assert_non_null(strstr(failure.text, "another 'skad get' is writing it"));
    skad_part_leave(&part);
    assert_int_equal(access(where.path, F_OK), -1);

    assert_true(skad_part_open(where.path, &part, &failure)); /* and it is still there */
    assert_int_equal(lseek(part.fd, 0, SEEK_END), 4);
    assert_true(skad_part_commit(&part, &failure));
    assert_int_equal(access(where.part, F_OK), -1);
    assert_int_equal(unlink(where.path), 0);
    assert_int_equal(rmdir(where.dir), 0);
}

static void a_part_without_content_is_not_left(void **state)
{
    (void)state;
    place where = make_place();
    skad_failure failure = {""};
    skad_part part;
    assert_true(skad_part_open(where.path, &part, &failure));
    skad_part_leave(&part);
    assert_int_equal(rmdir(where.dir), 0);
}

static void what_is_no_file_is_never_taken_for_a_part(void **state)
{
    (void)state;
    place where = make_place();
    skad_failure failure = {""};
    skad_part part;
    assert_int_equal(symlink("/dev/null", where.part), 0);
    assert_false(skad_part_open(where.path, &part, &failure));
    assert_int_equal(unlink(where.part), 0);
    assert_int_equal(mkfifo(where.part, 0600), 0);
    assert_false(skad_part_open(where.path, &part, &failure));
    assert_non_null(strstr(failure.text, "that is not a file"));
    assert_int_equal(unlink(where.part), 0);
    assert_int_equal(rmdir(where.dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_becomes_the_file_once_it_is_whole),
        cmocka_unit_test(a_part_without_content_is_not_left),
        cmocka_unit_test(what_is_no_file_is_never_taken_for_a_part),
    };
    return cmocka_run_group_tests_name("part", tests, NULL, NULL);
}
