/* Writing bins and contacts. docs/control.md lists the keys; they are stable. */
#include "src/daemon/control/table_result.h"

#include <stdlib.h>

#include "src/daemon/control/bucket_counts.h"
#include "src/daemon/control/results.h"
#include "src/daemon/control/topology.h"

/* A row takes at most 260 bytes, its ID in a bin 66, and a bin 200, so this many rows fit a
 * response with all bins. */
#define ROWS_MAX 2048

/* The rows that the result has. */
typedef struct told_rows {
    const skad_table_row *rows;
    size_t count;
} told_rows;

static void write_row(const skad_table_row *row, skad_writer *writer)
{
    const skad_address addresses[] = {row->contact.ipv4, row->contact.ipv6};

    skad_write_map(writer, 10);
    skad_result_id(writer, "id", &row->contact.id);
    skad_result_key(writer, "addresses");
    skad_result_address_list(writer, addresses, 2);
    skad_result_uint(writer, "order", row->order);
    skad_result_uint(writer, "bucket", row->bucket);
    skad_result_bool(writer, "sibling", row->sibling);
    skad_result_bool(writer, "replacement", row->replacement);
    skad_result_uint(writer, "failures", row->failures);
    skad_result_uint(writer, "rtt_us", row->rtt_us);
    skad_result_uint(writer, "seen_us", row->last_seen_us);
    skad_result_uint(writer, "known_us", row->first_seen_us);
}

/* Writes the IDs of the population, as far as its rows are told. */
static void write_peers(const told_rows *told, size_t shared, skad_writer *writer)
{
    size_t count = 0;
    for (size_t i = 0; i < told->count; i++) {
        count += told->rows[i].bucket == shared && skad_topology_in_use(&told->rows[i]);
    }
    skad_result_key(writer, "peers");
    skad_write_array(writer, count);
    for (size_t i = 0; i < told->count; i++) {
        if (told->rows[i].bucket == shared && skad_topology_in_use(&told->rows[i])) {
            skad_control_write_id(writer, &told->rows[i].contact.id);
        }
    }
}

static void write_bucket(const skad_bucket_count *bucket, size_t shared, size_t k,
                         const told_rows *told, skad_writer *writer)
{
    skad_write_map(writer, 11);
    skad_result_uint(writer, "bits", shared);
    skad_result_uint(writer, "population", bucket->population);
    skad_result_uint(writer, "connected", bucket->connected);
    skad_result_uint(writer, "living", bucket->living);
    skad_result_uint(writer, "silent", bucket->unresponsive);
    skad_result_uint(writer, "replacements", bucket->replacements);
    skad_result_uint(writer, "groups", bucket->groups);
    skad_result_uint(writer, "oldest_us", bucket->oldest_us);
    skad_result_uint(writer, "rtt_us", bucket->rtt_us);
    skad_result_key(writer, "saturation");
    skad_write_double(writer, skad_bucket_saturation(bucket, k));
    write_peers(told, shared, writer);
}

static void write_buckets(const skad_bucket_counts *buckets, size_t k, const told_rows *told,
                          skad_writer *writer)
{
    skad_result_uint(writer, "k", k);
    skad_result_uint(writer, "siblings", buckets->siblings);
    skad_result_key(writer, "bins");
    skad_write_array(writer, buckets->count);
    for (size_t i = 0; i < buckets->count; i++) {
        write_bucket(&buckets->buckets[i], i, k, told, writer);
    }
}

/* Writes what bee's /topology tells, but for its depth: that of our region comes beside it. */
static void write_topology(const skad_topology *topology, const skad_node_stats *stats,
                           skad_writer *writer)
{
    skad_result_uint(writer, "population", topology->population);
    skad_result_uint(writer, "connected", topology->connected);
    skad_result_uint(writer, "connected_depth", topology->connected_depth);
    skad_result_key(writer, "reachability");
    skad_write_map(writer, 2);
    skad_result_str(writer, "ipv4", skad_result_reach_name(stats->reach[0]));
    skad_result_str(writer, "ipv6", skad_result_reach_name(stats->reach[1]));
}

static void write_rows(const told_rows *told, size_t total, skad_writer *writer)
{
    skad_result_uint(writer, "total", total);
    skad_result_key(writer, "rows");
    skad_write_array(writer, told->count);
    for (size_t i = 0; i < told->count; i++) {
        write_row(&told->rows[i], writer);
    }
}

bool skad_table_result(const skad_method_context *context, skad_time now, skad_writer *writer)
{
    skad_node_stats stats;
    skad_bucket_counts buckets;

    skad_node_stats_get(context->node, now, &stats);
    size_t total = skad_node_table(context->node, now, NULL, 0);
    skad_table_row *rows = calloc(total + 1, sizeof *rows);
    if (rows == NULL) {
        return false;
    }
    (void)skad_node_table(context->node, now, rows, total);
    if (skad_bucket_counts_take(rows, total, stats.buckets, &buckets) != SKAD_OK) {
        free(rows);
        return false;
    }
    const told_rows told = {rows, total < ROWS_MAX ? total : ROWS_MAX};
    const size_t k = context->profile->k;
    skad_topology topology;
    skad_topology_take(rows, total, k, stats.depth, &topology);
    skad_result_map(writer, 12);
    skad_result_id(writer, "self", skad_node_self(context->node));
    skad_result_uint(writer, "depth", stats.depth);
    skad_result_uint(writer, "neighbours", stats.neighbours);
    write_topology(&topology, &stats, writer);
    write_buckets(&buckets, k, &told, writer);
    write_rows(&told, total, writer);
    free(rows);
    return true;
}
