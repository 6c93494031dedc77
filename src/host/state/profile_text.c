/* Reads one line after the other, each key at most once and each value within its range; then
 * checks the profile as a whole. */
#include "src/host/state/profile_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hard_hash.h"
#include "crypto/keys.h"
#include "proto/address.h"
#include "proto/profile.h"

#define KEY_BYTES_MAX 32

/* 2^48 tries are two years of a core: no node joins a network that asks for more. */
#define BITS_MAX 48

#define FIGURE(name, low, top)                                                                     \
    {                                                                                              \
        .key = #name, .place = offsetof(skad_profile, name),                                       \
        .bytes = sizeof((skad_profile *)NULL)->name, .min = (low), .max = (top)                    \
    }

const skad_profile_figure SKAD_PROFILE_FIGURES[SKAD_PROFILE_FIGURES_COUNT] = {
    FIGURE(static_bits, 0, BITS_MAX),
    FIGURE(dynamic_bits, 0, BITS_MAX),
    FIGURE(memory_kib, 0, SKAD_HARD_HASH_KIB_MAX),
    FIGURE(epoch_s, 3600, UINT32_MAX),
    FIGURE(k, 1, SKAD_K_MAX),
    FIGURE(siblings, 1, SKAD_S_MAX),
    FIGURE(paths, 1, SKAD_PATHS_MAX),
    FIGURE(alpha, 1, 4),
    FIGURE(record_life_s, 1, UINT32_MAX),
    FIGURE(group_bucket_max, 0, UINT8_MAX),
    FIGURE(group_table_max, 0, UINT8_MAX),
    FIGURE(group_path_max, 0, UINT8_MAX),
};

uint32_t skad_profile_figure_get(const skad_profile_figure *figure, const skad_profile *profile)
{
    const uint8_t *at = (const uint8_t *)profile + figure->place;
    uint32_t number = *at;
    if (figure->bytes == sizeof number) {
        memcpy(&number, at, sizeof number);
    }
    return number;
}

static void set_figure(const skad_profile_figure *figure, uint32_t number, skad_profile *profile)
{
    uint8_t *at = (uint8_t *)profile + figure->place;
    if (figure->bytes == sizeof number) {
        memcpy(at, &number, sizeof number);
    } else {
        *at = (uint8_t)number;
    }
}

const skad_profile_flag SKAD_PROFILE_FLAGS[SKAD_PROFILE_FLAGS_COUNT] = {
    {"allow_private", offsetof(skad_profile, allow_private)},
    {"limit_rates", offsetof(skad_profile, limit_rates)},
};

bool skad_profile_flag_get(const skad_profile_flag *flag, const skad_profile *profile)
{
    return *(const bool *)((const uint8_t *)profile + flag->place);
}

/* ---- Values ---- */

typedef struct reading {
    skad_profile_text *out;
    unsigned line;
    uint32_t given; /* keys so far, a bit each: figures, then flags, then words */
    skad_failure *failure;
} reading;

static bool take_figure(reading *self, const skad_profile_figure *figure, const char *value)
{
    char *end = NULL;
    unsigned long long number = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != 0 || strlen(value) > 10 ||
        number < figure->min || number > figure->max) {
        return skad_fail(self->failure, "line %u: %s is a number from %" PRIu32 " to %" PRIu32,
                         self->line, figure->key, figure->min, figure->max);
    }
    set_figure(figure, (uint32_t)number, &self->out->profile);
    return true;
}

static bool take_base(reading *self, const char *value)
{
    const skad_profile *base = skad_profile_builtin(value);
    if (base == NULL) {
        return skad_fail(self->failure, "line %u: base is public or test", self->line);
    }
    if (self->given != 0) {
        return skad_fail(self->failure, "line %u: base comes before everything else", self->line);
    }
    self->out->profile = *base;
    return true;
}

