#include "src/sim/experiment/durations.h"

#include <math.h>
#include <stddef.h>

#define EACH_DOUBLING 16U
#define DOUBLING_BITS 4U

/* A number of n bits, five or more, lies in row n - 4; its four bits after the first say where. */
static size_t column_of(uint64_t us)
{
    if (us < EACH_DOUBLING) {
        return (size_t)us;
    }
    unsigned row = 63U - (unsigned)__builtin_clzll(us) - DOUBLING_BITS;
    size_t column = (size_t)(row + 1) * EACH_DOUBLING + (size_t)(us >> row) - EACH_DOUBLING;
    return column < SKAD_SIM_DURATIONS_COLUMNS ? column : SKAD_SIM_DURATIONS_COLUMNS - 1;
}

/* The last time of a column. */
static uint64_t end_of(size_t column)
{
    if (column < EACH_DOUBLING) {
        return column;
    }
    unsigned row = (unsigned)(column / EACH_DOUBLING) - 1;
    return ((column % EACH_DOUBLING + EACH_DOUBLING + 1) << row) - 1;
}

void skad_sim_durations_count(skad_sim_durations *durations, uint64_t us)
{
    durations->columns[column_of(us)]++;
}

uint64_t skad_sim_durations_us(const skad_sim_durations *durations, double q)
{
    uint64_t all = 0;
    for (size_t i = 0; i < SKAD_SIM_DURATIONS_COLUMNS; i++) {
        all += durations->columns[i];
    }
    double wanted = ceil(q * (double)all);
    uint64_t met = 0;
    for (size_t i = 0; i < SKAD_SIM_DURATIONS_COLUMNS; i++) {
        met += durations->columns[i];
        if (met > 0 && (double)met >= wanted) {
            return end_of(i);
        }
    }
    return 0;
}
