/* Result files: whole lines, marked complete at the very end; read again to resume, to merge shards
 * and to report; and what is wrong with one is told in a line that says what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/sim/report/archive.h"

static char folder[] = "/tmp/skad-test-XXXXXX";
static skad_sim_sweep sweep;
static skad_sim_plan plan;
static char reason[SKAD_SIM_ARCHIVE_REASON_BYTES];

static const char *path_of(const char *name)
{
    static char path[2][64];
    static int turn;
    turn = !turn;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

/* Two losses, two worlds each. */
static int set_up(void **state)
{
    (void)state;
    skad_sim_scenario_default(&sweep.base);
    assert_true(skad_sim_sweep_set(&sweep, "loss", "0.25,0.5", reason));
    assert_true(skad_sim_sweep_set(&sweep, "seed", "7,8", reason));
    plan = (skad_sim_plan){.command = "adversary",
                           .arguments = "skad sim adversary",
                           .sweep = &sweep,
                           .worlds = 2,
                           .count = 4,
                           .shard = 1,
                           .shards = 1};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    skad_sim_sweep_free(&sweep);
    return 0;
}

/* A file with the experiments first, first + step ... */
static const char *write_file(const char *name, size_t first, size_t step, bool complete)
{
    static skad_sim_outcome outcome;
    const char *path = path_of(name);
    skad_sim_output output;
    assert_true(skad_sim_output_open(&output, path, &plan));
    for (size_t i = first; i < plan.count; i += step) {
        skad_sim_scenario scenario;
        assert_true(skad_sim_sweep_at(&sweep, i, &scenario, reason));
        outcome.lookups.ended = 100 + i;
        outcome.simulated_s = (double)i + 1;
        assert_true(skad_sim_output_report(&output, i, &outcome, &outcome));
        assert_true(skad_sim_output_result(&output, i, &scenario, &outcome));
    }
    assert_true(skad_sim_output_close(&output, complete));
    return path;
}