static bool take_name(reading *self, const char *value)
{
    size_t len = strlen(value);
    bool plain = len >= 1 && len <= SKAD_PROFILE_NAME_BYTES_MAX;
    for (size_t i = 0; plain && i < len; i++) {
        plain = value[i] > ' ' && value[i] <= '~';
    }
    if (!plain) {
        return skad_fail(self->failure, "line %u: name has 1 to %d ASCII characters and no blanks",
                         self->line, SKAD_PROFILE_NAME_BYTES_MAX);
    }
    memset(self->out->profile.name, 0, sizeof self->out->profile.name);
    memcpy(self->out->profile.name, value, len);
    return true;
}

static bool take_flag(reading *self, const skad_profile_flag *flag, const char *value)
{
    bool yes = strcmp(value, "yes") == 0;
    *(bool *)((uint8_t *)&self->out->profile + flag->place) = yes;
    return yes || strcmp(value, "no") == 0 ||
           skad_fail(self->failure, "line %u: %s is yes or no", self->line, flag->key);
}

static bool has_key(const skad_profile_text *text)
{
    return text->profile.has_psk || text->psk_file[0] != 0;
}

static bool fail_second_key(const reading *self)
{
    return skad_fail(self->failure, "line %u: there is a pre-shared key already", self->line);
}

static bool take_psk(reading *self, const char *value)
{
    skad_id key; /* it has as many bytes, and is written in the same way */
    if (has_key(self->out)) {
        return fail_second_key(self);
    }
    _Static_assert(sizeof key.bytes == SKAD_PSK_BYTES, "64 hex digits");
    bool ok = skad_id_parse(value, &key);
    if (ok) {
        memcpy(self->out->profile.psk, key.bytes, SKAD_PSK_BYTES);
        self->out->profile.has_psk = true;
    }
    skad_wipe(&key, sizeof key);
    return ok || skad_fail(self->failure, "line %u: psk has 64 hex digits", self->line);
}

static bool take_psk_file(reading *self, const char *value)
{
    size_t len = strlen(value);
    if (has_key(self->out)) {
        return fail_second_key(self);
    }
    if (len == 0 || len >= sizeof self->out->psk_file) {
        return skad_fail(self->failure, "line %u: the path is empty or too long", self->line);
    }
    memcpy(self->out->psk_file, value, len + 1);
    return true;
}

/* ---- Lines ---- */

/* The keys whose values are not numbers. */
static const struct {
    const char *key;
    bool (*take)(reading *self, const char *value);
} words[] = {
    {"base", take_base},
    {"name", take_name},
    {"psk", take_psk},
    {"psk_file", take_psk_file},
};
#define WORDS_COUNT (sizeof words / sizeof words[0])

#define FLAGS_FROM SKAD_PROFILE_FIGURES_COUNT
#define WORDS_FROM (FLAGS_FROM + SKAD_PROFILE_FLAGS_COUNT)
#define KEYS_COUNT (WORDS_FROM + WORDS_COUNT)
_Static_assert(KEYS_COUNT <= 32, "a bit each");

static const char *key_name(size_t i)
{
    if (i < FLAGS_FROM) {
        return SKAD_PROFILE_FIGURES[i].key;
    }
    return i < WORDS_FROM ? SKAD_PROFILE_FLAGS[i - FLAGS_FROM].key : words[i - WORDS_FROM].key;
}

static bool take_value(reading *self, size_t i, const char *value)
{
    if (i < FLAGS_FROM) {
        return take_figure(self, &SKAD_PROFILE_FIGURES[i], value);
    }
    return i < WORDS_FROM ? take_flag(self, &SKAD_PROFILE_FLAGS[i - FLAGS_FROM], value)
                          : words[i - WORDS_FROM].take(self, value);
}

