#include "src/sim/report/page.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "src/sim/base/memory.h"
#include "src/sim/report/prices.h"
#include "src/sim/report/record.h"
#include "src/sim/scenario/keys.h"

/* ---- Text ---- */

static void write_text(FILE *out, const char *text)
{
    for (; *text != 0; text++) {
        switch (*text) {
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '"':
            (void)fputs("&quot;", out);
            break;
        default:
            (void)fputc(*text, out);
        }
    }
}

static const char STYLE[] =
    ":root{color-scheme:light dark;--ink:#1d2125;--soft:#5a6168;--line:#d5d9dd;--page:#fff;"
    "--head:#f2f4f6;--warn:#8a3b00}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e3e6e9;--soft:#a2a9b0;--line:#3a4047;"
    "--page:#16191d;--head:#20252b;--warn:#ffb778}}\n"
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);"
    "max-width:62rem;margin:0 auto;padding:1.5rem}\n"
    "h1{font-size:1.7rem;margin:.2rem 0 1rem}h2{font-size:1.3rem;margin:2.5rem 0 .5rem;"
    "border-top:1px solid var(--line);padding-top:1.5rem}h3{font-size:1.05rem;margin:1.5rem 0 "
    ".3rem}\n"
    "figure{margin:1.5rem 0;break-inside:avoid}figure "
    "svg{width:100%;height:auto;color:var(--ink)}\n"
    "figcaption{color:var(--soft);font-size:.9rem}figcaption b{color:var(--ink)}\n"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem;"
    "font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.2rem .6rem;border-bottom:1px solid var(--line);text-align:right;"
    "white-space:nowrap}th{background:var(--head);text-align:right}\n"
    "td.name,th.name{text-align:left}code{font-size:.85rem;overflow-wrap:anywhere}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:0}"
    "dt{color:var(--soft)}dd{margin:0}.missing{color:var(--warn);font-weight:600}\n"
    "@media print{body{max-width:none;padding:0;font-size:11pt}.wide{overflow:visible}"
    "table{font-size:7pt}h2{break-before:page}h2:first-of-type{break-before:auto}}\n";

void skad_sim_page_begin(FILE *out)
{
    (void)fprintf(out,
                  "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" "
                  "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
                  "<title>Results of skad sim</title>\n<style>\n%s</style>\n</head>\n<body>\n"
                  "<h1>Results of skad sim</h1>\n",
                  STYLE);
}

void skad_sim_page_end(FILE *out)
{
    (void)fputs("</body>\n</html>\n", out);
}

/* ---- What was run ---- */

static void write_row(FILE *out, const char *name, const char *value)
{
    (void)fprintf(out, "<dt>%s</dt><dd>", name);
    write_text(out, value);
    (void)fputs("</dd>\n", out);
}

static const char *head_text(const skad_sim_archive *archive, const char *name)
{
    const char *text = json_string_value(json_object_get(archive->head, name));
    return text != NULL ? text : "";
}

static void seeds_of(const skad_sim_archive *archive, char *out, size_t cap)
{
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    for (size_t i = 0; i < archive->plan.count; i++) {
        const uint64_t seed = archive->scenarios[i].seed;
        least = seed < least ? seed : least;
        most = seed > most ? seed : most;
    }
    (void)snprintf(out, cap, least == most ? "%" PRIu64 : "%" PRIu64 " to %" PRIu64, least, most);
}

static void write_provenance(FILE *out, const skad_sim_archive *archive)
{
    char text[SKAD_SIM_ARCHIVE_REASON_BYTES];
    (void)fputs("<dl>\n<dt>command</dt><dd><code>", out);
    write_text(out, archive->plan.arguments);
    (void)fputs("</code></dd>\n", out);
    seeds_of(archive, text, sizeof text);
    write_row(out, "seeds", text);
    (void)snprintf(text, sizeof text, "%zu of each setting", archive->plan.worlds);
    write_row(out, "worlds", text);
    write_row(out, "version", head_text(archive, "version"));
    (void)snprintf(text, sizeof text, "%s signatures and hashes", head_text(archive, "crypto"));
    write_row(out, "cryptography", text);
    (void)fputs("</dl>\n", out);
    if (skad_sim_archive_missing(archive, text)) {
        (void)fputs("<p class=\"missing\">This sweep was interrupted: ", out);
        write_text(out, text);
        (void)fputs(". Run it again with --resume.</p>\n", out);
    }
}

