#include "src/core/base/env.h"

#define HOURS_A_LIFE 24

uint64_t skad_env_hour_us(const skad_env *env)
{
    uint64_t us = env->profile.record_life_s * SKAD_US_PER_S / HOURS_A_LIFE;
    return us < SKAD_US_PER_S ? SKAD_US_PER_S : us;
}

uint64_t skad_env_about_us(skad_env *env, uint64_t us)
{
    return us * 3 / 4 + skad_random_below(&env->random, us / 2);
}

uint64_t skad_env_at_least_us(skad_env *env, uint64_t us)
{
    return us + skad_random_below(&env->random, us / 4);
}
