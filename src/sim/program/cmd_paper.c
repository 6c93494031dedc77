/* skad sim paper: published experiments again, one after the other, and a report of all.
 * docs/reproductions.md has the published figures beside ours. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/sim/program/command.h"

#define WORDS_MAX  64
#define PATH_BYTES 4096

typedef struct step {
    const char *name; /* of its files */
    const char *about;
    const char *small;   /* the command, blank-separated: within minutes on two cores */
    const char *tiny;    /* what is added to see that everything works: within seconds */
    double core_seconds; /* that the small one takes, about */
} step;

#define TINY_LOOKUPS " --nodes 100 --lookups 10"
#define TINY_CHURN   " --nodes 24 --worlds 1 --set warmup_s=10 --set duration_s=30"
#define TINY_CAPTURE " --honest 64 --ground 4,8 --worlds 2 --gets 4 --wait 10"

#define TINY_DETECTOR                                                                              \
    " --set nodes=100 --set lookups=5 --set ground=8,16 --set placement=nearest --worlds 2"

static const step STEPS[] = {
    {"skademlia-paths", "S/Kademlia: lookups among colluders over d disjoint paths",
     "adversary --fraction 0:0.9:0.1 --paths 1,2,4,8 --lookups 500", TINY_LOOKUPS, 60},
    {"skademlia-buckets-2", "S/Kademlia: buckets of k = 2 d, d = 2",
     "adversary --fraction 0:0.6:0.2 --paths 2 --k 4,16 --lookups 300", TINY_LOOKUPS, 12},
    {"skademlia-buckets-4", "S/Kademlia: buckets of k = 2 d, d = 4",
     "adversary --fraction 0:0.6:0.2 --paths 4 --k 8,16 --lookups 300", TINY_LOOKUPS, 6},
    {"churn-uptime", "the Rust study: gets under churn by mean up-time, alpha = 3, k = 3 and 16",
     "churn --k 3,16 --alpha 3 --paths 1 --uptime 5,10,20,60 --worlds 3", TINY_CHURN, 300},
    {"churn-k", "the Rust study, and Ou et al.: alpha = 1, k = 1, 3 and 5",
     "churn --k 1,3,5 --alpha 1 --paths 1 --uptime 5,20,60 --worlds 3", TINY_CHURN, 140},
    {"churn-adversaries", "gets under churn while a share of the nodes withholds",
     "churn --uptime 10 --set adversary=withhold --set adversary_share=0.1,0.3 --worlds 3",
     TINY_CHURN, 125},
    {"pydht-errors", "py-dht: lookups by error rate",
     "adversary --nodes 5000 --fraction 0 --set loss=0,0.05,0.1,0.2 --lookups 500", TINY_LOOKUPS,
     5},
    {"capture-20",
     "capture of keys with 20 identities of one address, 2024: ours, all off, baseline",
     "capture --ground 20 --groups 1 --set adversary_hosts=1 --set without=none,all,baseline "
     "--wait 300 "
     "--worlds 20",
     TINY_CAPTURE, 50},
    {"detector", "NDSS 2024: lookups around a crowd that its detector and ours notice",
     "run /dev/null --set nodes=1000 --set visited=yes --set lookups=50 --set adversary=withhold "
     "--set placement=nearest,under-threshold --set ground=16,20,32,45,128 --worlds 20",
     TINY_DETECTOR, 40},
    {"detector-peace", "NDSS 2024: false alarms of both, without a crowd",
     "run /dev/null --set nodes=1000 --set visited=yes --set lookups=500 --worlds 20",
     " --set nodes=100 --set lookups=20 --worlds 2", 7},
    {"detector-gets", "crowds that gets notice",
     "capture --ground 16,20,32,45 --placement nearest --gets 10 --wait 60 --worlds 20",
     TINY_CAPTURE, 60},
    {"under-threshold", "below the threshold, 2025: with regions, without, and baseline",
     "capture --ground 64,128,256 --placement under-threshold --set without=none,regions,baseline "
     "--wait 60 --worlds 20",
     TINY_CAPTURE, 200},
    {"eclipse-reboot", "Ethereum, 2018: a node that restarts, and an attacker at two addresses",
     "ablate --attack eclipse-reboot --without none,all,baseline --worlds 51",
     " --nodes 60 --worlds 1 --without none,all --set lookups=5 --set duration_s=5", 45},
    {"flash-join", "I2P, 2026: 35 newcomers for each resident, who withhold, and leave again",
     "adversary --nodes 50 --fraction 0 --behaviour withhold --lookups 500 --set ground=1750 "
     "--set arrival_per_s=35 --set leave_at_s=80 --set values=10 --set mutables=10 "
     "--set get_every_ms=200 --set lookup_every_ms=200 --set duration_s=130 "
     "--set report_every_s=10 --set without=none,paths,siblings,baseline --worlds 3",
     " --set ground=60 --set leave_at_s=8 --set duration_s=15 --worlds 1", 100},
    {"ablation", "every attack with each defence off", "ablate --worlds 5",
     " --nodes 60 --worlds 2 --attack none,crowd --without none,all --set lookups=10 "
     "--set duration_s=5",
     900},
};
#define STEPS_COUNT (sizeof STEPS / sizeof STEPS[0])