static bool take(reading *self, const char *key, const char *value)
{
    for (size_t i = 0; i < KEYS_COUNT; i++) {
        const uint32_t bit = UINT32_C(1) << i;
        if (strcmp(key_name(i), key) != 0) {
            continue;
        }
        if ((self->given & bit) != 0) {
            return skad_fail(self->failure, "line %u: %s is there twice", self->line, key);
        }
        bool taken = take_value(self, i, value);
        self->given |= bit;
        return taken;
    }
    return skad_fail(self->failure, "line %u: there is no key '%s'", self->line, key);
}

static bool is_blank(char one)
{
    return one == ' ' || one == '\t' || one == '\r';
}

/* Without blanks at both ends. */
static char *trim(char *text)
{
    while (is_blank(*text)) {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && is_blank(text[len - 1])) {
        text[--len] = 0;
    }
    return text;
}

/* Cuts a comment off: from a '#' at the beginning or after a blank. */
static void cut_comment(char *line)
{
    for (size_t i = 0; line[i] != 0; i++) {
        if (line[i] == '#' && (i == 0 || is_blank(line[i - 1]))) {
            line[i] = 0;
            return;
        }
    }
}

static bool is_key(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
    return len > 0 && len <= KEY_BYTES_MAX && text[len] == 0;
}

static bool read_line(reading *self, char *line)
{
    cut_comment(line);
    char *key = trim(line);
    if (key[0] == 0) {
        return true;
    }
    char *equals = strchr(key, '=');
    if (equals != NULL) {
        *equals = 0;
        key = trim(key);
    }
    if (equals == NULL || !is_key(key)) {
        return skad_fail(self->failure, "line %u: write KEY = VALUE", self->line);
    }
    return take(self, key, trim(equals + 1));
}

static bool read_lines(reading *self, char *text)
{
    while (text != NULL) {
        char *end = strchr(text, '\n');
        if (end != NULL) {
            *end = 0;
        }
        self->line++;
        if (!read_line(self, text)) {
            return false;
        }
        text = end == NULL ? NULL : end + 1;
    }
    return true;
}

/* ---- The whole ---- */

/* Refuses the name of a built-in network with other figures, so that the two are not confused. */
static bool check_name(const skad_profile *profile, skad_failure *failure)
{
    static const char *const known[] = {"public", "test"};
    uint8_t ours[SKAD_HASH_BYTES];
    uint8_t theirs[SKAD_HASH_BYTES];
    skad_profile_hash(profile, ours);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const skad_profile *builtin = skad_profile_builtin(known[i]);
        skad_profile_hash(builtin, theirs);
        if (strcmp(profile->name, builtin->name) == 0 && memcmp(ours, theirs, sizeof ours) != 0) {
            return skad_fail(failure,
                             "%s is the name of the built-in profile '%s', which has other "
                             "figures: give this network a name of its own",
                             builtin->name, known[i]);
        }
    }
    return true;
}

static bool check(const reading *self)
{
    const skad_profile *profile = &self->out->profile;
    if (profile->name[0] == 0) {
        return skad_fail(self->failure, "the network's name is missing: add a line 'name = ...'");
    }
    if (profile->siblings > profile->k) {
        return skad_fail(self->failure, "siblings is %u and k is %u: it cannot be more",
                         profile->siblings, profile->k);
    }
    if (!skad_hard_hash_memory_ok(profile->memory_kib)) {
        return skad_fail(self->failure, "memory_kib is %" PRIu32 ": it is 0, or at least %d",
                         profile->memory_kib, SKAD_HARD_HASH_KIB_MIN);
    }
    return (skad_profile_valid(profile) ||
            skad_fail(self->failure, "these figures do not go together")) &&
           check_name(profile, self->failure);
}

bool skad_profile_text_read(char *text, size_t len, skad_profile_text *out, skad_failure *failure)
{
    reading self = {.out = out, .failure = failure};
    memset(out, 0, sizeof *out);
    out->profile = *skad_profile_builtin("public");
    memset(out->profile.name, 0, sizeof out->profile.name);
    if (strlen(text) != len) {
        return skad_fail(failure, "this is not text");
    }
    return read_lines(&self, text) && check(&self);
}
