/* Results as CSV, long form, as statistics programs like it. */
#include <stdlib.h>
#include <string.h>

#include "src/sim/base/memory.h"
#include "src/sim/report/page.h"
#include "src/sim/report/prices.h"

static void write_cell(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text != 0; text++) {
        (void)fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    }
    (void)fputs("\",", out);
}

/* "paths=4 k=16", without the seed of a world. */
static void write_swept(FILE *out, const skad_sim_archive *archive, size_t setting)
{
    char text[512] = "";
    size_t len = 0;
    for (size_t i = 0; i < archive->sweep.axes_count && len < sizeof text; i++) {
        const char *keys = archive->sweep.axes[i].keys;
        if (archive->plan.worlds == 1 || strcmp(keys, "seed") != 0) {
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s=%s", len > 0 ? " " : "",
                                    (int)strcspn(keys, " "), keys,
                                    skad_sim_axis_value(archive, i, setting));
        }
    }
    write_cell(out, text);
}

static void write_start(FILE *out, const skad_sim_archive *archive, size_t setting,
                        const char *section, const char *name)
{
    write_cell(out, archive->plan.command);
    write_swept(out, archive, setting);
    (void)fprintf(out, "%s,%s,", section, name);
}

static void write_setting(FILE *out, const skad_sim_archive *archive, size_t setting,
                          const skad_sim_summary *summary)
{
    for (int i = 0; i < SKAD_SIM_MEASURES; i++) {
        const skad_sim_measure_row *row = skad_sim_measure_at((skad_sim_measure)i);
        const skad_sim_estimate *it = &summary->estimates[i];
        if (it->samples > 0) {
            write_start(out, archive, setting, row->section, row->name);
            (void)fprintf(out, "%.9g,%.9g,%.9g,%s,%zu\r\n", it->value, it->interval.low,
                          it->interval.high, skad_sim_method_text(it->method), (size_t)it->samples);
        }
    }
    for (int work = 0; work < SKAD_SIM_WORKS; work++) {
        const skad_sim_costs it = skad_sim_costs_of(&summary->sum, (skad_sim_work)work);
        for (int i = 0; i < SKAD_SIM_QUANTILES && it.ended > 0; i++) {
            const struct {
                const char *name;
                double value;
            } costs[] = {{"latency_ms", it.ms[i]},
                         {"rpcs", (double)it.requests[i]},
                         {"hops", (double)it.hops[i]}};
            for (size_t j = 0; j < sizeof costs / sizeof costs[0]; j++) {
                char name[32];
                (void)snprintf(name, sizeof name, "%s_p%d", costs[j].name, skad_sim_percents[i]);
                write_start(out, archive, setting, it.name, name);
                (void)fprintf(out, "%.9g,,,,%zu\r\n", costs[j].value, (size_t)it.ended);
            }
        }
    }
}

static void write_price(FILE *out, const skad_sim_archive *archive, size_t setting,
                        const skad_sim_summary *summary)
{
    const double worlds = summary->worlds > 0 ? (double)summary->worlds : 1;
    const skad_price price = skad_sim_price_of(summary->scenario, summary->sum.draws / worlds);
    const struct {
        const char *name;
        double value;
    } rows[] = {{"identities", price.identities}, {"tries", price.tries},
                {"core_hours", price.core_hours}, {"gpu_hours", price.gpu_hours},
                {"groups", price.groups},         {"dollars", skad_sim_dollars(&price)}};
    for (size_t i = 0; price.identities >= 1 && i < sizeof rows / sizeof rows[0]; i++) {
        write_start(out, archive, setting, "price", rows[i].name);
        (void)fprintf(out, "%.9g,,,,%zu\r\n", rows[i].value, summary->worlds);
    }
}

void skad_sim_csv(FILE *out, const skad_sim_archive *archive, bool head)
{
    const size_t settings = archive->plan.count / archive->plan.worlds;
    skad_sim_summary *summary = skad_sim_alloc(1, sizeof *summary);
    if (head) {
        (void)fputs("command,setting,section,measure,value,low,high,by,over\r\n", out);
    }
    for (size_t i = 0; i < settings; i++) {
        const size_t first = i * archive->plan.worlds;
        skad_sim_summarise(&archive->scenarios[first], &archive->outcomes[first],
                           archive->plan.worlds, summary);
        write_setting(out, archive, i, summary);
        write_price(out, archive, i, summary);
    }
    free(summary);
}
