/* The routing table by proximity order: one row of counts for each bucket, that is, for each number
 * of first ID bits shared with us; the last bucket also has all peers that share more. The counts
 * show an operator at a glance whether the near buckets are filled and how diverse they are. */
#ifndef SKAD_DAEMON_CONTROL_BUCKET_COUNTS_H
#define SKAD_DAEMON_CONTROL_BUCKET_COUNTS_H

#include "skad/node.h"
#include "src/core/routing/table.h"

#define SKAD_BUCKET_COUNTS_MAX SKAD_BUCKETS_MAX

typedef struct skad_bucket_count {
    uint16_t population;   /* peers in use: members of the bucket, and siblings without a place */
    uint16_t living;       /* part of the population that answers */
    uint16_t connected;    /* part of the population whose last request was answered */
    uint16_t unresponsive; /* part of the population that does not answer for now */
    uint16_t replacements; /* peers that wait for a place */
    uint16_t groups;       /* different /24 (IPv4) and /56 (IPv6) that the population is in */
    uint64_t oldest_us;    /* for how long the longest-known of them is known; 0: empty */
    uint32_t rtt_us;       /* median of the living ones that were measured; 0: none was */
} skad_bucket_count;

typedef struct skad_bucket_counts {
    skad_bucket_count buckets[SKAD_BUCKET_COUNTS_MAX];
    size_t count;
    uint16_t siblings;
} skad_bucket_counts;

/* Neither sorts nor keeps `rows`; each row's bucket is below `count`, which is at most
 * SKAD_BUCKET_COUNTS_MAX. Errors: SKAD_ERR_MEMORY. */
SKAD_MUST_CHECK skad_status skad_bucket_counts_take(const skad_table_row *rows, size_t rows_count,
                                                    size_t count, skad_bucket_counts *out);

/* Returns how full the bucket is, from 0 to 1: it is saturated when it has k peers. A bucket has k
 * places; siblings without one do not count. */
double skad_bucket_saturation(const skad_bucket_count *bucket, size_t k);

#endif
