/* The cost of a large store on disk: records put a second, memory, the time of finding one beside a
 * bare mdb_get of the same rows, and records swept a second.
 *
 *   build/bench_store [FOLDER [RECORDS [BYTES]]]
 *
 * By default it uses /tmp and 1,000,000 records of 200 bytes.
 *
 * The database is made in a new folder within FOLDER and removed afterwards. Memory is what the
 * process has grown by (VmRSS) less the pages of the database file itself, which are the kernel's
 * to drop. */
#define _GNU_SOURCE /* mkdtemp */
#include <fcntl.h>
#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/measure.h"
#include "crypto/assert.h"
#include "src/db/row.h"
#include "src/db/store_lmdb.h"
#include "tests/support/prng.h"

#define ROUNDS      5
#define FINDS       ((size_t)20000) /* in a round */
#define SWEEP_LIMIT 256
#define BYTES_MAX   1000

static const uint8_t network[32] = {1};

typedef struct plan {
    char dir[PATH_MAX / 2];
    char path[PATH_MAX];
    uint64_t records;
    size_t bytes;
} plan;

/* Record number i: an immutable one of the key that its number draws. */
static skad_store_record record_at(const plan *self, uint64_t number, uint8_t data[BYTES_MAX])
{
    test_prng prng = {number};
    skad_store_record record = {.name = {.key = test_prng_id(&prng), .type = 1},
                                .stored_unix_s = BENCH_UNIX_S,
                                .expires_unix_s = BENCH_UNIX_S + 1 + number % 86400,
                                .group = number % 1000,
                                .data = data,
                                .len = self->bytes};
    memset(data, (int)(number & 255), self->bytes);
    return record;
}

static skad_store open_store(const plan *self, const char *boot)
{
    skad_store store;
    skad_store_lmdb_report report;
    const skad_store_lmdb_config config = {
        .path = self->path,
        .network = network,
        .caps = {self->records, self->records * self->bytes, 1, 1},
        .now_unix_s = BENCH_UNIX_S,
        .boot = boot};
    if (skad_store_lmdb_open(&config, &store, &report) != SKAD_OK) {
        (void)fprintf(stderr, "%s\n", report.text);
        exit(1);
    }
    return store;
}

/* ---- Memory ---- */

/* Of this process, in KiB, without what is mapped from the file. */
static long memory_kib(const char *path)
{
    char line[PATH_MAX + 256];
    long sum = 0;
    bool of_file = false;
    FILE *maps = fopen("/proc/self/smaps", "re");
    SKAD_ASSERT(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from;
        unsigned long to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) { /* NOLINT(cert-err34-c) */
            of_file = strstr(line, path) != NULL && strstr(line, "-lock") == NULL;
        } else if (strncmp(line, "Rss:", 4) == 0 && !of_file) {
            sum += strtol(line + 4, NULL, 10);
        }
    }
    (void)fclose(maps);
    return sum;
}

/* ---- Times ---- */

typedef struct times {
    double us[ROUNDS * FINDS];
    size_t count;
} times;

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(times *self, size_t percent)
{
    qsort(self->us, self->count, sizeof *self->us, compare);
    return self->us[(self->count - 1) * percent / 100];
}

static void time_finds(const plan *self, test_prng *prng, times *out)
{
    uint8_t data[BYTES_MAX];
    skad_store store = open_store(self, NULL);
    for (size_t i = 0; i < FINDS; i++) {
        const skad_store_record record =
            record_at(self, test_prng_below(prng, self->records), data);
        skad_store_record found;
        const double start = bench_wall_s();
        const bool there =
            store.ops->find(store.self, SKAD_STORE_REPLICAS, &record.name, BENCH_UNIX_S, &found);
        out->us[out->count++] = (bench_wall_s() - start) * 1e6;
        SKAD_ASSERT(there && found.len == self->bytes);
    }
    store.ops->free(store.self);
}

static void time_bare_gets(const plan *self, test_prng *prng, times *out)
{
    uint8_t data[BYTES_MAX];
    uint8_t name[SKAD_DB_ROW_KEY_BYTES];
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi table;
    int failed = mdb_env_create(&env) | mdb_env_set_maxdbs(env, 4) |
                 mdb_env_set_mapsize(env, (size_t)1 << 36) |
                 mdb_env_open(env, self->path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NORDAHEAD, 0600) |
                 mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) |
                 mdb_dbi_open(txn, "records", 0, &table);
    SKAD_ASSERT(failed == 0);
    for (size_t i = 0; i < FINDS; i++) {
        const skad_store_record record =
            record_at(self, test_prng_below(prng, self->records), data);
        skad_db_row_key(SKAD_STORE_REPLICAS, &record.name, name);
        MDB_val key = {sizeof name, name};
        MDB_val row;
        const double start = bench_wall_s();
        failed = mdb_get(txn, table, &key, &row);
        out->us[out->count++] = (bench_wall_s() - start) * 1e6;
        SKAD_ASSERT(failed == 0);
    }
    mdb_txn_abort(txn);
    mdb_env_close(env);
}

