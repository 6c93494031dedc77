#include "src/daemon/control/forwarding_result.h"

#include <stdlib.h>

#include "skad/forward.h"
#include "src/daemon/control/results.h"

#define BALANCES_MAX 256 /* as many as a node keeps */

static int by_size(const void *a, const void *b)
{
    const int32_t one = abs(((const skad_forward_balance *)a)->debt);
    const int32_t other = abs(((const skad_forward_balance *)b)->debt);
    return one < other ? 1 : one > other ? -1 : 0;
}

static void write_balance(const skad_forward_balance *balance, skad_writer *writer)
{
    const int32_t debt = balance->debt;
    skad_write_map(writer, 4);
    skad_result_id(writer, "id", &balance->id);
    skad_result_uint(writer, "owes", debt > 0 ? (uint64_t)debt : 0);
    skad_result_uint(writer, "owed", debt < 0 ? (uint64_t)-debt : 0);
    skad_result_bool(writer, "doubted", balance->doubted);
}

void skad_forwarding_result(const skad_node *node, const skad_node_stats *stats, skad_time now,
                            skad_writer *writer)
{
    skad_forward_balance balances[BALANCES_MAX];
    size_t count = skad_node_forward_balances(node, now, balances, BALANCES_MAX);
    count = count < BALANCES_MAX ? count : BALANCES_MAX;
    qsort(balances, count, sizeof balances[0], by_size);
    const size_t told = count < SKAD_FORWARDING_NEIGHBOURS ? count : SKAD_FORWARDING_NEIGHBOURS;
    skad_write_map(writer, 7);
    skad_result_uint(writer, "waiting", stats->relays);
    skad_result_uint(writer, "answered", stats->relayed);
    skad_result_uint(writer, "late", stats->relays_late);
    skad_result_uint(writer, "requests", stats->relay_requests);
    skad_result_uint(writer, "copies", stats->relay_copies);
    skad_result_uint(writer, "balances", count);
    skad_result_key(writer, "neighbours");
    skad_write_array(writer, told);
    for (size_t i = 0; i < told; i++) {
        write_balance(&balances[i], writer);
    }
}
