#include "src/sim/report/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/sim/base/cryptography.h"
#include "src/sim/base/memory.h"
#include "src/sim/report/results.h"

/* The head begins with the mark, so that its place is known; "true " is as long as "false". */
#define HEAD      "{\"complete\":"
#define MARK_NO   "false"
#define MARK_YES  "true "
#define FILE_MODE 0644

/* Writes all of it, or cuts the file back to where it was. */
static bool write_whole(skad_sim_output *output, const char *text, size_t len)
{
    off_t before = lseek(output->fd, 0, SEEK_END);
    size_t done = 0;
    while (done < len) {
        ssize_t written = write(output->fd, text + done, len - done);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            output->error = output->error != 0 ? output->error : (written == 0 ? ENOSPC : errno);
            if (before < 0 || ftruncate(output->fd, before) != 0) {
                output->error = output->error != 0 ? output->error : EIO;
            }
            return false;
        }
        done += (size_t)written;
    }
    return true;
}

/* A stream into memory, whose bytes then go out as one line. */
typedef struct line_buffer {
    char *text;
    size_t len;
    FILE *stream;
} line_buffer;

static FILE *begin_line(line_buffer *line)
{
    *line = (line_buffer){0};
    line->stream = skad_sim_must(open_memstream(&line->text, &line->len));
    return line->stream;
}

static bool end_line(skad_sim_output *output, line_buffer *line)
{
    (void)fputc('\n', line->stream);
    (void)fclose(line->stream);
    bool whole = write_whole(output, line->text, line->len);
    free(line->text);
    return whole;
}

bool skad_sim_output_open(skad_sim_output *output, const char *path,
                          const skad_sim_scenario *scenario)
{
    line_buffer line;
    *output =
        (skad_sim_output){.fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE)};
    if (output->fd < 0) {
        output->error = errno;
        return false;
    }
    FILE *stream = begin_line(&line);
    (void)fprintf(stream, HEAD MARK_NO ",\"line\":\"head\",\"crypto\":\"%s\",\"scenario\":",
                  skad_sim_crypto());
    skad_sim_json_scenario(stream, scenario);
    (void)fputc('}', stream);
    return end_line(output, &line);
}

bool skad_sim_output_line(skad_sim_output *output, const char *kind,
                          const skad_sim_scenario *scenario, const skad_sim_outcome *outcome)
{
    line_buffer line;
    FILE *stream = begin_line(&line);
    (void)fprintf(stream, "{\"line\":\"%s\",\"so_far\":", kind);
    skad_sim_json_outcome(stream, NULL, scenario, outcome);
    (void)fputc('}', stream);
    return end_line(output, &line);
}

bool skad_sim_output_close(skad_sim_output *output, bool complete)
{
    if (complete && output->error == 0 &&
        pwrite(output->fd, MARK_YES, strlen(MARK_YES), (off_t)strlen(HEAD)) !=
            (ssize_t)strlen(MARK_YES)) {
        output->error = errno;
    }
    if (close(output->fd) != 0 && output->error == 0) {
        output->error = errno;
    }
    return output->error == 0;
}
