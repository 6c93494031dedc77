/* skad completion: prints a script that completes command lines. */
#include <string.h>

#include "src/cli/commands/commands.h"
#include "src/cli/commands/completion.h"

static skad_exit run(const skad_options *options)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } shells[] = {{"bash", skad_completion_bash},
                  {"zsh", skad_completion_zsh},
                  {"fish", skad_completion_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(options->argument, shells[i].shell) == 0) {
            shells[i].print();
            return skad_printed();
        }
    }
    skad_failure failure;
    (void)skad_fail(&failure, "completion: '%s' is neither bash, zsh nor fish", options->argument);
    return skad_complain(SKAD_EXIT_USAGE, &failure);
}

const skad_command skad_command_completion = {
    .name = "completion",
    .usage = "completion bash|zsh|fish",
    .summary = "Print a script that completes command lines in a shell",
    .details = "For bash: source <(skad completion bash). Packages install the scripts.",
    .words = "bash zsh fish",
    .argument = true,
    .argument_needed = true,
    .run = run,
};
