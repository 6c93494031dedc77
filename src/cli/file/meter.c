#include "src/cli/file/meter.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "skad/types.h"
#include "src/cli/client/text.h"
#include "src/host/system/clock.h"

#define ERASE         "\r\033[K"
#define WIDTH_DEFAULT 80
#define REST_S_MAX    3e7 /* more than a year is not worth showing */
#define BAR_MIN       8
#define BAR_MAX       30
#define BAR_FRAME     4 /* two blanks and two brackets */

/* ---- What is told ---- */

double skad_meter_rate(skad_meter *meter, uint64_t now_us, uint64_t moved)
{
    const size_t count = meter->samples_count;
    const size_t oldest = count < SKAD_METER_SAMPLES ? 0 : count % SKAD_METER_SAMPLES;
    const skad_meter_sample first = meter->samples[oldest];
    const skad_meter_sample last =
        meter->samples[(count + SKAD_METER_SAMPLES - 1) % SKAD_METER_SAMPLES];

    if (count == 0 || now_us >= last.at_us + SKAD_METER_SPACING_US) {
        meter->samples[count % SKAD_METER_SAMPLES] =
            (skad_meter_sample){.at_us = now_us, .moved = moved};
        meter->samples_count++;
    }
    if (count == 0 || now_us <= first.at_us || moved <= first.moved) {
        return 0;
    }
    return (double)(moved - first.moved) * (double)SKAD_US_PER_S / (double)(now_us - first.at_us);
}

static void describe_done(const char *what, const skad_meter_reading *reading, char *out,
                          size_t cap)
{
    char done[SKAD_TEXT_BYTES];
    char total[SKAD_TEXT_BYTES];

    skad_text_bytes(reading->done, done);
    skad_text_bytes(reading->total, total);
    if (reading->total == 0) {
        (void)snprintf(out, cap, "%s %s", what, done);
    } else {
        double share = (double)reading->done / (double)reading->total;
        (void)snprintf(out, cap, "%s %s of %s %3.0f %%", what, done, total, 100.0 * share);
    }
}

static void describe_rate(double rate, char *out, size_t cap)
{
    char text[SKAD_TEXT_BYTES];
    out[0] = 0;
    if (rate > 0) {
        skad_text_bytes((uint64_t)rate, text);
        (void)snprintf(out, cap, "  %s/s", text);
    }
}

static void describe_rest(const skad_meter_reading *reading, double rate, char *out, size_t cap)
{
    char text[SKAD_TEXT_BYTES];
    double rest_s = 0;
    out[0] = 0;
    if (rate > 0 && reading->total > reading->done) {
        rest_s = (double)(reading->total - reading->done) / rate;
    }
    if (rest_s > 0 && rest_s < REST_S_MAX) {
        skad_text_duration((uint64_t)(rest_s + 1) * SKAD_US_PER_S, text);
        (void)snprintf(out, cap, "  %s left", text);
    }
}

static void describe_bar(const skad_meter_reading *reading, size_t room, char *out)
{
    out[0] = 0;
    if (reading->total == 0 || room < BAR_MIN + BAR_FRAME) {
        return;
    }
    size_t cells = room - BAR_FRAME < BAR_MAX ? room - BAR_FRAME : BAR_MAX;
    double share = (double)reading->done / (double)reading->total;
    size_t full = share >= 1 ? cells : (size_t)(share * (double)cells);
    memcpy(out, "  [", 3);
    memset(out + 3, '#', full);
    memset(out + 3 + full, '-', cells - full);
    memcpy(out + 3 + cells, "]", 2);
}

void skad_meter_line(const char *what, const skad_meter_reading *reading, double rate, size_t width,
                     char out[static SKAD_METER_LINE_BYTES])
{
    char done[96];
    char speed[SKAD_TEXT_BYTES + 8];
    char rest[SKAD_TEXT_BYTES + 8];
    char bar[BAR_MAX + BAR_FRAME + 1];
    const size_t columns = width <= SKAD_METER_LINE_BYTES ? width : SKAD_METER_LINE_BYTES;

    describe_done(what, reading, done, sizeof done);
    describe_rate(rate, speed, sizeof speed);
    describe_rest(reading, rate, rest, sizeof rest);
    if (strlen(done) + strlen(speed) + strlen(rest) >= columns) {
        rest[0] = 0;
    }
    if (strlen(done) + strlen(speed) >= columns) {
        speed[0] = 0;
    }
    size_t len = strlen(done) + strlen(speed) + strlen(rest);
    describe_bar(reading, columns > len ? columns - len - 1 : 0, bar);
    char line[SKAD_METER_LINE_BYTES];
    (void)snprintf(line, sizeof line, "%s%s%s%s", done, bar, speed, rest);
    (void)snprintf(out, columns > 0 ? columns : 1, "%s", line);
}

/* ---- The terminal ---- */

void skad_meter_begin(skad_meter *meter, const char *what)
{
    *meter = (skad_meter){.what = what, .shown = isatty(STDERR_FILENO) != 0};
}

static size_t width_of_terminal(void)
{
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : WIDTH_DEFAULT;
}

void skad_meter_show(skad_meter *meter, const skad_meter_reading *reading)
{
    char line[SKAD_METER_LINE_BYTES];
    if (!meter->shown) {
        return;
    }
    uint64_t now_us = skad_clock_now().mono_us;
    if (meter->drawn && now_us < meter->drawn_us + SKAD_METER_DRAW_US) {
        return;
    }
    meter->drawn = true;
    meter->drawn_us = now_us;
    double rate = skad_meter_rate(meter, now_us, reading->moved);
    skad_meter_line(meter->what, reading, rate, width_of_terminal(), line);
    (void)fprintf(stderr, ERASE "%s", line);
    (void)fflush(stderr);
}

void skad_meter_end(skad_meter *meter)
{
    if (meter->drawn) {
        (void)fputs(ERASE, stderr);
        (void)fflush(stderr);
        meter->drawn = false;
    }
}
