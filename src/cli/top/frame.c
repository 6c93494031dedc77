/* Writing the lines. */
#include "src/cli/top/frame.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "skad/types.h"
#include "src/cli/client/text.h"

#define CAPS_SHOWN 4
#define BAR_WIDTH  20

void skad_frame_begin(skad_frame *self, const skad_frame_rates *before, uint64_t now_us)
{
    memset(self, 0, sizeof *self);
    self->before = before;
    self->now_us = now_us;
    self->rates.at_us = now_us;
}

__attribute__((format(printf, 2, 3))) static void add_line(skad_frame *self, const char *format,
                                                           ...)
{
    va_list arguments;
    if (self->count == SKAD_FRAME_LINES_MAX) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(self->lines[self->count++], SKAD_FRAME_LINE_BYTES, format, arguments);
    va_end(arguments);
}

/* What a counter grew by in a second since the picture before; 0 in the first one. */
static double rate_of(skad_frame *self, uint64_t value)
{
    if (self->next == SKAD_FRAME_RATES) {
        return 0;
    }
    const size_t i = self->next++;
    self->rates.values[i] = value;
    if (self->before->at_us == 0 || self->now_us <= self->before->at_us ||
        value < self->before->values[i]) {
        return 0;
    }
    return (double)(value - self->before->values[i]) * 1e6 /
           (double)(self->now_us - self->before->at_us);
}

static double rate_in(skad_frame *self, skad_answer map, const char *key)
{
    return rate_of(self, skad_answer_uint(map, key));
}

static size_t pairs_of(skad_answer map)
{
    return map.item != NULL && map.item->type == SKAD_ITEM_MAP ? map.item->count : 0;
}

/* ---- Health ---- */

void skad_frame_add_health(skad_frame *self, skad_answer health)
{
    char text[SKAD_ANSWER_TEXT_BYTES];
    const skad_answer reasons = skad_answer_get(health, "reasons");
    skad_text_of(health, "verdict", text);
    add_line(self, "health    %s", text);
    for (size_t i = 0; i < skad_answer_count(reasons); i++) {
        skad_answer_text(skad_answer_at(reasons, i), text);
        add_line(self, "          %.180s", text);
    }
}

/* ---- Status ---- */

static void add_traffic(skad_frame *self, skad_answer status)
{
    char in[SKAD_TEXT_BYTES];
    char out[SKAD_TEXT_BYTES];
    const double received = rate_in(self, status, "received");
    const double sent = rate_in(self, status, "sent");
    skad_text_bytes((uint64_t)rate_in(self, status, "received_bytes"), in);
    skad_text_bytes((uint64_t)rate_in(self, status, "sent_bytes"), out);
    add_line(self, "traffic   in %.1f /s, %s/s   out %.1f /s, %s/s", received, in, sent, out);
    const double timeouts = rate_in(self, status, "timeouts");
    const double resent = rate_in(self, status, "resent");
    add_line(self, "requests  resent %.1f /s, not answered %.1f /s, queue %" PRIu64 " of %" PRIu64,
             resent, timeouts, skad_answer_uint(status, "queue"),
             skad_answer_uint(status, "queue_max"));
}

/* Writes the counters of a map that have grown, "ping 3.0 /s, store 1.5 /s". */
static void add_rates(skad_frame *self, const char *title, skad_answer map)
{
    char line[SKAD_FRAME_LINE_BYTES] = "";
    size_t len = 0;
    for (size_t i = 0; i < pairs_of(map); i++) {
        char name[SKAD_ANSWER_TEXT_BYTES];
        skad_answer_text(skad_answer_at(map, 2 * i), name);
        const skad_answer value = skad_answer_at(map, 2 * i + 1);
        const double rate = rate_of(self, value.item != NULL && value.item->type == SKAD_ITEM_UINT
                                              ? value.item->u.number
                                              : 0);
        if (rate > 0 && len < sizeof line) {
            const int more = snprintf(line + len, sizeof line - len, "%s%.30s %.1f /s",
                                      len > 0 ? ", " : "", name, rate);
            len += more > 0 ? (size_t)more : 0;
        }
    }
    add_line(self, "%-9s %.180s", title, line[0] == 0 ? "-" : line);
}

static void add_store(skad_frame *self, skad_answer status)
{
    char held[SKAD_TEXT_BYTES];
    char most[SKAD_TEXT_BYTES];
    char error[SKAD_ANSWER_TEXT_BYTES];
    const skad_answer store = skad_answer_get(status, "store");
    const skad_answer failed = skad_answer_get(store, "error");
    skad_text_bytes(skad_answer_uint(store, "bytes"), held);
    skad_text_bytes(skad_answer_uint(store, "bytes_max"), most);
    add_line(self,
             "records   %" PRIu64 " of %" PRIu64 " held, %s of %s; %" PRIu64 " cached, %" PRIu64
             " published, %" PRIu64 " waiting",
             skad_answer_uint(store, "records"), skad_answer_uint(store, "records_max"), held, most,
             skad_answer_uint(store, "cached"), skad_answer_uint(store, "published"),
             skad_answer_uint(store, "waiting"));
    if (failed.item != NULL && failed.item->type == SKAD_ITEM_STR) {
        skad_answer_text(failed, error);
        add_line(self, "          cannot be written: %.150s", error);
    }
}

