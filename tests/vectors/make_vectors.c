/* make_vectors FOLDER: writes the test vectors of the wire as JSON files into a folder. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/vectors.h"

static int write_file(const char *folder, const skad_vector_file *file)
{
    char path[4096];

    if (snprintf(path, sizeof path, "%s/%s", folder, file->name) >= (int)sizeof path) {
        fprintf(stderr, "make_vectors: path too long\n");
        return 1;
    }
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        perror(path);
        return 1;
    }
    skad_vectors_write(file, out);
    int failed = ferror(out);
    if (fclose(out) != 0 || failed != 0) {
        perror(path);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_vectors FOLDER\n");
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < SKAD_VECTOR_FILES; i++) {
        if (write_file(argv[1], &skad_vector_files[i]) != 0) {
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
