/* What identities cost an attacker: arithmetic over the puzzles of a profile and the rates of a
 * machine. `skad price` and the simulator's reports share it. docs/price.md shows the figures, and
 * where the rates come from.
 *
 * A key that is drawn becomes an identity where it solves the static puzzle, which takes 2^c1
 * draws; and one of a place of the key space where its ID lies there, which multiplies them by one
 * over the place's share. Each identity has to solve the dynamic puzzle as well, 2^c2 tries an
 * epoch. */
#ifndef SKAD_PRICE_PRICE_H
#define SKAD_PRICE_PRICE_H

#include <stdint.h>

/* What a try is in a network. */
typedef struct skad_price_terms {
    uint32_t memory_kib; /* that a hash fills once; 0: a plain hash */
    unsigned static_bits;
    unsigned dynamic_bits;
} skad_price_terms;

/* Tries a second. */
typedef struct skad_price_rates {
    double static_core; /* of one core */
    double dynamic_core;
    double static_gpu; /* of one GPU */
    double dynamic_gpu;
} skad_price_rates;

/* The attacker of reference: the fastest known methods on common hardware, and what an hour of it
 * is rented for, in dollars. */
#define SKAD_PRICE_CORE_HOUR 0.01
#define SKAD_PRICE_GPU_HOUR  0.69
skad_price_rates skad_price_reference(const skad_price_terms *terms);

typedef struct skad_price {
    double tries;      /* of both puzzles */
    double core_hours; /* one of the two, or the other */
    double gpu_hours;
    double identities;
    double groups; /* address groups */
} skad_price;

/* So many identities from so many draws, for one epoch. Draws: as if there were no puzzle, so at
 * least one for each identity. */
skad_price skad_price_of(const skad_price_terms *terms, const skad_price_rates *rates, double draws,
                         double identities);

/* What the cheaper of cores and GPUs costs, at these prices of an hour. */
double skad_price_money(const skad_price *price, double core_hour, double gpu_hour);

/* The expected draws for `count` identities within the distance of the first of N honest nodes, a
 * place of one Nth of the key space; or in a region that holds so many honest nodes. */
double skad_price_draws_near(double count, double nodes, double region_nodes);

#endif
