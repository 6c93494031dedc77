#include "src/sim/report/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define ERASE        "\r\033[K"
#define DRAW_EVERY_S 0.25
#define BAR_COLUMNS  24

static double real_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void skad_sim_progress_begin(skad_sim_progress *progress, bool wanted)
{
    *progress = (skad_sim_progress){.shown = wanted && isatty(STDERR_FILENO) != 0};
    progress->began_s = real_s();
}

void skad_sim_progress_line(const skad_sim_progress_reading *reading, double took_s,
                            char out[static SKAD_SIM_PROGRESS_BYTES])
{
    double share = reading->experiments > 0 ? reading->done / (double)reading->experiments : 0;
    char bar[BAR_COLUMNS + 1];
    for (int i = 0; i < BAR_COLUMNS; i++) {
        bar[i] = i < (int)(share * BAR_COLUMNS) ? '#' : '.';
    }
    bar[BAR_COLUMNS] = 0;
    int len = snprintf(out, SKAD_SIM_PROGRESS_BYTES,
                       "[%s] %3.0f %%  %.1f of %zu  simulated %.0f s  %.2f M events/s", bar,
                       100 * share, reading->done, reading->experiments, reading->simulated_s,
                       took_s > 0 ? reading->events / took_s * 1e-6 : 0);
    if (share > 0.01 && len > 0 && len < SKAD_SIM_PROGRESS_BYTES) {
        (void)snprintf(out + len, SKAD_SIM_PROGRESS_BYTES - (size_t)len, "  %.0f s left",
                       took_s / share - took_s);
    }
}

void skad_sim_progress_show(skad_sim_progress *progress, const skad_sim_progress_reading *reading)
{
    char line[SKAD_SIM_PROGRESS_BYTES];
    double now_s = progress->shown ? real_s() : 0;
    if (!progress->shown || now_s - progress->drawn_s < DRAW_EVERY_S) {
        return;
    }
    skad_sim_progress_line(reading, now_s - progress->began_s, line);
    (void)fprintf(stderr, ERASE "%s", line);
    (void)fflush(stderr);
    progress->drawn = true;
    progress->drawn_s = now_s;
}

void skad_sim_progress_end(skad_sim_progress *progress)
{
    if (progress->drawn) {
        (void)fputs(ERASE, stderr);
        (void)fflush(stderr);
    }
}
