#include "src/core/rpc/answer_budget.h"

bool skad_answer_budget_allows(skad_answer_budget *budget, size_t bytes, bool validated,
                               uint64_t now_us)
{
    bool entitled = validated || skad_rate_relaxed(&budget->rate, budget->until_us, now_us);
    bool allowed = entitled && skad_rate_allows(&budget->rate, bytes, &budget->until_us, now_us);
    budget->shed += !allowed;
    return allowed;
}
