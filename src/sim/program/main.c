/* `skad sim`: finds the command, reads its options, and lets it do the rest. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/sim/base/cryptography.h"
#include "src/sim/base/memory.h"
#include "src/sim/program/command.h"
#include "src/sim/program/objects.h"
#include "src/sim/report/stats.h"
#include "src/sim/scenario/keys.h"
#include "src/sim/scenario/reader.h"

static const skad_sim_command *const COMMANDS[] = {
    &skad_sim_command_run,         &skad_sim_command_build,   &skad_sim_command_adversary,
    &skad_sim_command_capture,     &skad_sim_command_churn,   &skad_sim_command_fuzz,
    &skad_sim_command_ablate,      &skad_sim_command_paper,   &skad_sim_command_report,
    &skad_sim_command_merge,       &skad_sim_command_schema,  &skad_sim_command_keys,
    &skad_sim_command_adversaries, &skad_sim_command_reality, &skad_sim_command_anonymity,
    &skad_sim_command_audit,
};
#define COMMANDS_COUNT (sizeof COMMANDS / sizeof COMMANDS[0])

#define JOBS_MAX   256
#define SHARDS_MAX 100000

static void print_help(void)
{
    puts("usage: skad sim COMMAND [OPTION]...\n\nMany nodes of the core that ships, in virtual "
         "time.\n");
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        printf("  %-11s %s\n", COMMANDS[i]->name, COMMANDS[i]->summary);
    }
    puts("\n'skad sim COMMAND --help' explains a command. Exit codes: 0 done, 1 failed, "
         "interrupted\n"
         "or an invariant broken, 2 wrong usage.");
}

static void print_option(const char *name, const char *value, const char *text)
{
    char left[40];
    (void)snprintf(left, sizeof left, "--%s %s", name, value);
    printf("  %-22s %s\n", left, text);
}

static void print_command_help(const skad_sim_command *command)
{
    printf("usage: skad sim %s\n\n%s.\n", command->usage, command->summary);
    if (command->details != NULL) {
        printf("%s\n", command->details);
    }
    puts("");
    for (size_t i = 0; i < SKAD_SIM_OPTIONS_MAX && command->options[i].name != NULL; i++) {
        const skad_sim_option *option = &command->options[i];
        print_option(option->name, option->value, option->text);
    }
    if (command->takes_files) {
        print_option("out", "FILE", "what it writes; -o FILE is the same");
        print_option("json", "", "merge: one JSON object on the last line");
        print_option("csv", "", "report: the table as CSV, beside FILE");
        print_option("svg", "FOLDER", "report: each figure as a file of its own");
        print_option("tiny", "", "paper: small worlds, within a minute");
        print_option("jobs", "N", "paper: experiments at once (default: as many as processors)");
        return;
    }
    if (command->takes_seeds) {
        print_option("seeds", "A..B", "these seeds, one after the other (default: 1..100)");
    } else {
        print_option("seed", "S", "all randomness comes from it (default: 1)");
    }
    if (command->worlds > 0) {
        char worlds[80];
        (void)snprintf(worlds, sizeof worlds, "of each setting, with seeds from S on (default: %u)",
                       command->worlds);
        print_option("worlds", "W", worlds);
        print_option("out", "FILE", "JSON Lines: a head, a line for each experiment and report");
        print_option("resume", "", "go on with FILE where it ends, if it is there");
        print_option("shard", "I/N", "only part I of N, into FILE; 'skad sim merge' joins them");
        print_option("traces", "FILE", "CSV: a row for each node that each lookup asked");
    }
    print_option("set", "KEY=VALUE", "any key of 'skad sim keys'; may be repeated");
    print_option("jobs", "N", "experiments at once (default: as many as processors)");
    print_option("crypto", "KIND", "modelled (default) or real signatures and hashes");
    print_option("json", "", "one JSON object on the last line");
    puts("\nValues may be lists (1,2,4,8) or ranges (0:0.9:0.05): then all combinations are run.");
}

/* ---- Reading ---- */