static char *read_text(const char *path)
{
    static char text[262144];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    text[len] = 0;
    (void)fclose(file);
    return text;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Reading must fail with these words. */
static void refused(const char *path, const char *words)
{
    skad_sim_archive archive = {0};
    assert_false(skad_sim_archive_read(&archive, path, reason));
    if (strstr(reason, words) == NULL) {
        fail_msg("'%s' is not in: %s", words, reason);
    }
    assert_null(strchr(reason, '\n'));
    skad_sim_archive_free(&archive);
}

static void a_file_is_marked_complete_at_the_very_end(void **state)
{
    (void)state;
    char *text = read_text(write_file("a", 0, 1, true));
    assert_memory_equal(text, "{\"complete\":true ,\"line\":\"head\"", 31);
    text = read_text(write_file("a", 0, 1, false));
    assert_memory_equal(text, "{\"complete\":false,\"line\":\"head\"", 31);
    const char *second = strchr(text, '\n') + 1;
    assert_memory_equal(second, "{\"line\":\"report\",\"experiment\":0,\"so_far\":{", 42);
}

static void a_file_that_cannot_be_made_is_told(void **state)
{
    (void)state;
    skad_sim_output output;
    assert_false(skad_sim_output_open(&output, "/proc/no/such/folder", &plan));
    assert_int_not_equal(output.error, 0);
}

static void what_was_written_is_there_again(void **state)
{
    (void)state;
    skad_sim_archive archive = {0};
    assert_true(skad_sim_archive_read(&archive, write_file("a", 0, 1, true), reason));
    assert_int_equal(archive.plan.count, 4);
    assert_int_equal(archive.plan.worlds, 2);
    assert_int_equal(archive.had, 4);
    assert_int_equal(archive.points_count, 4);
    assert_int_equal(archive.outcomes[3].lookups.ended, 103);
    assert_true(archive.scenarios[3].loss > 0.4);
    assert_int_equal(archive.scenarios[3].seed, 8);
    assert_true(skad_sim_archive_fits(&archive, &plan, reason));
    assert_false(skad_sim_archive_missing(&archive, reason));
    const skad_sim_results results = skad_sim_archive_results(&archive);
    assert_int_equal(results.count, 4);
    skad_sim_archive_free(&archive);
}

static void shards_together_are_the_whole(void **state)
{
    (void)state;
    skad_sim_archive archive = {0};
    assert_true(skad_sim_archive_read(&archive, write_file("a", 0, 2, true), reason));
    assert_int_equal(archive.had, 2);
    assert_true(skad_sim_archive_missing(&archive, reason));
    assert_string_equal(reason, "2 of 4 experiments are missing: 1, 3");
    assert_true(skad_sim_archive_read(&archive, write_file("b", 1, 2, true), reason));
    assert_int_equal(archive.had, 4);
    skad_sim_archive_free(&archive);
}

static void what_a_kill_leaves_is_read_to_its_last_whole_line(void **state)
{
    (void)state;
    skad_sim_archive archive = {0};
    const char *path = write_file("a", 0, 1, false);
    char *text = read_text(path);
    text[strlen(text) - 100] = 0; /* in the result of experiment 3 */
    write_text(path, text);
    assert_true(skad_sim_archive_read(&archive, path, reason));
    assert_int_equal(archive.had, 3);
    assert_false(archive.have[3]);
    assert_int_equal(text[archive.whole - 1], '\n');
    assert_int_equal(strchr(text + archive.whole, '\n') == NULL, 1);
    skad_sim_archive_free(&archive);
}

static void going_on_replaces_what_was_cut(void **state)
{
    (void)state;
    static skad_sim_outcome outcome;
    skad_sim_archive archive = {0};
    skad_sim_output output;
    char path[64];
    (void)snprintf(path, sizeof path, "%s", write_file("a", 0, 1, false));
    char *text = read_text(path);
    text[strlen(text) - 100] = 0;
    write_text(path, text);
    assert_true(skad_sim_archive_read(&archive, path, reason));
    assert_true(skad_sim_output_continue(&output, path, &plan, archive.whole));
    assert_true(skad_sim_output_result(&output, 3, &archive.scenarios[3], &outcome));
    assert_true(skad_sim_output_close(&output, true));
    skad_sim_archive_free(&archive);
    assert_true(skad_sim_archive_read(&archive, path, reason));
    assert_int_equal(archive.had, 4);
    assert_true(json_is_true(json_object_get(archive.head, "complete")));
    skad_sim_archive_free(&archive);
}

/* Replaces the first occurrence in a file. */
static const char *changed(const char *name, const char *from, const char *to)
{
    static char out[262144];
    const char *path = write_file(name, 0, 1, true);
    char *text = read_text(path);
    char *at = strstr(text, from);
    assert_non_null(at);
    (void)snprintf(out, sizeof out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    write_text(path, out);
    return path;
}

static void what_is_wrong_is_told_with_what_to_do(void **state)
{
    (void)state;
    refused(path_of("none"), "cannot read");
    write_text(path_of("empty"), "");
    refused(path_of("empty"), "is empty: run the sweep that writes it");
    write_text(path_of("other"), "{\"a\":1}\n");
    refused(path_of("other"), "is no head of a result file: give what --out");
    refused(changed("a", "\"format\":1", "\"format\":2"),
            "has format 2, this program reads 1: use the skad that wrote it");
    refused(changed("a", "\"corrupt\":0,", "\"corrupd\":0,"),
            "does not know (there is no key 'corrupd'");
    refused(changed("a", "{\"line\":\"report\"", "{\"line\":\"repor"),
            "line 2 is damaged: delete the line, and run the same command again with --resume");
    refused(changed("a", "\"experiment\":1", "\"experiment\":9"), "line 4 is damaged");
    refused(changed("a", "\"experiments\":4", "\"experiments\":5"), "line 1 is damaged");
}

static void files_of_different_sweeps_are_not_merged(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *words;
    } cases[] = {
        {"\"version\":\"", "\"version\":\"9",
         "different versions (version): run all shards with one"},
        {"\"command\":\"adversary", "\"command\":\"churn",
         "their command differs): merge shards of"},
        {"\"nodes\":1000", "\"nodes\":1001", "their scenario differs"},
        {"\"crypto\":\"modelled\"", "\"crypto\":\"real\"", "their crypto differs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_sim_archive archive = {0};
        assert_true(skad_sim_archive_read(&archive, write_file("a", 0, 1, true), reason));
        assert_false(
            skad_sim_archive_read(&archive, changed("b", cases[i].from, cases[i].to), reason));
        if (strstr(reason, cases[i].words) == NULL) {
            fail_msg("'%s' is not in: %s", cases[i].words, reason);
        }
        skad_sim_archive_free(&archive);
    }
}

static void a_file_of_another_sweep_is_not_gone_on_with(void **state)
{
    (void)state;
    skad_sim_archive archive = {0};
    skad_sim_plan other = plan;
    other.worlds = 1;
    assert_true(skad_sim_archive_read(&archive, write_file("a", 0, 1, true), reason));
    assert_false(skad_sim_archive_fits(&archive, &other, reason));
    assert_non_null(strstr(reason, "of another sweep (its worlds differs)"));
    skad_sim_archive_free(&archive);
}

int main(void)
{
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_marked_complete_at_the_very_end),
        cmocka_unit_test(a_file_that_cannot_be_made_is_told),
        cmocka_unit_test(what_was_written_is_there_again),
        cmocka_unit_test(shards_together_are_the_whole),
        cmocka_unit_test(what_a_kill_leaves_is_read_to_its_last_whole_line),
        cmocka_unit_test(going_on_replaces_what_was_cut),
        cmocka_unit_test(what_is_wrong_is_told_with_what_to_do),
        cmocka_unit_test(files_of_different_sweeps_are_not_merged),
        cmocka_unit_test(a_file_of_another_sweep_is_not_gone_on_with),
    };
    int failed = cmocka_run_group_tests_name("sim archive", tests, set_up, tear_down);
    static const char *const names[] = {"a", "b", "empty", "other"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(path_of(names[i]));
    }
    (void)rmdir(folder);
    return failed;
}
