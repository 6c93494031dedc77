#include "src/sim/world/links.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/sim/base/memory.h"

#define MATRIX_PLACES_MAX 4096
#define LINE_BYTES_MAX    65536

static uint64_t us_of(double ms)
{
    return ms <= 0.001 ? 1 : (uint64_t)(ms * 1000);
}

/* ---- The matrix ---- */

static bool bad_matrix(char *reason, const char *path, size_t line, const char *what)
{
    (void)snprintf(reason, SKAD_SIM_REASON_BYTES, "%.150s: line %zu: %s", path, line, what);
    return false;
}

/* Reads one row; the first one tells how many places there are. */
static bool read_row(skad_sim_links *links, char *line, size_t row, char *reason)
{
    const char *path = links->scenario->latency_file;
    size_t column = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " ,\t\r\n", &rest); word != NULL;
         word = strtok_r(NULL, " ,\t\r\n", &rest)) {
        char *end = NULL;
        double ms = strtod(word, &end);
        if (*end != 0 || !(ms >= 0 && ms <= 60000)) {
            return bad_matrix(reason, path, row + 1, "a latency is not a number from 0 to 60000");
        }
        if (row == 0 && column < MATRIX_PLACES_MAX) {
            links->matrix_places++;
            links->matrix =
                skad_sim_grow(links->matrix, links->matrix_places, sizeof *links->matrix);
        }
        if (column == links->matrix_places) {
            return bad_matrix(reason, path, row + 1, "too many latencies");
        }
        links->matrix[row * links->matrix_places + column++] = (float)ms;
    }
    if (column != links->matrix_places || column == 0) {
        return bad_matrix(reason, path, row + 1, "too few latencies");
    }
    if (row == 0) {
        links->matrix = skad_sim_grow(links->matrix, column * column, sizeof *links->matrix);
    }
    return true;
}

static bool read_matrix(skad_sim_links *links, char *reason)
{
    const char *path = links->scenario->latency_file;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        (void)snprintf(reason, SKAD_SIM_REASON_BYTES, "cannot read %.150s: %s", path,
                       strerror(errno));
        return false;
    }
    char *line = skad_sim_alloc(1, LINE_BYTES_MAX);
    size_t rows = 0;
    bool good = true;
    while (good && fgets(line, LINE_BYTES_MAX, file) != NULL) {
        if (rows > 0 && rows == links->matrix_places) {
            good = bad_matrix(reason, path, rows + 1, "more lines than places");
        } else {
            good = read_row(links, line, rows++, reason);
        }
    }
    free(line);
    (void)fclose(file);
    if (good && (rows == 0 || rows != links->matrix_places)) {
        good = bad_matrix(reason, path, rows + 1, "fewer lines than places");
    }
    return good;
}

bool skad_sim_links_init(skad_sim_links *links, const skad_sim_scenario *scenario,
                         char reason[static SKAD_SIM_REASON_BYTES])
{
    *links = (skad_sim_links){.scenario = scenario};
    skad_prng_init(&links->prng, scenario->seed, SKAD_PRNG_LINKS);
    if (scenario->latency == SKAD_SIM_MATRIX && !read_matrix(links, reason)) {
        skad_sim_links_free(links);
        return false;
    }
    return true;
}

void skad_sim_links_free(skad_sim_links *links)
{
    free(links->matrix);
    links->matrix = NULL;
}

/* ---- Datagrams ---- */

uint64_t skad_sim_links_latency_us(skad_sim_links *links, uint32_t from, uint32_t to)
{
    const skad_sim_scenario *scenario = links->scenario;
    double ms = scenario->latency_ms;
    switch ((skad_sim_latency)scenario->latency) {
    case SKAD_SIM_CONSTANT:
        break;
    case SKAD_SIM_UNIFORM:
        ms += skad_prng_unit(&links->prng) * (scenario->latency_max_ms - scenario->latency_ms);
        break;
    case SKAD_SIM_LOG_NORMAL:
        ms = skad_prng_log_normal(&links->prng, ms, scenario->latency_sigma);
        if (scenario->latency_max_ms > 0 && ms > scenario->latency_max_ms) {
            ms = scenario->latency_max_ms;
        }
        break;
    case SKAD_SIM_MATRIX:
        ms = links->matrix[from % links->matrix_places * links->matrix_places +
                           to % links->matrix_places];
        break;
    }
    return us_of(ms);
}

uint64_t skad_sim_links_round_trip_us(const skad_sim_links *links)
{
    const skad_sim_scenario *scenario = links->scenario;
    double ms = scenario->latency_ms;
    if (scenario->latency == SKAD_SIM_UNIFORM) {
        ms = (scenario->latency_ms + scenario->latency_max_ms) / 2;
    } else if (scenario->latency == SKAD_SIM_MATRIX) {
        double sum = 0;
        size_t pairs = links->matrix_places * links->matrix_places;
        for (size_t i = 0; i < pairs; i++) {
            sum += (double)links->matrix[i];
        }
        ms = sum / (double)pairs;
    }
    return us_of(2 * ms);
}

skad_sim_fate skad_sim_links_fate(skad_sim_links *links)
{
    const skad_sim_scenario *scenario = links->scenario;
    skad_sim_fate fate = {0};
    fate.lost = skad_prng_chance(&links->prng, scenario->loss);
    fate.doubled = skad_prng_chance(&links->prng, scenario->duplicate);
    fate.damaged = skad_prng_chance(&links->prng, scenario->corrupt);
    if (skad_prng_chance(&links->prng, scenario->reorder)) {
        fate.held_up_us = us_of(skad_prng_unit(&links->prng) * scenario->reorder_ms);
    }
    return fate;
}