typedef struct paper {
    const skad_sim_request *request;
    const char *folder;
    bool tiny;
    double began_s;
    double done; /* core-seconds of the steps so far, by the table */
    double all;
    bool interrupted;
} paper;

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- One step ---- */

/* Cuts a command into words; returns how many. */
static int cut(char *text, char **words)
{
    int count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word != NULL && count < WORDS_MAX;
         word = strtok_r(NULL, " ", &rest)) {
        words[count++] = word;
    }
    return count;
}

/* In a process of its own: its table goes to a file beside its results. */
static int run_step(const paper *self, const step *it)
{
    char table[PATH_BYTES];
    char text[2 * PATH_BYTES];
    char *words[WORDS_MAX + 1];
    char program[] = "skad-sim";
    (void)snprintf(table, sizeof table, "%s/%s.txt", self->folder, it->name);
    (void)snprintf(text, sizeof text, "%s%s --out %s/%s.jsonl --resume --jobs %u", it->small,
                   self->tiny ? it->tiny : "", self->folder, it->name,
                   self->request->jobs > 0 ? self->request->jobs
                                           : (unsigned)sysconf(_SC_NPROCESSORS_ONLN));
    words[0] = program;
    const int count = cut(text, words + 1) + 1;
    words[count] = NULL;
    int file = open(table, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0 || dup2(file, STDOUT_FILENO) < 0) {
        return SKAD_SIM_EXIT_FAILED;
    }
    const int code = (int)skad_sim_dispatch(count, words);
    return fflush(stdout) == 0 ? code : SKAD_SIM_EXIT_FAILED;
}

/* What the steps so far have taken tells when the rest will have ended. */
static void tell(const paper *self, size_t number)
{
    char end[16] = "";
    const double took_s = now_s() - self->began_s;
    if (self->done > 0) {
        const time_t at = time(NULL) + (time_t)(took_s * (self->all - self->done) / self->done);
        struct tm local;
        (void)localtime_r(&at, &local);
        (void)strftime(end, sizeof end, "%H:%M:%S", &local);
    }
    (void)fprintf(stderr, "%2zu of %zu  %-20s %s%s%s\n", number + 1, STEPS_COUNT,
                  STEPS[number].name, STEPS[number].about, end[0] != 0 ? "; expected end " : "",
                  end);
}

static bool do_step(paper *self, size_t number)
{
    int status = 0;
    tell(self, number);
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(run_step(self, &STEPS[number]));
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    self->done += STEPS[number].core_seconds;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == SKAD_SIM_EXIT_DONE;
}

/* ---- The whole ---- */

static skad_sim_exit report(const paper *self, size_t steps)
{
    static char text[STEPS_COUNT + 1][PATH_BYTES];
    char *words[STEPS_COUNT + 8];
    static char program[] = "skad-sim";
    static char command[] = "report";
    static char option[] = "-o";
    static char csv[] = "--csv";
    int count = 0;
    words[count++] = program;
    words[count++] = command;
    for (size_t i = 0; i < steps; i++) {
        (void)snprintf(text[i], PATH_BYTES, "%s/%s.jsonl", self->folder, STEPS[i].name);
        words[count++] = text[i];
    }
    (void)snprintf(text[STEPS_COUNT], PATH_BYTES, "%s/report.html", self->folder);
    words[count++] = option;
    words[count++] = text[STEPS_COUNT];
    words[count++] = csv;
    words[count] = NULL;
    return skad_sim_dispatch(count, words);
}

static skad_sim_exit run(skad_sim_request *request)
{
    paper self = {.request = request, .folder = request->files[0], .tiny = request->tiny};
    size_t steps = 0;
    bool good = true;
    if (mkdir(self.folder, 0755) != 0 && errno != EEXIST) {
        char sentence[512];
        (void)snprintf(sentence, sizeof sentence, "cannot make %.200s: %s", self.folder,
                       strerror(errno));
        return skad_sim_complain(SKAD_SIM_EXIT_FAILED, sentence);
    }
    for (size_t i = 0; i < STEPS_COUNT; i++) {
        self.all += STEPS[i].core_seconds;
    }
    self.began_s = now_s();
    (void)signal(SIGINT, SIG_IGN); /* it ends the step; what there is goes into the report */
    while (good && steps < STEPS_COUNT) {
        good = do_step(&self, steps++);
    }
    skad_sim_exit code = report(&self, steps);
    if (!good) {
        return skad_sim_complain(SKAD_SIM_EXIT_FAILED,
                                 "interrupted: run the same command again, and it goes on");
    }
    if (code == SKAD_SIM_EXIT_DONE) {
        printf("%s/report.html has %zu experiments of others, ours beside them in "
               "docs/reproductions.md; %.0f s\n",
               self.folder, STEPS_COUNT, now_s() - self.began_s);
    }
    return code;
}

const skad_sim_command skad_sim_command_paper = {
    .name = "paper",
    .usage = "paper FOLDER [--tiny] [--jobs N]",
    .summary = "Run published experiments again, and report them on one page",
    .details =
        "Writes a result file and a table for each experiment into FOLDER, and report.html; says\n"
        "what is running and when all will have ended. If it is interrupted, run it again: it "
        "goes\n"
        "on. --tiny runs small worlds, to see within a minute that everything works.",
    .argument = "FOLDER",
    .takes_files = true,
    .run = run,
};
