/* Runs a target without a fuzzer: every file named, and every file of every folder named, in the
 * order of their names. Prints how many there were. Any failure ends the process, with the file's
 * name as the last line.
 *
 *   --repeat N      each input N times; prints executions a second
 *   --mutate N      besides, N inputs made from those by small changes, the same in every run */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "fuzz/fuzz.h"
#include "tests/support/prng.h"

#define INPUT_BYTES_MAX (1U << 16)
#define INPUTS_MAX      8192
#define PATH_BYTES      1024

#pragma weak LLVMFuzzerCustomMutator

typedef struct input {
    char *name;
    uint8_t *bytes;
    size_t len;
} input;

typedef struct corpus {
    input inputs[INPUTS_MAX];
    size_t count;
} corpus;

static test_prng prng = {1};

static void give_up(const char *what, const char *name)
{
    (void)fprintf(stderr, "replay: %s: %s\n", what, name);
    exit(2);
}

/* In memory of its own, so that reading beyond an input is noticed. */
static uint8_t *copy(const uint8_t *bytes, size_t len)
{
    uint8_t *out = malloc(len + (len == 0));
    if (out == NULL) {
        give_up("out of memory", "");
    } else {
        memcpy(out, bytes, len);
    }
    return out;
}

static void read_file(corpus *self, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        give_up("cannot open", path);
    }
    if (self->count == INPUTS_MAX) {
        give_up("too many inputs", path);
    }
    input *one = &self->inputs[self->count++];
    static uint8_t bytes[INPUT_BYTES_MAX];
    one->name = strdup(path);
    one->len = fread(bytes, 1, sizeof bytes, file);
    one->bytes = copy(bytes, one->len);
    (void)fclose(file);
}

static void read_path(corpus *self, const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0) {
        give_up("there is no", path);
    }
    if (!S_ISDIR(about.st_mode)) {
        read_file(self, path);
        return;
    }
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char inner[PATH_BYTES];
        int len = snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && len > 0 && (size_t)len < sizeof inner) {
            read_path(self, inner);
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
}

static const char *running = "";

/* The failed assertion has been printed; this names the input. */
static void name_input(int number)
{
    (void)number;
    (void)fprintf(stderr, "replay: stopped in %s\n", running);
}

static void run(const input *one)
{
    running = one->name;
    (void)LLVMFuzzerTestOneInput(one->bytes, one->len);
}

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void repeat(const corpus *self, unsigned long times)
{
    double start = seconds();
    for (unsigned long i = 0; i < times; i++) {
        for (size_t j = 0; j < self->count; j++) {
            run(&self->inputs[j]);
        }
    }
    double executions = (double)times * (double)self->count;
    printf("%.0f executions/s\n", executions / (seconds() - start));
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t cap)
{
    size_t at = (size_t)test_prng_below(&prng, len + 1);
    uint8_t value = (uint8_t)test_prng_next(&prng);
    switch (test_prng_below(&prng, 5)) {
    case 0: /* one bit */
        if (at < len) {
            data[at] ^= (uint8_t)(1U << (value % 8));
        }
        return len;
    case 1: /* one byte */
        if (at < len) {
            data[at] = value;
        }
        return len;
    case 2: /* one byte more */
        if (len < cap) {
            memmove(data + at + 1, data + at, len - at);
            data[at] = value;
            len++;
        }
        return len;
    case 3: /* one byte less */
        if (at < len) {
            memmove(data + at, data + at + 1, len - at - 1);
            len--;
        }
        return len;
    default: /* the end is missing */
        return at;
    }
}

static void mutate(const corpus *self, unsigned long times)
{
    static uint8_t bytes[INPUT_BYTES_MAX];
    for (unsigned long i = 0; i < times && self->count > 0; i++) {
        const input *from = &self->inputs[test_prng_below(&prng, self->count)];
        size_t len = from->len;
        memcpy(bytes, from->bytes, len);
        for (uint64_t changes = 1 + test_prng_below(&prng, 3); changes > 0; changes--) {
            len = LLVMFuzzerCustomMutator != NULL
                      ? LLVMFuzzerCustomMutator(bytes, len, sizeof bytes,
                                                (unsigned)test_prng_next(&prng))
                      : LLVMFuzzerMutate(bytes, len, sizeof bytes);
        }
        const input changed = {from->name, copy(bytes, len), len};
        run(&changed);
        free(changed.bytes);
    }
}

static unsigned long number_after(int argc, char **argv, int *at)
{
    if (*at + 1 >= argc) {
        give_up("needs a number", argv[*at]);
    }
    (*at)++;
    return strtoul(argv[*at], NULL, 10);
}

int main(int argc, char **argv)
{
    static corpus self;
    unsigned long repeats = 0;
    unsigned long mutations = 0;
    (void)signal(SIGABRT, name_input);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--repeat") == 0) {
            repeats = number_after(argc, argv, &i);
        } else if (strcmp(argv[i], "--mutate") == 0) {
            mutations = number_after(argc, argv, &i);
        } else {
            read_path(&self, argv[i]);
        }
    }
    if (repeats > 0) {
        repeat(&self, repeats);
    } else {
        for (size_t i = 0; i < self.count; i++) {
            run(&self.inputs[i]);
        }
        mutate(&self, mutations);
    }
    printf("%zu inputs, %lu changed ones\n", self.count, repeats > 0 ? 0 : mutations);
    for (size_t i = 0; i < self.count; i++) {
        free(self.inputs[i].name);
        free(self.inputs[i].bytes);
    }
    return 0;
}