typedef struct reading {
    const skad_sim_command *command;
    skad_sim_request *request;
    bool help;
    char reason[SKAD_SIM_REASON_BYTES];
} reading;

static bool fail(reading *self, const char *what, const char *about)
{
    (void)snprintf(self->reason, sizeof self->reason, "%.60s: %.160s", about, what);
    return false;
}

/* Multiplies each number of a list by a factor: "--uptime 5,10" may be kept in another unit. */
static bool scale(reading *self, const skad_sim_option *option, const char *value, char *out,
                  size_t cap)
{
    size_t len = 0;
    while (*value != 0) {
        char *end = NULL;
        double number = strtod(value, &end);
        if (end == value || len + 40 > cap) {
            return fail(self, "give numbers", option->name);
        }
        len += (size_t)snprintf(out + len, cap - len, "%.12g", number * option->factor);
        if (*end == ',' || *end == ':') {
            out[len++] = *end++;
            out[len] = 0;
        } else if (*end != 0) {
            return fail(self, "give numbers", option->name);
        }
        value = end;
    }
    return true;
}

static bool take_option(reading *self, const skad_sim_option *option, const char *value)
{
    char scaled[1024] = "";
    if (option->factor > 0) {
        if (!scale(self, option, value, scaled, sizeof scaled)) {
            return false;
        }
        value = scaled;
    }
    return skad_sim_sweep_set(&self->request->sweep, option->keys, value, self->reason);
}

static bool take_set(reading *self, const char *value)
{
    const char *equals = strchr(value, '=');
    if (equals == NULL) {
        return fail(self, "give KEY=VALUE", "--set");
    }
    const char *key = skad_sim_scenario_key(value, (size_t)(equals - value));
    if (key == NULL) {
        return fail(self, "there is no such key: see 'skad sim keys'", value);
    }
    return skad_sim_sweep_set(&self->request->sweep, key, equals + 1, self->reason);
}

/* I/N */
static bool take_shard(reading *self, const char *value)
{
    char *end = NULL;
    const unsigned long shard = strtoul(value, &end, 10);
    unsigned long shards = 0;
    bool good = value[0] >= '0' && value[0] <= '9' && *end == '/' && end[1] >= '0' && end[1] <= '9';
    if (good) {
        shards = strtoul(end + 1, &end, 10);
        good = *end == 0 && shard >= 1 && shard <= shards && shards <= SHARDS_MAX;
    }
    self->request->shard = (unsigned)shard;
    self->request->shards = (unsigned)shards;
    return good || fail(self, "give I/N, the part and how many there are, as 1/4", "--shard");
}

static bool take_jobs(reading *self, const char *value)
{
    char *end = NULL;
    unsigned long jobs = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != 0 || jobs < 1 || jobs > JOBS_MAX) {
        return fail(self, "give a number from 1 to 256", "--jobs");
    }
    self->request->jobs = (unsigned)jobs;
    return true;
}

static bool take_worlds(reading *self, const char *value)
{
    char *end = NULL;
    unsigned long worlds = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != 0 || worlds < 1 ||
        worlds > SKAD_SIM_WORLDS_MAX) {
        return fail(self, "give a number from 1 to 256", "--worlds");
    }
    self->request->worlds = (unsigned)worlds;
    return true;
}

static bool take_seeds(reading *self, const char *value)
{
    char *end = NULL;
    self->request->seed_from = strtoull(value, &end, 10);
    bool good = value[0] >= '0' && value[0] <= '9' && strncmp(end, "..", 2) == 0;
    if (good) {
        const char *second = end + 2;
        self->request->seed_to = strtoull(second, &end, 10);
        good = second[0] >= '0' && second[0] <= '9' && *end == 0 &&
               self->request->seed_from <= self->request->seed_to;
    }
    return good || fail(self, "give A..B", "--seeds");
}

