/* The test vectors of the wire (proto/PROTOCOL.md): the code that makes tests/vectors/<name>. The
 * program make_vectors writes the files, test_vectors compares them with what this code makes now.
 */
#ifndef SKAD_TESTS_VECTORS_H
#define SKAD_TESTS_VECTORS_H

#include <stddef.h>
#include <stdio.h>

#include "tests/support/vector_json.h"

typedef struct skad_vector_file {
    const char *name;
    const char *about;
    void (*vectors)(skad_json *json); /* writes the elements of the array "vectors" */
    void (*invalid)(skad_json *json); /* of the array "invalid"; NULL: the file has none */
} skad_vector_file;

#define SKAD_VECTOR_FILES 16
extern const skad_vector_file skad_vector_files[SKAD_VECTOR_FILES];

/* Writes one whole file. */
void skad_vectors_write(const skad_vector_file *file, FILE *out);

/* The groups that have a source file of their own. */
void skad_vectors_envelopes(skad_json *json);
void skad_vectors_invalid(skad_json *json);
void skad_vectors_signatures(skad_json *json);
void skad_vectors_signatures_invalid(skad_json *json);
void skad_vectors_records(skad_json *json);
void skad_vectors_records_invalid(skad_json *json);
void skad_vectors_statements(skad_json *json);
void skad_vectors_statements_invalid(skad_json *json);
void skad_vectors_trees(skad_json *json);
void skad_vectors_trees_refused(skad_json *json);
void skad_vectors_torsion(skad_json *json);
void skad_vectors_order(skad_json *json);
void skad_vectors_holder(skad_json *json);
void skad_vectors_requester(skad_json *json);
void skad_vectors_audit(skad_json *json);

#endif
