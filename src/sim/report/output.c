#include "src/sim/report/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/sim/base/memory.h"
#include "src/sim/report/record.h"
#include "src/sim/report/results.h"

/* The head begins with the mark, so that its place is known; "true " is as long as "false". */
#define HEAD      "{\"complete\":"
#define MARK_NO   "false"
#define MARK_YES  "true "
#define FILE_MODE 0644

/* Writes all of it, or cuts the file back to where it was. Several processes append to one file,
 * each a whole line with one call, which O_APPEND keeps apart. */
static bool write_whole(skad_sim_output *output, const char *text, size_t len)
{
    ssize_t written = 0;
    do {
        written = write(output->fd, text, len);
    } while (written < 0 && errno == EINTR);
    if (written == (ssize_t)len) {
        return true;
    }
    const int reason = written < 0 ? errno : EFBIG;
    output->error = output->error != 0 ? output->error : reason;
    const off_t end = lseek(output->fd, 0, SEEK_END);
    if (written > 0 && ftruncate(output->fd, end - written) != 0) {
        output->error = errno;
    }
    return false;
}

static bool write_line(skad_sim_output *output, json_t *object)
{
    char *text = NULL;
    size_t len = 0;
    FILE *stream = skad_sim_must(open_memstream(&text, &len));
    skad_sim_record_write(stream, object);
    (void)fclose(stream);
    bool whole = write_whole(output, text, len);
    free(text);
    return whole;
}

static json_t *axes_of(const skad_sim_sweep *sweep)
{
    json_t *axes = skad_sim_must(json_array());
    for (size_t i = 0; i < sweep->axes_count; i++) {
        const skad_sim_axis *axis = &sweep->axes[i];
        json_t *values = skad_sim_must(json_array());
        for (size_t j = 0; j < axis->count; j++) {
            (void)json_array_append_new(values, json_string(axis->values[j]));
        }
        json_t *object = skad_sim_must(json_object());
        skad_sim_record_add(object, "keys", json_string(axis->keys));
        skad_sim_record_add(object, "values", values);
        (void)json_array_append_new(axes, object);
    }
    return axes;
}

json_t *skad_sim_plan_head(const skad_sim_plan *plan)
{
    json_t *head = skad_sim_must(json_object());
    json_t *what = skad_sim_json_head(plan->command, &plan->sweep->base);
    if (plan->head != NULL) {
        json_decref(what);
        what = skad_sim_must(json_copy(plan->head));
    }
    skad_sim_record_add(head, "complete", json_false());
    skad_sim_record_add(head, "line", json_string("head"));
    (void)json_object_update(head, what);
    (void)json_object_set_new(head, "complete", json_false());
    json_decref(what);
    skad_sim_record_add(head, "axes", axes_of(plan->sweep));
    skad_sim_record_add(head, "worlds", json_integer((json_int_t)plan->worlds));
    skad_sim_record_add(head, "experiments", json_integer((json_int_t)plan->count));
    skad_sim_record_add(head, "shard", json_integer(plan->shard));
    skad_sim_record_add(head, "shards", json_integer(plan->shards));
    skad_sim_record_add(head, "arguments", json_string(plan->arguments));
    return head;
}

static bool open_file(skad_sim_output *output, const char *path, const skad_sim_plan *plan,
                      int flags)
{
    *output = (skad_sim_output){.plan = plan};
    output->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | flags, FILE_MODE);
    output->error = output->fd < 0 ? errno : 0;
    return output->fd >= 0;
}

bool skad_sim_output_open(skad_sim_output *output, const char *path, const skad_sim_plan *plan)
{
    return open_file(output, path, plan, O_CREAT | O_TRUNC) &&
           write_line(output, skad_sim_plan_head(plan));
}

bool skad_sim_output_continue(skad_sim_output *output, const char *path, const skad_sim_plan *plan,
                              size_t whole)
{
    if (!open_file(output, path, plan, 0)) {
        return false;
    }
    if (ftruncate(output->fd, (off_t)whole) != 0) {
        output->error = errno;
    }
    return output->error == 0;
}

static json_t *line_of(const char *kind, size_t number)
{
    json_t *line = skad_sim_must(json_object());
    skad_sim_record_add(line, "line", json_string(kind));
    skad_sim_record_add(line, "experiment", json_integer((json_int_t)number));
    return line;
}

bool skad_sim_output_result(skad_sim_output *output, size_t number,
                            const skad_sim_scenario *scenario, const skad_sim_outcome *outcome)
{
    json_t *line = line_of("result", number);
    skad_sim_record_add(line, "seed", json_integer((json_int_t)scenario->seed));
    skad_sim_record_add(line, "swept", skad_sim_record_swept(output->plan->sweep, scenario));
    skad_sim_record_add(line, "incomplete", json_boolean(outcome->incomplete));
    if (outcome->failed) {
        skad_sim_record_add(line, "failed", json_string(outcome->reason));
    }
    skad_sim_record_add(line, "so_far", skad_sim_record_outcome(outcome));
    return write_line(output, line);
}

bool skad_sim_output_report(skad_sim_output *output, size_t number, const skad_sim_outcome *so_far,
                            const skad_sim_outcome *interval)
{
    json_t *line = line_of("report", number);
    skad_sim_record_add(line, "so_far", skad_sim_record_outcome(so_far));
    skad_sim_record_add(line, "interval", skad_sim_record_outcome(interval));
    return write_line(output, line);
}

/* A file that is appended to ignores the place of a write, so the mark goes in by another way. */
static bool mark(const skad_sim_output *output)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", output->fd);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && pwrite(fd, MARK_YES, strlen(MARK_YES), (off_t)strlen(HEAD)) ==
                               (ssize_t)strlen(MARK_YES);
    return fd >= 0 && close(fd) == 0 && good;
}

bool skad_sim_output_close(skad_sim_output *output, bool complete)
{
    if (complete && output->error == 0 && !mark(output)) {
        output->error = errno;
    }
    if (close(output->fd) != 0 && output->error == 0) {
        output->error = errno;
    }
    return output->error == 0;
}
