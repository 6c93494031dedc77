/* Why something failed, for people: one sentence that says what to do. The function that fails
 * writes it, and the part that talks to people prints it. */
#ifndef SKAD_FAILURE_H
#define SKAD_FAILURE_H

#define SKAD_FAILURE_BYTES 512

typedef struct skad_failure {
    char text[SKAD_FAILURE_BYTES]; /* without the name of a program and without a newline */
} skad_failure;

#endif
