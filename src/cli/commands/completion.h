/* Scripts that complete a command line in a shell. They are written out of the tables of commands
 * and options, so that they know what the program knows. */
#ifndef SKAD_CLI_COMMANDS_COMPLETION_H
#define SKAD_CLI_COMMANDS_COMPLETION_H

/* Each writes a script to stdout. */
void skad_completion_bash(void);
void skad_completion_zsh(void);
void skad_completion_fish(void);

#endif
