#include "src/price/price.h"

#include <math.h>

/* Plain hashes (docs/price.md, "Rates"). A key for the static puzzle is the one before plus a
 * constant, so its price is a point addition and a hash. */
#define PLAIN_STATIC_CORE  1.6e6
#define PLAIN_STATIC_GPU   1e8
#define PLAIN_DYNAMIC_CORE 4.8e6
#define PLAIN_DYNAMIC_GPU  2.74e8

/* Argon2id fills memory: MiB a second, of each pass. A core: 23,792 tries of 256 KiB, of our
 * grinder with AVX-512 (bench/grind.c). A GPU: an RTX 5090 under John the Ripper, 11,434 hashes of
 * 16 MiB and three passes. */
#define MEMORY_CORE_MIB_S 5948.0
#define MEMORY_GPU_MIB_S  (11434.0 * 16 * 3)
#define KIB_A_MIB         1024
#define SECONDS_AN_HOUR   3600

skad_price_rates skad_price_reference(const skad_price_terms *terms)
{
    if (terms->memory_kib == 0) {
        return (skad_price_rates){PLAIN_STATIC_CORE, PLAIN_DYNAMIC_CORE, PLAIN_STATIC_GPU,
                                  PLAIN_DYNAMIC_GPU};
    }
    double core = MEMORY_CORE_MIB_S * KIB_A_MIB / terms->memory_kib;
    double gpu = MEMORY_GPU_MIB_S * KIB_A_MIB / terms->memory_kib;
    return (skad_price_rates){core, core, gpu, gpu};
}

skad_price skad_price_of(const skad_price_terms *terms, const skad_price_rates *rates, double draws,
                         double identities)
{
    double still = draws * exp2(terms->static_bits);
    double moving = identities * exp2(terms->dynamic_bits);
    return (skad_price){
        .tries = still + moving,
        .core_hours = (still / rates->static_core + moving / rates->dynamic_core) / SECONDS_AN_HOUR,
        .gpu_hours = (still / rates->static_gpu + moving / rates->dynamic_gpu) / SECONDS_AN_HOUR,
        .identities = identities,
        .groups = identities,
    };
}

double skad_price_money(const skad_price *price, double core_hour, double gpu_hour)
{
    return fmin(price->core_hours * core_hour, price->gpu_hours * gpu_hour);
}

double skad_price_draws_near(double count, double nodes, double region_nodes)
{
    return nodes <= region_nodes ? count : count * nodes / region_nodes;
}
