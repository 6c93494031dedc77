/* The cost of requests that have a node look into its store: a part of bench_cost. */
#ifndef SKAD_BENCH_COST_REQUESTS_H
#define SKAD_BENCH_COST_REQUESTS_H

/* Prints a table: each request handled by a node on a database, its signature check included, and
 * its ratio to a bare check, which `verify_us` measures. */
void bench_requests(double (*verify_us)(void));

#endif
