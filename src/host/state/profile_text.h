/* A network profile as text: lines `key = value`, as docs/profiles.md describes them. Knows nothing
 * of files. */
#ifndef SKAD_HOST_STATE_PROFILE_TEXT_H
#define SKAD_HOST_STATE_PROFILE_TEXT_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/profile.h"
#include "skad/status.h"
#include "src/host/system/failure.h"

/* The numbers of a profile, in the order in which they are shown. */
typedef struct skad_profile_figure {
    const char *key;
    size_t place; /* in skad_profile */
    size_t bytes; /* 1 or 4 */
    uint32_t min;
    uint32_t max;
} skad_profile_figure;

#define SKAD_PROFILE_FIGURES_COUNT 12
extern const skad_profile_figure SKAD_PROFILE_FIGURES[SKAD_PROFILE_FIGURES_COUNT];

uint32_t skad_profile_figure_get(const skad_profile_figure *figure, const skad_profile *profile);

/* The values that are yes or no, likewise. */
typedef struct skad_profile_flag {
    const char *key;
    size_t place;
} skad_profile_flag;

#define SKAD_PROFILE_FLAGS_COUNT 2
extern const skad_profile_flag SKAD_PROFILE_FLAGS[SKAD_PROFILE_FLAGS_COUNT];

bool skad_profile_flag_get(const skad_profile_flag *flag, const skad_profile *profile);

typedef struct skad_profile_text {
    skad_profile profile;
    char psk_file[PATH_MAX]; /* where the pre-shared key lies, as written; empty: nowhere */
} skad_profile_text;

/* Reads `len` bytes and the zero after them. It changes the bytes: wipe them afterwards, and *out
 * as well, even on failure. The sentence of a failure begins with the line, if there is one, and
 * never repeats a value, which might be a key. */
SKAD_MUST_CHECK bool skad_profile_text_read(char *text, size_t len, skad_profile_text *out,
                                            skad_failure *failure);

#endif
