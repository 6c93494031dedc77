#include "src/sim/report/traces.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/sim/base/memory.h"

#define FILE_MODE 0644

static void write_all(skad_sim_traces *traces, const char *text, size_t len)
{
    if (traces->error == 0 && write(traces->fd, text, len) != (ssize_t)len) {
        traces->error = errno != 0 ? errno : EFBIG;
    }
}

bool skad_sim_traces_open(skad_sim_traces *traces, const char *path)
{
    static const char head[] = "experiment,lookup,time_s,asker,target,right,step,path,hop,node,"
                               "kind,state,rtt_ms,closest\r\n";
    *traces = (skad_sim_traces){
        .fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, FILE_MODE)};
    traces->error = traces->fd < 0 ? errno : 0;
    write_all(traces, head, sizeof head - 1);
    return traces->error == 0;
}

static void write_id(FILE *out, const skad_id *id)
{
    for (size_t i = 0; i < 8; i++) { /* its first 64 bits tell any two nodes apart */
        (void)fprintf(out, "%02x", id->bytes[i]);
    }
}

static const char *kind_of(const skad_world *world, const skad_address *address)
{
    const uint32_t node = skad_sim_node_at(&world->addresses, address);
    if (node >= world->count) {
        return "none";
    }
    return node < world->honest ? "honest" : "adversary";
}

static void write_path(FILE *out, uint8_t path)
{
    if (path == SKAD_STEP_PATH_CLOSING) {
        (void)fputs("closing", out);
    } else if (path == SKAD_STEP_PATH_REGION) {
        (void)fputs("region", out);
    } else {
        (void)fprintf(out, "%u", path);
    }
}

static void write_step(FILE *out, size_t experiment, const skad_sim_traced *lookup, size_t at)
{
    static const char *const states[] = {"heard", "asked", "slow", "answered", "failed"};
    const skad_step *step = &lookup->report->steps[at];
    const double now_s = (double)(lookup->world->now_us - lookup->world->began_us) / 1e6;
    (void)fprintf(out, "%zu,%" PRIu64 ",%.6f,%" PRIu32 ",", experiment, lookup->number, now_s,
                  lookup->asker);
    write_id(out, &lookup->report->target);
    (void)fprintf(out, ",%s,%zu,", lookup->right ? "yes" : "no", at);
    write_path(out, step->path);
    (void)fprintf(out, ",%u,", step->hop);
    write_id(out, &step->id);
    (void)fprintf(out, ",%s,%s,", kind_of(lookup->world, &step->address),
                  step->state < sizeof states / sizeof states[0] ? states[step->state] : "");
    if (step->state == SKAD_STEP_ANSWERED) {
        (void)fprintf(out, "%.3f", (double)step->rtt_us / 1000);
    }
    (void)fprintf(out, ",%s\r\n", step->closest ? "yes" : "no");
}

void skad_sim_traces_add(skad_sim_traces *traces, size_t experiment, const skad_sim_traced *lookup)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = skad_sim_must(open_memstream(&text, &len));
    for (size_t i = 0; i < lookup->report->steps_count; i++) {
        write_step(out, experiment, lookup, i);
    }
    (void)fclose(out);
    write_all(traces, text, len);
    free(text);
}

bool skad_sim_traces_close(skad_sim_traces *traces)
{
    if (traces->fd >= 0 && close(traces->fd) != 0 && traces->error == 0) {
        traces->error = errno;
    }
    return traces->error == 0;
}
