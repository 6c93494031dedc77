/* skad put: stores a file, prints its key. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/address.h"
#include "src/cli/client.h"
#include "src/cli/commands.h"
#include "src/cli/file_put.h"

static bool open_input(const char *path, int *fd, skad_failure *failure)
{
    struct stat info;
    if (path == NULL || strcmp(path, "-") == 0) {
        *fd = STDIN_FILENO;
        return true;
    }
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) {
        return skad_fail(failure, "cannot read %s: %s", path, strerror(errno));
    }
    if (fstat(*fd, &info) == 0 && S_ISDIR(info.st_mode)) {
        close(*fd);
        return skad_fail(failure, "%s is a folder: put its files one by one, or an archive of it",
                         path);
    }
    return true;
}

static skad_exit run(const skad_options *options)
{
    skad_failure failure;
    skad_client client;
    skad_id root;
    int fd = -1;

    if (!open_input(options->argument, &fd, &failure)) {
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    skad_exit exit = skad_client_open(options, &client, &failure);
    if (exit == SKAD_EXIT_DONE) {
        const char *name = fd == STDIN_FILENO ? "stdin" : options->argument;
        exit = skad_file_put(&client, fd, name, &root, &failure);
        skad_client_close(&client);
    }
    if (fd != STDIN_FILENO) {
        close(fd);
    }
    if (exit != SKAD_EXIT_DONE) {
        return skad_complain(exit, &failure);
    }
    char text[SKAD_ID_TEXT_BYTES];
    skad_id_format(&root, text);
    puts(text);
    return skad_printed();
}

const skad_command skad_command_put = {
    .name = "put",
    .usage = "put [FILE|-] [--socket PATH] [--timeout SECONDS]",
    .summary = "Store a file in the network and print its key",
    .details = "Without FILE, or with '-', stdin is stored. Who knows the key can get the file.",
    .options = SKAD_OPTIONS_CLIENT,
    .argument = true,
    .run = run,
};
