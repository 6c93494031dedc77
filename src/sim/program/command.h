/* The commands of the simulator, one file each (cmd_NAME.c), and what they have in common: options
 * that set keys of the scenario, one by one or as sweeps. */
#ifndef SKAD_SIM_PROGRAM_COMMAND_H
#define SKAD_SIM_PROGRAM_COMMAND_H

#include "src/sim/program/jobs.h"
#include "src/sim/report/results.h"
#include "src/sim/scenario/sweep.h"

typedef enum skad_sim_exit {
    SKAD_SIM_EXIT_DONE = 0,
    SKAD_SIM_EXIT_FAILED = 1, /* an experiment failed, was interrupted, or output could not be
                                 written */
    SKAD_SIM_EXIT_USAGE = 2,
} skad_sim_exit;

/* An option of one command that sets keys of the scenario to a value, a list or a range. */
typedef struct skad_sim_option {
    const char *name;
    const char *keys;  /* blank-separated */
    const char *value; /* what it is called in the help */
    const char *text;
    double factor; /* the value times this is what the key gets; 0: the value as it is */
} skad_sim_option;

#define SKAD_SIM_OPTIONS_MAX 10

typedef struct skad_sim_request {
    skad_sim_sweep sweep;
    const char *argument; /* of run: the scenario file; NULL: none */
    const char *out;      /* --out; NULL: none */
    unsigned jobs;        /* 0: as many as there are processors */
    bool json;
    unsigned worlds;    /* --worlds: each setting with so many seeds, from --seed on */
    uint64_t seed_from; /* fuzz: --seeds A..B */
    uint64_t seed_to;
} skad_sim_request;

typedef struct skad_sim_command {
    const char *name;
    const char *usage; /* what follows "usage: skad sim " */
    const char *summary;
    const char *details;  /* may be NULL */
    const char *argument; /* its name; NULL: takes none */
    bool takes_out;
    bool takes_seeds;
    bool takes_worlds;
    void (*prepare)(skad_sim_scenario *scenario); /* its defaults; may be NULL */
    skad_sim_exit (*run)(skad_sim_request *request);
    skad_sim_option options[SKAD_SIM_OPTIONS_MAX];
} skad_sim_command;

extern const skad_sim_command skad_sim_command_build;
extern const skad_sim_command skad_sim_command_run;
extern const skad_sim_command skad_sim_command_adversary;
extern const skad_sim_command skad_sim_command_capture;
extern const skad_sim_command skad_sim_command_churn;
extern const skad_sim_command skad_sim_command_fuzz;
extern const skad_sim_command skad_sim_command_keys;
extern const skad_sim_command skad_sim_command_adversaries;

/* Prints "skad sim: <sentence>" on stderr and returns the code. */
skad_sim_exit skad_sim_complain(skad_sim_exit code, const char *sentence);

/* Makes the worlds of a request the axis that changes fastest. False, with a reason, where the seed
 * is a list already. */
bool skad_sim_request_spread(skad_sim_request *request, char reason[static SKAD_SIM_REASON_BYTES]);

/* Expands the sweep and runs all of it; what it allocates is freed by skad_sim_finish. False when a
 * combination makes no sense, after complaining. */
typedef struct skad_sim_batch {
    skad_sim_scenario *scenarios;
    skad_sim_outcome *outcomes;
    skad_sim_jobs jobs;
    skad_sim_results results;
} skad_sim_batch;

bool skad_sim_batch_new(const char *command, const skad_sim_request *request, skad_sim_batch *out);
/* Prints the JSON line where it is wanted, complains of failures, frees; the exit code. */
skad_sim_exit skad_sim_batch_end(skad_sim_batch *batch, const skad_sim_request *request);

#endif
