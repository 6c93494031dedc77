/* How long things took, and how many requests, as histograms: plain numbers, which can be added up,
 * and from which any quantile is told to 6 %. */
#ifndef SKAD_SIM_EXPERIMENT_DURATIONS_H
#define SKAD_SIM_EXPERIMENT_DURATIONS_H

#include <stdint.h>

/* Sixteen columns for each doubling: those below 16 us one each, the last one for all from 134 s.
 */
#define SKAD_SIM_DURATIONS_COLUMNS 400

typedef struct skad_sim_durations {
    uint32_t columns[SKAD_SIM_DURATIONS_COLUMNS];
} skad_sim_durations;

void skad_sim_durations_count(skad_sim_durations *durations, uint64_t us);

/* The time within which a share `q`, 0 to 1, of all has ended: the upper end of its column, in
 * microseconds; 0 if nothing was counted. */
uint64_t skad_sim_durations_us(const skad_sim_durations *durations, double q);

/* Numbers of requests likewise: those below 32 are told exactly, the last column is for all from
 * 1,984 on, more than any operation sends. */
#define SKAD_SIM_REQUESTS_COLUMNS 128

typedef struct skad_sim_requests {
    uint32_t columns[SKAD_SIM_REQUESTS_COLUMNS];
} skad_sim_requests;

void skad_sim_requests_count(skad_sim_requests *requests, uint64_t count);
uint64_t skad_sim_requests_at(const skad_sim_requests *requests, double q);

#endif
