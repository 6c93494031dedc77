#include "src/sim/scenario/behaviours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/sim/base/memory.h"

#define NAME_BYTES_MAX 256 /* the text of a mixture, its zero included */

static const skad_sim_behaviour none = {
    .name = "none", .about = "there are no adversaries; in the tables of others: honest nodes"};

/* Each begins with a skad_sim_behaviour; the rest is the matter of rooms above. */
#define DECLARE(upper, lower) extern const struct skad_adversary skad_adversary_##lower;
SKAD_SIM_ADVERSARIES(DECLARE)
#undef DECLARE

#define POINT(upper, lower) (const skad_sim_behaviour *)(const void *)&skad_adversary_##lower,
static const skad_sim_behaviour *const built_in[] = {&none, SKAD_SIM_ADVERSARIES(POINT)};
#undef POINT

/* One that this process met: loaded, or a mixture. */
typedef struct met {
    char name[NAME_BYTES_MAX];
    skad_sim_behaviour is; /* of that name */
    skad_sim_part parts[SKAD_SIM_PARTS_MAX];
    size_t parts_count;
} met;

static met *mets[SKAD_SIM_BEHAVIOURS_MAX]; /* never freed: scenarios have their numbers */
static size_t mets_count;
static skad_sim_behaviour_loader *load;

void skad_sim_behaviour_load_with(skad_sim_behaviour_loader *loader)
{
    load = loader;
}

const skad_sim_behaviour *skad_sim_behaviour_at(uint64_t number)
{
    if (number < SKAD_SIM_BUILT_IN) {
        return built_in[number];
    }
    number -= SKAD_SIM_BUILT_IN;
    if (number >= mets_count) {
        return NULL;
    }
    return &mets[number]->is;
}

size_t skad_sim_behaviour_parts(uint64_t number, skad_sim_part out[static SKAD_SIM_PARTS_MAX])
{
    if (number < SKAD_SIM_BUILT_IN) {
        out[0] = (skad_sim_part){.of = built_in[number], .share = 1};
        return 1;
    }
    const met *one = mets[number - SKAD_SIM_BUILT_IN];
    memcpy(out, one->parts, one->parts_count * sizeof *out);
    return one->parts_count;
}

/* ---- Finding ---- */

static bool find_known(const char *name, size_t len, uint64_t *out)
{
    const skad_sim_behaviour *one;
    for (uint64_t number = 0; (one = skad_sim_behaviour_at(number)) != NULL; number++) {
        if (strlen(one->name) == len && strncmp(one->name, name, len) == 0) {
            *out = number;
            return true;
        }
    }
    return false;
}

static met *meet(const char *name, char reason[static SKAD_SIM_REASON_BYTES], uint64_t *out)
{
    if (mets_count == SKAD_SIM_BEHAVIOURS_MAX || strlen(name) >= NAME_BYTES_MAX) {
        (void)skad_sim_reason(reason,
                              "adversary: '%.40s' is one too many, or too long: %d bytes "
                              "and %d behaviours at most",
                              name, NAME_BYTES_MAX - 1, SKAD_SIM_BEHAVIOURS_MAX);
        return NULL;
    }
    met *one = skad_sim_alloc(1, sizeof *one);
    memcpy(one->name, name, strlen(name) + 1);
    one->is.name = one->name;
    *out = SKAD_SIM_BUILT_IN + mets_count;
    mets[mets_count++] = one;
    return one;
}

bool skad_sim_behaviour_add(const char *name, const skad_sim_behaviour *loaded, uint64_t *out,
                            char reason[static SKAD_SIM_REASON_BYTES])
{
    if (find_known(name, strlen(name), out)) {
        return skad_sim_reason(reason, "adversary: there is a '%.40s' already", name);
    }
    met *one = meet(name, reason, out);
    if (one == NULL) {
        return false;
    }
    one->is.about = loaded->about;
    one->is.traits = loaded->traits;
    one->parts[one->parts_count++] = (skad_sim_part){.of = loaded, .share = 1};
    return true;
}

