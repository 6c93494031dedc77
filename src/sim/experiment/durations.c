#include "src/sim/experiment/durations.h"

#include <math.h>
#include <stddef.h>

#define EACH_DOUBLING 16U
#define DOUBLING_BITS 4U

/* A number of n bits, five or more, lies in row n - 4; its four bits after the first say where. */
static size_t column_of(uint64_t number, size_t columns)
{
    if (number < EACH_DOUBLING) {
        return (size_t)number;
    }
    unsigned row = 63U - (unsigned)__builtin_clzll(number) - DOUBLING_BITS;
    size_t column = (size_t)(row + 1) * EACH_DOUBLING + (size_t)(number >> row) - EACH_DOUBLING;
    return column < columns ? column : columns - 1;
}

/* The last number of a column. */
static uint64_t end_of(size_t column)
{
    if (column < EACH_DOUBLING) {
        return column;
    }
    unsigned row = (unsigned)(column / EACH_DOUBLING) - 1;
    return ((column % EACH_DOUBLING + EACH_DOUBLING + 1) << row) - 1;
}

static uint64_t quantile(const uint32_t *columns, size_t count, double q)
{
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++) {
        all += columns[i];
    }
    double wanted = ceil(q * (double)all);
    uint64_t met = 0;
    for (size_t i = 0; i < count; i++) {
        met += columns[i];
        if (met > 0 && (double)met >= wanted) {
            return end_of(i);
        }
    }
    return 0;
}

void skad_sim_durations_count(skad_sim_durations *durations, uint64_t us)
{
    durations->columns[column_of(us, SKAD_SIM_DURATIONS_COLUMNS)]++;
}

uint64_t skad_sim_durations_us(const skad_sim_durations *durations, double q)
{
    return quantile(durations->columns, SKAD_SIM_DURATIONS_COLUMNS, q);
}

void skad_sim_requests_count(skad_sim_requests *requests, uint64_t count)
{
    requests->columns[column_of(count, SKAD_SIM_REQUESTS_COLUMNS)]++;
}

uint64_t skad_sim_requests_at(const skad_sim_requests *requests, double q)
{
    return quantile(requests->columns, SKAD_SIM_REQUESTS_COLUMNS, q);
}