/* Keys of the scenario that are neither usual nor swept. */
static void write_setting(FILE *out, const skad_sim_archive *archive)
{
    skad_sim_scenario usual;
    skad_sim_row_text row;
    skad_sim_row_text other;
    skad_sim_scenario_default(&usual);
    (void)fputs("<p>Setting:", out);
    for (size_t i = 0; skad_sim_scenario_row(&archive->sweep.base, i, &row); i++) {
        (void)skad_sim_scenario_row(&usual, i, &other);
        bool shown = strcmp(row.value, other.value) != 0 || strcmp(row.key, "nodes") == 0;
        if (shown && strcmp(row.key, "seed") != 0 &&
            !skad_sim_record_is_swept(&archive->sweep, row.key)) {
            (void)fputs(" <code>", out);
            write_text(out, row.key);
            (void)fputs(" = ", out);
            write_text(out, row.value);
            (void)fputs("</code>", out);
        }
    }
    (void)fputs("</p>\n", out);
}

/* ---- Tables ---- */

static bool is_shown(const skad_sim_archive *archive, size_t axis)
{
    return archive->plan.worlds == 1 || strcmp(archive->sweep.axes[axis].keys, "seed") != 0;
}

static void write_share(FILE *out, const skad_sim_estimate *it, double scale)
{
    if (it->samples == 0) {
        (void)fputs("<td>–</td><td></td>", out);
        return;
    }
    (void)fprintf(out, "<td>%.1f</td><td>%.1f – %.1f</td>", scale * it->value,
                  scale * it->interval.low, scale * it->interval.high);
}

/* What the adversary pays, on average over the worlds. */
static void write_price(FILE *out, const skad_sim_summary *summary)
{
    const double worlds = summary->worlds > 0 ? (double)summary->worlds : 1;
    const skad_price price = skad_sim_price_of(summary->scenario, summary->sum.draws / worlds);
    if (price.identities < 1) {
        (void)fputs("<td>0</td><td></td><td></td><td></td><td></td><td></td>", out);
        return;
    }
    (void)fprintf(out,
                  "<td>%.0f</td><td>%.3g</td><td>%.4g</td><td>%.3g</td><td>%.0f</td><td>%.3g</td>",
                  price.identities, price.tries, price.core_hours, price.gpu_hours, price.groups,
                  skad_sim_dollars(&price));
}

/* Columns of work that no setting did are left out. */
static void write_table_row(FILE *out, const skad_sim_archive *archive, size_t setting,
                            const skad_sim_summary *summary, const bool *works)
{
    static const skad_sim_measure success[SKAD_SIM_WORKS] = {
        SKAD_SIM_LOOKUP_SUCCESS, SKAD_SIM_GET_SUCCESS, SKAD_SIM_PUT_SUCCESS};
    (void)fputs("<tr>", out);
    for (size_t i = 0; i < archive->sweep.axes_count; i++) {
        if (is_shown(archive, i)) {
            (void)fputs("<td>", out);
            write_text(out, skad_sim_axis_value(archive, i, setting));
            (void)fputs("</td>", out);
        }
    }
    (void)fprintf(out, "<td>%zu</td>", summary->worlds);
    for (int work = 0; work < SKAD_SIM_WORKS; work++) {
        const skad_sim_costs it = skad_sim_costs_of(&summary->sum, (skad_sim_work)work);
        const skad_sim_estimate *share = &summary->estimates[success[work]];
        if (works[work] && it.ended == 0) {
            (void)fputs("<td>0</td><td></td><td></td><td></td><td></td><td></td><td></td>", out);
        } else if (works[work]) {
            (void)fprintf(out, "<td>%" PRIu64 "</td>", it.ended);
            write_share(out, share, 100);
            (void)fprintf(out,
                          "<td class=\"name\">%s, %" PRIu64 "</td><td>%.0f / %.0f / %.0f</td>"
                          "<td>%" PRIu64 " / %" PRIu64 " / %" PRIu64 "</td><td>%" PRIu64
                          " / %" PRIu64 " / %" PRIu64 "</td>",
                          skad_sim_method_text(share->method), share->samples, it.ms[0], it.ms[1],
                          it.ms[2], it.requests[0], it.requests[1], it.requests[2], it.hops[0],
                          it.hops[1], it.hops[2]);
        }
    }
    write_price(out, summary);
    (void)fputs("</tr>\n", out);
}

