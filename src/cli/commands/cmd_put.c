/* skad put: stores a file, prints its key. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/address.h"
#include "src/cli/client/client.h"
#include "src/cli/commands/commands.h"
#include "src/cli/commands/stored.h"
#include "src/cli/file/file_put.h"
#include "src/daemon/control/refusals.h"

static bool open_input(const char *path, skad_file_put_request *out, skad_failure *failure)
{
    struct stat info;
    bool from_stdin = path == NULL || strcmp(path, "-") == 0;

    out->fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    out->name = from_stdin ? "stdin" : path;
    if (out->fd < 0) {
        return skad_fail(failure, "cannot read %s: %s", path, strerror(errno));
    }
    if (fstat(out->fd, &info) != 0) {
        return true;
    }
    if (!from_stdin && S_ISDIR(info.st_mode)) {
        close(out->fd);
        return skad_fail(failure, "%s is a folder: put its files one by one, or an archive of it",
                         path);
    }
    if (S_ISREG(info.st_mode) && info.st_size > 0) {
        out->size = (uint64_t)info.st_size;
    }
    return true;
}

/* "; not stored elsewhere: 14 full (no room left), 2 did not answer"; empty if none failed. */
static void describe_losses(const skad_file_put_report *report, skad_failure *out)
{
    skad_failure reasons;
    skad_refusals_list(report->totals.refusals, 0, &reasons);
    out->text[0] = 0;
    if (report->totals.refused > 0) {
        (void)skad_fail(out, "; refusals: %s", reasons.text);
    }
    if (report->totals.unresponsive > 0) {
        size_t len = strlen(out->text);
        (void)snprintf(out->text + len, sizeof out->text - len, "; without an answer: %" PRIu64,
                       report->totals.unresponsive);
    }
}

/* Adds the key of a file that is stored in part, and what can be done about it. */
static void tell_half_stored(const skad_file_put_report *report, skad_failure *failure)
{
    char key[SKAD_ID_TEXT_BYTES];
    const size_t len = strlen(failure->text);
    if (report->root_known && report->totals.records > 0) {
        skad_id_format(&report->root, key);
        (void)snprintf(failure->text + len, sizeof failure->text - len,
                       "; %" PRIu64 " records of %s are stored: put it again to complete it",
                       report->totals.records, key);
    }
}

static skad_exit check(const skad_options *options, const skad_file_put_report *report,
                       skad_failure *failure)
{
    skad_failure losses;
    if (report->totals.stored_min >= options->min_acks) {
        return SKAD_EXIT_DONE;
    }
    describe_losses(report, &losses);
    (void)skad_fail(failure,
                    "a record of the file is stored at %" PRIu64 " of %" PRIu64
                    " holders, fewer than --min-acks %" PRIu64 "%s",
                    report->totals.stored_min, report->totals.asked_min, options->min_acks,
                    losses.text);
    return SKAD_EXIT_REFUSED;
}

/* ---- Telling ---- */

static void print_json(const skad_file_put_report *report, const char *key, bool keep)
{
    printf("{\"key\":\"%s\",\"bytes\":%" PRIu64 ",\"records\":%" PRIu64 ",\"stored\":%" PRIu64
           ",\"holders\":%" PRIu64 ",\"wanted\":%" PRIu64 ",\"alone\":%" PRIu64
           ",\"refused\":%" PRIu64 ",\"silent\":%" PRIu64 ",\"refusals\":{",
           key, report->bytes, report->totals.records, report->totals.stored_min,
           report->totals.asked_min, report->totals.wanted_min, report->totals.alone,
           report->totals.refused, report->totals.unresponsive);
    bool first = true;
    for (size_t code = 0; code < SKAD_REFUSALS; code++) {
        if (report->totals.refusals[code] > 0) {
            printf("%s\"%s\":%" PRIu64, first ? "" : ",", skad_refusals_name(code),
                   report->totals.refusals[code]);
            first = false;
        }
    }
    printf("},\"kept\":%s,\"dense\":%" PRIu64 "}\n",
           keep && report->not_kept == 0 ? "true" : "false", report->totals.dense);
}

/* Prints a report for a person at a terminal; scripts read only the key. */
static void report_to_terminal(const skad_file_put_report *report)
{
    skad_failure losses;
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    describe_losses(report, &losses);
    (void)fprintf(stderr,
                  "%" PRIu64 " records, each stored at %" PRIu64 " of %" PRIu64
                  " nodes that should have it, or better%s\n",
                  report->totals.records, report->totals.stored_min, report->totals.wanted_min,
                  losses.text);
}

static void warn_dense(const skad_file_put_report *report)
{
    if (report->totals.dense > 0) {
        (void)fflush(stdout);
        (void)fprintf(
            stderr,
            "skad: take care: for %" PRIu64 " of %" PRIu64
            " records the closest nodes are denser than chance allows, as if one party "
            "had made them to own these; they are stored all over their regions, too: get the file "
            "through another node now and then\n",
            report->totals.dense, report->totals.records);
    }
}

static void print(const skad_options *options, const skad_file_put_report *report)
{
    char key[SKAD_ID_TEXT_BYTES];
    skad_id_format(&report->root, key);
    if (options->json) {
        print_json(report, key, !options->once && !options->forward);
    } else {
        puts(key);
        report_to_terminal(report);
        warn_dense(report);
    }
}

static skad_exit run(const skad_options *options)
{
    skad_file_put_request request = {
        .fd = -1,
        .keep = !options->once && !options->forward,
        .forward = options->forward,
        .chains = (uint8_t)options->chains,
    };
    skad_file_put_report report;
    skad_failure failure;
    skad_client client;

    if (!open_input(options->argument, &request, &failure)) {
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    skad_exit exit = skad_client_open(options, &client, &failure);
    if (exit == SKAD_EXIT_DONE) {
        exit = skad_file_put(&client, &request, &report, &failure);
        if (exit != SKAD_EXIT_DONE) {
            tell_half_stored(&report, &failure);
        }
        skad_client_close(&client);
    }
    if (request.fd != STDIN_FILENO) {
        close(request.fd);
    }
    if (exit == SKAD_EXIT_DONE) {
        exit = check(options, &report, &failure);
    }
    if (exit != SKAD_EXIT_DONE) {
        return skad_complain(exit, &failure);
    }
    print(options, &report);
    if (report.totals.alone > 0) {
        exit = skad_stored_alone(request.keep && report.not_kept == 0);
    } else if (report.not_kept > 0) {
        exit = skad_stored_not_kept();
    }
    return exit == SKAD_EXIT_DONE ? skad_printed() : exit;
}

const skad_command skad_command_put = {
    .name = "put",
    .usage = "put [FILE|-] [--min-acks N] [--once] [--forward] [--chains N] [--json] [--socket "
             "PATH] [--timeout SECONDS]",
    .summary = "Store a file in the network and print its key",
    .details =
        "Without FILE, or with '-', stdin is stored. Who knows the key can get the file.\n"
        "The node re-announces all of it each hour, so that it stays; with --once it is left\n"
        "to its holders, who forget it after a day. 'skad withdraw KEY --file' ends the\n"
        "re-announcing. Where only this node has a record, since it reached no other one, the key\n"
        "is printed and the exit code is 6. With --forward other nodes store it, which do not "
        "learn\n"
        "whose file it is; it is left to its holders then, as with --once.",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON | SKAD_OPTION_MIN_ACKS | SKAD_OPTION_ONCE |
               SKAD_OPTIONS_FORWARD,
    .words = "FILE",
    .argument = true,
    .run = run,
};
