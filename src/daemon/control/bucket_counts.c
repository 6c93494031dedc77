/* Counting, bucket by bucket. A bucket's groups and times are gathered in two lists that all
 * buckets share. */
#include "src/daemon/control/bucket_counts.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/core/routing/peers.h"

#define GROUP_BYTES 8 /* family, then the first 3 (IPv4) or 7 (IPv6) bytes of the address */

/* Two addresses a row, at most. */
typedef struct gathering {
    uint8_t (*groups)[GROUP_BYTES];
    size_t groups_count;
    uint32_t *rtts_us;
    size_t rtts_count;
} gathering;

static int compare_groups(const void *a, const void *b)
{
    return memcmp(a, b, GROUP_BYTES);
}

static int compare_rtts(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static void add_group(gathering *gathered, const skad_address *address)
{
    if (address->family == SKAD_FAMILY_NONE) {
        return;
    }
    uint8_t *group = gathered->groups[gathered->groups_count++];
    memset(group, 0, GROUP_BYTES);
    group[0] = address->family;
    memcpy(group + 1, address->ip, address->family == SKAD_FAMILY_IPV4 ? 3 : 7);
}

static void add_row(skad_bucket_count *bucket, gathering *gathered, const skad_table_row *row)
{
    if (row->replacement && !row->sibling) {
        bucket->replacements++;
        return;
    }
    bool unresponsive = row->failures >= SKAD_UNRESPONSIVE_FAILURES;
    bool connected = row->failures == 0;
    bucket->population++;
    bucket->unresponsive += unresponsive;
    bucket->living += !unresponsive;
    bucket->connected += connected;
    bucket->oldest_us =
        row->first_seen_us > bucket->oldest_us ? row->first_seen_us : bucket->oldest_us;
    add_group(gathered, &row->contact.ipv4);
    add_group(gathered, &row->contact.ipv6);
    if (!unresponsive && row->rtt_us > 0) {
        gathered->rtts_us[gathered->rtts_count++] = row->rtt_us;
    }
}

static uint16_t count_groups(gathering *gathered)
{
    uint16_t different = 0;
    if (gathered->groups_count > 0) {
        qsort(gathered->groups, gathered->groups_count, GROUP_BYTES, compare_groups);
    }
    for (size_t i = 0; i < gathered->groups_count; i++) {
        if (i == 0 || compare_groups(gathered->groups[i - 1], gathered->groups[i]) != 0) {
            different++;
        }
    }
    return different;
}

/* The median. Of an even number it takes the lower one, so that the result was really measured. */
static uint32_t median_rtt(gathering *gathered)
{
    if (gathered->rtts_count == 0) {
        return 0;
    }
    qsort(gathered->rtts_us, gathered->rtts_count, sizeof *gathered->rtts_us, compare_rtts);
    return gathered->rtts_us[(gathered->rtts_count - 1) / 2];
}

static void count_bucket(const skad_table_row *rows, size_t rows_count, size_t shared,
                         gathering *gathered, skad_bucket_count *out)
{
    gathered->groups_count = 0;
    gathered->rtts_count = 0;
    for (size_t i = 0; i < rows_count; i++) {
        if (rows[i].bucket == shared) {
            add_row(out, gathered, &rows[i]);
        }
    }
    out->groups = count_groups(gathered);
    out->rtt_us = median_rtt(gathered);
}

skad_status skad_bucket_counts_take(const skad_table_row *rows, size_t rows_count, size_t count,
                                    skad_bucket_counts *out)
{
    SKAD_ASSERT(count <= SKAD_BUCKET_COUNTS_MAX);
    gathering gathered = {
        .groups = calloc(2 * rows_count + 1, GROUP_BYTES),
        .rtts_us = calloc(rows_count + 1, sizeof *gathered.rtts_us),
    };
    bool ok = gathered.groups != NULL && gathered.rtts_us != NULL;

    *out = (skad_bucket_counts){.count = count};
    for (size_t i = 0; ok && i < count; i++) {
        count_bucket(rows, rows_count, i, &gathered, &out->buckets[i]);
    }
    for (size_t i = 0; i < rows_count; i++) {
        out->siblings += rows[i].sibling;
    }
    free(gathered.groups);
    free(gathered.rtts_us);
    return ok ? SKAD_OK : SKAD_ERR_MEMORY;
}

double skad_bucket_saturation(const skad_bucket_count *bucket, size_t k)
{
    return bucket->population < k ? (double)bucket->population / (double)k : 1.0;
}
