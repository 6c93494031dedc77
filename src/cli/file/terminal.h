/* Bytes of strangers on a terminal: a value or a file may hold escape sequences, which a terminal
 * obeys (CWE-150). */
#ifndef SKAD_CLI_FILE_TERMINAL_H
#define SKAD_CLI_FILE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes text as it is: printable UTF-8, line ends and tabs. All other bytes become \xNN, and so do
 * characters that control a terminal, turn the direction of the text, or do not look like what they
 * are: marks and separators without a sign of their own. `out` has room for 4 * len
 * bytes. Returns how many it wrote; *taken is how many bytes it read: of a character that is cut
 * off at the end none, unless it is the `last` that comes. */
size_t skad_terminal_text(const uint8_t *bytes, size_t len, bool last, char *out, size_t *taken);

#endif