static bool find_single(const char *name, size_t len, uint64_t *out,
                        char reason[static SKAD_SIM_REASON_BYTES])
{
    char path[NAME_BYTES_MAX];
    if (find_known(name, len, out)) {
        return true;
    }
    if (load == NULL || len >= sizeof path || memchr(name, '/', len) == NULL) {
        return skad_sim_reason(reason,
                               "adversary: there is no behaviour '%.*s': see 'skad sim "
                               "adversaries'; a shared object is named with a slash, "
                               "./mine.so",
                               len > 40 ? 40 : (int)len, name);
    }
    memcpy(path, name, len);
    path[len] = 0;
    return load(path, out, reason);
}

/* ---- Mixtures ---- */

static bool bad_mixture(const char *name, char reason[static SKAD_SIM_REASON_BYTES])
{
    return skad_sim_reason(
        reason,
        "adversary: '%.60s' is no mixture: write NAME:SHARE,NAME:SHARE, up to %d "
        "of them, whose shares add up to 1; NAME:SHARE@FROM-UNTIL has a phase",
        name, SKAD_SIM_PARTS_MAX);
}

/* "@30" or "@30-60", if there is any. */
static bool read_phase(char **at, skad_sim_part *part)
{
    char *end = NULL;
    if (**at != '@') {
        return true;
    }
    part->from_s = strtod(*at + 1, &end);
    bool read = end != *at + 1 && part->from_s >= 0;
    *at = end;
    if (read && **at == '-') {
        part->until_s = strtod(*at + 1, &end);
        read = end != *at + 1 && part->until_s > part->from_s;
        *at = end;
    }
    return read;
}

/* Reads all of a part but its behaviour, whose number it gives. */
static bool read_part(const char **at, uint64_t *number, skad_sim_part *part, bool *good,
                      char reason[static SKAD_SIM_REASON_BYTES])
{
    char *end = NULL;
    size_t len = strcspn(*at, ":,");
    if (len == 0 || (*at)[len] != ':') {
        return false;
    }
    *number = 0;
    *good = find_single(*at, len, number, reason);
    part->share = strtod(*at + len + 1, &end);
    bool read = end != *at + len + 1 && part->share > 0 && part->share <= 1 &&
                read_phase(&end, part) && (*end == 0 || *end == ',');
    *at = end;
    return read;
}

static bool mix(met *out, const char *name, char reason[static SKAD_SIM_REASON_BYTES])
{
    double sum = 0;
    const char *at = name;
    for (bool more = true; more; more = *at++ != 0) {
        bool good = true;
        uint64_t number = 0;
        skad_sim_part part = {.share = 0};
        if (!read_part(&at, &number, &part, &good, reason) ||
            out->parts_count == SKAD_SIM_PARTS_MAX || (good && number == SKAD_SIM_HONEST)) {
            return bad_mixture(name, reason);
        }
        if (!good) {
            return false;
        }
        skad_sim_part parts[SKAD_SIM_PARTS_MAX];
        (void)skad_sim_behaviour_parts(number, parts); /* no mixture: its name has no colon */
        out->is.traits |= parts[0].of->traits;
        part.of = parts[0].of;
        out->parts[out->parts_count++] = part;
        sum += part.share;
    }
    return fabs(sum - 1) < 1e-6 || bad_mixture(name, reason);
}

bool skad_sim_behaviour_find(const char *name, uint64_t *out,
                             char reason[static SKAD_SIM_REASON_BYTES])
{
    met made = {.parts_count = 0};
    if (strchr(name, ':') == NULL) {
        return find_single(name, strlen(name), out, reason);
    }
    if (find_known(name, strlen(name), out)) {
        return true;
    }
    if (!mix(&made, name, reason)) {
        return false;
    }
    met *one = meet(name, reason, out);
    if (one == NULL) {
        return false;
    }
    memcpy(one->parts, made.parts, sizeof one->parts);
    one->parts_count = made.parts_count;
    one->is.about = "a mixture";
    one->is.traits = made.is.traits;
    return true;
}
