/* Writing bins and contacts. docs/control.md lists the keys; they are stable. */
#include "src/daemon/control/table_result.h"

#include <stdlib.h>

#include "src/daemon/control/bucket_counts.h"
#include "src/daemon/control/results.h"

/* A row takes at most 420 bytes and a bin 180, so this many rows fit a response with all bins. */
#define ROWS_MAX 2048

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

static void write_bucket(const skad_bucket_count *bucket, size_t shared, size_t k,
                         skad_writer *writer)
{
    skad_write_map(writer, 9);
    skad_result_uint(writer, "bits", shared);
    skad_result_uint(writer, "population", bucket->population);
    skad_result_uint(writer, "living", bucket->living);
    skad_result_uint(writer, "silent", bucket->unresponsive);
    skad_result_uint(writer, "replacements", bucket->replacements);
    skad_result_uint(writer, "groups", bucket->groups);
    skad_result_uint(writer, "oldest_us", bucket->oldest_us);
    skad_result_uint(writer, "rtt_us", bucket->rtt_us);
    skad_result_key(writer, "saturation");
    skad_write_double(writer, skad_bucket_saturation(bucket, k));
}

static void write_buckets(const skad_bucket_counts *buckets, size_t k, skad_writer *writer)
{
    skad_result_uint(writer, "k", k);
    skad_result_uint(writer, "siblings", buckets->siblings);
    skad_result_key(writer, "bins");
    skad_write_array(writer, buckets->count);
    for (size_t i = 0; i < buckets->count; i++) {
        write_bucket(&buckets->buckets[i], i, k, writer);
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
    size_t count = total < ROWS_MAX ? total : ROWS_MAX;
    skad_result_map(writer, 8);
    skad_result_id(writer, "self", skad_node_self(context->node));
    skad_result_uint(writer, "depth", stats.depth);
    skad_result_uint(writer, "neighbours", stats.neighbours);
    write_buckets(&buckets, context->profile->k, writer);
    skad_result_uint(writer, "total", total);
    skad_result_key(writer, "rows");
    skad_write_array(writer, count);
    for (size_t i = 0; i < count; i++) {
        write_row(&rows[i], writer);
    }
    free(rows);
    return true;
}
