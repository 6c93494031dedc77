/* The commands of the simulator, one file each (cmd_NAME.c), and what they have in common: options
 * that set keys of the scenario, one by one or as sweeps. */
#ifndef SKAD_SIM_PROGRAM_COMMAND_H
#define SKAD_SIM_PROGRAM_COMMAND_H

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
#define SKAD_SIM_FILES_MAX   4096

typedef struct skad_sim_request {
    skad_sim_sweep sweep;
    const char *files[SKAD_SIM_FILES_MAX]; /* arguments that are no options */
    size_t files_count;
    char *arguments;    /* all of them, as a command to give again; it is freed by main */
    const char *out;    /* --out; NULL: none */
    const char *traces; /* --traces; NULL: none */
    const char *svg;    /* --svg of report; NULL: none */
    unsigned jobs;      /* 0: as many as there are processors */
    bool json;
    bool resume; /* go on with the file of --out */
    bool csv;
    bool tiny;      /* of paper */
    unsigned shard; /* --shard I/N, else 1/1 */
    unsigned shards;
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
    bool takes_files;     /* many arguments, and no scenario */
    bool takes_seeds;
    unsigned worlds; /* by default; 0: it runs no sweep, so no --worlds, --out, --shard, --resume */
    void (*prepare)(skad_sim_scenario *scenario); /* its defaults; may be NULL */
    skad_sim_exit (*run)(skad_sim_request *request);
    skad_sim_option options[SKAD_SIM_OPTIONS_MAX];
} skad_sim_command;

extern const skad_sim_command skad_sim_command_build;
extern const skad_sim_command skad_sim_command_run;
extern const skad_sim_command skad_sim_command_adversary;
extern const skad_sim_command skad_sim_command_audit;
extern const skad_sim_command skad_sim_command_capture;
extern const skad_sim_command skad_sim_command_churn;
extern const skad_sim_command skad_sim_command_fuzz;
extern const skad_sim_command skad_sim_command_keys;
extern const skad_sim_command skad_sim_command_ablate;
extern const skad_sim_command skad_sim_command_paper;
extern const skad_sim_command skad_sim_command_report;
extern const skad_sim_command skad_sim_command_merge;
extern const skad_sim_command skad_sim_command_reality;
extern const skad_sim_command skad_sim_command_schema;
extern const skad_sim_command skad_sim_command_adversaries;
extern const skad_sim_command skad_sim_command_anonymity;

/* Reads the arguments, argv[1] being the command, and runs it. */
skad_sim_exit skad_sim_dispatch(int argc, char **argv);

/* Prints "skad sim: <sentence>" on stderr and returns the code. */
skad_sim_exit skad_sim_complain(skad_sim_exit code, const char *sentence);

#endif