static void write_table_head(FILE *out, const skad_sim_archive *archive, const bool *works)
{
    static const char *const names[SKAD_SIM_WORKS] = {"lookups", "gets", "puts"};
    (void)fputs("<thead><tr>", out);
    for (size_t i = 0; i < archive->sweep.axes_count; i++) {
        if (is_shown(archive, i)) {
            (void)fputs("<th>", out);
            write_text(out, archive->sweep.axes[i].keys);
            (void)fputs("</th>", out);
        }
    }
    (void)fputs("<th>worlds</th>", out);
    for (int work = 0; work < SKAD_SIM_WORKS; work++) {
        if (works[work]) {
            (void)fprintf(out,
                          "<th>%s</th><th>success, %%</th><th>95 %%</th><th class=\"name\">by, "
                          "over</th><th>ms: p50 / p90 / p99</th><th>requests</th><th>hops</th>",
                          names[work]);
        }
    }
    (void)fputs("<th>adversaries</th><th>tries</th><th>core-hours</th><th>or GPU-hours</th>"
                "<th>address groups</th><th>dollars</th>",
                out);
    (void)fputs("</tr></thead>\n", out);
}

static void write_table(FILE *out, const skad_sim_archive *archive)
{
    const size_t settings = archive->plan.count / archive->plan.worlds;
    skad_sim_summary *summary = skad_sim_alloc(1, sizeof *summary);
    bool works[SKAD_SIM_WORKS] = {false};
    for (size_t i = 0; i < archive->plan.count; i++) {
        works[SKAD_SIM_LOOKUPS] |= archive->outcomes[i].lookups.ended > 0;
        works[SKAD_SIM_GETS] |= archive->outcomes[i].gets.ended > 0;
        works[SKAD_SIM_PUTS] |= archive->outcomes[i].puts.ended > 0;
    }
    (void)fputs("<h3>All settings</h3>\n<div class=\"wide\"><table>\n", out);
    write_table_head(out, archive, works);
    (void)fputs("<tbody>\n", out);
    for (size_t i = 0; i < settings; i++) {
        const size_t first = i * archive->plan.worlds;
        skad_sim_summarise(&archive->scenarios[first], &archive->outcomes[first],
                           archive->plan.worlds, summary);
        write_table_row(out, archive, i, summary, works);
    }
    (void)fputs("</tbody></table></div>\n", out);
    free(summary);
}

/* ---- The whole ---- */

static void write_figure(FILE *out, const skad_sim_archive *archive, const skad_sim_figure *figure,
                         const char *svg)
{
    char seeds[64];
    seeds_of(archive, seeds, sizeof seeds);
    (void)fprintf(out, "<figure>\n%s<figcaption><b>", svg);
    (void)fputc(toupper((unsigned char)figure->title[0]), out);
    write_text(out, figure->title + 1);
    (void)fputs("</b>. ", out);
    write_text(out, figure->caption);
    (void)fputs(" <br><code>", out);
    write_text(out, archive->plan.arguments);
    (void)fprintf(out, "</code>, seeds %s, skad %s, %s cryptography</figcaption>\n</figure>\n",
                  seeds, head_text(archive, "version"), head_text(archive, "crypto"));
}

void skad_sim_page_sweep(FILE *out, const skad_sim_archive *archive,
                         const skad_sim_figures *figures, char *const *svgs)
{
    (void)fputs("<h2>", out);
    write_text(out, archive->plan.command);
    (void)fputs("</h2>\n", out);
    write_provenance(out, archive);
    write_setting(out, archive);
    for (size_t i = 0; i < figures->count; i++) {
        write_figure(out, archive, &figures->all[i], svgs[i]);
    }
    write_table(out, archive);
}