/* ---- The run ---- */

static void bench_puts(const plan *self)
{
    uint8_t data[BYTES_MAX];
    struct stat file;
    skad_store store = open_store(self, NULL);
    const long before_kib = memory_kib(self->path);
    const double start = bench_wall_s();
    for (uint64_t i = 0; i < self->records; i++) {
        const skad_store_record record = record_at(self, i, data);
        skad_status status = store.ops->put(store.self, SKAD_STORE_REPLICAS, &record, BENCH_UNIX_S);
        SKAD_ASSERT(status == SKAD_OK);
    }
    const double took_s = bench_wall_s() - start;
    const long grown_kib = memory_kib(self->path) - before_kib;
    SKAD_ASSERT(stat(self->path, &file) == 0);
    printf("put      %9.0f records/s, each committed\n", (double)self->records / took_s);
    printf("memory   %9.1f MiB grown, without the file's own pages\n", (double)grown_kib / 1024);
    printf("disk     %9.0f MiB, %.0f bytes a record\n", (double)file.st_size / (1 << 20),
           (double)file.st_size / (double)self->records);
    const double closing = bench_wall_s();
    store.ops->free(store.self);
    printf("close    %9.2f s\n", bench_wall_s() - closing);
}

static void bench_finds(const plan *self)
{
    static times finds;
    static times bare;
    test_prng prng = {1};
    for (size_t round = 0; round < ROUNDS; round++) {
        time_finds(self, &prng, &finds);
        time_bare_gets(self, &prng, &bare);
    }
    const double find_us = percentile(&finds, 50);
    const double bare_us = percentile(&bare, 50);
    printf("find     %9.2f us median, %.2f us at 99 %%\n", find_us, percentile(&finds, 99));
    printf("mdb_get  %9.2f us median, %.2f us at 99 %%\n", bare_us, percentile(&bare, 99));
    printf("ratio    %9.2f\n", find_us / bare_us);
}

/* After a failure of power everything is checked. */
static void bench_check(const plan *self)
{
    const pid_t child = fork();
    if (child == 0) {
        (void)open_store(self, "before");
        _exit(0);
    }
    SKAD_ASSERT(child > 0 && waitpid(child, NULL, 0) == child);
    const double start = bench_wall_s();
    skad_store store = open_store(self, "after");
    printf("check    %9.2f s, everything\n", bench_wall_s() - start);
    store.ops->free(store.self);
}

static void bench_sweep(const plan *self)
{
    skad_store store = open_store(self, NULL);
    uint64_t swept = 0;
    size_t dropped;
    const double start = bench_wall_s();
    /* All that expire in the first half of the day. */
    while ((dropped = store.ops->sweep(store.self, BENCH_UNIX_S + 43200, SWEEP_LIMIT)) > 0) {
        swept += dropped;
    }
    printf("sweep    %9.0f records/s, %d at once\n", (double)swept / (bench_wall_s() - start),
           SWEEP_LIMIT);
    store.ops->free(store.self);
}

int main(int argc, char **argv)
{
    static plan self;
    static const char *const suffixes[] = {"", "-lock", "-clean"};
    self.records = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
    self.bytes = argc > 3 ? strtoul(argv[3], NULL, 10) : 200;
    if (self.records == 0 || self.bytes == 0 || self.bytes > BYTES_MAX) {
        (void)fprintf(stderr, "usage: bench_store [FOLDER [RECORDS [BYTES]]]\n");
        return 2;
    }
    (void)snprintf(self.dir, sizeof self.dir, "%s/skad-bench-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (mkdtemp(self.dir) == NULL) {
        perror(self.dir);
        return 1;
    }
    (void)snprintf(self.path, sizeof self.path, "%s/records.db", self.dir);
    printf("%llu records of %zu bytes in %s\n", (unsigned long long)self.records, self.bytes,
           self.dir);
    bench_puts(&self);
    bench_finds(&self);
    bench_check(&self);
    bench_sweep(&self);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char name[PATH_MAX + 8];
        (void)snprintf(name, sizeof name, "%s%s", self.path, suffixes[i]);
        (void)unlink(name);
    }
    return rmdir(self.dir) == 0 ? 0 : 1;
}
