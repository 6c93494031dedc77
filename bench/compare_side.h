/* The two networks that bench_compare sets beside each other, behind one interface. Each side has
 * its nodes in one process of its own, a thread or two a node, with UDP sockets on 127.0.0.1.
 *
 * compare_skad.c has the one side, compare_opendht.cc the other, and compare_process.c runs either
 * in a process. C and C++ include this. */
#ifndef SKAD_BENCH_COMPARE_SIDE_H
#define SKAD_BENCH_COMPARE_SIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COMPARE_NODES       64
#define COMPARE_VALUE_BYTES 200
#define COMPARE_KEY_BYTES   32

typedef enum compare_act {
    COMPARE_PUT,     /* an immutable value */
    COMPARE_GET,     /* ends with the first copy */
    COMPARE_PUBLISH, /* a signed record that may change */
    COMPARE_RESOLVE, /* its latest edition: all nodes that should have it are asked */
} compare_act;
#define COMPARE_ACTS 4

typedef struct compare_task {
    compare_act act;
    uint32_t node;
    uint32_t number;                    /* PUBLISH, RESOLVE: of the record */
    uint8_t value[COMPARE_VALUE_BYTES]; /* what is stored, and what has to be found */
    uint8_t key[COMPARE_KEY_BYTES];     /* GET, RESOLVE: what the other act told */
} compare_task;

typedef enum compare_outcome {
    COMPARE_FAILED, /* also a value that is another */
    COMPARE_DONE,
    COMPARE_LOCAL, /* GET: the node has the value itself, so that this tells nothing */
} compare_outcome;

typedef struct compare_result {
    compare_outcome outcome;
    double ms; /* from the call to its answer, as the caller sees it */
    uint8_t key[COMPARE_KEY_BYTES];
} compare_result;

/* Of all nodes together, since their start. */
typedef struct compare_counts {
    uint64_t datagrams; /* sent */
    uint64_t requests;  /* skad: answered; OpenDHT: sent, without repetitions */
    uint64_t signatures;
    uint64_t verifications;
} compare_counts;

/* A network; there is one of each side in a process. */
typedef struct compare_side {
    const char *name;
    bool (*start)(void); /* returns when all nodes have joined, or when that fails */
    void (*act)(const compare_task *task, compare_result *out);
    void (*count)(compare_counts *out);
    void (*stop)(void); /* removes what it has on disk; the end of the process does the rest */
} compare_side;

extern const compare_side compare_skad;
extern const compare_side compare_opendht; /* where SKAD_COMPARE_OPENDHT is defined */

/* ---- In a process of its own (compare_process.c) ---- */

typedef struct compare_process {
    const compare_side *side;
    pid_t pid;
    int fd; /* a socket to it */
} compare_process;

/* Starts the process and its nodes; compare_process_ready waits for them. */
bool compare_process_start(const compare_side *side, compare_process *out);
bool compare_process_ready(const compare_process *self);
void compare_process_stop(compare_process *self);

/* The calls of the side. They end the program if its process has ended. */
void compare_process_act(const compare_process *self, const compare_task *task,
                         compare_result *out);
void compare_process_count(const compare_process *self, compare_counts *out);

/* Processor time of all its threads, seconds. */
double compare_process_cpu_s(const compare_process *self);

#ifdef __cplusplus
}
#endif

#endif
