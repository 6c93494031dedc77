/* The terminal of `skad top`: pictures drawn over each other on a screen of their own, keys as they
 * are pressed. If stdout is no terminal, pictures follow each other as plain text. */
#ifndef SKAD_CLI_TOP_SCREEN_H
#define SKAD_CLI_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "src/cli/top/frame.h"

/* Takes the terminal, if there is one. INT, TERM and HUP end the waiting from now on. */
void skad_screen_begin(void);
/* Gives it back as it was. */
void skad_screen_end(void);

/* False if the output cannot be written. */
bool skad_screen_draw(const skad_frame *frame);

/* Waits so long for a key or a signal. False: the user wants to quit ('q', Ctrl-C, a signal). */
bool skad_screen_wait(int milliseconds);

#endif