static double fill_of(skad_answer cap)
{
    const skad_answer used = skad_answer_at(cap, 0);
    const skad_answer most = skad_answer_at(cap, 1);
    return used.item != NULL && most.item != NULL && most.item->u.number > 0
               ? (double)used.item->u.number / (double)most.item->u.number
               : 0;
}

/* The bounded resources that are fullest. */
static void add_caps(skad_frame *self, skad_answer caps)
{
    char line[SKAD_FRAME_LINE_BYTES] = "";
    size_t len = 0;
    double below = 2;
    for (size_t shown = 0; shown < CAPS_SHOWN; shown++) {
        double best = 0;
        char name[SKAD_ANSWER_TEXT_BYTES] = "";
        for (size_t i = 0; i < pairs_of(caps); i++) {
            const double fill = fill_of(skad_answer_at(caps, 2 * i + 1));
            if (fill > best && fill < below) {
                best = fill;
                skad_answer_text(skad_answer_at(caps, 2 * i), name);
            }
        }
        if (best == 0 || len >= sizeof line) {
            break;
        }
        const int more = snprintf(line + len, sizeof line - len, "%s%.30s %.0f %%",
                                  len > 0 ? ", " : "", name, 100 * best);
        len += more > 0 ? (size_t)more : 0;
        below = best;
    }
    add_line(self, "fullest   %.180s", line[0] == 0 ? "-" : line);
}

void skad_frame_add_status(skad_frame *self, skad_answer status)
{
    char id[SKAD_TEXT_BYTES];
    char network[SKAD_ANSWER_TEXT_BYTES];
    char version[SKAD_ANSWER_TEXT_BYTES];
    char up[SKAD_TEXT_BYTES];
    skad_text_short_id(status, "id", id);
    skad_text_of(status, "profile", network);
    skad_text_of(status, "version", version);
    skad_text_duration(skad_answer_uint(status, "uptime_s") * SKAD_US_PER_S, up);
    add_line(self, "node      %s in '%.40s', skad %.20s, up %s, %s", id, network, version, up,
             skad_answer_bool(status, "joined") ? "joined" : "not joined");
    add_line(self,
             "peers     %" PRIu64 ", %" PRIu64 " silent, %" PRIu64 " siblings; about %" PRIu64
             " nodes in the network",
             skad_answer_uint(status, "peers"), skad_answer_uint(status, "peers_silent"),
             skad_answer_uint(status, "siblings"), skad_answer_uint(status, "network_size"));
    add_traffic(self, status);
    add_rates(self, "answered", skad_answer_get(status, "requests"));
    add_rates(self, "dropped", skad_answer_get(status, "drops"));
    const double lookups = rate_in(self, status, "lookups");
    add_line(self, "lookups   %.1f /s; %" PRIu64 " operations under way, %" PRIu64 " watches",
             lookups, skad_answer_uint(status, "operations"), skad_answer_uint(status, "watches"));
    add_store(self, status);
    add_caps(self, skad_answer_get(status, "caps"));
}

/* ---- The table ---- */

void skad_frame_add_table(skad_frame *self, skad_answer table)
{
    const skad_answer bins = skad_answer_get(table, "bins");
    const size_t count = skad_answer_count(bins);
    add_line(self, "%s", "");
    add_line(self, "bucket  living  silent  waiting       rtt  full");
    for (size_t i = 0; i < count; i++) {
        char rtt[SKAD_TEXT_BYTES];
        char bar[BAR_WIDTH + 1] = "";
        const skad_answer bin = skad_answer_at(bins, i);
        double part = skad_answer_number(bin, "saturation");
        part = part < 0 ? 0 : part > 1 ? 1 : part;
        memset(bar, '#', (size_t)(part * BAR_WIDTH));
        skad_text_duration(skad_answer_uint(bin, "rtt_us"), rtt);
        add_line(self, "%5" PRIu64 "%s %7" PRIu64 " %7" PRIu64 " %8" PRIu64 " %9s  %s",
                 skad_answer_uint(bin, "bits"), i + 1 == count ? "+" : " ",
                 skad_answer_uint(bin, "living"), skad_answer_uint(bin, "silent"),
                 skad_answer_uint(bin, "replacements"), rtt, bar);
    }
}