static const skad_sim_option *find_option(const skad_sim_command *command, const char *name)
{
    for (size_t i = 0; i < SKAD_SIM_OPTIONS_MAX && command->options[i].name != NULL; i++) {
        if (strcmp(command->options[i].name, name) == 0) {
            return &command->options[i];
        }
    }
    return NULL;
}

/* Options with a value; true when it is one of them and was taken. */
static bool take_value(reading *self, const char *name, const char *value)
{
    const skad_sim_option *option = find_option(self->command, name);
    if (option != NULL) {
        return take_option(self, option, value);
    }
    if (strcmp(name, "set") == 0) {
        return take_set(self, value);
    }
    if (strcmp(name, "seed") == 0 && !self->command->takes_seeds) {
        return skad_sim_sweep_set(&self->request->sweep, "seed", value, self->reason);
    }
    if (strcmp(name, "jobs") == 0) {
        return take_jobs(self, value);
    }
    if (strcmp(name, "worlds") == 0 && self->command->worlds > 0) {
        return take_worlds(self, value);
    }
    if (strcmp(name, "shard") == 0 && self->command->worlds > 0) {
        return take_shard(self, value);
    }
    if (strcmp(name, "traces") == 0 && self->command->worlds > 0) {
        self->request->traces = value;
        return true;
    }
    if (strcmp(name, "svg") == 0 && self->command->takes_files) {
        self->request->svg = value;
        return true;
    }
    if (strcmp(name, "seeds") == 0 && self->command->takes_seeds) {
        return take_seeds(self, value);
    }
    if (strcmp(name, "out") == 0 && (self->command->worlds > 0 || self->command->takes_files)) {
        self->request->out = value;
        return true;
    }
    if (strcmp(name, "crypto") == 0) { /* `skad` chooses the program by it */
        return strcmp(value, skad_sim_crypto()) == 0 ||
               fail(self, "this program has the other kind: start it as 'skad sim'", "--crypto");
    }
    return fail(self, "there is no such option", name);
}

static bool take_argument(reading *self, const char *value)
{
    const size_t most =
        self->command->takes_files ? SKAD_SIM_FILES_MAX : self->command->argument != NULL;
    if (self->request->files_count == most) {
        return fail(self, "one argument too many", value);
    }
    self->request->files[self->request->files_count++] = value;
    /* The file comes first in any order of arguments, because options change its values. */
    return true;
}

/* Options without a value; false: it is none of them. */
static bool take_flag(reading *self, const char *name)
{
    const struct {
        const char *name;
        bool *flag;
        bool known;
    } flags[] = {
        {"json", &self->request->json, true},
        {"help", &self->help, true},
        {"resume", &self->request->resume, self->command->worlds > 0},
        {"csv", &self->request->csv, self->command->takes_files},
        {"tiny", &self->request->tiny, self->command->takes_files},
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (flags[i].known && strcmp(name, flags[i].name) == 0) {
            *flags[i].flag = true;
            return true;
        }
    }
    return false;
}

static bool read_word(reading *self, int argc, char **argv, int *at)
{
    const char *word = strcmp(argv[*at], "-o") == 0 ? "--out" : argv[*at];
    if (strncmp(word, "--", 2) != 0) {
        return take_argument(self, word);
    }
    char name[64];
    size_t len = strcspn(word + 2, "=");
    if (len >= sizeof name) {
        return fail(self, "there is no such option", word);
    }
    memcpy(name, word + 2, len);
    name[len] = 0;
    if (take_flag(self, name)) {
        return true;
    }
    const char *value = word[2 + len] == '=' ? word + 3 + len : NULL;
    if (value == NULL && *at + 1 < argc) {
        value = argv[++*at];
    }
    return value != NULL ? take_value(self, name, value) : fail(self, "a value is missing", word);
}

