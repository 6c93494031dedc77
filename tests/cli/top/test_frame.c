/* Pictures from answers: lines, rates, bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "proto/writer.h"
#include "src/cli/top/frame.h"
#include "src/daemon/control/results.h"

#define BYTES_MAX 4096
#define ITEMS_MAX 512

typedef struct desk {
    uint8_t bytes[BYTES_MAX];
    skad_item items[ITEMS_MAX];
    skad_writer writer;
} desk;

static desk here;

static skad_writer *begin_answer(void)
{
    skad_writer_init(&here.writer, here.bytes, sizeof here.bytes);
    return &here.writer;
}

static skad_answer end_answer(void)
{
    size_t count = 0;
    size_t consumed = 0;
    assert_false(here.writer.overflow);
    assert_int_equal(skad_cut(here.bytes, here.writer.len, SKAD_CUT_LENIENT, here.items, ITEMS_MAX,
                              &count, &consumed),
                     SKAD_CUT_OK);
    return (skad_answer){here.items, here.items + count};
}

static skad_answer status(uint64_t received, uint64_t pings, const char *error)
{
    skad_writer *writer = begin_answer();
    skad_write_map(writer, 8);
    skad_result_str(writer, "profile", "skad-test-1");
    skad_result_bool(writer, "joined", true);
    skad_result_uint(writer, "peers", 42);
    skad_result_uint(writer, "received", received);
    skad_result_uint(writer, "received_bytes", 1000 * received);
    skad_result_key(writer, "requests");
    skad_write_map(writer, 2);
    skad_result_uint(writer, "ping", pings);
    skad_result_uint(writer, "store", 7);
    skad_result_key(writer, "store");
    skad_write_map(writer, 2);
    skad_result_uint(writer, "records", 345);
    skad_result_key(writer, "error");
    if (error == NULL) {
        skad_write_nil(writer);
    } else {
        skad_write_str(writer, error);
    }
    skad_result_key(writer, "caps");
    skad_write_map(writer, 3);
    for (uint64_t i = 0; i < 3; i++) {
        static const char *const names[] = {"clients", "pending", "peers"};
        skad_result_key(writer, names[i]);
        skad_write_array(writer, 2);
        skad_write_uint(writer, 10 * i);
        skad_write_uint(writer, 100);
    }
    return end_answer();
}

static bool has(const skad_frame *frame, const char *text)
{
    for (size_t i = 0; i < frame->count; i++) {
        if (strstr(frame->lines[i], text) != NULL) {
            return true;
        }
    }
    return false;
}

static void rates_are_those_since_the_picture_before(void **state)
{
    (void)state;
    static skad_frame frame;
    skad_frame_rates before = {.at_us = 0};
    skad_frame_begin(&frame, &before, 1000000);
    skad_frame_add_status(&frame, status(100, 10, NULL));
    assert_true(has(&frame, "peers     42"));
    assert_true(has(&frame, "'skad-test-1'"));
    assert_true(has(&frame, "traffic   in 0.0 /s"));
    assert_true(has(&frame, "answered  -"));
    assert_true(has(&frame, "records   345 of"));
    assert_true(has(&frame, "fullest   peers 20 %, pending 10 %"));
    assert_false(has(&frame, "cannot be written"));
    before = frame.rates;
    skad_frame_begin(&frame, &before, 3000000);
    skad_frame_add_status(&frame, status(150, 13, "No space left on device"));
    assert_true(has(&frame, "traffic   in 25.0 /s, 25.0 kB/s"));
    assert_true(has(&frame, "answered  ping 1.5 /s"));
    assert_true(has(&frame, "cannot be written: No space left on device"));
    before = frame.rates;
    skad_frame_begin(&frame, &before, 5000000); /* the node was started anew */
    skad_frame_add_status(&frame, status(3, 1, NULL));
    assert_true(has(&frame, "traffic   in 0.0 /s"));
}

static void reasons_have_a_line_each(void **state)
{
    (void)state;
    static skad_frame frame;
    const skad_frame_rates before = {.at_us = 0};
    skad_writer *writer = begin_answer();
    skad_write_map(writer, 2);
    skad_result_str(writer, "verdict", "failing");
    skad_result_key(writer, "reasons");
    skad_write_array(writer, 2);
    skad_write_str(writer, "answers: isolated");
    skad_write_str(writer, "store: \033[31mred");
    skad_frame_begin(&frame, &before, 1);
    skad_frame_add_health(&frame, end_answer());
    assert_true(has(&frame, "health    failing"));
    assert_true(has(&frame, "          answers: isolated"));
    assert_false(has(&frame, "\033"));
}

static void a_table_of_any_size_fits(void **state)
{
    (void)state;
    static skad_frame frame;
    const skad_frame_rates before = {.at_us = 0};
    skad_writer *writer = begin_answer();
    skad_write_map(writer, 1);
    skad_result_key(writer, "bins");
    skad_write_array(writer, 80);
    for (uint64_t i = 0; i < 80; i++) {
        skad_write_map(writer, 2);
        skad_result_uint(writer, "bits", i);
        skad_result_key(writer, "saturation");
        skad_write_double(writer, i == 0 ? 0.5 : i == 1 ? -1 : 7);
    }
    skad_frame_begin(&frame, &before, 1);
    skad_frame_add_table(&frame, end_answer());
    assert_int_equal(frame.count, SKAD_FRAME_LINES_MAX);
    assert_non_null(strstr(frame.lines[2], "  ##########"));
    assert_null(strstr(frame.lines[2], "###########"));
    assert_null(strstr(frame.lines[3], "#"));
    assert_non_null(strstr(frame.lines[4], "####################"));
}

static void nothing_is_expected_of_an_answer(void **state)
{
    (void)state;
    static skad_frame frame;
    const skad_frame_rates before = {.at_us = 0};
    const skad_answer none = {NULL, NULL};
    skad_frame_begin(&frame, &before, 1);
    skad_frame_add_status(&frame, none);
    skad_frame_add_health(&frame, none);
    skad_frame_add_table(&frame, none);
    assert_true(frame.count > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_those_since_the_picture_before),
        cmocka_unit_test(reasons_have_a_line_each),
        cmocka_unit_test(a_table_of_any_size_fits),
        cmocka_unit_test(nothing_is_expected_of_an_answer),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