/* Reads the scenario file before all options, so that these change its values. */
static bool read_file(reading *self, int argc, char **argv)
{
    skad_sim_scenario *base = &self->request->sweep.base;
    const bool wanted = self->command->argument != NULL && !self->command->takes_files;
    for (int i = 2; wanted && i < argc; i++) {
        if (argv[i][0] != '-') {
            return skad_sim_scenario_read(base, argv[i], self->reason);
        }
        bool flag = strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "--help") == 0 ||
                    strcmp(argv[i], "--resume") == 0;
        i += !flag && strchr(argv[i], '=') == NULL;
    }
    return true;
}

/* The command line to give again, without what only says where it runs. */
static char *join(int argc, char **argv)
{
    char *text = NULL;
    size_t len = 0;
    FILE *stream = skad_sim_must(open_memstream(&text, &len));
    (void)fputs("skad sim", stream);
    for (int i = 1; i < argc; i++) {
        static const char *const places[] = {"--out", "-o", "--shard", "--jobs", "--traces"};
        bool place = strcmp(argv[i], "--resume") == 0;
        for (size_t j = 0; j < sizeof places / sizeof places[0]; j++) {
            const size_t whole = strlen(places[j]);
            if (strncmp(argv[i], places[j], whole) == 0 &&
                (argv[i][whole] == 0 || argv[i][whole] == '=')) {
                place = true;
                i += argv[i][whole] == 0;
                break;
            }
        }
        if (!place && i < argc) {
            (void)fprintf(stream, strpbrk(argv[i], " \t") != NULL ? " '%s'" : " %s", argv[i]);
        }
    }
    (void)fclose(stream);
    return text;
}

static bool read_all(reading *self, int argc, char **argv)
{
    skad_sim_scenario_default(&self->request->sweep.base);
    if (self->command->prepare != NULL) {
        self->command->prepare(&self->request->sweep.base);
    }
    if (!read_file(self, argc, argv)) {
        return false;
    }
    for (int i = 2; i < argc; i++) {
        if (!read_word(self, argc, argv, &i)) {
            return false;
        }
    }
    if (self->command->argument != NULL && self->request->files_count == 0 && !self->help) {
        return fail(self, "is missing", self->command->argument);
    }
    return true;
}

static const skad_sim_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        if (strcmp(COMMANDS[i]->name, name) == 0) {
            return COMMANDS[i];
        }
    }
    return NULL;
}

static skad_sim_exit run_command(const skad_sim_command *command, int argc, char **argv)
{
    skad_sim_request *request = skad_sim_alloc(1, sizeof *request);
    reading self = {.command = command, .request = request};
    skad_sim_exit code = SKAD_SIM_EXIT_DONE;
    request->shard = 1;
    request->shards = 1;
    request->seed_from = 1;
    request->seed_to = 100;
    request->worlds = command->worlds;
    request->arguments = join(argc, argv);
    if (!read_all(&self, argc, argv)) {
        code = skad_sim_complain(SKAD_SIM_EXIT_USAGE, self.reason);
    } else if (self.help) {
        print_command_help(command);
    } else {
        code = command->run(request);
    }
    skad_sim_sweep_free(&request->sweep);
    free(request->arguments);
    free(request);
    return code;
}

skad_sim_exit skad_sim_dispatch(int argc, char **argv)
{
    const skad_sim_command *command = find_command(argv[1]);
    if (command == NULL) {
        char reason[SKAD_SIM_REASON_BYTES];
        (void)snprintf(reason, sizeof reason,
                       "%.60s: there is no such command: see 'skad sim --help'", argv[1]);
        return skad_sim_complain(SKAD_SIM_EXIT_USAGE, reason);
    }
    return run_command(command, argc, argv);
}

int main(int argc, char **argv)
{
    skad_sim_behaviour_load_with(skad_sim_object_load);
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        print_help();
        return argc < 2 ? SKAD_SIM_EXIT_USAGE : SKAD_SIM_EXIT_DONE;
    }
    return (int)skad_sim_dispatch(argc, argv);
}
